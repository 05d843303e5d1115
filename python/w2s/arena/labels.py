"""Labels of the arena: the answers of both players to every position of a match, with their evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from w2s.arena.record import MatchRecord
from w2s.games import State
from w2s.models import Answer, Model, Want
from w2s.tasks import MoveExample

_STORED_CHARACTERS = 2000


@dataclass(slots=True)
class Label:
    """The answer of ``player`` to the position at ``ply``.

    Attributes:
        label: the move in canonical notation if it is legal, else the unchanged answer.
        move_san: the move in the game's human notation; None where illegal.
        legal: whether the answer is a legal move.
        played: whether it was the move of the match.
        failure: unparsable, illegal, ambiguous, or the failure of the model; None where legal.
        log_prob: natural logarithm of the label's probability.
        margin: log-probability of the label minus that of the next move.
        entropy: entropy over the legal moves, in nats.
        n_options: number of legal moves.
        value_cp: how the player judged its move, in hundredths of a unit.
        samples: further answers that were sampled.
        raw: the reply of the model before it was parsed.
        rejected: earlier answers to the same question that were rejected.
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

    @classmethod
    def from_answer(
        cls, state: State, player: str, answer: Answer, *, played: bool, rejected: tuple[str, ...] = ()
    ) -> Label:
        """The label that an answer is, judged by the rules of the game alone."""
        move, why = state.read(answer.label) if answer.failure is None else (None, answer.failure)
        text = move if move is not None else (_storable(answer.label) if answer.label else None)
        return cls(
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

    def to_json(self) -> dict[str, Any]:
        """The label as JSON values, without those that are unknown."""
        values = ((name, getattr(self, name)) for name in _FIELDS)
        return {name: value for name, value in values if value not in (None, ())}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Label:
        """The inverse of :meth:`to_json`."""
        tuples = {name: tuple(values.get(name, ())) for name in ("samples", "rejected")}
        return cls(**{"label": None, "move_san": None, **values, **tuples})


_FIELDS = tuple(field.name for field in fields(Label))


def add_opponent_labels(
    matches: Sequence[tuple[MatchRecord, list[Label]]], players: Mapping[str, Model], want: Want
) -> list[list[Label]]:
    """The labels of both players for each match, sorted by ply.

    Every model gets one batch and answers each position as if it had seen no other.

    Args:
        matches: finished matches with the labels of the player to move.
        players: models by player name.
        want: the evidence to return with each answer.
    """
    questions: dict[str, list[tuple[int, MoveExample]]] = {}
    for index, (record, labels) in enumerate(matches):
        states = {state.ply: state for state in record.states()}
        for label in labels:
            opponent = record.second if label.player == record.first else record.first
            example = MoveExample(id=f"{record.number}:{label.ply}:label", state=states[label.ply])
            questions.setdefault(opponent, []).append((index, example))
    merged = [list(labels) for _, labels in matches]
    for player, indexed in questions.items():
        answers = players[player].answer([example for _, example in indexed], want)
        for (index, example), answer in zip(indexed, answers, strict=True):
            merged[index].append(Label.from_answer(example.state, player, answer, played=False))
    return [sorted(labels, key=_order) for labels in merged]


def _order(label: Label) -> tuple[int, bool, str]:
    """By ply, the played move first."""
    return label.ply, not label.played, label.player


def _storable(text: str) -> str:
    """The beginning of a text; lone surrogates, which no UTF-8 file can hold, become ``?``."""
    return text[:_STORED_CHARACTERS].encode("utf-8", "replace").decode("utf-8")
