"""The first pass of a filter: read the score columns and apply the rule."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from w2s import kernels
from w2s.certification import DEFAULT_GRID, Certificate, FdrCertificate, FdrCut, certify
from w2s.errors import DataError, W2sError
from w2s.kernels.columns import Positions
from w2s.selection import RuleInputs, Selection, apply_rule
from w2s.tables.decision import Decision, purity_of
from w2s.tables.executor import Executor
from w2s.tables.out_of_core import open_columns
from w2s.tables.partition import Partition, RowMask
from w2s.tables.progress import ProgressCounter
from w2s.tables.score_columns import ColumnsTooLargeError, ScoreColumns, read_score_columns
from w2s.tables.spec import FilterSpec, GoldSpec

QUANTILES = 10
_LOG = logging.getLogger(__name__)


def select_rows(
    partitions: Sequence[Partition],
    spec: FilterSpec,
    *,
    memory: int,
    executor: Executor,
    steps: ProgressCounter,
    explain: bool = False,
) -> Decision:
    """Read the score columns of all partitions and apply the rule.

    Args:
        partitions: all partitions of the table.
        spec: the rule and its columns.
        memory: bytes for the columns and everything computed from them.
        executor: reads partitions side by side.
        steps: counts the rows read.
        explain: also count rows by tenths of the score.
    """
    try:
        columns = read_score_columns(partitions, spec, memory=memory // 3, executor=executor, steps=steps)
    except ColumnsTooLargeError:
        _LOG.info("the score columns do not fit in memory and are read several times")
        return _select_out_of_core(partitions, spec, memory=memory, executor=executor, steps=steps)
    return _select_in_memory(columns, spec, explain=explain)


def _select_in_memory(columns: ScoreColumns, spec: FilterSpec, *, explain: bool) -> Decision:
    certificate = None
    if spec.rule.is_certified:
        certificate = _certified(spec, columns)
        spec = spec.at_threshold(_threshold(certificate))
    found = _selected(columns, spec)
    kept = RowMask.of_positions(columns.partition_rows, found.rows)
    cut = found.cut
    ties = 0 if cut is None else int(np.count_nonzero(columns.scores[found.rows] == cut))
    purity = None
    if columns.gold is not None and spec.gold is not None:
        purity = purity_of(columns.gold[found.rows], spec.gold)
    return Decision(
        kept,
        len(columns.scores),
        threshold=cut,
        ties_left_out=found.ties_left_out,
        ties_kept=ties,
        dropped=found.dropped,
        groups=found.groups,
        spent=found.spent,
        purity=purity,
        certificate=certificate,
        quantiles=_quantiles(columns, found.rows) if explain and spec.score.columns else (),
    )


def _selected(columns: ScoreColumns, spec: FilterSpec) -> Selection:
    if columns.valid is None:
        return apply_rule(spec.rule, RuleInputs(columns.scores, columns.groups, columns.costs))
    rows = np.flatnonzero(columns.valid)
    groups = None if columns.groups is None else columns.groups._replace(codes=columns.groups.codes[rows])
    costs = None if columns.costs is None else columns.costs[rows]
    found = apply_rule(spec.rule, RuleInputs(columns.scores[rows], groups, costs))
    return found._replace(rows=rows[found.rows], dropped=len(columns.valid) - len(rows))


def _certified(spec: FilterSpec, columns: ScoreColumns) -> Certificate | FdrCertificate:
    """Certify a threshold on the rows whose answer is known."""
    gold = columns.gold
    assert gold is not None
    known, unknown = gold >= 0, gold < 0
    if columns.valid is not None:
        known &= columns.valid
        unknown &= columns.valid
    scores, correct = columns.scores[known], gold[known] == 1
    if spec.rule.kind == "purity":
        return _purity_certificate(spec, scores, correct)
    return _fdr_certificate(spec, scores, correct, [columns.scores[unknown]])


def _purity_certificate(spec: FilterSpec, scores: Any, correct: Any) -> Certificate:
    """Certify a threshold from scores and known answers.

    Raises:
        DataError: no answer is known, or all are right or all wrong.
    """
    asked = spec.gold
    assert asked is not None and spec.rule.purity is not None
    _check_known(asked, scores)
    grid = DEFAULT_GRID if asked.grid is None else asked.grid
    try:
        return certify(
            scores, correct, purity=spec.rule.purity, delta=asked.delta, method=asked.method, grid=grid
        )
    except DataError as error:
        raise DataError(error.code, f"among the rows with a known answer, {error}") from None


def _fdr_certificate(spec: FilterSpec, scores: Any, correct: Any, pool: Iterable[Any]) -> FdrCertificate:
    """Certify a threshold from scores and known answers, and the scores of all other rows in parts.

    Raises:
        DataError: no answer is known, or all are.
    """
    assert spec.gold is not None and spec.rule.fdr is not None
    _check_known(spec.gold, scores)
    cut = FdrCut(scores, correct)
    for part in pool:
        cut.add(part)
    try:
        return cut.certificate(spec.rule.fdr)
    except DataError as error:
        raise DataError(error.code, f"column {spec.gold.column!r}: {error}") from None


def _check_known(gold: GoldSpec, scores: Any) -> None:
    if not len(scores):
        raise DataError(
            "filter-no-known-gold",
            f"column {gold.column!r} is null in every row; at least some answers must be known",
        )


def _threshold(certificate: Certificate | FdrCertificate) -> float:
    if certificate.threshold is not None:
        return certificate.threshold
    if isinstance(certificate, FdrCertificate):
        code, remedy = "filter-fdr-not-reached", "ask for a higher `fdr`"
    else:
        code, remedy = "filter-purity-not-reached", "ask for a lower `purity`"
    raise W2sError(code, f"{certificate}; {remedy}, or add rows with known answers")


def _quantiles(columns: ScoreColumns, rows: Positions) -> tuple[tuple[float, float, int, int], ...]:
    """Tenths of the rows by score, best first; rows of equal score stay together."""
    scores = columns.scores if columns.valid is None else columns.scores[columns.valid]
    if not len(scores):
        return ()
    edges = [kernels.quantile(scores, i / QUANTILES) for i in range(QUANTILES + 1)]
    distinct = np.unique(np.array([edge for edge in edges if edge is not None]))
    if len(distinct) == 1:
        return ((float(distinct[0]), float(distinct[0]), len(scores), len(rows)),)
    counted = np.histogram(scores, distinct)[0], np.histogram(columns.scores[rows], distinct)[0]
    bins = zip(distinct[:-1], distinct[1:], *counted, strict=True)
    found = tuple((float(low), float(high), int(n), int(kept)) for low, high, n, kept in bins)
    return found[::-1]


def _select_out_of_core(
    partitions: Sequence[Partition],
    spec: FilterSpec,
    *,
    memory: int,
    executor: Executor,
    steps: ProgressCounter,
) -> Decision:
    certificate: Certificate | FdrCertificate | None = None
    columns = open_columns(partitions, spec, memory=memory, executor=executor, steps=steps)
    if spec.rule.is_certified:
        known = columns.known()
        if spec.rule.kind == "purity":
            certificate = _purity_certificate(spec, *known)
        else:
            certificate = _fdr_certificate(spec, *known, columns.unknown())
        spec = spec.at_threshold(_threshold(certificate))
    return replace(columns.select(spec), certificate=certificate)
