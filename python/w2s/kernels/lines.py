"""Lines of a block of JSON Lines: which are blank, and which cannot be one JSON object."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from w2s import _core


class LineCheck(NamedTuple):
    """The result of a check of the lines of a block.

    Attributes:
        blank: indices of lines of white space alone.
        fault: the first line that does not begin with ``{`` and end in ``}``, or nests too deep; None if
            every other line may be one object.
        is_deep: whether that line nests too deep.
    """

    blank: list[int]
    fault: int | None
    is_deep: bool


def check_lines(block: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64], deepest: int) -> LineCheck:
    """Check the lines of a block, without parsing them.

    Args:
        block: the lines with their newlines.
        offsets: where each line begins and the last ends.
        deepest: how deep brackets may nest, texts aside.

    Example:
        >>> block = np.frombuffer(b"{}. .[1].".replace(b".", bytes([10])), np.uint8)
        >>> check_lines(block, np.array([0, 3, 5, 9]), 100)
        LineCheck(blank=[1], fault=2, is_deep=False)
    """
    blank, fault = _core.check_lines(block, offsets, deepest)
    return LineCheck(blank, None, False) if fault is None else LineCheck(blank, *fault)
