"""Examples from matches of a teacher and a student: played, answered, split and saved once.

round-1/matches/arena/              the run of the arena: games, journal, labels.parquet
round-1/matches/examples.parquet    gold, pool and test; in later rounds a pool for each seed
round-1/matches/step.json           how they were made
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from w2s import arena
from w2s.arena import ArenaSpec, load_spec
from w2s.arena.oracles import load_oracles
from w2s.chain.data.match_splits import Game, OracleAnswers, split_games
from w2s.chain.data.splits import Splits, read_splits, write_splits
from w2s.chain.example_settings import SPLITS
from w2s.chain.settings import Matches
from w2s.models.keyed_random import uniform
from w2s.models.policy.settings import without_lookahead
from w2s.models.reference import parse_reference
from w2s.resume import cached_step
from w2s.tasks import Example, MoveExample, read_examples

FILE = "examples.parquet"
_NETS = ("policy", "lc0")
Say = Callable[[str], None]
Count = Callable[[int, int], None]


@dataclass(frozen=True)
class MatchRequest:
    """A set of matches.

    Attributes:
        name: the round, and in later rounds the seed: ``round-2/seed-0``.
        teacher: reference of one player.
        student: reference of the other.
        seed: random seed of the games.
        counts: number of examples, by split.
        excluded: keys of positions that are left out.
    """

    name: str
    teacher: str
    student: str
    seed: int
    counts: Mapping[str, int]
    excluded: Sequence[int] = ()

    @property
    def folder(self) -> str:
        """The folder of these matches, relative to the folder of the run."""
        return f"{self.name}/matches"

    @property
    def players(self) -> dict[str, str]:
        """References of the players, which do not look ahead: a student learns most in the positions that it
        reaches itself."""
        return {"teacher": without_lookahead(self.teacher), "student": without_lookahead(self.student)}

    @property
    def title(self) -> str:
        """The name in messages: ``round 2, seed 0``."""
        return request_title(self.name)


def request_name(number: int, seed: int) -> str:
    """The name of the matches of a round; those of the first round are the same for all seeds."""
    return "round-1" if number == 1 else f"round-{number}/seed-{seed}"


def request_title(name: str) -> str:
    """The name of matches in messages: ``round 2, seed 0``."""
    return name.replace("-", " ").replace("/", ", ")


@dataclass(frozen=True)
class MatchReport:
    """How the examples of a set of matches were made; the fields are those of ``metrics.json``."""

    teacher: str
    student: str
    games: int
    positions: int
    with_a_choice: int
    distinct: int
    held_by_gold_or_test: int
    oracle: str
    oracle_did_not_know: int
    any_move_was_right: int
    gold: int
    pool: int
    test: int

    def to_json(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)


@dataclass(frozen=True)
class MatchExamples:
    """The examples of a set of matches, and how they were made."""

    splits: Splits
    report: MatchReport


@dataclass(frozen=True)
class MatchSource:
    """Plays the matches of a chain.

    Attributes:
        game: game of the matches.
        settings: games, openings, temperature and oracle.
        folder: folder of the run.
        say: receives one line for each step.
        count: progress callback.
    """

    game: str
    settings: Matches
    folder: Path
    say: Say
    count: Count

    def examples(self, request: MatchRequest) -> MatchExamples:
        """The examples of a set of matches, which are played once and then read from disk."""
        folder = self.folder / request.folder
        inputs = {"game": self.game, "matches": self.settings.model_dump(), "request": vars(request)}
        record = cached_step(folder, inputs, lambda: self._play(request, folder).to_json())
        return MatchExamples(read_splits(folder / FILE), MatchReport(**record.facts))

    def _play(self, request: MatchRequest, folder: Path) -> MatchReport:
        settings, players = self.settings, request.players
        spec = arena_spec(self.game, settings, request)
        (oracle,) = load_oracles([settings.oracle], cap_cp=spec.verdict.cap_cp, concurrency=1)
        with closing(oracle):
            who = " and ".join(players.values())
            self.say(f"{request.title}: {who} play {settings.games} games")
            reached = play(spec, folder / "arena", request.name.replace("/", "-"), self.count)
            games = exclude_positions(reached.games, request.excluded)
            answers = OracleAnswers(oracle, settings.margin_cp)
            if "test" in request.counts:
                self.say(
                    f"{request.title}: {settings.oracle} verifies a share of {reached.distinct} positions"
                )
            found = split_games(games, request.counts, answers.right_moves, request.seed, self.count)
            splits = found.splits
            if settings.verify_pool:
                splits = replace(splits, pool=answers.answer(positions_of(splits.pool), self.count))
        write_splits(splits, folder / FILE)
        return MatchReport(
            players["teacher"],
            players["student"],
            settings.games,
            reached.positions,
            reached.choices,
            reached.distinct,
            reached.distinct - sum(map(len, games)),
            settings.oracle,
            found.unknown,
            found.any_move,
            *(len(getattr(splits, name)) for name in SPLITS),
        )


@dataclass(frozen=True)
class Positions:
    """Positions that matches reach, by the game that keeps them, games in the order of their numbers.

    Attributes:
        games: positions with more than one legal move; no two of them share a key.
        positions: number of positions reached, repeated ones included.
        choices: number of those with more than one legal move.
    """

    games: list[Game]
    positions: int
    choices: int

    @property
    def distinct(self) -> int:
        """Number of positions that the games keep."""
        return sum(map(len, self.games))


def arena_spec(game: str, settings: Matches, request: MatchRequest) -> ArenaSpec:
    """The arena of a set of matches: that of the game, without oracles, in which every move is legal."""
    return load_spec(
        game=game,
        options={
            "players": {
                name: with_temperature(reference, settings.temperature)
                for name, reference in request.players.items()
            },
            "pairs": settings.games // 2,
            "seed": request.seed,
            "openings": {"file": settings.openings},
            "rules": {"illegal": "mask"},
            "labels": {"labellers": "mover"},
            "verify": {"oracles": []},
        },
    )


def with_temperature(reference: str, temperature: float) -> str:
    """The reference with a temperature, if it names a net and sets none."""
    parsed = parse_reference(reference)
    if parsed.kind not in _NETS or "temperature" in parsed.options or not temperature:
        return reference
    return str(replace(parsed, options={**parsed.options, "temperature": f"{temperature:g}"}))


def play(spec: ArenaSpec, folder: Path, name: str, count: Count) -> Positions:
    """Play the matches that are missing from a folder, and read the positions of all.

    Args:
        spec: the configuration of the arena.
        folder: folder of the arena's run; finished matches are not played again.
        name: prefix of ids and groups, so that they differ from those of other matches.
        count: progress callback ``(done, total)`` of games.
    """
    arena.run(spec, folder, show=lambda progress: count(progress.done, progress.total))
    found = [
        replace(example, id=f"{name}-{example.id}", group=f"{name}-{example.group}")
        for example in read_examples(folder, game=spec.game)
    ]
    choices = [example for example in found if len(example.state.legal_moves()) > 1]
    return Positions(group_by_game(distinct_positions(choices, spec.seed)), len(found), len(choices))


def distinct_positions(examples: Sequence[MoveExample], seed: int) -> list[MoveExample]:
    """One example of each position, in their order. If several games reach a position, one of them, drawn by
    seed, keeps it, so that no game is favoured."""
    keepers: dict[int, tuple[float, int]] = {}
    for row, example in enumerate(examples):
        key = example.state.key
        mine = (uniform(seed, "keeper", example.group, key), row)
        keepers[key] = min(mine, keepers.get(key, mine))
    rows = {row for _, row in keepers.values()}
    return [example for row, example in enumerate(examples) if row in rows]


def group_by_game(examples: Sequence[MoveExample]) -> list[Game]:
    """Examples of one game together, games in the order in which they come."""
    games: dict[str | None, Game] = {}
    for example in examples:
        games.setdefault(example.group, []).append(example)
    return list(games.values())


def exclude_positions(games: Sequence[Game], keys: Sequence[int]) -> list[Game]:
    """The games without positions of some keys; games that are left with none are dropped."""
    excluded = frozenset(keys)
    kept = [[example for example in game if example.state.key not in excluded] for game in games]
    return [game for game in kept if game]


def positions_of(examples: Sequence[Example]) -> list[MoveExample]:
    """Examples of matches, which are all positions."""
    return [example for example in examples if isinstance(example, MoveExample)]
