"""Every trust function on one labelled table, out of fold.

Knows nothing about files.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from w2s.errors import DataError, MissingExtraError
from w2s.evidence import Labels
from w2s.evidence_kinds import STATES
from w2s.metrics import COVERAGES, Interval, trust_measures
from w2s.trust.features import GROUPS
from w2s.trust.folds import assign, cross_fit, groups_of
from w2s.trust.function import Flags, Scores, TrustFunction
from w2s.trust.registry import names, trust_function
from w2s.trust.requirements import has, missing, remedy


@dataclass(frozen=True)
class Compared:
    """One trust function: its measures, or what it lacks.

    ``measures`` is empty where it was not fitted; ``lacks`` names the evidence, ``remedy`` says what to do.
    """

    name: str
    reads: tuple[str, ...] = ()
    measures: dict[str, Interval] = field(default_factory=dict)
    lacks: tuple[str, ...] = ()
    remedy: str = ""

    @property
    def title(self) -> str:
        """``neural`` or ``neural(hidden,student)``."""
        return f"{self.name}({','.join(self.reads)})" if self.reads else self.name

    def to_json(self) -> dict[str, Any]:
        """What machines read."""
        measures = {name: dict(interval._asdict()) for name, interval in self.measures.items()}
        found: dict[str, Any] = {"name": self.name, "reads": list(self.reads), "measures": measures}
        return found | ({"lacks": list(self.lacks), "remedy": self.remedy} if self.remedy else {})


def compare(
    labels: Labels,
    correct: Flags,
    *,
    functions: list[str] | None = None,
    folds: int = 5,
    draws: int = 1000,
    seed: int = 0,
    tell: Callable[[str], object] = lambda title: None,
) -> list[Compared]:
    """Out-of-fold measures of each function, best AUC first, those that lack evidence last.

    Args:
        labels: gold labels.
        correct: n flags.
        functions: names; all that there are where None.
        folds: of the cross-fitting.
        draws: bootstrap samples of the intervals; groups stay together.
        seed: of folds, fits and samples.
        tell: is called with the title of each before its fit.

    Raises:
        DataError: gold of one class, or too small for the folds.
    """
    assign(labels, correct, folds, seed)  # refuses gold that no function can be fitted on
    found = []
    for name in names() if functions is None else functions:
        for reads in _ways(name, labels):
            tell(Compared(name, reads).title)
            options = {"reads": reads} if reads else {}
            found.append(
                _compared(trust_function(name, **options), name, reads, labels, correct, folds, draws, seed)
            )
    return sorted(found, key=lambda one: -one.measures["auc"].value if one.measures else 1.0)


def _compared(
    function: TrustFunction,
    name: str,
    reads: tuple[str, ...],
    labels: Labels,
    correct: Flags,
    folds: int,
    draws: int,
    seed: int,
) -> Compared:
    absent = tuple(missing(function.needs, labels))
    if absent:
        return Compared(name, reads, lacks=absent, remedy="; ".join(dict.fromkeys(map(remedy, absent))))
    try:
        scores = cross_fit(function, labels, correct, folds, seed)
    except MissingExtraError as error:
        return Compared(name, reads, lacks=("packages",), remedy=str(error))
    except DataError as error:
        return Compared(name, reads, lacks=("gold that it can be fitted on",), remedy=str(error))
    return Compared(name, reads, out_of_fold(scores, labels, correct, draws, seed))


def out_of_fold(scores: Scores, labels: Labels, correct: Flags, draws: int, seed: int) -> dict[str, Interval]:
    """The measures of out-of-fold scores; coverages that keep no row are left out.

    Raises:
        DataError: the scores lie outside [0, 1], or gold is of one class.
    """
    coverages = [share for share in COVERAGES if len(labels) * share >= 1]
    groups = groups_of(labels)
    return trust_measures(scores, correct, coverages=coverages, groups=groups, draws=draws, seed=seed)


def _ways(name: str, labels: Labels) -> list[tuple[str, ...]]:
    """What a function may read: its default, and whatever more is there."""
    default = getattr(getattr(trust_function(name), "options", None), "reads", None)
    if default is None:
        return [()]
    everything = tuple(group for group in GROUPS if has(labels, group))
    vectors = tuple(vector for vector in STATES if vector in everything)
    ways = [tuple(default)]
    if name == "neural" and "hidden" in vectors:
        ways += [("hidden", vector) for vector in vectors[1:]] + [vectors]
    ways.append(everything or tuple(default))
    return list(dict.fromkeys(ways))
