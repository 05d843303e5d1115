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
from w2s.chain import proposals
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
        labels: of the pool, one of each example: of several proposals the most trusted.
        scores: of these labels.
        rows: of them that are kept, ascending.
        weights: of all of them, None where all weigh the same.
        gold_scores: of gold in the same way, out of fold.
        gold_correct: whether these labels of gold are right.
        threshold: the lowest score kept.
    """

    labels: Labels
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
    """Fit trust on gold, score the pool, choose; made once and then read.

    Where a teacher proposes several labels of an example, the most trusted of them is its label.
    """

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
    trusted = _choose(config.keep, _one_each(pool, trust[~in_gold]), _one_each(gold, trust[in_gold]))
    write_table(_selected(trusted), folder / "selected.parquet")
    return trusted, facts


def _selected(trusted: Trusted) -> pa.Table:
    rows = trusted.rows
    kept = trusted.labels.take(rows)
    weight = np.ones(len(rows)) if trusted.weights is None else trusted.weights[rows]
    columns = {"id": kept.example_ids, "label": kept.table.column("label")}
    return pa.table({**columns, "trust": trusted.scores[rows], "weight": weight})


def trust_of(config: ChainConfig) -> TrustFunction:
    """The trust function, not yet fitted; one that takes ``reads`` is told all that the chain makes."""
    name, options = config.trust.function, config.trust.options
    if "reads" in option_names(name):
        options = {"reads": config.reads, **options}
    return w2s.trust_function(name, **options)


def _one_each(labels: Labels, scores: Scores) -> tuple[Labels, Scores]:
    """One label of each example with its score: the most trusted."""
    rows = proposals.best(labels, scores)
    return labels.take(rows), scores[rows]


def _choose(keep: Keep, pool: tuple[Labels, Scores], gold: tuple[Labels, Scores]) -> Trusted:
    labels, scores = pool
    gold_correct, gold_scores = gold[0].correct, gold[1]
    rows = _rows(keep, scores, gold_scores, gold_correct)
    if not len(rows):
        raise DataError(
            "chain-keep-nothing",
            f"top = {keep.share} keeps none of the {len(scores)} pool labels; keep more",
        )
    weight = None if keep.power == 0 else weights(scores, keep.power)
    return Trusted(labels, scores, rows, weight, gold_scores, gold_correct, float(scores[rows].min()))


def _rows(keep: Keep, scores: Scores, gold_scores: Scores, gold_correct: npt.NDArray[np.bool_]) -> Positions:
    if keep.purity is None:
        return w2s.select(scores, top=keep.share)
    found: Certificate = w2s.certify(gold_scores, gold_correct, purity=keep.purity, delta=keep.delta)
    if found.threshold is None:
        raise DataError(
            "chain-purity-not-certified",
            f"no threshold certifies a purity of {keep.purity} at δ = {keep.delta}; ask for less or give "
            "more gold",
        )
    return w2s.select(scores, threshold=found.threshold)


def quality(trusted: Trusted, seed: int) -> dict[str, Any]:
    """How good trust is: on the pool where its answers are known, looked at afterwards; else on gold."""
    pool = trusted.labels
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
