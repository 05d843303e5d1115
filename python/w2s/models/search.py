"""The model ``search``: the built-in alpha-beta search, for any game and without a download.

Knows nothing about the rules or how values are found; the search itself is in Rust.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from w2s import kernels
from w2s.errors import UsageError
from w2s.games import State
from w2s.models import draws
from w2s.models.choosing import choices, no_move
from w2s.models.confidence import TEMPERATURE_CP, confidence, mate_cp
from w2s.models.kind import Kind
from w2s.models.model import Answer, Want
from w2s.models.parameters import amount, check, count
from w2s.models.reference import Reference, shown
from w2s.tasks import MoveExample

_OPTIONS = ("depth", "nodes", "noise_cp", "temperature_cp")
_DEEPEST = 128


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for every answer.

    ``depth`` in plies and ``nodes`` in states end a search, whichever comes first. ``noise_cp``: standard
    deviation of the noise on the values of the moves. ``temperature_cp``: of the softmax that turns values
    into evidence.
    """

    depth: int | None
    nodes: int | None
    noise_cp: float = 0.0
    temperature_cp: float = TEMPERATURE_CP


class Comparison(NamedTuple):
    """The best move and its value, and the values of the moves that were asked about, in centipawns."""

    best: str | None
    best_cp: int
    values_cp: dict[str, int]


class SearchModel:
    """Searches each position from scratch; implements :class:`w2s.models.Model`.

    The best move alone takes one narrow search. Evidence, values, noise and moves that are ruled out need
    the value of *every* move, which takes several times as long: all of it comes from one wide search.

    Noise is drawn from the seed, the reference, the position and the move, in a match also from its name
    and the ply. So the same question has the same answer in any batch, yet one reference in both seats of
    a match, or in the two games of a pair, does not replay one game. Evidence is that of the noisy values:
    what this model believes. ``value_cp`` and ``values_cp`` are without noise: what the search found for
    the move, so that adjudication by score is not moved by the luck of the best draw.

    A forced win in ``n`` moves is worth ``100_000 - 100 n``, as with engines.

    Args:
        reference: the name that loads the same model again.
        terms: limits, noise and temperature.
        seed: decides the noise.
    """

    tasks: tuple[str, ...] = ("move",)
    slots: int | None = None
    deterministic = True

    def __init__(self, reference: str, terms: Terms, seed: int) -> None:
        self.reference = reference
        self._terms = terms
        self._seed = seed

    def answer(self, examples: Sequence[MoveExample], want: Want) -> list[Answer]:
        """One legal move per example; the positions are searched side by side on all cores."""
        answers: list[Answer | None] = [None] * len(examples)
        for wide in (False, True):
            chosen = [i for i, example in enumerate(examples) if self._is_wide(example, want) == wide]
            cores = [examples[i].state._core for i in chosen]
            found = kernels.search(cores, depth=self._terms.depth, nodes=self._terms.nodes, all_moves=wide)
            for i, searched in zip(chosen, found, strict=True):
                answers[i] = self._answer(examples[i], searched, want)
        return [answer for answer in answers if answer is not None]

    def compare(self, states: Sequence[State], moves: Sequence[Sequence[str]]) -> list[Comparison]:
        """The best move of each state beside the values of some of its legal moves, all without noise."""
        cores = [state._core for state in states]
        found = kernels.search(cores, depth=self._terms.depth, nodes=self._terms.nodes, moves=moves)
        return [
            Comparison(
                searched.best,
                decided_cp(searched.value_cp),
                {move: decided_cp(value) for move, value in searched.values.items()},
            )
            for searched in found
        ]

    def close(self) -> None:
        """Nothing to release."""

    def _is_wide(self, example: MoveExample, want: Want) -> bool:
        """Whether the value of every move is needed."""
        confined = bool(example.only or example.rejected)
        return confined or want.evidence or want.values or self._terms.noise_cp > 0

    def _answer(self, example: MoveExample, searched: kernels.Searched, want: Want) -> Answer:
        if searched.best is None:
            return no_move()
        values = {move: decided_cp(value) for move, value in searched.values.items()}
        if not values:
            return Answer(searched.best, value_cp=decided_cp(searched.value_cp))
        moves = choices(example, list(values))
        seen = self._noisy(example, {move: values[move] for move in moves})
        label = max(seen, key=lambda move: seen[move])
        answer = Answer(label, value_cp=values[label])
        if want.evidence:
            answer.n_options = len(values)
            known = confidence(seen, label, self._terms.temperature_cp, len(moves))
            if known is not None:
                answer.log_prob, answer.margin, answer.entropy = known
        if want.values:
            answer.values_cp = values
        return answer

    def _noisy(self, example: MoveExample, values: Mapping[str, int]) -> Mapping[str, float]:
        if not self._terms.noise_cp:
            return values
        names = draws.names_of(example)
        return {
            move: value + self._terms.noise_cp * draws.gaussian(self._seed, self.reference, *names, move)
            for move, value in values.items()
        }


def decided_cp(value: int) -> int:
    """A value of the search on the scale of all models: forced wins and losses by the winner's moves.

    The search gives a win in ``n`` plies ``n`` less than :data:`w2s.kernels.LARGEST_CP`.
    """
    if abs(value) <= kernels.LARGEST_CP // 2:
        return value
    distance = mate_cp((kernels.LARGEST_CP - abs(value) + 1) // 2)
    return distance if value > 0 else -distance


def load(reference: Reference, *, seed: int, concurrency: int) -> SearchModel:
    """The model of ``search:depth=N``, ``search:nodes=N`` or both."""
    del concurrency
    check(reference, _OPTIONS)
    text, options = str(reference), reference.options
    terms = Terms(
        count(text, options, "depth", most=_DEEPEST),
        count(text, options, "nodes"),
        amount(text, options, "noise_cp", 0.0, zero=True),
        amount(text, options, "temperature_cp", TEMPERATURE_CP),
    )
    if terms.depth is None and terms.nodes is None:
        raise UsageError(
            "model-search-no-limit", f"{shown(text)} has no limit; write search:depth=3 or search:nodes=20000"
        )
    return SearchModel(text, terms, seed)


KIND = Kind("search", "the built-in alpha-beta search; any game", "search:depth=3&noise_cp=20", load)
