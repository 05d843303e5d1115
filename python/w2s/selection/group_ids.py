"""Groups of one column of ids, or of every combination of several columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from w2s import kernels
from w2s.errors import DataError


def group_ids(groups: object) -> kernels.Groups:
    """Codes of a column of ids, or of the combinations of several columns.

    Args:
        groups: n ids; or a mapping, an Arrow table or a data frame of columns of n ids.

    Returns:
        The codes, and the keys: tuples if there are several columns.

    Raises:
        DataError: a column cannot be grouped, or columns differ in length.

    Example:
        >>> found = group_ids({"language": ["de", "en", "de"], "year": [1, 2, 2]})
        >>> found.codes.tolist(), found.keys
        ([0, 2, 1], [('de', 1), ('de', 2), ('en', 2)])
    """
    names = [*groups] if isinstance(groups, Mapping) else column_names(groups)
    if not names:
        return kernels.group_column(groups, "groups")
    columns: Any = groups
    first, *others = (kernels.group_column(columns[name], str(name)) for name in names)
    if not others:
        return first
    keys: list[tuple[Any, ...]] = [(key,) for key in first.keys]
    codes = first.codes
    for other in others:
        if len(other.codes) != len(codes):
            raise DataError(
                "select-length-mismatch", f"groups: columns have {len(codes)} and {len(other.codes)} values"
            )
        # Pairs of codes sort like pairs of keys, so the new codes are ascending too.
        pairs = codes.astype(np.int64) * len(other.keys) + other.codes
        distinct, inverse = np.unique(pairs, return_inverse=True)
        left, right = np.divmod(distinct, max(1, len(other.keys)))
        keys = [(*keys[i], other.keys[j]) for i, j in zip(left.tolist(), right.tolist(), strict=True)]
        codes = inverse.astype(np.uint32)
    return kernels.Groups(codes, keys)


def column_names(data: object) -> list[str]:
    """Names of the columns of an Arrow table or a data frame; empty for anything else."""
    names = getattr(data, "column_names", None)
    names = getattr(data, "columns", None) if names is None else names
    return [] if names is None or callable(names) else [str(name) for name in names]
