"""A benchmark of trust functions: each one on the same gold labels, measured out of fold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from w2s.errors import DataError, MissingExtraError
from w2s.evidence import Labels
from w2s.evidence_kinds import STATES
from w2s.kernels.arrays import Flags
from w2s.kernels.columns import Doubles
from w2s.metrics import COVERAGES, Interval, trust_measures
from w2s.trust.columns import find_remedy, has_evidence, missing_evidence
from w2s.trust.features import EVIDENCE_GROUPS
from w2s.trust.folds import assign_folds, cross_fit, row_groups
from w2s.trust.registry import function_names, trust_function


@dataclass(frozen=True)
class BenchmarkResult:
    """The measures of one trust function, or what it lacks.

    Attributes:
        name: the name in the registry.
        features: names of the evidence that it was told to read; empty if it has no such option.
        measures: interval by measure; empty where the function was not fitted.
        lacks: what is missing: names of evidence, packages or gold.
        remedy: what to do about it.
    """

    name: str
    features: tuple[str, ...] = ()
    measures: dict[str, Interval] = field(default_factory=dict)
    lacks: tuple[str, ...] = ()
    remedy: str = ""

    @property
    def title(self) -> str:
        """``neural`` or ``neural(hidden,student)``."""
        return f"{self.name}({','.join(self.features)})" if self.features else self.name

    def to_json(self) -> dict[str, Any]:
        """Return the result as JSON values."""
        measures = {name: dict(interval._asdict()) for name, interval in self.measures.items()}
        found: dict[str, Any] = {"name": self.name, "features": list(self.features), "measures": measures}
        return found | ({"lacks": list(self.lacks), "remedy": self.remedy} if self.remedy else {})


@dataclass(frozen=True, eq=False)
class _Benchmark:
    """What every function is measured on."""

    labels: Labels
    correct: Flags
    folds: int
    draws: int
    seed: int

    def run(self, name: str, features: tuple[str, ...]) -> BenchmarkResult:
        function = trust_function(name, **({"features": features} if features else {}))
        absent = tuple(missing_evidence(function.needs, self.labels))
        if absent:
            remedies = "; ".join(dict.fromkeys(find_remedy(name, self.labels) for name in absent))
            return BenchmarkResult(name, features, lacks=absent, remedy=remedies)
        try:
            scores = cross_fit(function, self.labels, self.correct, self.folds, self.seed)
        except MissingExtraError as error:
            return BenchmarkResult(name, features, lacks=("packages",), remedy=str(error))
        except DataError as error:
            return BenchmarkResult(
                name, features, lacks=("gold that it can be fitted on",), remedy=str(error)
            )
        measures = out_of_fold_measures(scores, self.labels, self.correct, self.draws, self.seed)
        return BenchmarkResult(name, features, measures)


def compare_functions(
    labels: Labels,
    correct: Flags,
    *,
    functions: list[str] | None = None,
    folds: int = 5,
    draws: int = 1000,
    seed: int = 0,
    tell: Callable[[str], object] = lambda title: None,
) -> list[BenchmarkResult]:
    """Measure each function out of fold; best AUC first, functions that lack evidence last.

    Args:
        labels: n gold labels.
        correct: n flags: whether each label is right.
        functions: names of the functions; None for all.
        folds: number of folds of the cross-fitting.
        draws: number of bootstrap samples of the intervals; rows of one group stay together.
        seed: random seed of folds, fits and samples.
        tell: progress callback; called with the title of each function before it is fitted.

    Raises:
        DataError: the gold has one class only, or is too small for the folds.
    """
    assign_folds(labels, correct, folds, seed)  # refuses gold that no function can be fitted on
    benchmark = _Benchmark(labels, correct, folds, draws, seed)
    results = []
    for name in function_names() if functions is None else functions:
        for features in _feature_choices(name, labels):
            tell(BenchmarkResult(name, features).title)
            results.append(benchmark.run(name, features))
    return sorted(results, key=lambda result: -result.measures["auc"].value if result.measures else 1.0)


def out_of_fold_measures(
    scores: Doubles, labels: Labels, correct: Flags, draws: int, seed: int
) -> dict[str, Interval]:
    """Measure out-of-fold scores, with intervals; coverages that keep no row are left out.

    Args:
        scores: n scores in [0, 1].
        labels: n labels; rows of one group are drawn together.
        correct: n flags.
        draws: number of bootstrap samples.
        seed: random seed of the bootstrap.

    Raises:
        DataError: a score is outside [0, 1], or the gold has one class only.
    """
    coverages = [share for share in COVERAGES if len(labels) * share >= 1]
    groups = row_groups(labels)
    return trust_measures(scores, correct, coverages=coverages, groups=groups, draws=draws, seed=seed)


def _feature_choices(name: str, labels: Labels) -> list[tuple[str, ...]]:
    """What a function can be told to read: its default, and whatever else the labels have."""
    default = getattr(getattr(trust_function(name), "options", None), "features", None)
    if default is None:
        return [()]
    everything = tuple(group for group in EVIDENCE_GROUPS if has_evidence(labels, group))
    vectors = tuple(vector for vector in STATES if vector in everything)
    choices = [tuple(default)]
    if name == "neural" and "hidden" in vectors:
        choices += [("hidden", vector) for vector in vectors[1:]] + [vectors]
    choices.append(everything or tuple(default))
    return list(dict.fromkeys(choices))
