"""Which rows are kept of a table whose score columns do not fit in memory: they are read several times.

Knows nothing about formats. Memory: a bit a row, and counts that grow with the groups alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from w2s import kernels
from w2s.errors import UsageError, W2sError
from w2s.kernels.arrays import Scores
from w2s.kernels.groups import Codes
from w2s.kernels.numbers import Doubles, Positions
from w2s.kernels.streams import Narrowing, WithinBudget
from w2s.selection import GroupCount
from w2s.tables.chunks import Gold, Reader
from w2s.tables.held import sorted_keys
from w2s.tables.kept import Kept
from w2s.tables.piece import Mask, Piece
from w2s.tables.progress import Steps
from w2s.tables.request import RANKING, Request

_MANY_GROUPS = 1 << 20  # digits of 8 bits: two kibibytes a group


class _Chunk(NamedTuple):
    """The rows of a chunk that have no null, and where they stand."""

    piece: int
    n: int
    rows: Positions | None  # offsets in the chunk; None for all
    scores: Scores
    codes: Codes | None
    costs: Doubles | None
    gold: Gold | None


@dataclass(eq=False)
class Found:
    """What came out; see :class:`w2s.tables.decision.Decision`. ``gold`` is that of the kept rows."""

    kept: Kept
    rows: int
    passes: int
    threshold: float | None = None
    ties_left_out: int = 0
    ties_kept: int = 0
    dropped: int = 0
    groups: tuple[GroupCount, ...] = ()
    spent: float | None = None
    gold: Gold | None = None


@dataclass(eq=False)
class Passes:
    """Reads the columns of a table as often as it takes."""

    pieces: Sequence[Piece]
    request: Request
    memory: int
    threads: int
    steps: Steps
    count: int = 1  # the one that found that they do not fit
    rows: int = 0
    valid_rows: int = 0
    piece_rows: list[int] = field(default_factory=list)
    keys: dict[Any, int] = field(default_factory=dict)

    def read(self, step: str) -> Iterator[_Chunk]:
        """All chunks once more."""
        self.count += 1
        self.steps.begin(f"{step}, pass {self.count}", self.rows or None)
        reader = Reader(self.pieces, self.request, threads=self.threads)
        self.rows, self.valid_rows, self.piece_rows = 0, 0, [0] * len(self.pieces)
        for raw in reader:
            codes = None if raw.groups is None else reader.codes(raw.groups)
            chunk = _Chunk(raw.piece, raw.rows, None, raw.scores[0], codes, raw.costs, raw.gold)
            if raw.valid is not None:
                chunk = _without_nulls(chunk, np.flatnonzero(raw.valid))
            self.rows += raw.rows
            self.valid_rows += len(chunk.scores)
            self.piece_rows[raw.piece] += raw.rows
            self.steps.read(raw.rows)
            yield chunk
        self.keys = reader.group_keys

    def known(self) -> tuple[Scores, npt.NDArray[np.bool_]]:
        """Scores of the rows whose answer is known, and whether it is right."""
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

    def decide(self, request: Request) -> Found:
        """Apply a rule; not one by purity."""
        self.request = request
        rule = request.rule
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
                f"{what} do not fit in the memory given; give more with --memory, or keep fewer rows"
            )

    def _random(self) -> Found:
        for _ in self.read("counting"):
            continue
        count = self.request.rule.count_of(self.valid_rows)
        self._fits(8 * count, "the rows drawn")
        drawn = kernels.random_k(self.valid_rows, count, self.request.rule.seed)
        return self._marked(_at(drawn), cut=False)

    def _budget(self) -> Found:
        assert self.request.rule.budget is not None
        stream = WithinBudget(self.request.rule.budget)
        begin = 0
        for chunk in self.read("spending"):
            assert chunk.costs is not None
            stream.push(begin, chunk.scores, chunk.costs)
            begin += len(chunk.scores)
        best_first, spent = stream.best_first()
        self._fits(40 * len(best_first), "the rows that the budget pays for")
        found = self._marked(_at(np.sort(best_first)))
        found.spent = spent
        if found.threshold is not None:
            at = sum(int(np.count_nonzero(chunk.scores == found.threshold)) for chunk in self.read("ties"))
            found.ties_left_out = at - found.ties_kept
        return found

    def _narrowing(self) -> Found:
        grouped = self.request.rule.is_grouped
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
                if quotas is None and self.request.rule.kind == "threshold":
                    passing = _added(passing, chunk, self.request.rule.limits[0])
            if narrowing is None:
                raise W2sError("the table has no row any more: it was changed while it was read")
            quotas = self._quotas(narrowing.sizes, passing) if quotas is None else quotas
            narrowing.end_pass(quotas.tolist())
        return self._cut(narrowing, grouped=grouped)

    def _quotas(self, sizes: Positions, passing: Positions) -> Positions:
        """Rows to keep of each group; ties between groups go to the lower key, as everywhere."""
        rule = self.request.rule
        if not rule.is_grouped:
            return rule.quotas(sizes)
        order = [self.keys[key] for key in sorted_keys(self.keys)]
        reached = np.zeros(len(sizes), np.int64)
        reached[: len(passing)] = passing[: len(sizes)]
        quotas = np.zeros(len(sizes), np.int64)
        quotas[order] = rule.quotas(sizes[order], reached[order] if rule.kind == "threshold" else None)
        return quotas

    def _cut(self, narrowing: Narrowing, *, grouped: bool) -> Found:
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
            found.threshold, found.ties_kept, found.ties_left_out = cut.score, cut.ties, cut.ties_left_out
        return found

    def _marked(self, mask: Any, *, cut: bool = True) -> Found:
        """Read once more and note which rows the mask keeps; what counts can be had on the way is counted."""
        rows_of, kept_of, gold = _Tally(), _Tally(), []
        masks: dict[int, list[Mask]] = {}
        lowest, ties = np.inf, 0
        for chunk in self.read("marking"):
            flags = mask(chunk)
            masks.setdefault(chunk.piece, []).append(_placed(flags, chunk))
            rows_of.add(chunk.codes)
            kept_of.add(None if chunk.codes is None else chunk.codes[flags])
            if chunk.gold is not None:
                gold.append(chunk.gold[flags])
            if cut and flags.any():
                scores = chunk.scores[flags]
                low = float(scores.min())
                ties = (ties if low >= lowest else 0) + int(np.count_nonzero(scores == min(low, lowest)))
                lowest = min(low, lowest)
        kept = Kept(self.piece_rows)
        for piece, parts in masks.items():
            kept.set_mask(piece, np.concatenate(parts))
        return Found(
            kept,
            self.rows,
            self.count,
            threshold=lowest if cut and kept.total else None,
            ties_kept=ties,
            dropped=self.rows - self.valid_rows,
            groups=_group_counts(self.keys, rows_of, kept_of),
            gold=np.concatenate(gold) if gold else None,
        )


def _at(positions: Positions) -> Callable[[_Chunk], Mask]:
    """Flags of the chunks that follow each other, set at some positions, ascending, of all their rows."""
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
    """Rows of each code."""

    def __init__(self) -> None:
        self.counts = np.zeros(0, np.int64)

    def add(self, codes: Codes | None) -> None:
        """Count the rows of a chunk."""
        if codes is not None and len(codes):
            more = np.bincount(codes, minlength=len(self.counts))
            more[: len(self.counts)] += self.counts
            self.counts = more

    def of(self, code: int) -> int:
        """Rows of a code."""
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
    """Flags of all rows of a chunk."""
    if chunk.rows is None:
        return flags
    placed = np.zeros(chunk.n, bool)
    placed[chunk.rows] = flags
    return placed


def narrow(pieces: Sequence[Piece], request: Request, *, memory: int, threads: int, steps: Steps) -> Passes:
    """Ready to read the columns in passes.

    Raises:
        UsageError: the request needs whole columns.
    """
    if request.key is not None:
        raise UsageError("the ids do not fit in the memory given: give more with --memory, or leave --id out")
    if len(request.scoring.columns) > 1 and request.scoring.method in RANKING:
        raise UsageError(
            f"{request.scoring.method} looks at whole columns, which do not fit in the memory given: "
            "give more with --memory, or combine otherwise"
        )
    return Passes(pieces, request, memory, threads, steps)
