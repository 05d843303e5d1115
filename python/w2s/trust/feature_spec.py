"""The option ``features``, such as ``hidden,afterstate,student``: which evidence becomes features."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic import field_validator

from w2s.config import Config, invalid_value

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def parse_names(value: object) -> tuple[str, ...]:
    """Parse names that are separated by commas, or a list of names; each is kept once, in order.

    Raises:
        PydanticCustomError: the value holds something that is not a name.
    """
    if isinstance(value, str):
        parts: Sequence[object] = [
            part.strip() for part in value.replace("+", ",").split(",") if part.strip()
        ]
    elif isinstance(value, list | tuple):
        parts = value
    else:
        raise invalid_value(
            "trust-bad-features", f"give names of evidence separated by commas, not {value!r}"
        )
    for part in parts:
        if not isinstance(part, str) or not _NAME.fullmatch(part):
            raise invalid_value(
                "trust-bad-features",
                f"{part!r} is not a name of evidence; give hidden, afterstate, student or names of columns",
            )
    return tuple(dict.fromkeys(str(part) for part in parts))


class FeatureOptions(Config):
    """Options of a trust function that reads features.

    Attributes:
        reads: names of evidence; log_prob, margin, entropy and n_options are always read if present.
    """

    features: tuple[str, ...] = ("hidden",)

    @field_validator("features", mode="before")
    @classmethod
    def _parse(cls, value: object) -> tuple[str, ...]:
        return parse_names(value)
