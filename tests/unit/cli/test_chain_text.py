"""What ``w2s chain`` prints: every column has a title, and a sentence says what trust was worth."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from w2s.chain.config import Regime
from w2s.chain.report import ArmReport, ChainReport, Measure, RoundReport, TrustSummary
from w2s.cli import output
from w2s.cli.chain_text import estimate_table, report_table
from w2s.cli.progress import StepProgress

HALF = Measure(0.5, 0.4, 0.6, 1)
REFUSED = Measure(None, None, None, 1)
SUMMARY = TrustSummary(HALF, HALF, HALF, HALF, HALF, HALF, "pool")


def lead(mean: float, low: float, high: float) -> Measure:
    return Measure(mean / 100, low / 100, high / 100, 1)


def report(recovery: Measure = HALF, **arms: ArmReport) -> ChainReport:
    """A finished chain of one round."""
    found = {"trust": ArmReport(HALF, better_than_gold_by=lead(-6.3, -9.9, -2.1)), **arms}
    references = {"base": ArmReport(HALF), "gold": ArmReport(HALF, recovery=recovery)}
    rounds = (RoundReport(1, ("policy:a",), "policy:b", SUMMARY, found),)
    return ChainReport(Regime(), None, references, rounds, is_complete=True)


def test_every_column_has_a_title() -> None:
    head = report_table(report()).splitlines()[0].split()
    assert head[:4] == ["round", "arm", "rows", "accuracy"]
    rows = [line.split()[:2] for line in report_table(report()).splitlines()[2:5]]
    assert rows == [["reference", "base"], ["reference", "gold"], ["1", "trust"]]


def test_a_refused_ratio_is_explained_and_only_then() -> None:
    shown = report_table(report(REFUSED))
    assert "gap too small: the ceiling is not clearly above the base" in shown
    assert "docs/explanation/weak-to-strong.md#measures" in shown
    assert "gap too small" not in report_table(report())


def test_a_sentence_says_whether_trust_was_worth_it() -> None:
    naive = ArmReport(HALF, trust_is_better_by=lead(3.3, 0.3, 6.7))
    random = ArmReport(HALF, trust_is_better_by=lead(0.3, -2.3, 2.7))
    assert report_table(report(naive=naive, random=random)).splitlines()[-1] == (
        "round 1: trust is ahead of naive by 3.3 points (0.3 to 6.7); "
        "behind gold alone by 6.3 points (2.1 to 9.9); "
        "not clearly different from random (+0.3 points, -2.3 to 2.7)"
    )


def test_an_unfinished_chain_has_no_best_round_and_may_have_no_round() -> None:
    unfinished = replace(report(), is_complete=False)
    assert "best round" in report_table(report())
    assert "best round" not in report_table(unfinished)
    assert "trust is behind gold alone" in report_table(unfinished)
    first = replace(unfinished, rounds=(), references={"base": ArmReport(HALF)})
    assert [line.split()[0] for line in report_table(first).splitlines()] == [
        "round",
        "---------",
        "reference",
    ]


def test_self_training_is_named() -> None:
    shown = report_table(replace(report(), is_self_training=True))
    assert "self-training: teacher and student are one model" in shown
    assert "self-training" not in report_table(report())


@pytest.mark.parametrize(
    ("hours", "text"),
    [
        (None, "an unknown time"),
        (0.001, "less than a minute"),
        (0.92, "about 55 min"),
        (4.63, "about 4 h 38 min"),
    ],
)
def test_an_estimate_begins_and_ends_with_its_total(hours: float | None, text: str) -> None:
    total: dict[str, Any] = {"labels": 900, "tokens": 2e6, "optimizer_steps": 7}
    found = {
        "total": {**total, "hours": hours, "peak_gib": 1.0, "fits": True},
        "machine": {"name": "this machine", "memory_gib": 8.0},
        "arms": [],
        "models": [],
        "assumptions": ["loading takes no time", "passes are short"],
        "not_known": ["how long search:depth=2 takes"],
    }
    lines = estimate_table(found).splitlines()
    assert lines[0] == (
        f"in all: {text} on this machine, at most 1.0 of its 8 GiB; 900 labels, 2 M tokens, 7 optimizer steps"
    )
    assert lines[-3:] == ["2 assumptions: --verbose prints them", "", lines[0]]
    full = estimate_table(found, with_assumptions=True).splitlines()
    assert full[-4:] == ["  loading takes no time", "  passes are short", "", lines[0]]


def test_finished_steps_have_lines_and_the_current_one_a_title(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(output, "note", said.append)
    line = StepProgress("done")
    line._printed -= 60
    line.begin("round 1 of 3, naive: the student learns 600 rows")
    line._printed -= 60
    line(3, 10)
    line.say("[step 1 of 9] round 1 of 3, naive: 50.0 % right (40.0 to 60.0)")
    assert said[0] == "round 1 of 3, naive: the student learns 600 rows"
    assert said[1].startswith("round 1 of 3, naive: the student learns 600 rows: 3 of 10 done")
    assert said[2].startswith("[step 1 of 9]")
