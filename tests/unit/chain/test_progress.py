"""How far a chain is, and how long the rest takes, follow from its plan and the times of finished steps."""

from __future__ import annotations

from pathlib import Path

import pytest

from w2s.chain.plan import PlannedStep, PlannedTest, PlannedTraining, PlannedTrust, Work
from w2s.chain.progress import SECONDS, RunProgress
from w2s.chain.training_data import GOLD
from w2s.resume import STEP, Record


def evaluation(name: str, rows: int, model: str = "policy:a") -> PlannedStep:
    work = (Work("test", name, model, rows),)
    return PlannedTest(folder=name, round=0, arm=name, work=work, model=model)


def training(name: str, rows: int, number: int = 1, model: str = "policy:a") -> PlannedStep:
    work = (Work("train", name, model, rows), Work("test", name, model, 60))
    return PlannedTraining(
        folder=name, round=number, arm=name, work=work, student=model, start=model, stage=(GOLD,)
    )


TRUST = PlannedTrust(folder="trust", round=1, arm="trust")


def test_steps_are_counted_by_folder() -> None:
    steps = [evaluation("base", 10), training("gold", 10), training("naive", 20)]
    progress = RunProgress.of([*steps, steps[0]])
    assert progress.position == "[step 0 of 3]"
    for _ in range(2):
        progress.finish(steps[1], 3.0)
    assert progress.position == "[step 1 of 3]"
    assert progress.is_finished(steps[1])
    assert not progress.is_finished(steps[0])


def test_time_left_follows_the_rows_of_the_same_kind_of_step() -> None:
    small, large, largest = training("a", 40), training("b", 90), training("c", 190)
    progress = RunProgress.of([small, large, largest])
    assert progress.time_left == ""
    progress.finish(small, 300)  # 6 · 40 + 60 units: a second each
    assert progress.time_left == "about 30 min left"  # 600 + 1200 units
    progress.finish(large, 600)
    assert progress.time_left == "about 20 min left"
    progress.finish(largest, 1200)
    assert progress.time_left == ""


def test_steps_of_the_same_model_are_a_better_guide_than_those_of_others() -> None:
    slow, fast = evaluation("slow", 60, "hf:slow"), evaluation("fast", 60, "hf:fast")
    progress = RunProgress.of([slow, fast, evaluation("next", 60, "hf:fast")])
    progress.finish(slow, 60_000)
    progress.finish(fast, 120)
    assert progress.time_left == "about 2 min left"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(20, ""), (100, "more than 2 min left"), (7500, "more than 2 h 5 min left")],
)
def test_time_of_an_unmeasured_kind_is_not_guessed(seconds: float, text: str) -> None:
    first, second = training("a", 40), training("b", 40)
    progress = RunProgress.of([first, TRUST, second])
    progress.finish(first, seconds)
    assert progress.time_left == text


def test_short_rest_is_less_than_a_minute() -> None:
    progress = RunProgress.of([evaluation("a", 10), evaluation("b", 10)])
    progress.finish(progress.steps["a"], 2.0)
    assert progress.time_left == "less than a minute left"


def test_finished_steps_and_their_times_are_read_from_disk(tmp_path: Path) -> None:
    steps = [training("a", 40), training("b", 40), training("c", 40, number=2)]
    for name, facts in (("a", {SECONDS: 120.0}), ("b", {})):
        (tmp_path / name).mkdir()
        Record.of({"rows": 1}, facts).write(tmp_path / name / STEP)
    progress = RunProgress.of(steps, tmp_path)
    assert (progress.position, progress.time_left) == ("[step 2 of 3]", "about 2 min left")
    assert progress.is_round_finished(1)
    assert not progress.is_round_finished(2)


def test_the_arm_trust_and_its_function_have_different_names() -> None:
    arm = PlannedTest(folder="x", round=1, arm="trust", title="round 1 of 3, seed 0", model="")
    function = PlannedTrust(folder="y", round=1, arm="trust", title="round 1 of 3, seed 0")
    assert arm.subject == "round 1 of 3, seed 0, trust"
    assert function.subject == "round 1 of 3, seed 0, trust function"
    assert evaluation("base", 1).subject == "base"
