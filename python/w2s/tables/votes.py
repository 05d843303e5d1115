"""Tables of votes become tables of labels with their trust.

Knows nothing about how votes are reconciled: see :mod:`w2s.crowds`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from w2s.crowds import CrowdLabels, aggregate_votes
from w2s.errors import DataError, UsageError
from w2s.tables.copying import beside
from w2s.tables.formats import output_format
from w2s.tables.places import find
from w2s.tables.sinks import Output, cannot_write
from w2s.tables.source import open_source


def reconcile(
    inputs: Sequence[str],
    out: str,
    *,
    item: str,
    worker: str,
    vote: str,
    method: str = "dawid-skene",
    weight: str | None = None,
    workers_out: str | None = None,
    iterations: int = 100,
    seed: int = 0,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Write one row an item, ``id``, ``label`` and ``trust``; returns a summary.

    Votes of one worker on one item twice are an error: they would count twice.

    Raises:
        UsageError: an unknown column or method, or an output that is there.
        DataError: votes that cannot be used.
    """
    outs = [Path(name) for name in (out, workers_out) if name is not None]
    forms = [output_format(path) for path in outs]
    for path in outs:
        if path.exists() and not overwrite:
            raise UsageError(f"{path} is there already: give --overwrite, or another name")
    table = _votes(inputs, [item, worker, vote, *([weight] if weight else [])])
    _refuse_repeats(table, item, worker)
    found = aggregate_votes(
        table.column(item),
        table.column(worker),
        table.column(vote),
        method=method,
        weights=None if weight is None else table.column(weight),
        max_iterations=iterations,
        seed=seed,
    )
    tables = [_labels(found, table.schema, item, vote), _workers(found, table.schema, worker)]
    for path, form, written in zip(outs, forms, tables, strict=False):
        _write(path, form, written)
    return {
        "votes": table.num_rows,
        "items": len(found.items),
        "workers": len(found.workers),
        "classes": found.classes.tolist(),
        "method": method,
        "iterations": len(found.trace),
        "converged": bool(found.converged),
        "mean_trust": float(np.mean(found.trust)) if len(found.trust) else None,
    }


def _votes(inputs: Sequence[str], names: list[str]) -> pa.Table:
    source = open_source(find(list(inputs)))
    source.check_columns(names)
    wanted = list(dict.fromkeys(names))
    if len(wanted) < len(names):
        raise UsageError("item, worker and vote are different columns")
    tables = [table for piece in source.pieces for table in piece.columns(wanted)]
    if not tables:
        raise DataError("there are no votes")
    return pa.concat_tables(tables)


def _refuse_repeats(table: pa.Table, item: str, worker: str) -> None:
    counts = table.group_by([item, worker]).aggregate([([], "count_all")])
    if counts.num_rows == table.num_rows:
        return
    import pyarrow.compute as pc

    first = counts.filter(pc.greater(counts.column("count_all"), 1)).slice(0, 1).to_pylist()[0]
    raise DataError(
        f"{worker} {first[worker]!r} voted {first['count_all']} times on {item} {first[item]!r}: "
        "keep one vote of each"
    )


def _labels(found: CrowdLabels, schema: pa.Schema, item: str, vote: str) -> pa.Table:
    columns = [_array(found.items, schema, item), _array(found.labels, schema, vote), pa.array(found.trust)]
    return pa.table(columns, names=["id", "label", "trust"])


def _workers(found: CrowdLabels, schema: pa.Schema, worker: str) -> pa.Table:
    return pa.table([_array(found.workers, schema, worker), pa.array(found.skill)], names=["worker", "skill"])


def _array(values: Any, schema: pa.Schema, name: str) -> pa.Array:
    """Keys in the type of the column they come from."""
    kind = schema.field(name).type
    return pa.array(values.tolist(), kind.value_type if pa.types.is_dictionary(kind) else kind)


def _write(path: Path, form: Any, table: pa.Table) -> None:
    try:
        with beside(path, folder=False) as part:
            output = Output(part, form, table.schema)
            output.sink.write(table)
            output.close()
            part.replace(path)
    except (OSError, pa.ArrowException) as error:
        raise cannot_write(path, error) from None
