"""Checked options of a reference: known names, whole numbers and numbers."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence

from w2s.errors import UsageError
from w2s.models.reference import Reference, quote


def parse_count(
    reference: str, options: Mapping[str, str], name: str, *, most: int = 2**63 - 1
) -> int | None:
    """The option as a whole number from 1 to ``most``; None if it is not given.

    Raises:
        UsageError: the value is something else.
    """
    value = options.get(name)
    if value is None:
        return None
    if value.isascii() and value.isdigit() and len(value) <= 19 and 1 <= int(value) <= most:
        return int(value)
    bound = "of at least 1" if most == 2**63 - 1 else f"from 1 to {most}"
    raise UsageError(
        "model-invalid-option",
        f"{name} of {quote(reference)} must be a whole number {bound}, not {quote(value)}",
    )


def parse_number(
    reference: str, options: Mapping[str, str], name: str, default: float, *, zero: bool = False
) -> float:
    """The option as a finite number above 0, or of at least 0 with ``zero``; ``default`` if it is not given.

    Raises:
        UsageError: the value is something else.
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
        f"{name} of {quote(reference)} must be a number {bound}, not {quote(value)}",
    )


def parse_word(reference: str, options: Mapping[str, str], name: str, words: Sequence[str]) -> str:
    """The option as one of some words; the first of them if it is not given.

    Raises:
        UsageError: the value is something else.
    """
    value = options.get(name, words[0])
    if value not in words:
        raise UsageError(
            "model-invalid-option",
            f"{name} of {quote(reference)} is {quote(value)}, not one of {', '.join(words)}",
        )
    return value


def check_options(reference: Reference, known: Sequence[str]) -> None:
    """Refuse a target, and options other than ``known``, for a kind that takes no target.

    Raises:
        UsageError: names the target or the option, and the known options.
    """
    text, kind = quote(str(reference)), reference.kind
    example = f"{kind}:{known[0]}=…" if known else kind
    if reference.target:
        raise UsageError(
            "model-target-not-allowed",
            f"{text} has the target {quote(reference.target)}, but {kind} takes none; write {example}",
        )
    for name in reference.options:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            listed = f"its options are: {', '.join(known)}" if known else "it has no options"
            raise UsageError(
                "model-unknown-option", f"{quote(name)} is not an option of {kind}; {hint}{listed}"
            )
