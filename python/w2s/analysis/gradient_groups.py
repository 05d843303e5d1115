"""Are gradients of kept rows more aligned and of lower rank? At equal numbers of rows, and at equal loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from w2s.analysis.analysis import Analysis
from w2s.analysis.difficulty import bins_of
from w2s.analysis.gradients import Gradients
from w2s.analysis.matched_rows import Flags, draw, match_bins
from w2s.analysis.report import Measurement, RowColumns, join_sentences, shown
from w2s.analysis.result import Doubles, Result, Sample, bootstrap, mean_of
from w2s.analysis.run_rows import SeedRows
from w2s.analysis.subsamples import GramSample, gram_result, ratio_result, sample_gram
from w2s.chain.arms import gold_rows
from w2s.train import TrainingSet

if TYPE_CHECKING:
    from w2s.analysis.head_gradients import HeadGradients

ROWS = 400
"""The most rows of a group if no number is given."""
LEAST = 8
"""The fewest rows of a group whose gradients are compared."""
GOLD_ROWS = 1000
"""The most gold rows whose mean gradient others are compared with."""
EQUAL_N, EQUAL_LOSS = ("kept", "dropped", "random"), ("kept, equal loss", "dropped, equal loss")
COMPARED = (("kept", "dropped"), ("kept", "random"), EQUAL_LOSS)
RATIOS = ("effective rank", "effective rank (unit)", "m-coherence (unit)")
_CHUNK = 256
Groups = Mapping[str, npt.NDArray[np.int64]]


def group_rows(kept: Flags, loss: Doubles, limit: int, seed: int) -> Groups:
    """Positions of kept, dropped and random rows, equally many of each; and kept and dropped rows of equal
    loss, equally many in each of ten bins of loss.

    Args:
        kept: which of n rows are kept.
        loss: loss of the label of each row.
        limit: the most rows of a group.
        seed: random seed of the draws.
    """
    members = (np.flatnonzero(kept), np.flatnonzero(~kept), np.arange(len(kept)))
    count = min(limit, *map(len, members))
    groups = {name: draw(rows, count, seed) for name, rows in zip(EQUAL_N, members, strict=True)}
    return {**groups, **dict(zip(EQUAL_LOSS, match_bins(kept, bins_of(loss), seed, limit), strict=True))}


def measure_gradients(analysis: Analysis) -> Measurement:
    """Coherence, cosines and ranks of the gradients of kept, dropped and random rows."""
    seen = [_RowGradients.of(analysis, seed) for seed in analysis.run.seeds]
    names = [name for name in (*EQUAL_N, *EQUAL_LOSS) if all(name in one.samples for one in seen)]
    samples = {name: [one.samples[name] for one in seen] for name in names}
    results = [
        gram_result(measure, name, found, analysis.seed)
        for name, found in samples.items()
        for measure in found[0].values
    ]
    results += [_mean_loss(name, seen, analysis.seed) for name in names]
    for first, second in COMPARED:
        if first in samples and second in samples:
            group = f"{first} ÷ {second}"
            pair = (samples[first], samples[second])
            results += [ratio_result(name, group, *pair, analysis.seed) for name in RATIOS]
    notes = [
        f"{seen[0].what}; they are those of the label, by the student before it learns from the pool",
        "(unit) means scaled to length 1: wrong labels have large gradients, which alone move ranks",
        "intervals are from random halves of the rows; equal loss: equally many rows in ten bins of loss",
        "m-coherence is 1 for orthogonal gradients and n for identical ones; groups have equally many rows",
    ]
    if any(name not in names for name in EQUAL_LOSS):
        notes.append(f"too few kept and dropped rows have equal loss; {LEAST} are needed")
    return Measurement(results, _meaning(results), notes, [one.columns for one in seen])


def _mean_loss(name: str, seen: Sequence[_RowGradients], seed: int) -> Result:
    samples = [Sample(len(one.losses[name]), mean_of(one.losses[name])) for one in seen]
    return bootstrap("mean loss", name, samples, seed=seed)


class _RowGradients:
    """What the gradients of one seed give: columns of all rows, and measures of groups of rows."""

    def __init__(
        self, what: str, columns: RowColumns, samples: dict[str, GramSample], losses: dict[str, Doubles]
    ) -> None:
        self.what, self.columns, self.samples, self.losses = what, columns, samples, losses

    @classmethod
    def of(cls, analysis: Analysis, seed: SeedRows) -> _RowGradients:
        """Compute the gradients of the rows of one seed."""
        from w2s.analysis.head_gradients import HeadGradients

        loss = analysis.student_view(seed).loss
        head = HeadGradients(seed.start)
        gold = _gold_direction(head, seed, analysis) if has_own_gold(analysis) else None
        rows = TrainingSet.hard(seed.examples, seed.labels)
        columns = _columns(head, rows, gold, analysis.context.count)
        samples, losses = {}, {}
        for name, places in group_rows(seed.kept, loss, analysis.limit(ROWS), analysis.seed).items():
            if len(places) >= LEAST:
                gradients = head.of(_take(rows, places))
                along = None if gold is None else gradients.dot(gold)
                samples[name] = sample_gram(gradients.gram(), along, analysis.seed)
                losses[name] = loss[places]
        return cls(head.what, columns, samples, losses)


def has_own_gold(analysis: Analysis) -> bool:
    """Whether gold is of the game and task that the student learns."""
    return analysis.run.config.regime.name != "ood_domain"


def _gold_direction(head: HeadGradients, seed: SeedRows, analysis: Analysis) -> Doubles:
    """The gradient of gold, scaled to length 1."""
    gold = seed.splits.gold
    rows = gold_rows([gold[row] for row in draw(np.arange(len(gold)), GOLD_ROWS, analysis.seed)])
    total = sum(part.total() for part in _parts(head, rows))
    length = float(np.linalg.norm(total))
    return np.asarray(total / length if length > 0 else total, np.float64)


def _columns(
    head: HeadGradients, rows: TrainingSet, gold: Doubles | None, count: Callable[[int, int], None]
) -> RowColumns:
    """The length of the gradient of each row, and its cosine with that of gold."""
    norms: list[Doubles] = []
    cosines: list[Doubles] = []
    done = 0
    for part in _parts(head, rows):
        norms.append(part.norms())
        if gold is not None:
            dot = part.dot(gold)
            cosines.append(np.divide(dot, norms[-1], out=np.zeros_like(dot), where=norms[-1] > 0))
        done += len(part)
        count(done, len(rows))
    found: RowColumns = {"grad_norm": np.concatenate(norms)}
    return found if gold is None else {**found, "grad_cos_gold": np.concatenate(cosines)}


def _parts(head: HeadGradients, rows: TrainingSet) -> Sequence[Gradients]:
    """The gradients of all rows, some at a time."""
    starts = range(0, len(rows), _CHUNK)
    return (  # type: ignore[return-value]
        head.of(_take(rows, np.arange(start, min(start + _CHUNK, len(rows))))) for start in starts
    )


def _take(rows: TrainingSet, places: npt.NDArray[np.int64]) -> TrainingSet:
    """Some rows of a training set."""
    return TrainingSet(
        [rows.examples[place] for place in places],
        [rows.targets[place] for place in places],
        np.asarray(rows.weights)[places],
    )


def _meaning(results: Sequence[Result]) -> str:
    """Which of the two claims about rank holds in this run."""
    ratios = {(one.name, one.group): one for one in results}
    parts = []
    for pair in (COMPARED[0], EQUAL_LOSS):
        found = ratios.get(("effective rank (unit), ratio", f"{pair[0]} ÷ {pair[1]}"))
        if found is None:
            continue
        at = "" if pair == COMPARED[0] else "at equal loss, "
        side = "not clearly different in rank from dropped ones, so neither claim shows"
        if found.high is not None and found.high < 1:
            side = "of lower effective rank than dropped ones, as the paper says"
        elif found.low is not None and found.low > 1:
            side = "of higher effective rank than dropped ones, as arXiv 2504.10766 says of better data"
        parts.append(f"{at}gradients of kept rows are {side} ({shown(found.value)} times)")
    return join_sentences(parts)
