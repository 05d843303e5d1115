"""Rows of files and of published datasets, in any format and for any task."""

from w2s.tasks.rows.formats import read_rows
from w2s.tasks.rows.row import OnBadRow, Row, as_number, as_text, located

__all__ = ["OnBadRow", "Row", "as_number", "as_text", "located", "read_rows"]
