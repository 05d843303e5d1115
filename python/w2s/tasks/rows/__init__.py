"""Rows of files and of published data sets, whatever their format.

Knows nothing about tasks: a row is names and values, and where it stands.
"""

from w2s.tasks.rows.fields import Row, field, number, text
from w2s.tasks.rows.hub import HUB, is_hub
from w2s.tasks.rows.reading import read_rows

__all__ = ["HUB", "Row", "field", "is_hub", "number", "read_rows", "text"]
