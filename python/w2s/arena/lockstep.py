"""Lockstep play: many matches advance together, so that each model gets its positions in batches."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

from w2s.arena.match import Match
from w2s.models import Answer, HasMatchState, Model, Want

MatchSupply = Callable[[int], list[Match]]
"""Returns at most the given number of new matches; none if there is none to start at present."""


def play_matches(
    supply: MatchSupply, players: Mapping[str, Model], width: int, want: Want
) -> Iterator[Match]:
    """Play matches and yield each one when it ends.

    A void match that is put back into the supply while this runs is played again. The matches that share a
    batch do not influence each other's moves, provided that the models are deterministic.

    Args:
        supply: the source of new matches.
        players: models by player name.
        width: number of matches in progress at a time.
        want: the evidence to return with each answer.
    """
    live: list[Match] = []
    while True:
        live += supply(width - len(live))
        if not live:
            return
        for name, group in _by_mover(live).items():
            _advance(group, players[name], want)
        ended = [match for match in live if match.ending is not None]
        _release(ended, players)
        yield from ended
        live = [match for match in live if match.ending is None]


def _by_mover(live: list[Match]) -> dict[str, list[Match]]:
    groups: dict[str, list[Match]] = {}
    for match in live:
        if match.ending is None:
            groups.setdefault(match.mover, []).append(match)
    return groups


def _advance(group: list[Match], model: Model, want: Want) -> None:
    answers = _timed(lambda: model.answer([match.example() for match in group], want))
    for match, answer in zip(group, answers, strict=True):
        match.take(answer)


def _release(ended: list[Match], players: Mapping[str, Model]) -> None:
    for match in ended:
        for name in match.players:
            model = players[name]
            if isinstance(model, HasMatchState):
                model.release(str(match.pairing.number))


def _timed(ask: Callable[[], list[Answer]]) -> list[Answer]:
    """The answers; an answer without a time gets the time of the whole batch."""
    began = time.perf_counter()
    answers = ask()
    elapsed = time.perf_counter() - began
    for answer in answers:
        answer.seconds = answer.seconds or elapsed
    return answers
