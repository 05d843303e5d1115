"""Trust in a teacher's labels: fitted on gold, scored, and the labels that are kept.

Gold rows are scored by functions that were not fitted on them, and every decision uses those scores. The
answers of the pool are only used to measure, never to decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from w2s.callables import code_digest, is_callable_name
from w2s.certification import Certificate, certify
from w2s.chain.context import RunContext
from w2s.chain.plan import PlannedTrust
from w2s.chain.settings import Keep, TrustSpec
from w2s.chain.shift import features_read, shared_features
from w2s.chain.weak_labels import RoundLabels
from w2s.errors import DataError
from w2s.evidence import PROPOSAL, Labels, read_table, write_table
from w2s.metrics import Interval, accuracy, trust_measures
from w2s.selection import select, weights
from w2s.trust import TrustFunction, cross_fit, option_names, save, trust_function
from w2s.trust.target_leakage import refuse_leaks

Scores = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class TrustReport:
    """How good trust in one teacher is, for one seed.

    Attributes:
        measured_on: ``pool`` if its answers are known, ``answered pool`` if those of some rows are, else
            ``gold``.
        auc: area under the ROC curve.
        ece: expected calibration error.
        brier: Brier score.
        purity: share of kept labels that are right.
        purity_on_gold: the same, estimated on gold.
        coverage: share of the pool that is kept.
        rows: number of labels kept.
        features: columns that trust reads, if only columns that gold and pool share.
    """

    measured_on: str
    auc: Interval
    ece: Interval
    brier: Interval
    purity: Interval
    purity_on_gold: Interval
    coverage: float
    rows: int
    features: tuple[str, ...] = ()


@dataclass(frozen=True)
class TrustSelection:
    """Scores of a teacher's labels and the selection from them.

    Attributes:
        labels: labels of the pool, one per example; the most trusted of several candidates.
        scores: scores of these labels, shape (n,).
        rows: positions of the labels that are kept, ascending.
        weights: weights of all labels; None if all are equal.
        gold_scores: scores of gold labels that were chosen in the same way, out of fold.
        gold_correct: whether these labels of gold are right.
        threshold: the lowest score that is kept.
        features: columns that trust reads, if it is limited to those that gold and pool share.
        digest: identity of the step.
    """

    labels: Labels
    scores: Scores
    rows: Positions
    weights: Scores | None
    gold_scores: Scores
    gold_correct: npt.NDArray[np.bool_]
    threshold: float
    features: tuple[str, ...] = ()
    digest: str = ""

    def purity_on_gold(self, seed: int) -> Interval:
        """Purity of what is kept, estimated on gold: its rows at or above the threshold."""
        kept = self.gold_correct[self.gold_scores >= self.threshold]
        return accuracy(kept, seed=seed) if len(kept) else Interval(0.0, 0.0, 0.0)

    def collapse(self, seed: int) -> str | None:
        """Why trust has collapsed, or None. If all labels are kept, the AUC alone decides."""
        found = trust_measures(self.gold_scores, self.gold_correct, coverages=(), seed=seed)["auc"]
        if found.low <= 0.5:
            shown = f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})"
            return f"trust separates right from wrong labels no better than chance: AUC {shown}"
        if len(self.rows) == len(self.scores):
            return None
        purity, base = self.purity_on_gold(seed), float(self.gold_correct.mean())
        if purity.low < base:
            return (
                f"the kept labels may be no purer than all labels: purity at least {purity.low:.3f}, and "
                f"{base:.3f} for all labels"
            )
        return None

    @property
    def _known(self) -> npt.NDArray[np.bool_]:
        """Which labels of the pool are known to be right or wrong."""
        pool = self.labels
        if "correct" not in pool.table.column_names:
            return np.zeros(len(pool), bool)
        return np.isfinite(pool.numbers("correct"))

    def report(self, seed: int) -> TrustReport:
        """How good trust is: on the pool, as far as its answers are known, else on gold."""
        scores, right, where = self.gold_scores, self.gold_correct, "gold"
        on_gold = self.purity_on_gold(seed)
        purity = on_gold
        known = self._known
        kept = self.rows[known[self.rows]]
        if len(kept):
            correct = self.labels.numbers("correct") == 1.0
            purity = accuracy(correct[kept], seed=seed)
            if correct[known].any() and not correct[known].all():
                where = "pool" if known.all() else "answered pool"
                scores, right = self.scores[known], correct[known]
        found = trust_measures(scores, right, coverages=(), seed=seed)
        return TrustReport(
            where,
            found["auc"],
            found["ece"],
            found["brier"],
            purity,
            on_gold,
            len(self.rows) / len(self.scores),
            len(self.rows),
            self.features,
        )


def first_candidates(labels: Labels) -> Labels:
    """The teacher's own answers: of several candidates the first of each example."""
    if PROPOSAL not in labels.table.column_names:
        return labels
    return labels.take(np.asarray(labels.table.column(PROPOSAL)) == 1)


def best_candidates(labels: Labels, scores: Scores) -> Positions:
    """Positions of the candidate with the highest score of each example, ascending; of equal ones the
    first."""
    if PROPOSAL not in labels.table.column_names:
        return np.arange(len(labels))
    return select(scores, top=1, by=labels.example_ids)


def build_trust_function(spec: TrustSpec, features: Sequence[str]) -> TrustFunction:
    """The trust function, not yet fitted; one with the option ``features`` reads all evidence of the chain,
    unless its options say otherwise."""
    options = spec.options
    if "features" in option_names(spec.function):
        options = {"features": [*features], **options}
    return trust_function(spec.function, **options)


@dataclass(frozen=True)
class TrustSettings:
    """How trust is fitted and what it keeps.

    Attributes:
        spec: the trust function.
        features: the evidence that the chain makes.
        keep: the selection rule.
        is_shared: whether gold and pool have different teachers, so that only shared evidence is read.
    """

    spec: TrustSpec
    features: tuple[str, ...]
    keep: Keep
    is_shared: bool = False

    def function(self, gold: Labels) -> tuple[TrustSpec, TrustFunction]:
        """The trust function and what it is made of, for labels of gold."""
        spec = shared_features(self.spec, gold) if self.is_shared else self.spec
        return spec, build_trust_function(spec, self.features)

    def refuse_leaks(self, gold: Labels) -> None:
        """Refuse evidence that contains the answers of gold.

        Raises:
            DataError: a column or vector separates right from wrong labels almost perfectly.
        """
        _, function = self.function(gold)
        read = function.needs | (frozenset() if self.is_shared else frozenset(self.features))
        refuse_leaks(gold, gold.correct, sorted(read), self.spec.allow_leakage)


def fit_and_select(
    step: PlannedTrust, context: RunContext, settings: TrustSettings, labels: RoundLabels, seed: int
) -> TrustSelection:
    """Fit trust on gold, score the pool and select from it; fitted once and then read from disk.

    If the teacher proposes several labels of an example, the most trusted one is its label.

    Args:
        step: where the result is saved.
        context: context of the run.
        settings: the trust function and the selection rule.
        labels: labels of gold and pool, with all candidates.
        seed: random seed of the fits.

    Raises:
        DataError: trust cannot be fitted, its evidence contains the answer, or nothing is kept.
    """
    gold, pool = labels.gold, labels.pool
    spec, function = settings.function(gold)

    def work(folder: Path) -> dict[str, Any]:
        settings.refuse_leaks(gold)
        out_of_fold = cross_fit(function, gold, folds=spec.folds, seed=seed)
        fitted = function.fit(gold, seed=seed)
        save(fitted, folder)
        trust = np.concatenate([out_of_fold, fitted.score(pool)])
        roles = ["gold"] * len(gold) + ["pool"] * len(pool)
        table = pa.table({"id": [*gold.ids, *pool.ids], "role": roles, "trust": trust})
        write_table(table, folder / "scores.parquet")
        return {}

    made_of = spec.model_dump(exclude={"allow_leakage"})  # which only decides whether trust is fitted
    inputs = {"labels": labels.digest, "gold": gold.ids, "trust": made_of, "seed": seed}
    if is_callable_name(spec.function):
        inputs["code"] = code_digest(spec.function)

    def features() -> tuple[str, ...]:
        return features_read(spec, gold) if settings.is_shared else ()

    what = f"{spec.function} is fitted on {len(set(gold.example_ids)):,} gold rows"
    shared = " and reads the evidence that gold and pool share: "
    record = context.cached(
        step, inputs, work, what, lambda: what + shared * bool(features()) + ", ".join(features())
    )
    folder = context.folder(step)
    table = read_table(folder / "scores.parquet", ["role", "trust"])
    trust = np.asarray(table.column("trust"))
    is_gold = np.asarray(table.column("role")) == "gold"
    found = _select(settings.keep, _best(pool, trust[~is_gold]), _best(gold, trust[is_gold]))
    found = replace(found, features=features(), digest=record.digest)
    write_table(_selected_table(found), folder / "selected.parquet")
    return found


def _best(labels: Labels, scores: Scores) -> tuple[Labels, Scores]:
    """One label of each example with its score: the most trusted."""
    rows = best_candidates(labels, scores)
    return labels.take(rows), scores[rows]


def _select(keep: Keep, pool: tuple[Labels, Scores], gold: tuple[Labels, Scores]) -> TrustSelection:
    labels, scores = pool
    gold_correct, gold_scores = gold[0].correct, gold[1]
    rows = _kept_rows(keep, scores, gold_scores, gold_correct)
    if not len(rows):
        raise DataError(
            "chain-keep-nothing", f"top = {keep.share} keeps none of the {len(scores)} pool labels; keep more"
        )
    weight = None if keep.power == 0 else weights(scores, keep.power)
    threshold = float(scores[rows].min())
    return TrustSelection(labels, scores, rows, weight, gold_scores, gold_correct, threshold)


def _kept_rows(
    keep: Keep, scores: Scores, gold_scores: Scores, gold_correct: npt.NDArray[np.bool_]
) -> Positions:
    if keep.purity is None:
        return select(scores, top=keep.share)
    found: Certificate = certify(gold_scores, gold_correct, purity=keep.purity, delta=keep.delta)
    if found.threshold is None:
        raise DataError(
            "chain-purity-not-certified",
            f"no threshold certifies a purity of {keep.purity} at δ = {keep.delta}; use a lower purity or "
            "give more gold",
        )
    return select(scores, threshold=found.threshold)


def _selected_table(found: TrustSelection) -> pa.Table:
    rows = found.rows
    kept = found.labels.take(rows)
    weight = np.ones(len(rows)) if found.weights is None else found.weights[rows]
    columns = {"id": kept.example_ids, "label": kept.table.column("label")}
    return pa.table({**columns, "trust": found.scores[rows], "weight": weight})
