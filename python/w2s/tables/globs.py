"""Globs of paths with slashes: ``*`` stays in a folder, ``**`` crosses folders."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence

WILD = frozenset("*?[")
"""Letters that make a text a glob."""


def matches_glob(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Whether a glob finds a path, both given as the parts between slashes.

    ``?`` is one letter and ``[ab]`` one of several; case counts.

    Example:
        >>> matches_glob(["data", "2024", "a.parquet"], ["data", "**", "*.parquet"])
        True
        >>> matches_glob(["data", "2024", "a.parquet"], ["data", "*.parquet"])
        False
    """
    texts = [r"(?:[^/]+/)*" if part == "**" else _part(part) + "/" for part in pattern]
    return re.fullmatch("".join(texts), "/".join(parts) + "/") is not None


def fixed_parts(pattern: Sequence[str]) -> int:
    """The number of leading parts that hold no wildcard.

    Example:
        >>> fixed_parts(["data", "20??", "*.parquet"])
        1
    """
    return next((i for i, part in enumerate(pattern) if WILD & set(part)), len(pattern))


def _part(pattern: str) -> str:
    """A regular expression for one part of a glob."""
    return fnmatch.translate(pattern).removesuffix(r"\Z").removesuffix(r"\z").replace(".*", "[^/]*")
