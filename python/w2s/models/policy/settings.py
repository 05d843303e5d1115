"""The options of a reference to a policy net, checked.

Knows nothing about nets; needs no torch.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from w2s.errors import UsageError
from w2s.models.parameters import amount, count
from w2s.models.reference import Reference, shown

DEVICES = ("auto", "cpu", "cuda")
_OPTIONS = ("device", "batch", "temperature")
_MOST = 65_536


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """How a net is asked.

    Attributes:
        device: ``auto`` is an accelerator where there is one.
        batch: positions in one pass of the net, None for what suits the device. Every pass has this size,
            whatever was asked, so that an answer never depends on its neighbours.
        temperature: above 0 the label is drawn from the policy to this power of its inverse; 0 is the
            likeliest move.
    """

    device: str = "auto"
    batch: int | None = None
    temperature: float = 0.0


def read_settings(reference: Reference) -> PolicySettings:
    """The settings of a reference.

    Raises:
        UsageError: names what is wrong and what is known.
    """
    text, options = str(reference), reference.options
    for name in options:
        if name not in _OPTIONS:
            near = difflib.get_close_matches(name, _OPTIONS, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise UsageError(
                "model-unknown-option",
                f"{shown(name)} is not an option of {reference.kind}: {hint}its options are: "
                f"{', '.join(_OPTIONS)}",
            )
    device = options.get("device", "auto")
    if device not in DEVICES:
        raise UsageError(
            "model-invalid-option",
            f"device of {shown(text)} is {shown(device)}, not one of {', '.join(DEVICES)}",
        )
    return PolicySettings(
        device,
        count(text, options, "batch", most=_MOST),
        amount(text, options, "temperature", 0.0, zero=True),
    )
