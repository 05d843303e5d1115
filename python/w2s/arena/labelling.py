"""The labels of a finished match: the movers' own answers, and the other player's at the same positions.

Knows nothing about oracles or files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from w2s.arena.label import Label, label_of
from w2s.arena.record import MatchRecord
from w2s.games import State, game
from w2s.models import Model, Want
from w2s.tasks import MoveExample


def states_of(record: MatchRecord) -> Iterator[State]:
    """The states of a match that its players reached, from the opening's end, the final one included."""
    state = game(record.game).state(record.start, list(record.moves[: record.opening_plies]))
    yield state
    for move in record.moves[record.opening_plies :]:
        state = state.play(move)
        yield state


def label_others(
    matches: Sequence[tuple[MatchRecord, list[Label]]], players: Mapping[str, Model], want: Want
) -> list[list[Label]]:
    """All labels of each match, by ply: its movers' (given) and those of the player who was not to move.

    Every model gets one batch; it answers as one who has never seen another position.
    """
    questions: dict[str, list[tuple[int, MoveExample]]] = {}
    for index, (record, labels) in enumerate(matches):
        states = {state.ply: state for state in states_of(record)}
        for label in labels:
            other = record.second if label.player == record.first else record.first
            example = MoveExample(id=f"{record.number}:{label.ply}:label", state=states[label.ply])
            questions.setdefault(other, []).append((index, example))
    merged = [list(labels) for _, labels in matches]
    for player, asked in questions.items():
        answers = players[player].answer([example for _, example in asked], want)
        for (index, example), answer in zip(asked, answers, strict=True):
            merged[index].append(label_of(example.state, player, answer, played=False))
    return [sorted(labels, key=_place) for labels in merged]


def _place(label: Label) -> tuple[int, bool, str]:
    """By ply, the move that was played first."""
    return label.ply, not label.played, label.player
