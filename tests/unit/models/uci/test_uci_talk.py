"""Conversations side by side: order, width, silence, and an end for all when one fails."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import pytest

from w2s.models.uci.process import Process
from w2s.models.uci.talk import SilenceError, Talk, drive

ECHO = "import sys, time\nfor line in sys.stdin: time.sleep(float(line)); print(line.strip(), flush=True)"


@pytest.fixture
def echoes() -> Iterator[list[Process]]:
    """Three processes that say back the seconds that they were told to wait."""
    processes = [Process([sys.executable, "-S", "-c", ECHO]) for _ in range(3)]
    yield processes
    for process in processes:
        process.kill()


def hear(
    process: Process, seconds: float, heard: list[str], name: str, patience_s: float = 20.0
) -> Talk[None]:
    heard.append(f"{name} asks")
    process.send(b"%g\n" % seconds)
    lines: list[bytes] = []
    while not lines:
        yield process, time.monotonic() + patience_s, b"\n"
        lines = process.lines()
    heard.append(f"{name} hears")


def test_whoever_has_news_goes_on_first(echoes: list[Process]) -> None:
    heard: list[str] = []
    drive([hear(echoes[0], 1.0, heard, "slow"), hear(echoes[1], 0.0, heard, "quick")], 2)
    assert heard == ["slow asks", "quick asks", "quick hears", "slow hears"]


def test_no_more_than_the_width_go_at_a_time(echoes: list[Process]) -> None:
    heard: list[str] = []
    drive([hear(echoes[n], 0.0, heard, str(n)) for n in range(3)], 1)
    assert heard == ["0 asks", "0 hears", "1 asks", "1 hears", "2 asks", "2 hears"]


def test_silence_is_raised_in_the_conversation_that_waits_and_in_no_other(echoes: list[Process]) -> None:
    heard: list[str] = []

    def patient() -> Talk[None]:
        try:
            yield from hear(echoes[0], 60, heard, "a", patience_s=0.1)
        except SilenceError:
            heard.append("silence")

    drive([patient(), hear(echoes[1], 0.5, heard, "b")], 2)
    assert heard == ["a asks", "b asks", "silence", "b hears"]


def test_a_failure_ends_all_conversations_and_closes_them(echoes: list[Process]) -> None:
    closed: list[str] = []

    def waiting(name: str, process: Process) -> Talk[None]:
        try:
            yield process, time.monotonic() + 60, b"\n"
        finally:
            closed.append(name)

    def failing() -> Talk[None]:
        yield echoes[1], time.monotonic() + 0.05, b"\n"
        raise AssertionError("unreachable")

    with pytest.raises(SilenceError):
        drive([waiting("going", echoes[0]), failing(), waiting("queued", echoes[2])], 2)
    assert closed == ["going"]


def test_a_deadline_further_off_than_the_system_can_count_is_no_error(echoes: list[Process]) -> None:
    heard: list[str] = []
    drive([hear(echoes[0], 0.0, heard, "a", patience_s=9e15)], 1)
    assert heard == ["a asks", "a hears"]


def test_nothing_to_say_is_soon_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def poll() -> None:
        raise AssertionError("there is nothing to wait for")

    monkeypatch.setattr("select.poll", poll)
    assert drive([], 3) is None
