"""A label of the arena: one player's answer to one position of a match, with its evidence.

Knows nothing about files or oracles.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from w2s.games import State
from w2s.models import Answer

_RAW_CHARACTERS = 2000


@dataclass(slots=True)
class Label:
    """What ``player`` answered at ``ply``; ``label`` is canonical text where it is legal.

    ``move_san``: the same in the game's human notation. ``played``: whether it was the move of the match.
    ``failure``: unparsable, illegal, ambiguous, or the failure of the model; None where legal. ``rejected``:
    earlier answers that were refused.
    """

    ply: int
    player: str
    label: str | None
    move_san: str | None
    legal: bool
    played: bool
    failure: str | None = None
    log_prob: float | None = None
    margin: float | None = None
    entropy: float | None = None
    n_options: int | None = None
    value_cp: int | None = None
    samples: tuple[str, ...] = ()
    raw: str | None = None
    rejected: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain values; what is unknown is left out."""
        values = ((name, getattr(self, name)) for name in _FIELDS)
        return {name: value for name, value in values if value not in (None, ())}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Label:
        """The inverse of :meth:`to_json`."""
        tuples = {name: tuple(values.get(name, ())) for name in ("samples", "rejected")}
        return cls(**{"label": None, "move_san": None, **values, **tuples})


_FIELDS = tuple(field.name for field in fields(Label))


def label_of(
    state: State, player: str, answer: Answer, *, played: bool, rejected: tuple[str, ...] = ()
) -> Label:
    """The label that an answer is, judged by the rules alone."""
    move, why = state.read(answer.label) if answer.failure is None else (None, answer.failure)
    text = move if move is not None else (_storable(answer.label) if answer.label else None)
    return Label(
        ply=state.ply,
        player=player,
        label=text,
        move_san=None if move is None else state.print(move, "san"),
        legal=move is not None,
        played=played and move is not None,
        failure=why or None,
        log_prob=answer.log_prob,
        margin=answer.margin,
        entropy=answer.entropy,
        n_options=answer.n_options,
        value_cp=answer.value_cp,
        samples=tuple(map(_storable, answer.samples)),
        raw=None if answer.raw is None else _storable(answer.raw),
        rejected=tuple(map(_storable, rejected)),
    )


def _storable(text: str) -> str:
    """The beginning of a text; halves of characters, which no file of text can hold, become ``?``."""
    return text[:_RAW_CHARACTERS].encode("utf-8", "replace").decode("utf-8")
