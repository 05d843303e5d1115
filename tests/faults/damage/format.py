"""What a damaged format is made of, and the exception of a silent difference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

Region = tuple[int, int]
"""First byte, and the byte after the last one."""


class SilentDifferenceError(Exception):
    """w2s gave a result that the file does not hold."""


def whole(data: bytes) -> Sequence[Region]:
    """One region: all bytes."""
    return [(0, len(data))]


@dataclass(frozen=True)
class DamagedFormat:
    """One row of the table of formats.

    Attributes:
        name: unique, letters, digits and hyphens.
        family: formats of one family share its part of the cases.
        file: name of the file in a folder of its own.
        write: writes the whole file to that path; deterministic. It may write more files beside it.
        check: reads the damaged file with w2s and compares the result with an independent reading. It returns
            a short word for the outcome, for example ``same``, and may write into the folder of the file. It
            raises the ``W2sError`` of w2s, which counts as refused, and :class:`SilentDifferenceError` where
            the result differs. Any other exception, a crash, a hang and a rise of memory is a failure.
        regions: parts of the file that half of the mutations hit, such as a footer.
    """

    name: str
    family: str
    file: str
    write: Callable[[Path], None]
    check: Callable[[Path], str]
    regions: Callable[[bytes], Sequence[Region]] = whole
