"""Examples from matches: each set of games is a step, played, answered and dealt once and then read.

Knows nothing about labels, trust or training.

    round-1/matches/arena/              the arena's run: games, journal, labels.parquet
    round-1/matches/examples.parquet    gold, pool and test; of later rounds, one set for each seed, a pool
    round-1/matches/step.json           how they came about
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from w2s.arena.oracles import load_oracles
from w2s.chain.config import ChainConfig
from w2s.chain.examples.answers import Verifier
from w2s.chain.examples.dealing import Game, deal
from w2s.chain.examples.matches import play, spec_of
from w2s.chain.examples.role_file import read_roles, write_roles
from w2s.chain.examples.splits import ROLES, Splits
from w2s.chain.steps import Facts, step
from w2s.tasks import Example, MoveExample

FILE = "examples.parquet"
Say = Callable[[str], None]
Count = Callable[[int, int], None]


@dataclass(frozen=True)
class Wanted:
    """A set of matches: who plays, by which seed, how many examples of each role are wanted, and the keys of
    positions that are left out."""

    name: str
    teacher: str
    student: str
    seed: int
    counts: Mapping[str, int]
    held: Sequence[int] = ()

    @property
    def title(self) -> str:
        """The name as lines for people have it: ``round 2, seed 0``."""
        return self.name.replace("-", " ").replace("/", ", ")


@dataclass
class Played:
    """The matches of a chain, as they are played round by round."""

    config: ChainConfig
    folder: Path
    say: Say
    count: Count
    _facts: dict[str, Facts] = field(default_factory=dict)

    def first(self, *, gold: bool) -> Splits:
        """Roles of what the first teacher and the untrained student reach; ``gold``: whether it is one."""
        config = self.config
        counts = {role: count for role, count in config.examples.counts.items() if gold or role != "gold"}
        return self._set(Wanted("round-1", config.teacher, config.student_of(1), config.seed, counts))

    def pool(self, number: int, seed: int, teacher: str, held: Splits) -> Sequence[Example]:
        """The pool of a later round: positions that its pair reaches and neither gold nor test holds."""
        counts = {"pool": self.config.examples.counts["pool"]}
        keys = sorted({example.state.key for example in positions([*held.gold, *held.test])})
        student = self.config.student_of(number)
        return self._set(Wanted(f"round-{number}/seed-{seed}", teacher, student, seed, counts, keys)).pool

    def about(self, number: int) -> list[Facts]:
        """How the pools of a round came about: one entry for each set of its matches."""
        return [facts for name, facts in self._facts.items() if name.split("/")[0] == f"round-{number}"]

    def _set(self, wanted: Wanted) -> Splits:
        folder = self.folder / wanted.name / "matches"
        inputs = [self.config.game, self.config.matches.model_dump(), vars(wanted)]
        self._facts[wanted.name] = step(folder, inputs, lambda: self._make(wanted, folder))
        return read_roles(folder / FILE)

    def _make(self, wanted: Wanted, folder: Path) -> Facts:
        matches = self.config.matches
        spec = spec_of(self.config, wanted.teacher, wanted.student, wanted.seed)
        (oracle,) = load_oracles([matches.oracle], cap_cp=spec.verdict.cap_cp, concurrency=1)
        with closing(oracle):
            self.say(f"{wanted.title}: {wanted.teacher} and {wanted.student} play {matches.games} games")
            reached = play(spec, folder / "arena", wanted.name.replace("/", "-"), self.count)
            games = without(reached.games, wanted.held)
            verifier = Verifier(oracle, matches.margin_cp)
            if "test" in wanted.counts:
                self.say(f"{wanted.title}: {matches.oracle} verifies a share of {reached.distinct} positions")
            dealt = deal(games, wanted.counts, verifier.right_moves, wanted.seed, self.count)
            splits = dealt.splits
            if matches.verify_pool:
                splits = replace(splits, pool=verifier.answered(positions(splits.pool), self.count))
        write_roles(splits, folder / FILE)
        return {
            "teacher": wanted.teacher,
            "student": wanted.student,
            "games": matches.games,
            "positions": reached.positions,
            "with_a_choice": reached.choices,
            "distinct": reached.distinct,
            "held_by_gold_or_test": reached.distinct - sum(map(len, games)),
            "oracle": matches.oracle,
            "oracle_did_not_know": dealt.unknown,
            "any_move_was_right": dealt.any_move,
            **{role: len(getattr(splits, role)) for role in ROLES},
        }


def positions(examples: Sequence[Example]) -> list[MoveExample]:
    """Examples of matches, which are all positions."""
    return [example for example in examples if isinstance(example, MoveExample)]


def without(games: Sequence[Game], keys: Sequence[int]) -> list[Game]:
    """The games without the positions of some keys; games that are left with none are gone."""
    held = frozenset(keys)
    kept = [[example for example in game if example.state.key not in held] for game in games]
    return [game for game in kept if game]
