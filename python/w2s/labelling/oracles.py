"""What an oracle found about each label: its own best move, and the label's regret.

Knows nothing about which oracles there are.
"""

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
"""Values beyond plus and minus this count as this in a regret."""


def load_by_column(references: Sequence[str], *, concurrency: int = 1) -> dict[str, Oracle]:
    """Oracles by the name of their columns: ``search:depth=2`` gives ``search_depth2``.

    Raises:
        UsageError: no such oracle, or one named twice.
    """
    oracles: dict[str, Oracle] = {}
    for reference in references:
        name = column_name(reference)
        if name in oracles:
            raise UsageError("label-duplicate-oracle", f"duplicate oracle {reference!r}; name it once")
        (oracles[name],) = load_oracles([reference], cap_cp=CAP_CP, concurrency=concurrency)
    return oracles


def column_name(reference: str) -> str:
    """A reference as the head of columns: letters, digits and single underscores."""
    return re.sub(r"\W+", "_", reference.replace("=", "")).strip("_")


def found_by(
    oracle: Oracle, name: str, examples: Sequence[Example], labels: Sequence[str | None]
) -> dict[str, pa.Array]:
    """``NAME_best``, ``NAME_regret_cp`` and ``NAME_wdl``, null where the oracle does not know.

    Raises:
        UsageError: an example is no position.
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
    cases: dict[int, Case] = {}  # one of each position, with all its moves
    for example, move in zip(positions, moves, strict=True):
        if move is not None:
            before = cases.get(id(example.state), Case(example.id, example.state, ()))
            cases[id(example.state)] = replace(before, moves=tuple(dict.fromkeys((*before.moves, move))))
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
