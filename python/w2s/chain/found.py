"""What trust and the arms of one round found over all seeds, as ``metrics.json`` has it.

Knows nothing about how it was found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from w2s.chain.measures import Right, arm_measures, margin_over, over_seeds
from w2s.chain.steps import Facts
from w2s.chain.students.pupil import Taught

_TRUST = ("auc", "ece", "brier", "purity", "purity_on_gold")
_ENDS = {"mean": "value", "low": "low", "high": "high"}


def stacked(taught: Sequence[Taught]) -> Right:
    """Which test rows are right: seeds × rows."""
    return np.stack([right for right, _ in taught])


def arms_found(
    taught: Mapping[str, Sequence[Taught]], fixed: Mapping[str, Right], seed: int
) -> dict[str, Facts]:
    """Measures of each arm, and how much better trust is than it, and it than gold.

    Args:
        taught: by arm, for each seed; ``trust`` may be among them.
        fixed: of ``base``, ``teacher``, ``gold`` and ``ceiling``, as far as they were measured.
        seed: of the bootstrap.
    """
    right = {arm: stacked(found) for arm, found in taught.items()}
    gold = right.get("gold", fixed.get("gold"))
    arms: dict[str, Facts] = {}
    for arm, rows in right.items():
        arms[arm] = {**arm_measures(rows, fixed, seed), **_cost([facts for _, facts in taught[arm]])}
        if arm != "trust" and "trust" in right:
            arms[arm]["trust_is_better_by"] = margin_over(right["trust"], rows, seed)
        if arm != "gold" and gold is not None:
            arms[arm]["better_than_gold_by"] = margin_over(rows, gold, seed)
    return arms


def _cost(about: Sequence[Facts]) -> Facts:
    return {key: over_seeds([facts[key] for facts in about]) for key in ("rows", "seconds")}


def trust_found(trust: Sequence[Facts]) -> Facts:
    """Measures of trust, each the mean over seeds."""
    measured: dict[str, Any] = {
        name: _mean_interval([facts[name] for facts in trust]) for name in _TRUST if name in trust[0]
    }
    measured["coverage"] = over_seeds([facts["coverage"] for facts in trust])
    said: Facts = {key: trust[0][key] for key in ("measured_on", "reads") if key in trust[0]}
    return {**measured, **said}


def _mean_interval(found: Sequence[Facts]) -> Facts:
    """The mean over seeds of a measure and of the ends of its interval."""
    ends = {end: float(np.mean([one[key] for one in found])) for end, key in _ENDS.items()}
    return {**ends, "seeds": len(found)}
