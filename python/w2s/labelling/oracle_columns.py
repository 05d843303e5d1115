"""Columns in which an oracle verifies each label: its own best move, the label's regret and result."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa

from w2s.arena.oracles import Case, Finding, Oracle, load_oracles
from w2s.errors import UsageError
from w2s.schemas import oracle_fields
from w2s.tasks import Example, MoveExample

CAP_CP = 1500
"""Centipawns to which values are clipped on both sides before a regret is computed."""


def load_oracles_by_prefix(references: Sequence[str], *, concurrency: int = 1) -> dict[str, Oracle]:
    """Oracles by the prefix of their columns: ``search:depth=2`` gives ``search_depth2``.

    Args:
        references: oracle references, each once.
        concurrency: engine processes that run in parallel.

    Raises:
        UsageError: an oracle is unknown or named twice.
    """
    oracles: dict[str, Oracle] = {}
    for reference in references:
        name = column_prefix(reference)
        if name in oracles:
            raise UsageError("label-duplicate-oracle", f"duplicate oracle {reference!r}; name it once")
        (oracles[name],) = load_oracles([reference], cap_cp=CAP_CP, concurrency=concurrency)
    return oracles


def column_prefix(reference: str) -> str:
    """A reference as a column prefix: letters, digits and single underscores.

    Example:
        >>> column_prefix("uci:stockfish?nodes=1000")
        'uci_stockfish_nodes1000'
    """
    return re.sub(r"\W+", "_", reference.replace("=", "")).strip("_")


def verify_labels(
    oracle: Oracle, name: str, examples: Sequence[Example], labels: Sequence[str | None]
) -> dict[str, pa.Array]:
    """The columns ``NAME_best``, ``NAME_regret_cp`` and ``NAME_wdl``; null where the oracle has no answer.

    Args:
        oracle: verifies moves.
        name: prefix of the columns.
        examples: n positions.
        labels: one move per position; null where there is none.

    Raises:
        UsageError: an example is not a position.
    """
    positions = [example for example in examples if isinstance(example, MoveExample)]
    if len(positions) < len(examples):
        raise UsageError(
            "label-oracle-needs-positions",
            f"the oracle {oracle.reference} only verifies moves; leave it out for other tasks",
        )
    moves = [
        None if label is None else example.state.read(label)[0]
        for example, label in zip(positions, labels, strict=True)
    ]
    cases: dict[int, Case] = {}  # one per position, with all its moves
    for example, move in zip(positions, moves, strict=True):
        if move is not None:
            case = cases.get(id(example.state), Case(example.id, example.state, ()))
            cases[id(example.state)] = replace(case, moves=tuple(dict.fromkeys((*case.moves, move))))
    found = dict(zip(cases, oracle.verify(list(cases.values())), strict=True))
    findings = [
        found.get(id(example.state), {}).get(move or "", Finding())
        for example, move in zip(positions, moves, strict=True)
    ]
    values = {
        "best": [finding.best for finding in findings],
        "regret_cp": [finding.regret_cp for finding in findings],
        "wdl": [finding.wdl for finding in findings],
    }
    return {
        column: pa.array(values[column.removeprefix(f"{name}_")], kind)
        for column, kind in oracle_fields(name)
    }
