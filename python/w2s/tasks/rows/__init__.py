"""Rows of files and of published data sets, whatever their format.

Knows nothing about tasks: a row is names and values, and where it stands.
"""

from w2s.tasks.rows.fields import Row, field, number, text

__all__ = ["Row", "field", "number", "text"]
