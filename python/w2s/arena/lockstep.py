"""Many matches advance together, so that a model sees many positions at once.

Knows nothing about schedules, labels of the other player or files.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

from w2s.arena.match import Match
from w2s.models import Answer, Model, RemembersMatches, Want

Draw = Callable[[int], list[Match]]
"""At most so many more matches; none only where, for now, none is left to begin."""


def play(draw: Draw, players: Mapping[str, Model], width: int, want: Want) -> Iterator[Match]:
    """Finished matches as they end; new ones are drawn to keep ``width`` in progress.

    A match that is put back while this runs, because it came to nothing, is drawn again. Which matches share
    a batch never changes a move, as long as the models are deterministic.
    """
    live: list[Match] = []
    while True:
        live += draw(width - len(live))
        if not live:
            return
        for name, group in _by_mover(live).items():
            _advance(group, players[name], want)
        ended = [match for match in live if match.ended is not None]
        _release(ended, players)
        yield from ended
        live = [match for match in live if match.ended is None]


def _by_mover(live: list[Match]) -> dict[str, list[Match]]:
    groups: dict[str, list[Match]] = {}
    for match in live:
        if match.ended is None:
            groups.setdefault(match.mover, []).append(match)
    return groups


def _advance(group: list[Match], model: Model, want: Want) -> None:
    answers = timed(lambda: model.answer([match.example() for match in group], want))
    for match, answer in zip(group, answers, strict=True):
        match.take(answer)


def _release(ended: list[Match], players: Mapping[str, Model]) -> None:
    for match in ended:
        for name in match.players:
            model = players[name]
            if isinstance(model, RemembersMatches):
                model.release(str(match.pairing.number))


def timed(ask: Callable[[], list[Answer]]) -> list[Answer]:
    """The answers; those that carry no time of their own get that of the whole batch."""
    began = time.perf_counter()
    answers = ask()
    elapsed = time.perf_counter() - began
    for answer in answers:
        answer.seconds = answer.seconds or elapsed
    return answers
