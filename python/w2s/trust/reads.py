"""``hidden,afterstate,student``: what a trust function reads, as text.

Knows nothing about the evidence behind the names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from w2s.config import invalid_value

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def parse_reads(value: object) -> tuple[str, ...]:
    """The names, each once, in the order given; empty text is none.

    Raises:
        PydanticCustomError: something that is not a name.
    """
    if isinstance(value, str):
        parts: Sequence[object] = [
            part.strip() for part in value.replace("+", ",").split(",") if part.strip()
        ]
    elif isinstance(value, list | tuple):
        parts = value
    else:
        raise invalid_value("trust-bad-reads", f"give names of evidence separated by commas, not {value!r}")
    for part in parts:
        if not isinstance(part, str) or not _NAME.fullmatch(part):
            raise invalid_value(
                "trust-bad-reads",
                f"{part!r} is not a name of evidence; give hidden, afterstate, student or names of columns",
            )
    return tuple(dict.fromkeys(str(part) for part in parts))
