"""The options of a reference to a policy network."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Self

from w2s.errors import UsageError
from w2s.models.reference import Reference, quote
from w2s.models.reference_options import parse_count, parse_number

DEVICES = ("auto", "cpu", "cuda")
OPTIONS = {
    "device": "auto, cpu or cuda; default auto",
    "batch": "positions in one forward pass; the default depends on the device",
    "temperature": "0 takes the likeliest move, above 0 moves are drawn; default 0",
}
"""What each option means."""
_MAX_BATCH = 65_536


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """Where and how a policy network is run.

    Attributes:
        device: ``auto``, ``cpu`` or ``cuda``; ``auto`` is an accelerator where there is one.
        batch: positions in one forward pass; None for the default of the device. Every pass has this size,
            so that an answer never depends on the other positions.
        temperature: 0 answers with the likeliest move; above 0 the move is drawn from the policy at this
            temperature.
    """

    device: str = "auto"
    batch: int | None = None
    temperature: float = 0.0

    @classmethod
    def from_reference(cls, reference: Reference) -> Self:
        """The settings in the options of a reference.

        Raises:
            UsageError: an option is unknown or its value is invalid.
        """
        text, options = str(reference), reference.options
        for name in options:
            if name not in OPTIONS:
                near = difflib.get_close_matches(name, OPTIONS, n=1)
                hint = f"did you mean {near[0]}? " if near else ""
                raise UsageError(
                    "model-unknown-option",
                    f"{quote(name)} is not an option of {reference.kind}: {hint}its options are: "
                    f"{', '.join(OPTIONS)}",
                )
        device = options.get("device", "auto")
        if device not in DEVICES:
            raise UsageError(
                "model-invalid-option",
                f"device of {quote(text)} is {quote(device)}, not one of {', '.join(DEVICES)}",
            )
        return cls(
            device,
            parse_count(text, options, "batch", most=_MAX_BATCH),
            parse_number(text, options, "temperature", 0.0, zero=True),
        )
