"""Concurrent dialogues: order, width, timeouts and failures."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import pytest

from w2s.models.uci.dialogue import Dialogue, Wait, run_dialogues
from w2s.models.uci.process import EngineProcess

ECHO = "import sys, time\nfor line in sys.stdin: time.sleep(float(line)); print(line.strip(), flush=True)"


@pytest.fixture
def echoes() -> Iterator[list[EngineProcess]]:
    """Three processes that wait for the seconds that they read, and then write them."""
    processes = [EngineProcess([sys.executable, "-S", "-c", ECHO]) for _ in range(3)]
    yield processes
    for process in processes:
        process.kill()


def hear(
    process: EngineProcess, seconds: float, heard: list[str], name: str, patience_s: float = 20.0
) -> Dialogue[None]:
    heard.append(f"{name} asks")
    process.send(b"%g\n" % seconds)
    lines: list[bytes] = []
    while not lines:
        yield Wait(process, time.monotonic() + patience_s, b"\n")
        lines = process.lines()
    heard.append(f"{name} hears")


@pytest.mark.slow
def test_dialogue_with_output_continues_first(echoes: list[EngineProcess]) -> None:
    heard: list[str] = []
    run_dialogues([hear(echoes[0], 1.0, heard, "slow"), hear(echoes[1], 0.0, heard, "quick")], 2)
    assert heard == ["slow asks", "quick asks", "quick hears", "slow hears"]


def test_width_limits_active_dialogues(echoes: list[EngineProcess]) -> None:
    heard: list[str] = []
    run_dialogues([hear(echoes[n], 0.0, heard, str(n)) for n in range(3)], 1)
    assert heard == ["0 asks", "0 hears", "1 asks", "1 hears", "2 asks", "2 hears"]


def test_timeout_is_raised_only_in_the_waiting_dialogue(
    echoes: list[EngineProcess],
) -> None:
    heard: list[str] = []

    def patient() -> Dialogue[None]:
        try:
            yield from hear(echoes[0], 60, heard, "a", patience_s=0.1)
        except TimeoutError:
            heard.append("timeout")

    run_dialogues([patient(), hear(echoes[1], 0.5, heard, "b")], 2)
    assert heard == ["a asks", "b asks", "timeout", "b hears"]


def test_failure_closes_all_dialogues(echoes: list[EngineProcess]) -> None:
    closed: list[str] = []

    def waiting(name: str, process: EngineProcess) -> Dialogue[None]:
        try:
            yield Wait(process, time.monotonic() + 60, b"\n")
        finally:
            closed.append(name)

    def failing() -> Dialogue[None]:
        yield Wait(echoes[1], time.monotonic() + 0.05, b"\n")
        raise AssertionError("unreachable")

    with pytest.raises(TimeoutError):
        run_dialogues([waiting("going", echoes[0]), failing(), waiting("queued", echoes[2])], 2)
    assert closed == ["going"]


def test_very_late_deadline_is_accepted(echoes: list[EngineProcess]) -> None:
    heard: list[str] = []
    run_dialogues([hear(echoes[0], 0.0, heard, "a", patience_s=9e15)], 1)
    assert heard == ["a asks", "a hears"]


def test_no_dialogues_do_not_poll(monkeypatch: pytest.MonkeyPatch) -> None:
    def poll() -> None:
        raise AssertionError("there is nothing to wait for")

    monkeypatch.setattr("select.poll", poll)
    assert run_dialogues([], 3) is None
