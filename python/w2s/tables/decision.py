"""The outcome of a filter: which rows are kept, and how pure they are."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from w2s import kernels
from w2s.certification import Certificate, certify
from w2s.errors import DataError, UsageError, W2sError
from w2s.kernels.numbers import Positions
from w2s.selection import GroupCount, RuleInputs, Selection, apply_rule
from w2s.tables.held import Held, TooLargeError, hold
from w2s.tables.kept import Kept
from w2s.tables.narrow import narrow
from w2s.tables.piece import Piece
from w2s.tables.progress import Steps
from w2s.tables.purity import Purity, purity_of
from w2s.tables.request import Request

QUANTILES = 10


@dataclass(frozen=True, eq=False)
class Decision:
    """The rows that a filter keeps, and what is known about them.

    Attributes:
        kept: one bit per row.
        rows: rows of the table.
        threshold: the lowest score kept, if a single score separates kept rows from the others.
        ties_left_out: rows with that score that are left out.
        ties_kept: rows with that score that are kept.
        dropped: rows left out because of a null.
        groups: rows and kept rows of each group.
        spent: cost of the kept rows, with a budget.
        purity: purity of the kept rows whose answer is known.
        certificate: certificate of a rule by purity.
        quantiles: (from, to, rows, kept rows) for each tenth of the rows by score, best first; empty if the
            scores did not fit in memory.
        passes: how often the score columns were read.
    """

    kept: RowMask
    rows: int
    threshold: float | None = None
    ties_left_out: int = 0
    ties_kept: int = 0
    dropped: int = 0
    groups: tuple[GroupCount, ...] = ()
    spent: float | None = None
    purity: Purity | None = None
    certificate: Certificate | None = None
    quantiles: tuple[tuple[float, float, int, int], ...] = field(default=())
    passes: int = 1


@dataclass(frozen=True, slots=True)
class Purity:
    """How many of the kept rows are right, among those whose answer is known.

    Attributes:
        known: kept rows whose answer is known.
        right: how many of them are right.
        bound: lower bound of the purity with probability 1 − ``delta``, if the rule was fixed before the
            answers were seen; None if no answer is known.
        delta: probability that the bound does not hold.
    """

    known: int
    right: int
    bound: float | None
    delta: float

    @property
    def value(self) -> float | None:
        """Share of right rows."""
        return self.right / self.known if self.known else None


def _decided(held: Held, request: Request, *, explain: bool) -> Decision:
    certificate = None
    if request.rule.kind == "purity":
        certificate = certified(request, held)
        request = request.at_threshold(_threshold(certificate))
    found = _selected(held, request)
    kept = Kept.of_positions(held.piece_rows, found.rows)
    cut = found.cut
    ties = 0 if cut is None else int(np.count_nonzero(held.scores[found.rows] == cut))
    purity = None
    if held.gold is not None and request.gold is not None:
        purity = purity_of(held.gold[found.rows], request.gold)
    return Decision(
        kept,
        len(held.scores),
        threshold=cut,
        ties_left_out=found.ties_left_out,
        ties_kept=ties,
        dropped=found.dropped,
        groups=found.groups,
        spent=found.spent,
        purity=purity,
        certificate=certificate,
        quantiles=_quantiles(held, found.rows) if explain else (),
    )


def _selected(held: Held, request: Request) -> Selection:
    if held.valid is None:
        return apply_rule(request.rule, RuleInputs(held.scores, held.groups, held.costs))
    rows = np.flatnonzero(held.valid)
    groups = None if held.groups is None else held.groups._replace(codes=held.groups.codes[rows])
    costs = None if held.costs is None else held.costs[rows]
    found = apply_rule(request.rule, RuleInputs(held.scores[rows], groups, costs))
    return found._replace(rows=rows[found.rows], dropped=len(held.valid) - len(rows))


def certified(request: Request, held: Held) -> Certificate:
    """The certificate of the rows whose answer is known."""
    gold, asked = held.gold, request.gold
    if gold is None or asked is None or request.rule.purity is None:
        raise UsageError("a purity needs rows with known answers: name their column with --gold")
    known = gold >= 0
    if held.valid is not None:
        known &= held.valid
    return certified_on(request, held.scores[known], gold[known] == 1)


def certified_on(request: Request, scores: Any, correct: Any) -> Certificate:
    """A certificate from known answers.

    Raises:
        DataError: none is known, or they are all right or all wrong.
    """
    asked = request.gold
    assert asked is not None and request.rule.purity is not None
    if not len(scores):
        raise DataError(f"column {asked.column!r} is null in every row: no answer is known")
    return certify(scores, correct, purity=request.rule.purity, delta=asked.delta, method=asked.method)


def _threshold(certificate: Certificate) -> float:
    if certificate.threshold is None:
        raise W2sError(f"{certificate}; ask for less purity, or give more rows with known answers")
    return certificate.threshold


def _quantiles(held: Held, rows: Positions) -> tuple[tuple[float, float, int, int], ...]:
    """Tenths of the rows by score, best first; rows of one score are together."""
    scores = held.scores if held.valid is None else held.scores[held.valid]
    if not len(scores):
        return ()
    edges = [kernels.quantile(scores, i / QUANTILES) for i in range(QUANTILES + 1)]
    distinct = np.unique(np.array([edge for edge in edges if edge is not None]))
    if len(distinct) == 1:
        return ((float(distinct[0]), float(distinct[0]), len(scores), len(rows)),)
    counted = np.histogram(scores, distinct)[0], np.histogram(held.scores[rows], distinct)[0]
    bins = zip(distinct[:-1], distinct[1:], *counted, strict=True)
    found = tuple((float(low), float(high), int(n), int(kept)) for low, high, n, kept in bins)
    return found[::-1]


def _narrowed(
    pieces: Sequence[Piece], request: Request, *, memory: int, threads: int, steps: Steps
) -> Decision:
    certificate = None
    narrowed = narrow(pieces, request, memory=memory, threads=threads, steps=steps)
    if request.rule.kind == "purity":
        certificate = certified_on(request, *narrowed.known())
        request = request.at_threshold(_threshold(certificate))
    found = narrowed.decide(request)
    return Decision(
        found.kept,
        found.rows,
        threshold=found.threshold,
        ties_left_out=found.ties_left_out,
        ties_kept=found.ties_kept,
        dropped=found.dropped,
        groups=found.groups,
        spent=found.spent,
        purity=None if found.gold is None or request.gold is None else purity_of(found.gold, request.gold),
        certificate=certificate,
        passes=found.passes,
    )
    return None if seen is None else seen.bound
