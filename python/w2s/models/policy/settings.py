"""The options of a reference to a policy network."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from w2s.errors import UsageError
from w2s.kernels import ALL_MOVES
from w2s.models.reference import Reference, quote, resolve_reference
from w2s.models.reference_options import parse_count, parse_number, parse_word

DEVICES = ("auto", "cpu", "cuda")
OPTIONS = {
    "device": "auto, cpu or cuda; default auto",
    "batch": "positions in one forward pass; the default depends on the device",
    "temperature": "0 takes the likeliest move, above 0 moves are drawn; default 0",
    "think": "moves to consider in each depth, such as 6,6,6 or 6,all; needs a value head",
    "nodes": "positions to consider, the most promising ones, such as 200; instead of think",
    "label": "with think or nodes: best, policy or improved, the move that is answered; default best",
    "gain": "with think or nodes: how strongly values change the policy; default 10",
    "dtype": "with think or nodes: auto, float32 or bfloat16; default auto, the faster one",
}
"""What each option means."""
LABELS = ("best", "policy", "improved")
DTYPES = ("auto", "float32", "bfloat16")
_MAX_BATCH = 65_536
_MAX_DEPTH = 32
_USUAL_MOVES = 35
"""Legal moves of a usual position of chess."""
_MAX_NODES = 10_000_000
NET_KINDS = ("policy", "lc0")
"""Kinds of reference that name networks of moves."""
_LOOKAHEAD = ("think", "nodes", "label", "gain", "dtype")
"""Options of a network that looks ahead."""
_ALONE = ("label", "gain", "dtype")
"""Options that mean nothing without ``think`` or ``nodes``."""


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """Where and how a policy network is run.

    Attributes:
        device: ``auto``, ``cpu`` or ``cuda``; ``auto`` is an accelerator where there is one.
        batch: positions in one forward pass; None for the default of the device. Every pass has this size,
            so that an answer never depends on the other positions.
        temperature: 0 answers with the likeliest move; above 0 the move is drawn from the policy at this
            temperature.
        think: how many of the likeliest moves are considered in each depth; empty for none.
        nodes: number of positions that are considered, where the search decides which; None for none.
        label: the answer of a model that looks ahead: the ``best`` move it found, that of the ``policy``
            alone, or that of the ``improved`` policy.
        gain: how strongly values change the improved policy.
        dtype: what a model that looks ahead computes in; ``auto`` is bfloat16 where the processor is fast
            at it.
    """

    device: str = "auto"
    batch: int | None = None
    temperature: float = 0.0
    think: tuple[int, ...] = ()
    nodes: int | None = None
    label: str = "best"
    gain: float = 10.0
    dtype: str = "auto"

    @property
    def looks_ahead(self) -> bool:
        """Whether the model deliberates before it answers."""
        return bool(self.think) or self.nodes is not None

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
        _check_lookahead(text, options)
        return cls(
            parse_word(text, options, "device", DEVICES),
            parse_count(text, options, "batch", most=_MAX_BATCH),
            parse_number(text, options, "temperature", 0.0, zero=True),
            _parse_widths(text, options),
            parse_count(text, options, "nodes", most=_MAX_NODES),
            parse_word(text, options, "label", LABELS),
            parse_number(text, options, "gain", 10.0),
            parse_word(text, options, "dtype", DTYPES),
        )


def is_lookahead(reference: object) -> bool:
    """Whether a reference names a network that looks ahead.

    Example:
        >>> is_lookahead("lc0:maia-1100.pb.gz?nodes=200"), is_lookahead("policy:chess-small")
        (True, False)
    """
    try:
        parsed = resolve_reference(reference) if isinstance(reference, str) else None
    except UsageError:
        return False  # loading the model reports what is wrong
    return (
        parsed is not None and parsed.kind in NET_KINDS and bool({"think", "nodes"} & parsed.options.keys())
    )


def with_lookahead_of(reference: str, other: str) -> str:
    """The reference of a network that looks ahead as another one does, or not at all.

    Example:
        >>> with_lookahead_of("policy:runs/student", "lc0:maia-1100.pb.gz?nodes=200&temperature=1")
        'policy:runs/student?nodes=200'
    """
    parsed = resolve_reference(reference)
    if not is_lookahead(other) or parsed.kind not in NET_KINDS:
        return reference
    options = {name: value for name, value in resolve_reference(other).options.items() if name in _LOOKAHEAD}
    return str(replace(parsed, options={**parsed.options, **options}))


def without_lookahead(reference: str) -> str:
    """The reference of the same network without looking ahead.

    Example:
        >>> without_lookahead("policy:chess-small?nodes=200&label=policy&temperature=1")
        'policy:chess-small?temperature=1'
    """
    if not is_lookahead(reference):
        return reference
    parsed = resolve_reference(reference)
    options = {name: value for name, value in parsed.options.items() if name not in _LOOKAHEAD}
    return str(replace(parsed, options=options))


def expected_positions(reference: str) -> int:
    """About how many positions a network evaluates to answer one question.

    Example:
        >>> [expected_positions(f"policy:a{options}") for options in ("", "?nodes=200", "?think=6,6,all")]
        [1, 200, 1303]
    """
    if not is_lookahead(reference):
        return 1
    settings = PolicySettings.from_reference(resolve_reference(reference))
    total = level = 1
    for width in settings.think:
        level *= min(width, _USUAL_MOVES)
        total += level
    return settings.nodes or total


def _check_lookahead(text: str, options: Mapping[str, str]) -> None:
    """Refuse options of looking ahead that contradict each other, or that have no effect."""
    if "think" in options and "nodes" in options:
        raise UsageError("model-think-and-nodes", f"{quote(text)} has both think and nodes; leave one out")
    idle = [name for name in _ALONE if name in options]
    if idle and not {"think", "nodes"} & options.keys():
        raise UsageError(
            "model-option-without-lookahead",
            f"{idle[0]} of {quote(text)} has no effect without think or nodes; add nodes=200, or leave it "
            "out",
        )


def _parse_widths(text: str, options: Mapping[str, str]) -> tuple[int, ...]:
    """The widths of ``think``, none if it is not given."""
    given = options.get("think")
    if given is None:
        return ()
    widths = [ALL_MOVES if word == "all" else _parse_width(word) for word in given.split(",")]
    if None in widths or len(widths) > _MAX_DEPTH:
        raise UsageError(
            "model-invalid-option",
            f"think of {quote(text)} must be 1 to {_MAX_DEPTH} whole numbers of at least 1, or all, joined "
            f"by commas, such as 6,6,6; not {quote(given)}",
        )
    return tuple(width for width in widths if width is not None)


def _parse_width(word: str) -> int | None:
    is_number = word.isascii() and word.isdigit() and len(word) <= 4
    return int(word) if is_number and int(word) > 0 else None
