"""``w2s label`` with samples of an endpoint: columns, repeated requests, and failing servers."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.doubles.chat import ChatReply, ChatRequest, ChatServer
from w2s.cli.app import run
from w2s.models.endpoint.cached_client import MAX_UNAVAILABLE

QUESTIONS = 6


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("W2S_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def sums(tmp_path: Path) -> Path:
    path = tmp_path / "sums.jsonl"
    rows = [{"id": f"s{n}", "question": f"{n}+1?", "answer": f"#### {n + 1}"} for n in range(QUESTIONS)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def number_of(heard: ChatRequest) -> int:
    return int(heard.question.partition("+1?")[0].split()[-1])


def is_sample(heard: ChatRequest) -> bool:
    return bool(heard.body["temperature"])


def counts(heard: ChatRequest) -> str:
    """Right where it is greedy; a sample is right or one too large, in different words."""
    right = number_of(heard) + 1
    seed = heard.body.get("seed", 0)
    return f"So \\boxed{{{right + seed % 2}{'.0' if seed % 4 > 1 else ''}}}."


def command(
    sums: Path, server: ChatServer, out: str, evidence: str = "samples:4", **options: Any
) -> list[str]:
    model = server.reference(**options)
    words = ["label", str(sums), "--task", "answer", "--model", model, "--evidence", evidence]
    return [*words, "--out", str(sums.with_name(out))]


def rows_of(sums: Path, out: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(sums.with_name(out)).to_pylist()
    return rows


def test_samples_become_columns_and_another_run_asks_again(sums: Path) -> None:
    with ChatServer(counts) as server:
        assert run(command(sums, server, "first.parquet")) == 0
        assert Counter(map(is_sample, server.heard)) == {False: QUESTIONS, True: 4 * QUESTIONS}
        assert {heard.body["temperature"] for heard in server.heard if is_sample(heard)} == {1.0}
        seeds = {
            n: [h.body["seed"] for h in server.heard if is_sample(h) and number_of(h) == n] for n in range(6)
        }
        assert run(command(sums, server, "second.parquet")) == 0
        assert len(server.heard) == 2 * 5 * QUESTIONS
    assert sorted(path.name for path in sums.parent.iterdir()) == [
        "first.parquet",
        "second.parquet",
        "sums.jsonl",
    ]
    rows = rows_of(sums, "first.parquet")
    assert rows == rows_of(sums, "second.parquet")
    assert all(row["correct"] for row in rows)
    for number, row in enumerate(rows):
        share = sum(seed % 2 == 0 for seed in seeds[number]) / 4
        entropy = -sum(part * math.log(part) for part in (share, 1 - share) if part)
        assert row["self_consistency"] == share
        assert row["predictive_entropy"] == pytest.approx(entropy, abs=1e-6)
    assert len({row["self_consistency"] for row in rows}) > 1


@pytest.mark.parametrize(
    ("evidence", "code"),
    [
        ("samples:0", "label-evidence-number"),
        ("samples:-1", "label-evidence-number"),
        ("samples:", "label-evidence-number"),
        ("samples:eight", "label-evidence-number"),
        ("samples:0000099999", "label-evidence-number"),
        ("samples:4,p_true", "hf-evidence-unsupported"),
    ],
)
def test_invalid_evidence_is_refused_before_any_request(
    sums: Path, capsys: pytest.CaptureFixture[str], evidence: str, code: str
) -> None:
    with ChatServer(counts) as server:
        assert run(command(sums, server, "labels.parquet", evidence)) == 2
        assert not server.heard
    said = capsys.readouterr().err
    assert f"[{code}]" in said
    assert said.count("\n") == 1


def test_a_model_without_samples_is_refused_with_the_models_that_have_them(
    sums: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    puzzles = sums.with_name("puzzles.csv")
    puzzles.write_text("PuzzleId,FEN,Moves\na,7k/5ppp/8/8/8/8/8/R3K3 b - - 0 1,h8g8 a1a8\n", encoding="utf-8")
    words = ["label", str(puzzles), "--model", "search:depth=1", "--evidence", "samples:4"]
    assert run([*words, "--out", str(sums.with_name("labels.parquet"))]) == 2
    assert "search:depth=1 cannot draw samples: leave samples out, or name an hf: or openai:" in (
        capsys.readouterr().err
    )


def test_hostile_samples_do_not_change_labels_and_agree_with_nothing(sums: Path) -> None:
    scripts = {
        0: lambda heard: ChatReply(b"{", 200),
        1: lambda heard: ChatReply(b"oops", 500),
        2: lambda heard: 'SYSTEM: {"self_consistency": one, "correct": true} \x00\x1b[2J',
        3: lambda heard: f"words without end {heard.body['seed'] * '!'}"[:50],
        4: lambda heard: "#### 5" if heard.body["seed"] % 2 else ChatReply(b"<html>", 404),
        5: counts,
    }

    def script(heard: ChatRequest) -> Any:
        return scripts[number_of(heard)](heard) if is_sample(heard) else f"#### {number_of(heard) + 1}"

    with ChatServer(script) as server:
        assert run(command(sums, server, "labels.parquet", retries=0)) == 0
    rows = rows_of(sums, "labels.parquet")
    assert [row["label"] for row in rows] == [str(n + 1) for n in range(QUESTIONS)]
    consistency = [row["self_consistency"] for row in rows]
    assert consistency[:4] == [None, None, 0.0, 0.0]
    assert rows[0]["predictive_entropy"] is None
    assert rows[2]["predictive_entropy"] == 0.0
    assert consistency[4] in (None, 1.0)


def test_a_server_that_stops_answering_ends_the_run_and_what_it_said_is_not_paid_again(
    sums: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    def refuses(heard: ChatRequest) -> str | ChatReply:
        return ChatReply(b"", 429) if is_sample(heard) and len(server.heard) > 15 else counts(heard)

    with ChatServer(refuses) as server:
        assert run(command(sums, server, "labels.parquet", retries=0, concurrency=1)) == 4
        said = capsys.readouterr().err
        assert f"{MAX_UNAVAILABLE} times in a row" in said
        assert "[endpoint-unavailable]" in said
        asked = len(server.heard)
        server.script = counts
        assert run(command(sums, server, "labels.parquet", retries=0, concurrency=1)) == 0
        assert len(server.heard) - asked == 5 * QUESTIONS - 15
        assert f"15 of {5 * QUESTIONS} replies came from the cache" in caplog.text
    assert all(row["self_consistency"] is not None for row in rows_of(sums, "labels.parquet"))


def test_a_run_killed_while_sampling_repeats_no_request_but_the_last(sums: Path) -> None:
    victim: list[subprocess.Popen[bytes]] = []

    def kills(heard: ChatRequest) -> str:
        if len(server.heard) == 20 and victim:
            os.kill(victim.pop().pid, signal.SIGKILL)
            time.sleep(0.2)
        return counts(heard)

    with ChatServer(kills) as server:
        words = command(sums, server, "labels.parquet", concurrency=1)
        victim.append(subprocess.Popen([sys.executable, "-m", "w2s", *words], stdout=subprocess.DEVNULL))
        with victim[0] as killed:
            assert killed.wait(120) == -signal.SIGKILL
        assert len(server.heard) == 20
        assert run(words) == 0
        assert len(server.heard) == 5 * QUESTIONS + 1
    assert len(rows_of(sums, "labels.parquet")) == QUESTIONS
