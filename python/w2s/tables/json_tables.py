"""JSON lines as Arrow tables: by Arrow's parser, and line by line where values change their type."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.json

from w2s.errors import DataError
from w2s.kernels.pages import key_count
from w2s.tables.partition import check_utf8

LineName = Callable[[int], str]
"""The name of a line of an array, for messages."""

MOST_CELLS = 1 << 24
"""Places of keys in lines: a parser makes a column of each key, with a place in every line."""
MOST_COLUMNS = 10_000
_CHANGED = re.compile(r"Column\(/(.*)\) changed from")
_KINDS = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "text",
    dict: "an object",
    list: "an array",
}


def join_lines(lines: pa.Array) -> bytes:
    """The lines of an array as one string of bytes."""
    return bytes(_text(lines))


def _text(lines: pa.Array) -> pa.Buffer:
    """The bytes of the lines, which are not copied."""
    offsets = np.frombuffer(lines.buffers()[1], np.int64)[lines.offset : lines.offset + len(lines) + 1]
    return lines.buffers()[2].slice(offsets[0], offsets[-1] - offsets[0])


def check_column_count(schema: pa.Schema, where: str) -> None:
    """Refuse lines with more columns, fields of objects included, than tables can have.

    Raises:
        DataError: names ``where`` and the number.
    """
    if not len(schema):
        raise DataError("table-no-columns", f"{where} has only lines without a key; write .jsonl")
    columns = _leaves(schema)
    if columns > MOST_COLUMNS:
        raise DataError(
            "table-too-many-keys",
            f"{where} has {columns:,} different keys, too many for columns of a table; write .jsonl, or "
            "store keys and values as a list of objects",
        )


def bounded(lines: pa.Array) -> Iterator[pa.Array]:
    """The lines in pieces of which a table of bounded size can be made, with any keys."""
    if len(lines) < 2 or _is_bounded(lines):
        yield lines
        return
    half = len(lines) // 2
    yield from bounded(lines.slice(0, half))
    yield from bounded(lines.slice(half))


def _is_bounded(lines: pa.Array) -> bool:
    return key_count(np.frombuffer(_text(lines), np.uint8)) * len(lines) <= MOST_CELLS


def pieces(lines: pa.Array, schema: pa.Schema) -> Iterator[pa.Array]:
    """The lines in pieces, each of which makes a table of bounded size with the columns of a schema."""
    rows = max(1, MOST_CELLS // max(1, _leaves(schema)))
    return (lines.slice(start, rows) for start in range(0, len(lines), rows))


def _leaves(columns: Iterable[pa.Field]) -> int:
    """The number of columns, where each field of an object counts as one."""
    return sum(
        _leaves(kind.field(i) for i in range(kind.num_fields)) if pa.types.is_nested(kind) else 1
        for kind in (column.type for column in columns)
    )


def parse(lines: pa.Array, schema: pa.Schema, name: LineName) -> pa.Table:
    """Parse lines into a table with the columns of a schema.

    Other columns may hold anything. Text that is a number is read as a number where the column is one.

    Args:
        lines: one line per row, as binary values.
        schema: the columns to read.
        name: names a line in messages.

    Raises:
        DataError: a line is not one JSON object, or a value does not have the type of its column.
    """
    text = _text(lines)
    for candidate in _candidates(schema):
        table = _parsed(text, candidate)
        if isinstance(table, pa.Table) and table.num_rows == len(lines):
            return table
    objects = _objects(lines, name)
    columns = [_column(column, [row.get(column.name) for row in objects], name) for column in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def infer_schema(
    lines: pa.Array,
    name: LineName,
    *,
    ragged: bool = False,
    typed: Collection[str] = (),
    only: Collection[str] | None = None,
) -> pa.Schema:
    """The columns of lines and their types.

    Args:
        lines: one line per row, as binary values.
        name: names a line in messages.
        ragged: whether a column may have values of several types; it is null in the schema. So is every
            column of lines that are not :func:`bounded`.
        typed: columns for which that does not matter, because their type is given.
        only: the columns for which it does matter; None for all.

    Raises:
        DataError: a line is not one JSON object, or a column has values of several types.
    """
    is_sparse = not _is_bounded(lines)
    table = None if is_sparse else _parsed(_text(lines), None)
    if isinstance(table, pa.Table) and table.num_rows == len(lines):
        return table.schema
    objects = _objects(lines, name)
    names = list(dict.fromkeys(key for row in objects for key in row))
    if is_sparse:
        return pa.schema([(column, pa.null()) for column in names])
    mixed: dict[str, str] = {}
    for column in names:
        values = [row.get(column) for row in objects]
        try:
            pa.array(values)
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            mixed[column] = str(error)
    while True:
        texts = [json.dumps({key: row[key] for key in row if key not in mixed}) for row in objects]
        found = _parsed("\n".join(texts).encode(), None)
        if isinstance(found, pa.Table):
            break
        changed = _changed_column(found, [column for column in names if column not in mixed])
        if changed is None:
            raise DataError("table-invalid-json-line", f"{name(0)} and following: {found}")
        mixed[changed] = found
    if not ragged and (
        refused := [column for column in mixed if column not in typed and (only is None or column in only)]
    ):
        raise _several_types(refused[0], objects, name)
    known = {column.name: column.type for column in found.schema}
    return pa.schema([(column, known.get(column, pa.null())) for column in names])


def _candidates(schema: pa.Schema) -> Iterator[pa.Schema]:
    """The schema; then, for columns without a value in the first lines, the types that values may have."""
    yield schema
    unknown = {column.name for column in schema if pa.types.is_null(column.type)}
    if unknown:
        for kind in (pa.bool_(), pa.int64(), pa.float64(), pa.string()):
            yield pa.schema(
                [column.with_type(kind) if column.name in unknown else column for column in schema]
            )


def _parsed(text: pa.Buffer | bytes, schema: pa.Schema | None) -> pa.Table | str:
    """The table, or Arrow's complaint."""
    behaviour = "infer" if schema is None else "ignore"
    options = pyarrow.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior=behaviour)
    reading = pyarrow.json.ReadOptions(use_threads=False, block_size=len(text) + 1)
    try:
        table = pyarrow.json.read_json(pa.BufferReader(text), reading, options)
        if schema is None:
            _decode_names(table.schema)
    except (pa.ArrowException, UnicodeDecodeError) as error:
        return str(error)
    return table


def _decode_names(columns: Iterable[pa.Field]) -> None:
    """Decode the names of columns and of what they nest, which Arrow does on first use.

    Raises:
        UnicodeDecodeError: a name is not UTF-8.
    """
    for column in columns:
        column.name  # noqa: B018
        if pa.types.is_nested(column.type):
            _decode_names([column.type.field(i) for i in range(column.type.num_fields)])


def _changed_column(complaint: str, names: Sequence[str]) -> str | None:
    """The column that a complaint of Arrow is about; it gives a path such as ``/column/key``."""
    found = _CHANGED.search(complaint)
    path = found[1] if found else ""
    return max((name for name in names if path == name or path.startswith(f"{name}/")), key=len, default=None)


def _objects(lines: pa.Array, name: LineName) -> list[dict[str, Any]]:
    return [_object(line, number, name) for number, line in enumerate(lines.to_pylist())]


def _object(line: bytes, number: int, name: LineName) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return found
    raise line_error(line, name(number))


def line_error(line: bytes, where: str, *, is_deep: bool = False) -> DataError:
    """The exception for a line that is not one JSON object, or nests too deep."""
    check_utf8(line, where)
    if is_deep:
        return DataError("table-json-too-deep", f"{where} nests deeper than 200 levels; store it as text")
    if line.lstrip().startswith(b"["):
        what = "is a JSON array; write one object per line, for example with jq -c '.[]'"
    else:
        what = f"is not a JSON object: {line[:40].decode('utf-8', 'replace').strip()!a}; write one per line"
    return DataError("table-invalid-json-line", f"{where} {what}")


def _column(column: pa.Field, values: list[Any], name: LineName) -> pa.Array:
    if pa.types.is_floating(column.type):
        return pa.array([_number(column, value, i, name) for i, value in enumerate(values)], column.type)
    try:
        return _converted(values, column.type)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        raise _wrong_type(column, values, name) from None


def _converted(values: list[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_temporal(kind):
        return pa.array(values, pa.string()).cast(kind)
    return pa.array(values, kind)


def _number(column: pa.Field, value: Any, line: int, name: LineName) -> float | None:
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError, OverflowError):
        raise DataError(
            "table-invalid-json-line",
            f"{name(line)}: {column.name} is {_shown(value)}, which is not a number",
        ) from None


def _wrong_type(column: pa.Field, values: list[Any], name: LineName) -> DataError:
    """Name the first value that does not have the type of its column."""
    for line, value in enumerate(values):
        try:
            _converted([value], column.type)
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            expected = "" if pa.types.is_null(column.type) else f" instead of {column.type}"
            return DataError(
                "table-mixed-types",
                f"{name(line)}: {column.name} is {_shown(value)}{expected}; a column that w2s uses must have "
                "one type in all lines",
            )
    return DataError(
        "table-mixed-types", f"{name(0)} and following: {column.name} has values of several types"
    )


def _several_types(column: str, rows: Sequence[dict[str, Any]], name: LineName) -> DataError:
    """Say which lines give a column different types."""
    kinds: dict[str, int] = {}
    for line, row in enumerate(rows):
        if row.get(column) is not None:
            kinds.setdefault(_KINDS.get(type(row[column]), "a value"), line)
    named = ", but ".join(f"{kind} in {name(line)}" for kind, line in list(kinds.items())[:2])
    where = named if len(kinds) > 1 else f"{next(iter(kinds))} of several types in {name(0)} and following"
    return DataError(
        "table-mixed-types",
        f"column {column!r} is {where}; write .jsonl, which copies lines unchanged, or leave the "
        "column out with `columns`",
    )


def _shown(value: Any) -> str:
    return ascii(value)[:40]
