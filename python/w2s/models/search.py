"""The model ``search``: the built-in alpha-beta search, which is written in Rust, for any game."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from w2s import kernels
from w2s.errors import UsageError
from w2s.games import State
from w2s.models import keyed_random
from w2s.models.candidates import allowed_moves, no_move_answer
from w2s.models.confidence import TEMPERATURE_CP, confidence, mate_cp
from w2s.models.model import Answer, ModelKind, Want
from w2s.models.reference import Reference, quote
from w2s.models.reference_options import check_options, parse_count, parse_number
from w2s.tasks import MoveExample

_OPTIONS = {
    "depth": "plies after which a search ends, 1 to 128; depth or nodes is needed",
    "nodes": "positions after which a search ends",
    "noise_cp": "standard deviation of noise on the values of moves, in centipawns; default 0",
    "temperature_cp": "temperature of the softmax that turns values into evidence; default 100",
}
"""What each option means."""
_DEEPEST = 128


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """The options of a search.

    Attributes:
        depth: plies after which a search ends, None for no limit.
        nodes: states after which a search ends, None for no limit.
        noise_cp: standard deviation of the noise on the values of the moves, in centipawns.
        temperature_cp: temperature of the softmax that turns values into evidence, in centipawns.
    """

    depth: int | None
    nodes: int | None
    noise_cp: float = 0.0
    temperature_cp: float = TEMPERATURE_CP


class MoveValues(NamedTuple):
    """The best move and its value, and the values of the requested moves, in centipawns."""

    best: str | None
    best_cp: int
    values_cp: dict[str, int]


class SearchModel:
    """Searches each position from scratch; implements :class:`w2s.models.Model`.

    The best move alone takes one narrow search. Evidence, values, noise and excluded moves need the value of
    *every* move, which takes several times as long: all of it comes from one wide search.

    Noise is drawn from the seed, the reference, the position and the move, in a match also from its name
    and the ply. The same question therefore has the same answer in any batch, but one reference on both
    sides of a match, or in the two games of a pair, does not replay one game. Evidence comes from the noisy
    values. ``value_cp`` and ``values_cp`` have no noise, so that adjudication by score does not depend on
    it.

    A forced win in ``n`` moves is worth ``100_000 - 100 n``, as with engines.

    Args:
        reference: the reference that loads the same model again.
        options: limits, noise and temperature.
        seed: random seed of the noise.
    """

    tasks: tuple[str, ...] = ("move",)
    slots: int | None = None
    deterministic = True

    def __init__(self, reference: str, options: SearchOptions, seed: int) -> None:
        self.reference = reference
        self._limits = options
        self._seed = seed

    def __repr__(self) -> str:
        return f"load_model({self.reference!r})"

    def answer(self, examples: Sequence[MoveExample], want: Want) -> list[Answer]:
        """One legal move per example; the positions are searched in parallel on all cores."""
        answers: list[Answer | None] = [None] * len(examples)
        for wide in (False, True):
            chosen = [i for i, example in enumerate(examples) if self._is_wide(example, want) == wide]
            cores = [examples[i].state._core for i in chosen]
            found = kernels.search(cores, depth=self._limits.depth, nodes=self._limits.nodes, all_moves=wide)
            for i, searched in zip(chosen, found, strict=True):
                answers[i] = self._answer(examples[i], searched, want)
        return [answer for answer in answers if answer is not None]

    def evaluate_moves(self, states: Sequence[State], moves: Sequence[Sequence[str]]) -> list[MoveValues]:
        """The best move of each state and the values of some of its legal moves, all without noise."""
        cores = [state._core for state in states]
        found = kernels.search(cores, depth=self._limits.depth, nodes=self._limits.nodes, moves=moves)
        return [
            MoveValues(
                searched.best,
                to_model_cp(searched.value_cp),
                {move: to_model_cp(value) for move, value in searched.values.items()},
            )
            for searched in found
        ]

    def close(self) -> None:
        """Nothing to release."""

    def _is_wide(self, example: MoveExample, want: Want) -> bool:
        """Whether the value of every move is needed."""
        confined = bool(example.only or example.rejected)
        return confined or want.evidence or want.values or self._limits.noise_cp > 0

    def _answer(self, example: MoveExample, searched: kernels.CoreSearchResult, want: Want) -> Answer:
        if searched.best is None:
            return no_move_answer()
        values = {move: to_model_cp(value) for move, value in searched.values.items()}
        if not values:
            return Answer(searched.best, value_cp=to_model_cp(searched.value_cp))
        moves = allowed_moves(example, list(values))
        seen = self._noisy(example, {move: values[move] for move in moves})
        label = max(seen, key=lambda move: seen[move])
        answer = Answer(label, value_cp=values[label])
        if want.evidence:
            answer.n_options = len(values)
            known = confidence(seen, label, self._limits.temperature_cp, len(moves))
            if known is not None:
                answer.log_prob, answer.margin, answer.entropy = known
        if want.values:
            answer.values_cp = values
        return answer

    def _noisy(self, example: MoveExample, values: Mapping[str, int]) -> Mapping[str, float]:
        if not self._limits.noise_cp:
            return values
        keys = keyed_random.position_keys(example)
        return {
            move: value
            + self._limits.noise_cp * keyed_random.gaussian(self._seed, self.reference, *keys, move)
            for move, value in values.items()
        }


def to_model_cp(value: int) -> int:
    """A value of the search on the scale of all models, which count forced wins in moves of the winner.

    The value of a win in ``n`` plies is :data:`w2s.kernels.LARGEST_CP` minus ``n``.
    """
    if abs(value) <= kernels.LARGEST_CP // 2:
        return value
    distance = mate_cp((kernels.LARGEST_CP - abs(value) + 1) // 2)
    return distance if value > 0 else -distance


def load(reference: Reference, *, seed: int, concurrency: int, cache: Path | None = None) -> SearchModel:
    """The model of ``search:depth=N``, ``search:nodes=N`` or both."""
    del concurrency, cache
    check_options(reference, tuple(_OPTIONS))
    text, options = str(reference), reference.options
    limits = SearchOptions(
        parse_count(text, options, "depth", most=_DEEPEST),
        parse_count(text, options, "nodes"),
        parse_number(text, options, "noise_cp", 0.0, zero=True),
        parse_number(text, options, "temperature_cp", TEMPERATURE_CP),
    )
    if limits.depth is None and limits.nodes is None:
        raise UsageError(
            "model-search-no-limit", f"{quote(text)} has no limit; write search:depth=3 or search:nodes=20000"
        )
    return SearchModel(text, limits, seed)


KIND = ModelKind(
    "search",
    "the built-in alpha-beta search; any game",
    "search:depth=3&noise_cp=20",
    load,
    options=_OPTIONS,
)
