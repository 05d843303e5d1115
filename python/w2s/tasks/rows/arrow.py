"""Rows of Parquet.

Knows nothing about columns.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from w2s.errors import DataError
from w2s.tasks.rows.lines import Found

_ROWS_TOGETHER = 4096


def read_arrow(path: Path) -> Found:
    """The rows of a file.

    Raises:
        DataError: it cannot be read.
    """
    number = 0
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(_ROWS_TOGETHER):
                for row in batch.to_pylist():
                    number += 1
                    yield f"row {number}", number, row
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {path}: {str(error).partition(chr(10))[0][:200]}") from None
