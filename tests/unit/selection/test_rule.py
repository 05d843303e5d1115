"""A rule says one thing, and contradictions are refused in one line."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.doubles.errors import raises_code
from w2s.errors import UsageError
from w2s.selection import Rule


@pytest.mark.parametrize(
    ("top", "count", "share"),
    [
        (0, 0, None),
        (1000, 1000, None),
        (np.int64(7), 7, None),
        ("1000", 1000, None),
        ("10%", None, 0.1),
        (" 2.5 % ", None, 0.025),
        ("100%", None, 1.0),
        ("0%", None, 0.0),
    ],
)
def test_top_is_a_count_or_a_share(top: Any, count: int | None, share: float | None) -> None:
    rule = Rule.parse(top=top)
    assert (rule.kind, rule.top_count, rule.top_share) == ("top", count, share)


@pytest.mark.parametrize(
    ("options", "code", "named"),
    [
        ({}, "select-not-one-rule", "given: none"),
        ({"top": 1, "threshold": 0.5}, "select-not-one-rule", "given: top and threshold"),
        ({"between": (0, 1), "random": 5}, "select-not-one-rule", "given: between and random"),
        (
            {"top": 0.1},
            "select-bad-count",
            'top is 0.1; give a count such as 1000 or 1e6, or a share such as "10%"',
        ),
        ({"top": "ten"}, "select-bad-count", "top is 'ten'"),
        ({"top": "101%"}, "select-bad-count", "top is '101%'"),
        ({"top": -1}, "select-bad-count", "top is -1"),
        ({"top": True}, "select-bad-count", "top is True"),
        ({"random": "-5%"}, "select-bad-count", "random is '-5%'"),
        ({"threshold": float("nan")}, "select-bad-number", "threshold is NaN"),
        ({"threshold": "high"}, "select-bad-number", "threshold is 'high'"),
        ({"between": (0.9, 0.1)}, "select-bad-band", "between ends at 0.1, below its start 0.9"),
        ({"between": (0.9,)}, "select-bad-band", "between is (0.9,)"),
        ({"budget": -1, "cost": "n"}, "select-bad-number", "budget is -1"),
        ({"budget": 10}, "select-budget-without-cost", "needs cost"),
        ({"top": 1, "cost": "n"}, "select-budget-without-cost", "needs budget"),
        ({"purity": 1.0}, "select-bad-number", "purity is 1"),
        ({"top": 1, "by": "a", "stratify": "b"}, "select-by-and-stratify", "give one of them"),
        ({"threshold": 0.5, "stratify": "b"}, "select-stratify-without-top", "threshold"),
        ({"top": 1, "min_per_group": 1}, "select-limits-without-groups", "by or stratify"),
        ({"between": (0, 1), "by": "a", "max_per_group": 1}, "select-limits-without-top", "between"),
        (
            {"top": 1, "by": "a", "min_per_group": 3, "max_per_group": 2},
            "select-limits-reversed",
            "min_per_group is 3, above max_per_group, which is 2",
        ),
        ({"random": 1, "seed": -1}, "select-bad-count", "seed is -1"),
        ({"random": 1, "seed": 2**64}, "select-bad-seed", "seed is 18446744073709551616"),
    ],
)
def test_contradictory_options_are_refused(options: dict[str, Any], code: str, named: str) -> None:
    with raises_code(code, UsageError) as caught:
        Rule.parse(**options)
    assert named in str(caught.value).replace("`", "")


def test_quotas_of_groups_are_rounded_half_up_and_bounded() -> None:
    rule = Rule.parse(top="10%", by="language", min_per_group=2, max_per_group=5)
    assert rule.quotas([1, 15, 25, 100, 0]).tolist() == [1, 2, 3, 5, 0]


def test_quotas_of_strata_sum_to_the_top_and_keep_proportions() -> None:
    assert Rule.parse(top=10, stratify="level").quotas([50, 30, 20]).tolist() == [5, 3, 2]
    assert Rule.parse(top=4, stratify="level").quotas([1, 1, 1]).tolist() == [1, 1, 1]
    assert Rule.parse(top="50%", stratify="level").quotas([3, 3, 3]).tolist() == [2, 2, 1]


def test_quotas_of_a_threshold_count_the_rows_that_reach_it() -> None:
    rule = Rule.parse(threshold=0.5, by="language", min_per_group=2)
    assert rule.quotas([5, 5, 1], passing=[0, 4, 0]).tolist() == [2, 4, 1]


def test_certified_purity_becomes_a_threshold() -> None:
    rule = Rule.parse(purity=0.95, by="language").at_threshold(0.7)
    assert (rule.kind, rule.limits, rule.purity, rule.by) == ("threshold", (0.7, None), None, "language")
