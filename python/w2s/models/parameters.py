"""Options of a reference as numbers, checked.

Knows nothing about what the numbers mean.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence

from w2s.errors import UsageError
from w2s.models.reference import Reference, shown


def count(reference: str, options: Mapping[str, str], name: str, *, most: int = 2**63 - 1) -> int | None:
    """A whole number from 1 to ``most``, None where it is not given.

    Raises:
        UsageError: it is something else.
    """
    value = options.get(name)
    if value is None:
        return None
    if value.isascii() and value.isdigit() and len(value) <= 19 and 1 <= int(value) <= most:
        return int(value)
    bound = "of at least 1" if most == 2**63 - 1 else f"from 1 to {most}"
    raise UsageError(
        "model-invalid-option",
        f"{name} of {shown(reference)} must be a whole number {bound}, not {shown(value)}",
    )


def amount(
    reference: str, options: Mapping[str, str], name: str, default: float, *, zero: bool = False
) -> float:
    """A finite number above 0, or from 0 on with ``zero``; ``default`` where it is not given.

    Raises:
        UsageError: it is something else.
    """
    value = options.get(name)
    if value is None:
        return default
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if math.isfinite(number) and (number > 0 or (zero and number == 0)):
        return number
    bound = "of at least 0" if zero else "above 0"
    raise UsageError(
        "model-invalid-option",
        f"{name} of {shown(reference)} must be a number {bound}, not {shown(value)}",
    )


def check(reference: Reference, known: Sequence[str]) -> None:
    """Refuse a target, and options other than ``known``, for kinds that are not told apart by a target.

    Raises:
        UsageError: names what is wrong and what is known.
    """
    text, kind = shown(str(reference)), reference.kind
    example = f"{kind}:{known[0]}=…" if known else kind
    if reference.target:
        raise UsageError(
            "model-target-not-allowed",
            f"{text} has the target {shown(reference.target)}, but {kind} takes none; write {example}",
        )
    for name in reference.options:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            listed = f"its options are: {', '.join(known)}" if known else "it has no options"
            raise UsageError(
                "model-unknown-option", f"{shown(name)} is not an option of {kind}; {hint}{listed}"
            )
