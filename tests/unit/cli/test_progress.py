"""What commands say on the way: how fast, and that they were interrupted."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.doubles.chat import ChatReply, ChatRequest, ChatServer
from tests.doubles.signals import hears_ctrl_c
from w2s.cli import progress
from w2s.cli.progress import CountProgress


def test_a_rate_is_of_the_work_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, said = [100.0], []
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(progress.output, "note", said.append)
    monkeypatch.setattr(progress.output, "is_terminal", lambda: False)
    line = CountProgress("done")
    for seconds, done, total in ((20, 100, 400), (10, 200, 400), (20, 400, 400), (11, 5, 50), (10, 50, 50)):
        clock[0] += seconds
        line(done, total)
    assert said == [
        "100 of 400 done",
        "200 of 400 done, 10/s, 20 s left",
        "400 of 400 done, 10/s",
        "5 of 50 done",
        "50 of 50 done, 4.5/s",
    ]


@pytest.mark.slow
def test_ctrl_c_is_said_in_a_line(tmp_path: Path) -> None:
    rows = "\n".join(f'{{"question": "{i}+1?", "answer": "{i + 1}"}}' for i in range(4))
    (tmp_path / "sums.jsonl").write_text(rows, encoding="utf-8")

    def hangs(_: ChatRequest) -> ChatReply:
        time.sleep(8)
        return ChatReply(b"")

    with ChatServer(hangs) as server:
        words = ["label", "sums.jsonl", "--task", "answer", "--model", server.reference(cache="off")]
        running = subprocess.Popen(
            [sys.executable, "-m", "w2s", *words, "--out", "labels.parquet"],
            cwd=tmp_path,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=hears_ctrl_c,
        )
        while not server.heard and running.poll() is None:
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        said = running.communicate(timeout=60)[1]
    assert running.returncode == 130
    assert said.splitlines()[-1].startswith("error: interrupted; finished work is kept")
    assert "Traceback" not in said
