"""Stacks of trust functions."""

from __future__ import annotations

import pytest

from tests.doubles.errors import raises_code
from tests.doubles.labels import labels
from w2s.errors import UsageError
from w2s.metrics import auc
from w2s.trust import cross_fit, trust_function


@pytest.mark.slow
def test_stack_beats_its_best_member() -> None:
    found = labels(800, signal=1.5)
    members = ("temperature", "logistic", "search_agreement")
    areas = {name: auc(cross_fit(trust_function(name), found), found.correct) for name in members}
    stacked = cross_fit(trust_function("stack", of=",".join(members)), found)
    assert auc(stacked, found.correct) > max(areas.values()) + 0.02


def test_stack_needs_what_its_members_need() -> None:
    assert trust_function("stack", of="crowd,logistic", features="student").needs == {
        "label",
        "peer_label",
        "student",
    }


@pytest.mark.parametrize(
    ("options", "code", "named"),
    [
        ({"of": "confidence"}, "trust-stack-too-small", "of"),
        ({"of": "confidence,stack"}, "trust-stack-bad-member", "'stack'"),
        ({"of": "confidence,nothing"}, "trust-stack-bad-member", "'nothing'"),
        ({"features": "hid den"}, "trust-bad-features", "'hid den'"),
    ],
)
def test_invalid_stack_is_refused(options: dict[str, str], code: str, named: str) -> None:
    with raises_code(code, UsageError) as caught:
        _ = trust_function("stack", **options).needs
    assert named in str(caught.value)
