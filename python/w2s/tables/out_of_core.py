"""Selection of rows from a table whose score columns do not fit in memory.

The columns are read several times. Memory: one bit per row, and counts that grow with the number of groups.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from w2s import kernels
from w2s.errors import UsageError, W2sError
from w2s.kernels.arrays import Scores
from w2s.kernels.columns import Doubles, Positions
from w2s.kernels.groups import Codes
from w2s.kernels.streams import Narrowing, WithinBudget
from w2s.selection import GroupCount
from w2s.tables.column_chunks import GoldCodes
from w2s.tables.decision import Decision, purity_of
from w2s.tables.executor import Executor
from w2s.tables.partition import Mask, Partition, RowMask
from w2s.tables.progress import ProgressCounter
from w2s.tables.score_columns import ColumnReader, sorted_keys
from w2s.tables.spec import RANKING, FilterSpec

_MANY_GROUPS = 1 << 20  # digits of 8 bits: two kibibytes a group


class _Chunk(NamedTuple):
    """The rows of a chunk without nulls, and their positions."""

    partition: int
    n: int
    rows: Positions | None  # offsets in the chunk; None for all
    scores: Scores
    codes: Codes | None
    costs: Doubles | None
    gold: GoldCodes | None


@dataclass(eq=False)
class OutOfCoreSelection:
    """Selects rows by reading the score columns several times."""

    partitions: Sequence[Partition]
    spec: FilterSpec
    memory: int
    executor: Executor
    steps: ProgressCounter
    count: int = 1  # the one that found that they do not fit
    rows: int = 0
    valid_rows: int = 0
    partition_rows: list[int] = field(default_factory=list)
    keys: dict[Any, int] = field(default_factory=dict)

    def read(self, step: str) -> Iterator[_Chunk]:
        """Yield all chunks once more."""
        self.count += 1
        self.steps.begin(f"{step}, pass {self.count}", self.rows or None)
        reader = ColumnReader(self.partitions, self.spec, executor=self.executor)
        self.rows, self.valid_rows, self.partition_rows = 0, 0, [0] * len(self.partitions)
        for raw in reader:
            codes = None if raw.groups is None else reader.codes(raw.groups)
            chunk = _Chunk(raw.partition, raw.rows, None, raw.scores[0], codes, raw.costs, raw.gold)
            if raw.valid is not None:
                chunk = _without_nulls(chunk, np.flatnonzero(raw.valid))
            self.rows += raw.rows
            self.valid_rows += len(chunk.scores)
            self.partition_rows[raw.partition] += raw.rows
            self.steps.read(raw.rows)
            yield chunk
        self.keys = reader.group_keys

    def known(self) -> tuple[Scores, npt.NDArray[np.bool_]]:
        """Scores of the rows whose answer is known, and whether the answer is right."""
        scores: list[Scores] = []
        right = [np.zeros(0, bool)]
        n_bytes = 0
        for chunk in self.read("known answers"):
            assert chunk.gold is not None
            known = chunk.gold >= 0
            scores.append(chunk.scores[known])
            right.append(chunk.gold[known] == 1)
            n_bytes += scores[-1].nbytes + right[-1].nbytes
            self._fits(n_bytes, "the rows with known answers")
        joined: Any = np.concatenate(scores) if scores else np.zeros(0)
        return joined, np.concatenate(right)

    def unknown(self) -> Iterator[Scores]:
        """Scores of the rows whose answer is not known, in parts."""
        for chunk in self.read("unknown answers"):
            assert chunk.gold is not None
            yield chunk.scores[chunk.gold < 0]

    def select(self, spec: FilterSpec) -> Decision:
        """Apply a rule that needs no certificate."""
        self.spec = spec
        rule = spec.rule
        if rule.kind == "random":
            return self._random()
        if rule.kind == "budget":
            return self._budget()
        if rule.is_grouped or rule.kind == "top":
            return self._narrowing()
        low, high = rule.limits
        return self._marked(
            lambda chunk: (chunk.scores >= low) & (chunk.scores <= (np.inf if high is None else high))
        )

    def _fits(self, n_bytes: int, what: str) -> None:
        if n_bytes > self.memory:
            raise W2sError(
                "filter-rows-exceed-memory",
                f"{what} do not fit in memory; raise `memory`, or keep fewer rows",
            )

    def _random(self) -> Decision:
        for _ in self.read("counting"):
            continue
        count = self.spec.rule.count_of(self.valid_rows)
        self._fits(8 * count, "the rows drawn")
        drawn = kernels.random_k(self.valid_rows, count, self.spec.rule.seed)
        return self._marked(_at(drawn), cut=False)

    def _budget(self) -> Decision:
        assert self.spec.rule.budget is not None
        stream = WithinBudget(self.spec.rule.budget)
        begin = 0
        for chunk in self.read("spending"):
            assert chunk.costs is not None
            stream.push(begin, chunk.scores, chunk.costs)
            begin += len(chunk.scores)
        best_first, spent = stream.best_first()
        self._fits(40 * len(best_first), "the rows that the budget pays for")
        found = self._marked(_at(np.sort(best_first)))
        found = replace(found, spent=spent)
        if found.threshold is not None:
            at = sum(int(np.count_nonzero(chunk.scores == found.threshold)) for chunk in self.read("ties"))
            found = replace(found, ties_left_out=at - found.ties_kept)
        return found

    def _narrowing(self) -> Decision:
        grouped = self.spec.rule.is_grouped
        narrowing: Narrowing | None = None
        quotas: Positions | None = None
        passing = np.zeros(0, np.int64)
        while narrowing is None or not narrowing.is_done:
            begin = 0
            for chunk in self.read("narrowing"):
                if narrowing is None:
                    n_groups = _MANY_GROUPS if grouped else 1
                    narrowing = Narrowing(chunk.scores.dtype, n_groups=n_groups, memory=self.memory // 4)
                narrowing.push(begin, chunk.scores, chunk.codes if grouped else None)
                begin += len(chunk.scores)
                if quotas is None and self.spec.rule.kind == "threshold":
                    passing = _added(passing, chunk, self.spec.rule.limits[0])
            if narrowing is None:
                raise W2sError(
                    "table-changed", "the table lost its rows while it was read; run the command again"
                )
            quotas = self._quotas(narrowing.sizes, passing) if quotas is None else quotas
            narrowing.end_pass(quotas.tolist())
        return self._cut(narrowing, grouped=grouped)

    def _quotas(self, sizes: Positions, passing: Positions) -> Positions:
        """Number of rows to keep of each group; ties between groups go to the lower key."""
        rule = self.spec.rule
        if not rule.is_grouped:
            return rule.quotas(sizes)
        order = [self.keys[key] for key in sorted_keys(self.keys)]
        reached = np.zeros(len(sizes), np.int64)
        reached[: len(passing)] = passing[: len(sizes)]
        quotas = np.zeros(len(sizes), np.int64)
        quotas[order] = rule.quotas(sizes[order], reached[order] if rule.kind == "threshold" else None)
        return quotas

    def _cut(self, narrowing: Narrowing, *, grouped: bool) -> Decision:
        before = np.zeros(len(narrowing.sizes), np.int64)

        def mask(chunk: _Chunk) -> Mask:
            nonlocal before
            flags = np.zeros(len(chunk.scores), bool)
            rows, ties = narrowing.kept(chunk.scores, chunk.codes if grouped else None, before)
            before = before + ties
            flags[rows] = True
            return flags

        found = self._marked(mask, cut=not grouped)
        if not grouped:
            cut = narrowing.cuts[0]
            return replace(found, threshold=cut.score, ties_kept=cut.ties, ties_left_out=cut.ties_left_out)
        return found

    def _marked(self, mask: Any, *, cut: bool = True) -> Decision:
        """Read once more, keep the rows of the mask, and count."""
        rows_of, kept_of, gold = _Tally(), _Tally(), []
        masks: dict[int, list[Mask]] = {}
        lowest, ties = np.inf, 0
        for chunk in self.read("marking"):
            flags = mask(chunk)
            masks.setdefault(chunk.partition, []).append(_placed(flags, chunk))
            rows_of.add(chunk.codes)
            kept_of.add(None if chunk.codes is None else chunk.codes[flags])
            if chunk.gold is not None:
                gold.append(chunk.gold[flags])
            if cut and flags.any():
                scores = chunk.scores[flags]
                low = float(scores.min())
                ties = (ties if low >= lowest else 0) + int(np.count_nonzero(scores == min(low, lowest)))
                lowest = min(low, lowest)
        kept = RowMask(self.partition_rows)
        for partition, parts in masks.items():
            kept.set_mask(partition, np.concatenate(parts))
        return Decision(
            kept,
            self.rows,
            passes=self.count,
            threshold=lowest if cut and kept.total else None,
            ties_kept=ties,
            dropped=self.rows - self.valid_rows,
            groups=_group_counts(self.keys, rows_of, kept_of),
            purity=purity_of(np.concatenate(gold), self.spec.gold) if gold and self.spec.gold else None,
        )


def _at(positions: Positions) -> Callable[[_Chunk], Mask]:
    """Flags for consecutive chunks, set at ascending positions among all their rows."""
    begin = 0

    def mask(chunk: _Chunk) -> Mask:
        nonlocal begin
        flags = np.zeros(len(chunk.scores), bool)
        first, last = np.searchsorted(positions, [begin, begin + len(flags)])
        flags[positions[first:last] - begin] = True
        begin += len(flags)
        return flags

    return mask


def _without_nulls(chunk: _Chunk, rows: Positions) -> _Chunk:
    return chunk._replace(
        rows=rows,
        scores=chunk.scores[rows],
        codes=None if chunk.codes is None else chunk.codes[rows],
        costs=None if chunk.costs is None else chunk.costs[rows],
        gold=None if chunk.gold is None else chunk.gold[rows],
    )


class _Tally:
    """Counts of rows per group code."""

    def __init__(self) -> None:
        self.counts = np.zeros(0, np.int64)

    def add(self, codes: Codes | None) -> None:
        """Add the rows of a chunk."""
        if codes is not None and len(codes):
            more = np.bincount(codes, minlength=len(self.counts))
            more[: len(self.counts)] += self.counts
            self.counts = more

    def of(self, code: int) -> int:
        """Number of rows with a code."""
        return int(self.counts[code]) if code < len(self.counts) else 0


def _group_counts(keys: dict[Any, int], rows: _Tally, kept: _Tally) -> tuple[GroupCount, ...]:
    found = (GroupCount(key, rows.of(keys[key]), kept.of(keys[key])) for key in sorted_keys(keys))
    return tuple(group for group in found if group.rows)


def _added(passing: Positions, chunk: _Chunk, threshold: float) -> Positions:
    assert chunk.codes is not None
    tally = _Tally()
    tally.counts = passing
    tally.add(chunk.codes[chunk.scores >= threshold])
    return tally.counts


def _placed(flags: Mask, chunk: _Chunk) -> Mask:
    """Extend flags of the rows without nulls to all rows of a chunk."""
    if chunk.rows is None:
        return flags
    placed = np.zeros(chunk.n, bool)
    placed[chunk.rows] = flags
    return placed


def open_columns(
    partitions: Sequence[Partition],
    spec: FilterSpec,
    *,
    memory: int,
    executor: Executor,
    steps: ProgressCounter,
) -> OutOfCoreSelection:
    """Prepare to read the score columns in passes.

    Raises:
        UsageError: the filter needs whole columns in memory.
    """
    if spec.id is not None:
        raise UsageError(
            "filter-memory-too-small", "the ids do not fit in memory; raise `memory`, or omit `id`"
        )
    if len(spec.score.columns) > 1 and spec.score.method in RANKING:
        raise UsageError(
            "filter-memory-too-small",
            f"{spec.score.method} needs whole columns, which do not fit in memory; raise `memory`, or use "
            "another `aggregate`",
        )
    return OutOfCoreSelection(partitions, spec, memory, executor, steps)
