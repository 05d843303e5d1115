"""Labels of several parts as one: in memory, or on disk with a part in memory at a time.

Knows nothing about how parts are made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from w2s.evidence import VECTORS, Labels, Vectors, check_ids, read_table, write_tables

TABLE = "labels.parquet"


def join_parts(parts: Sequence[Path], out: Path) -> None:
    """Write the table of all parts, which are one or more, in their order, and before it its vectors.

    Vectors that lie there of other labels are removed.

    Raises:
        DataError: a part cannot be read, or an id stands twice.
        W2sError: nothing can be written there.
    """
    check_ids(pa.concat_tables([read_table(part / TABLE, ["id"]) for part in parts]), str(out))
    for name in VECTORS:
        beside = out.with_name(f"{name}.parquet")
        beside.unlink(missing_ok=True)
        files = [part / beside.name for part in parts]
        if files[0].exists():
            write_tables(_of_one_width(files), beside)
    write_tables((read_table(part / TABLE) for part in parts), out)


def _of_one_width(files: Sequence[Path]) -> Iterator[pa.Table]:
    """Vectors of each part; one without any label knows no width, and takes that of the others."""
    widths = [pq.read_schema(file).field("vector").type.list_size for file in files]
    kind = pa.list_(pa.float16(), max(widths))
    for file, width in zip(files, widths, strict=True):
        table = read_table(file)
        if width < max(widths):
            table = pa.table({"id": table.column("id"), "vector": pa.nulls(table.num_rows, kind)})
        yield table


def joined(pieces: Sequence[Labels]) -> Labels:
    """The rows of all pieces, in their order."""
    vectors = {name: _stacked([piece.vectors[name] for piece in pieces]) for name in pieces[0].vectors}
    return Labels(pa.concat_tables([piece.table for piece in pieces]).combine_chunks(), vectors)


def _stacked(vectors: Sequence[Vectors]) -> Vectors:
    """One under another; a piece without any label knows no width, and takes that of the others."""
    width = max(rows.shape[1] for rows in vectors)
    return np.concatenate(
        [
            rows if np.isfinite(rows).any() else np.full((len(rows), width), np.nan, np.float32)
            for rows in vectors
        ]
    )
