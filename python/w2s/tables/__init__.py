"""Filter tables of any size: Parquet, JSON Lines, Arrow IPC and CSV.

The first pass reads the score columns, the second copies the rows that are kept, partition by partition.
"""

from w2s.tables.filter_rows import filter

__all__ = ["filter"]
