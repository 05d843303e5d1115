"""Verification: the sample of positions, the verdicts, and findings as JSON."""

from __future__ import annotations

import json

import pytest

from tests.unit.arena.doubles import FOOLS_MATE, record
from w2s.arena.labels import Label
from w2s.arena.oracles import Finding
from w2s.arena.spec import VerdictThresholds
from w2s.arena.verification import MatchFindings, Verdict, decide_verdict, sample_cases

THRESHOLDS = VerdictThresholds(best_cp=0, good_cp=50, inaccurate_cp=150)


def label(ply: int = 0, text: str = "f2f3", *, legal: bool = True, failure: str | None = None) -> Label:
    return Label(
        ply, "ann", text, move_san=text if legal else None, legal=legal, played=legal, failure=failure
    )


@pytest.mark.parametrize(
    ("regret_cp", "word"),
    [(0, "best"), (1, "good"), (50, "good"), (51, "inaccurate"), (150, "inaccurate"), (151, "blunder")],
)
def test_regret_decides_the_verdict(regret_cp: int, word: str) -> None:
    verdict = decide_verdict(label(), {"search": Finding(regret_cp=regret_cp)}, THRESHOLDS)
    assert verdict == Verdict(word, "search")
    assert verdict.correct is (word == "best")


def test_first_oracle_that_knows_the_regret_decides() -> None:
    findings = {"exact": Finding(), "uci": Finding(regret_cp=0), "search": Finding(regret_cp=900)}
    assert decide_verdict(label(), findings, THRESHOLDS) == Verdict("best", "uci")


@pytest.mark.parametrize(
    ("failure", "word"),
    [("illegal", "illegal"), ("unparsable", "unparsable"), ("reply", "unparsable"), ("crash", "unknown")],
)
def test_illegal_label_needs_no_oracle(failure: str, word: str) -> None:
    verdict = decide_verdict(
        label(legal=False, failure=failure), {"search": Finding(regret_cp=0)}, THRESHOLDS
    )
    assert verdict == Verdict(word, None)


def test_verdict_without_findings_is_unknown() -> None:
    assert decide_verdict(label(), {}, THRESHOLDS) == Verdict("unknown", None)
    assert Verdict("unknown", None).correct is None


def test_sample_grows_with_share_and_holds_legal_moves_only() -> None:
    labels = [label(ply, move) for ply, move in enumerate(FOOLS_MATE)]
    labels.append(label(0, "e2e5", legal=False, failure="illegal"))
    assert sample_cases(record(), labels, seed=0, share=0.0) == {}
    everything = sample_cases(record(), labels, seed=0, share=1.0)
    assert [case.moves for case in everything.values()] == [(move,) for move in FOOLS_MATE]
    assert sample_cases(record(), labels, seed=0, share=0.5).keys() <= everything.keys()


def test_findings_survive_json() -> None:
    findings = MatchFindings(
        {"search": {0: {"f2f3": Finding("e2e4", 40)}}, "exact": {0: {"f2f3": Finding()}}}
    )
    again = MatchFindings.from_json(json.loads(json.dumps(findings.to_json())))
    assert again == findings
    assert again.of(["exact", "search", "uci"], label()) == {
        "exact": Finding(),
        "search": Finding("e2e4", 40),
        "uci": Finding(),
    }
