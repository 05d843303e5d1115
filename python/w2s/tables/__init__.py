"""Tables of any size: Parquet, JSON Lines, Arrow IPC and CSV in; the most trusted rows out.

Knows nothing about models. Reads score columns first, then copies the rows that are kept, piece by piece.
"""

from w2s.tables.filtering import filter

__all__ = ["filter"]
