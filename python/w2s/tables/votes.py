"""Aggregation of vote tables into labels with their trust; see :mod:`w2s.crowds` for the methods."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from w2s.crowds import CrowdLabels, aggregate_votes, check_method
from w2s.errors import DataError, UsageError
from w2s.files import publish
from w2s.locks import lock_output
from w2s.tables.formats import format_to_write
from w2s.tables.inputs import InputFile, check_output_is_no_input, find_inputs
from w2s.tables.json_rows import python_values
from w2s.tables.sinks import Output, cannot_write, check_writable, output_part
from w2s.tables.source import open_source


def aggregate_vote_files(
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
    """Write one row per item with ``id``, ``label`` and ``trust``; returns a summary.

    It is an error if a worker votes twice on an item, since both votes would count.

    Raises:
        UsageError: a column or the method is unknown, or an output exists.
        DataError: the votes cannot be used.
    """
    outs = [Path(name) for name in (out, workers_out) if name is not None]
    forms = [format_to_write(path) for path in outs]
    files = find_inputs(list(inputs))
    for path in outs:
        check_output_is_no_input(path, inputs, files)
        check_writable(path)
    if len({path.resolve() for path in outs}) < len(outs):
        raise UsageError("votes-same-output", f"`out` and `workers_out` are both {out}; choose two files")
    check_method(method)
    with ExitStack() as stack:
        for path in outs:
            stack.enter_context(lock_output(path))
            if path.exists() and not overwrite:
                raise UsageError(
                    "output-exists", f"{path} exists; use `overwrite=True`, or choose another `out`"
                )
        table = _votes(files, [item, worker, vote, *([weight] if weight else [])])
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


def _votes(files: Sequence[InputFile], names: list[str]) -> pa.Table:
    wanted = list(dict.fromkeys(names))
    if len(wanted) < len(names):
        raise UsageError("votes-same-column", "`item`, `worker` and `vote` must be different columns")
    source = open_source(files)
    source.require_columns(names)
    tables = [table for partition in source.partitions for table in partition.read_columns(wanted)]
    if not tables:
        raise DataError("votes-empty", "there are no votes")
    return pa.concat_tables(tables)


def _refuse_repeats(table: pa.Table, item: str, worker: str) -> None:
    counts = table.group_by([item, worker]).aggregate([([], "count_all")])
    if counts.num_rows == table.num_rows:
        return
    import pyarrow.compute as pc

    first = counts.filter(pc.greater(counts.column("count_all"), 1)).slice(0, 1)
    who, what = (python_values(first.column(name))[0] for name in (worker, item))
    times = first.column("count_all")[0].as_py()
    raise DataError(
        "votes-repeated", f"{worker} {who!r} voted {times} times on {item} {what!r}; keep one vote of each"
    )


def _labels(found: CrowdLabels, schema: pa.Schema, item: str, vote: str) -> pa.Table:
    columns = [_array(found.items, schema, item), _array(found.labels, schema, vote), pa.array(found.trust)]
    return pa.table(columns, names=["id", "label", "trust"])


def _workers(found: CrowdLabels, schema: pa.Schema, worker: str) -> pa.Table:
    return pa.table([_array(found.workers, schema, worker), pa.array(found.skill)], names=["worker", "skill"])


def _array(values: Any, schema: pa.Schema, name: str) -> pa.Array:
    """Values in the type of the column that they come from."""
    kind = schema.field(name).type
    return pa.array(values.tolist(), kind.value_type if pa.types.is_dictionary(kind) else kind)


def _write(path: Path, form: Any, table: pa.Table) -> None:
    try:
        with output_part(path) as part:
            output = Output(part, form, table.schema)
            output.sink.write(table)
            output.close()
            publish(part, path)
    except (OSError, pa.ArrowException) as error:
        raise cannot_write(path, error) from None
