"""A benchmark of trust functions: each one on the same gold labels, measured out of fold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from w2s.errors import DataError, MissingExtraError
from w2s.evidence import Labels
from w2s.evidence_kinds import STATES
from w2s.kernels.arrays import Flags
from w2s.kernels.columns import Doubles
from w2s.metrics import COVERAGES, Interval, trust_measures
from w2s.trust.columns import find_remedy, has_evidence, missing_evidence, number_columns
from w2s.trust.features import COMMON_COLUMNS, EVIDENCE_GROUPS
from w2s.trust.folds import assign_folds, cross_fit, row_groups
from w2s.trust.registry import function_names, trust_function


@dataclass(frozen=True)
class BenchmarkResult:
    """The measures of one trust function, or what it lacks.

    Attributes:
        name: the name in the registry.
        features: names of the evidence in its option ``features``; empty if it has no such option.
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

    def run(self, name: str, choice: tuple[str, ...] | None) -> BenchmarkResult:
        """Measure a function that reads this evidence; None if it has no such option."""
        function = trust_function(name, **({} if choice is None else {"features": choice}))
        features = choice or ()
        absent = tuple(missing_evidence(function.needs, self.labels))
        if absent:
            remedies = "; ".join(dict.fromkeys(find_remedy(name, self.labels) for name in absent))
            return BenchmarkResult(name, features, lacks=absent, remedy=remedies)
        try:
            scores = cross_fit(function, self.labels, self.correct, self.folds, self.seed)
        except MissingExtraError as error:
            return BenchmarkResult(name, features, lacks=("packages",), remedy=str(error))
        except DataError as error:
            lacks = "evidence" if error.code == "trust-no-features" else "gold that it can be fitted on"
            return BenchmarkResult(name, features, lacks=(lacks,), remedy=str(error))
        measures = out_of_fold_measures(scores, self.labels, self.correct, self.folds, self.draws, self.seed)
        return BenchmarkResult(name, features, measures)


def compare_functions(
    labels: Labels,
    correct: Flags,
    *,
    functions: list[str] | None = None,
    features: Sequence[str] | None = None,
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
        features: names of the evidence that functions with this option read; None for all known evidence of
            the labels.
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
        for choice in _feature_choices(name, labels, features):
            tell(BenchmarkResult(name, choice or ()).title)
            results.append(benchmark.run(name, choice))
    return sorted(results, key=lambda result: -result.measures["auc"].value if result.measures else 1.0)


def out_of_fold_measures(
    scores: Doubles, labels: Labels, correct: Flags, folds: int, draws: int, seed: int
) -> dict[str, Interval]:
    """Measure out-of-fold scores, with intervals; coverages that keep no row are left out.

    The AUC compares only rows of one fold. Each fold is scored by another fit, and a fold with many right
    rows leaves few for its fit, so that its scores are lower; over all folds, labels without any signal would
    have an AUC below 0.5.

    Args:
        scores: n scores in [0, 1].
        labels: n labels; rows of one group are drawn together.
        correct: n flags.
        folds: number of folds of the cross-fitting.
        draws: number of bootstrap samples.
        seed: random seed of the folds and of the bootstrap.

    Raises:
        DataError: a score is outside [0, 1], or the gold has one class only.
    """
    coverages = [share for share in COVERAGES if len(labels) * share >= 1]
    fold_of_row = assign_folds(labels, correct, folds, seed)
    has_pairs = any(0 < correct[fold_of_row == fold].mean() < 1 for fold in range(folds))
    return trust_measures(
        scores,
        correct,
        coverages=coverages,
        groups=row_groups(labels),
        strata=fold_of_row.tolist() if has_pairs else None,
        draws=draws,
        seed=seed,
    )


LEAST_GOLD = {"neural": 300}
"""Minimum number of gold rows that a function needs in practice, by name."""


def little_gold(names: Iterable[str], rows: int) -> list[str]:
    """One remark for each function that needs more gold than there is."""
    return [
        f"{rows} gold rows are few for {name}, which needs about {LEAST_GOLD[name]}; logistic needs fewer"
        for name in dict.fromkeys(names)
        if rows < LEAST_GOLD.get(name, 0)
    ]


def _feature_choices(
    name: str, labels: Labels, wanted: Sequence[str] | None
) -> list[tuple[str, ...]] | list[None]:
    """Values of the option ``features`` to compare: those wanted, or the default and other known evidence.

    Without names the function reads the columns that are always read. A function without the option has None.
    """
    default = getattr(trust_function(name).options, "features", None)
    if not isinstance(default, tuple):
        return [None]
    if wanted is not None:
        return [tuple(wanted)]
    everything = tuple(group for group in EVIDENCE_GROUPS if has_evidence(labels, group))
    vectors = tuple(vector for vector in STATES if vector in everything)
    choices = [tuple(default)]
    if name == "neural" and "hidden" in vectors:
        choices += [("hidden", vector) for vector in vectors[1:]] + [vectors]
    has_scalars = any(has_evidence(labels, column) for column in COMMON_COLUMNS)
    choices.append(everything or (() if has_scalars else default))
    return list(dict.fromkeys(choices))


def nothing_comparable(results: Sequence[BenchmarkResult], labels: Labels, *, is_chosen: bool) -> DataError:
    """The error for labels on which no function can be compared; it names what to add first."""
    numeric = number_columns(labels)
    if is_chosen:
        what = f"{results[0].title}: {results[0].remedy}"
    elif numeric:
        what = (
            "these labels have no evidence that functions read by themselves, such as log_prob; name "
            f"columns of numbers, for example `features={','.join(numeric[:3])}`"
        )
    else:
        what = (
            "these labels have no evidence; add log_prob, or any column of numbers about a "
            "label, and name it with `features`"
        )
    return DataError("trust-nothing-comparable", f"no trust function can be compared: {what}")
