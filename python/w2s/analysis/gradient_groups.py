"""Are gradients of kept rows more aligned and of lower rank? At equal numbers of rows, and at equal loss."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from w2s.analysis.context import Analysis
from w2s.analysis.difficulty import bins_of
from w2s.analysis.gradients import Gradients
from w2s.analysis.matched_rows import Flags, draw, match_bins
from w2s.analysis.report import Measurement, RowColumns, join_sentences, shown
from w2s.analysis.result import Doubles, Result, Sample, bootstrap, mean_of
from w2s.analysis.run_rows import SeedRows
from w2s.analysis.subsamples import GramSample, gram_result, ratio_result, sample_gram
from w2s.chain.training_rows import gold_rows
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
WHOLE_NET_ROWS, WHOLE_NET_NUMBERS = 128, 1 << 27
"""The most rows of a group whose gradients in the whole net are compared, and the most numbers in memory."""
COMPARED = (("kept", "dropped"), ("kept", "random"), EQUAL_LOSS)
RATIOS = ("effective rank", "effective rank (unit)", "m-coherence (unit)")
IN_WHOLE_NET = {f"{name}, whole net": name for name in ("m-coherence (unit)", "effective rank (unit)")}
"""Measures of gradients in the whole net, and their names in the head."""
RANK = "effective rank (unit)"
_CLAIMED = {
    "m-coherence (unit)": "the m-coherence of gradients of unit length",
    RANK: "their effective rank",
    f"{RANK}, whole net": "the effective rank in the whole net",
}
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
    in_whole = [name for name in names if all(name in one.whole_net for one in seen)]
    whole = {name: [one.whole_net[name] for one in seen] for name in in_whole}
    results += [
        gram_result(measure, name, found, analysis.seed)
        for name, found in whole.items()
        for measure in IN_WHOLE_NET
    ]
    results += _ratios(RATIOS, samples, analysis.seed) + _ratios(tuple(IN_WHOLE_NET), whole, analysis.seed)
    notes = [
        f"{seen[0].what}; they are those of the label, by the student before it learns from the pool",
        f"whole net means gradients in all {seen[0].parameters:,} parameters, of fewer rows",
        "(unit) means scaled to length 1: wrong labels have large gradients, which alone move ranks",
        "intervals are from random halves of the rows; equal loss: equally many rows in ten bins of loss",
        "m-coherence is 1 for orthogonal gradients and n for identical ones; groups have equally many rows",
    ]
    if any(name not in names for name in EQUAL_LOSS):
        notes.append(f"too few kept and dropped rows have equal loss; {LEAST} are needed")
    return Measurement(results, _meaning(results), notes, [one.columns for one in seen])


def _ratios(measures: Sequence[str], samples: Mapping[str, Sequence[GramSample]], seed: int) -> list[Result]:
    """How measures of the first of two groups compare with those of the second."""
    pairs = [pair for pair in COMPARED if set(pair) <= set(samples)]
    return [
        ratio_result(name, f"{first} ÷ {second}", samples[first], samples[second], seed)
        for first, second in pairs
        for name in measures
    ]


def _mean_loss(name: str, seen: Sequence[_RowGradients], seed: int) -> Result:
    samples = [
        Sample(len(one.loss), mean_of(one.loss, one.inside[name]), int(one.inside[name].sum()))
        for one in seen
    ]
    return bootstrap("mean loss", name, samples, seed=seed)


@dataclass(frozen=True)
class _RowGradients:
    """What the gradients of one seed give.

    Attributes:
        what: which gradients they are.
        columns: columns of all rows.
        samples: measures of groups of rows, by name.
        parameters: number of parameters of the whole net.
        whole_net: measures of gradients in the whole net, of fewer rows of each group.
        loss: loss of the label of all rows.
        inside: which rows are in each group.
    """

    what: str
    columns: RowColumns
    samples: Mapping[str, GramSample]
    parameters: int
    whole_net: Mapping[str, GramSample]
    loss: Doubles
    inside: Mapping[str, Flags]

    @classmethod
    def of(cls, analysis: Analysis, seed: SeedRows) -> _RowGradients:
        """Compute the gradients of the rows of one seed."""
        from w2s.analysis.head_gradients import HeadGradients

        loss = analysis.student_view(seed).loss
        head = HeadGradients(seed.start)
        gold = _gold_direction(head, seed, analysis) if has_own_gold(analysis) else None
        rows = TrainingSet.hard(seed.examples, seed.labels)
        columns = _columns(head, rows, gold, analysis.context.count)
        samples, whole, inside = {}, {}, {}
        most = min(analysis.limit(ROWS), WHOLE_NET_ROWS, max(LEAST, WHOLE_NET_NUMBERS // head.parameters))
        fewer = group_rows(seed.kept, loss, most, analysis.seed)
        for name, places in group_rows(seed.kept, loss, analysis.limit(ROWS), analysis.seed).items():
            if len(places) >= LEAST:
                gradients = head.of(_take(rows, places))
                along = None if gold is None else gradients.dot(gold)
                samples[name] = sample_gram(gradients.gram(), along, places, analysis.seed)
                if len(fewer[name]) >= LEAST:
                    whole[name] = _whole_net_sample(head, rows, fewer[name], analysis.seed)
                inside[name] = np.isin(np.arange(len(loss)), places)
        return cls(head.what, columns, samples, head.parameters, whole, loss, inside)


def _whole_net_sample(
    head: HeadGradients, rows: TrainingSet, places: npt.NDArray[np.int64], seed: int
) -> GramSample:
    """Measures of the gradients in the whole net of the rows of a group."""
    found = sample_gram(head.of_whole_net(_take(rows, places)).gram(), None, places, seed)
    return GramSample(
        {name: found.values[of] for name, of in IN_WHOLE_NET.items()},
        {name: found.halves[of] for name, of in IN_WHOLE_NET.items()},
        found.n,
    )


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


def _parts(head: HeadGradients, rows: TrainingSet) -> Iterator[Gradients]:
    """The gradients of all rows, some at a time."""
    for start in range(0, len(rows), _CHUNK):
        yield head.of(_take(rows, np.arange(start, min(start + _CHUNK, len(rows)))))


def _take(rows: TrainingSet, places: npt.NDArray[np.int64]) -> TrainingSet:
    """Some rows of a training set."""
    return TrainingSet(
        [rows.examples[place] for place in places],
        [rows.targets[place] for place in places],
        np.asarray(rows.weights)[places],
    )


def _meaning(results: Sequence[Result]) -> str:
    """Whether gradients are more aligned, and which of the two claims about rank holds in this run."""
    ratios = {(one.name, one.group): one for one in results}
    parts: list[str] = []
    for name, what in _CLAIMED.items():
        found = [
            ratios.get((f"{name}, ratio", f"{pair[0]} ÷ {pair[1]}")) for pair in (COMPARED[0], EQUAL_LOSS)
        ]
        said = [
            f"{shown(one.value)} times {of} ({_side(one)})"
            for one, of in zip(found, ("that of dropped rows", "at equal loss"), strict=True)
            if one is not None
        ]
        if said:
            start = "" if parts else "for kept rows, "
            parts.append(f"{start}{what} is {', '.join(said)}")
        if found[0] is not None and name == RANK:
            parts.append(
                f"the paper says a lower rank, arXiv 2504.10766 a higher one, and {_verdict(*found)}"
            )
    return join_sentences(parts) if parts else "There are too few rows to compare."


def _side(ratio: Result) -> str:
    if ratio.high is not None and ratio.high < 1:
        return "lower"
    return "higher" if ratio.low is not None and ratio.low > 1 else "not clear"


def _verdict(plain: Result | None, equal_loss: Result | None) -> str:
    """Which claim holds, from the ratio of ranks and the same at equal loss."""
    side = "not clear" if plain is None else _side(plain)
    if side == "not clear":
        return "this run agrees with neither"
    who = "the paper" if side == "lower" else "arXiv 2504.10766"
    if equal_loss is None:
        return f"this run agrees with {who}"
    return f"this run agrees with {who}, {'also' if _side(equal_loss) == side else 'but not'} at equal loss"
