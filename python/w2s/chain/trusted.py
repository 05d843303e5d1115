"""Trust in a teacher's labels, and which of them are kept.

Knows nothing about models or training. Gold rows are scored by functions that were not fitted on them, and
everything that is decided here is decided by those scores; the pool's own answers are never looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

import w2s
from w2s.certification import Certificate
from w2s.chain.config import ChainConfig, Keep
from w2s.chain.steps import Facts, step
from w2s.errors import DataError
from w2s.evidence import Labels, read_table, write_table
from w2s.metrics import Interval, accuracy, trust_measures
from w2s.selection import weights
from w2s.trust import TrustFunction, cross_fit, option_names, save

Scores = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Trusted:
    """What trust says of a teacher.

    Attributes:
        scores: of the pool's labels, in their order.
        rows: of the pool that are kept, ascending.
        weights: of the pool's rows, None where all weigh the same.
        gold_scores: of gold, out of fold.
        gold_correct: whether the teacher is right on gold.
        threshold: the lowest score kept.
    """

    scores: Scores
    rows: Positions
    weights: Scores | None
    gold_scores: Scores
    gold_correct: npt.NDArray[np.bool_]
    threshold: float

    def kept_purity(self, seed: int) -> Interval:
        """Purity of what is kept, estimated on gold: its rows at or above the threshold."""
        kept = self.gold_correct[self.gold_scores >= self.threshold]
        return accuracy(kept, seed=seed) if len(kept) else Interval(0.0, 0.0, 0.0)

    def collapse(self, seed: int) -> str | None:
        """Why trust is worth nothing any more, or None. Where nothing is cut, its AUC alone says so."""
        found = trust_measures(self.gold_scores, self.gold_correct, coverages=(), seed=seed)["auc"]
        if found.low <= 0.5:
            shown = f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})"
            return f"trust tells right from wrong no better than chance: AUC {shown}"
        if len(self.rows) == len(self.scores):
            return None
        purity, base = self.kept_purity(seed), float(self.gold_correct.mean())
        if purity.low < base:
            return (
                f"what is kept is hardly purer than all labels: at least {purity.low:.3f} beside {base:.3f}"
            )
        return None


def trust_labels(
    folder: Path, config: ChainConfig, gold: Labels, pool: Labels, seed: int, inputs: object
) -> tuple[Trusted, Facts]:
    """Fit trust on gold, score the pool, choose; made once and then read."""

    def work() -> Facts:
        function = trust_of(config)
        out_of_fold = cross_fit(function, gold, folds=config.trust.folds, seed=seed)
        fitted = function.fit(gold, seed=seed)
        save(fitted, folder)
        scores = {"gold": out_of_fold, "pool": fitted.score(pool)}
        ids = [*gold.ids, *pool.ids]
        roles = ["gold"] * len(gold) + ["pool"] * len(pool)
        trust = np.concatenate([scores["gold"], scores["pool"]])
        write_table(pa.table({"id": ids, "role": roles, "trust": trust}), folder / "scores.parquet")
        return {}

    facts = step(folder, [inputs, config.trust.model_dump(), seed], work)
    table = read_table(folder / "scores.parquet")
    trust = np.asarray(table.column("trust"))
    in_gold = np.asarray(table.column("role")) == "gold"
    trusted = _choose(config.keep, trust[~in_gold], trust[in_gold], gold.correct)
    kept = pool.take(trusted.rows)
    weight = np.ones(len(trusted.rows)) if trusted.weights is None else trusted.weights[trusted.rows]
    write_table(
        pa.table({"id": kept.ids, "trust": trusted.scores[trusted.rows], "weight": weight}),
        folder / "selected.parquet",
    )
    return trusted, facts


def trust_of(config: ChainConfig) -> TrustFunction:
    """The trust function, not yet fitted; one that takes ``reads`` is told all that the chain makes."""
    name, options = config.trust.function, config.trust.options
    if "reads" in option_names(name):
        options = {"reads": config.reads, **options}
    return w2s.trust_function(name, **options)


def _choose(keep: Keep, scores: Scores, gold_scores: Scores, gold_correct: npt.NDArray[np.bool_]) -> Trusted:
    rows = _rows(keep, scores, gold_scores, gold_correct)
    if not len(rows):
        raise DataError(f"keeping {keep.share} keeps none of the pool's {len(scores)} labels: keep more")
    weight = None if keep.power == 0 else weights(scores, keep.power)
    return Trusted(scores, rows, weight, gold_scores, gold_correct, float(scores[rows].min()))


def _rows(keep: Keep, scores: Scores, gold_scores: Scores, gold_correct: npt.NDArray[np.bool_]) -> Positions:
    if keep.purity is None:
        return w2s.select(scores, top=keep.share)
    found: Certificate = w2s.certify(gold_scores, gold_correct, purity=keep.purity, delta=keep.delta)
    if found.threshold is None:
        raise DataError(
            f"no threshold certifies a purity of {keep.purity} at δ = {keep.delta}: ask for less, or give "
            "more gold"
        )
    return w2s.select(scores, threshold=found.threshold)


def quality(trusted: Trusted, pool: Labels, seed: int) -> dict[str, Any]:
    """How good trust is: on the pool where its answers are known, looked at afterwards; else on gold."""
    scores, right, where = trusted.gold_scores, trusted.gold_correct, "gold"
    known = "correct" in pool.table.column_names and not pool.table.column("correct").null_count
    purity = trusted.kept_purity(seed)
    if known:
        correct = pool.correct
        purity = accuracy(correct[trusted.rows], seed=seed)
        if correct.any() and not correct.all():
            scores, right, where = trusted.scores, correct, "pool"
    found = trust_measures(scores, right, coverages=(), seed=seed)
    return {
        "measured_on": where,
        **{name: interval._asdict() for name, interval in found.items()},
        "purity": purity._asdict(),
        "coverage": len(trusted.rows) / len(trusted.scores),
        "rows": len(trusted.rows),
    }
