"""What a student should learn in positions of its own matches: targets by a teacher that looks ahead.

    python -m studies.match_targets connect_four --teacher policy:connect_four-small?nodes=50 \\
        --student policy:connect_four-greedy --positions 3000 --pairs 100 --out runs/match-targets

One round without trust: the student learns all positions. Each student plays against its start, and answers
puzzles that the bundled chain has as gold; the test is not read. ``self`` is the control. The table is
written after every target.
"""

from __future__ import annotations

import argparse
import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from studies.match_positions import match_positions
from w2s import arena
from w2s.arena import ArenaSpec
from w2s.arena.spec import Openings, Verification
from w2s.chain.config_file import load_config
from w2s.chain.data.files import load_splits
from w2s.chain.soft_labels import improve
from w2s.files import write_text
from w2s.labelling import evaluate_models
from w2s.metrics import accuracy
from w2s.models import load_model
from w2s.models.policy.deliberation import DeliberationModel
from w2s.models.policy.lookahead import Lookahead
from w2s.models.policy.model import PolicyModel
from w2s.models.policy.settings import without_lookahead
from w2s.tasks import Example, MoveExample
from w2s.train import TrainingSet, parse_settings, train

Policy = Mapping[str, float]
PUZZLES = 1000


def _hard(found: Lookahead, own: Policy) -> Policy:
    return {_best(found): 1.0}


def _shifted(found: Lookahead, own: Policy) -> Policy:
    best, choice = _best(found), _choice(own)
    values = dict(zip(found.legal, found.values, strict=True))
    if best == choice or values[best] - values[choice] <= 0.05:
        return own
    return {move: 0.1 * share + 0.9 * (move == best) for move, share in own.items()}


def _improved(gain: float) -> Callable[[Lookahead, Policy], Policy]:
    return lambda found, own: improve(own, dict(zip(found.legal, found.values, strict=True)), gain)


def _visits(found: Lookahead, own: Policy) -> Policy:
    return dict(zip(found.found.moves, map(float, found.found.visits), strict=True))


def _teacher(found: Lookahead, own: Policy) -> Policy:
    return dict(zip(found.legal, map(float, found.improved), strict=True))


TARGETS: dict[str, Callable[[Lookahead, Policy], Policy]] = {
    "hard labels": _hard,
    "0.9 of the mass on labels that gain more than 0.05, else the student's own policy": _shifted,
    "the student's policy, improved with gain 10": _improved(10),
    "the student's policy, improved with gain 40": _improved(40),
    "shares of the visits": _visits,
    "the teacher's policy, improved": _teacher,
    "self: the student's own choice": lambda found, own: {_choice(own): 1.0},
    "self: the student's own policy": lambda found, own: own,
}


def _best(found: Lookahead) -> str:
    return found.legal[int(found.ranks.argmax())]


def _choice(own: Policy) -> str:
    return max(own, key=lambda move: own[move])


@dataclass(frozen=True)
class Trial:
    """The positions and models of a study.

    Attributes:
        game: name of the game.
        student: reference of the untrained student.
        examples: the positions.
        lookaheads: what the teacher found in each.
        policies: the student's own policy in each.
        puzzles: puzzles with known answers.
        pairs: matches of each student with each colour.
        out: folder of the study.
    """

    game: str
    student: str
    examples: Sequence[MoveExample]
    lookaheads: Sequence[Lookahead]
    policies: Sequence[Policy]
    puzzles: Sequence[Example]
    pairs: int
    out: Path

    def measure(self, name: str, number: int) -> str:
        """A row of the table: a student learns a target, answers puzzles, and plays against its start."""
        pairs = zip(self.lookaheads, self.policies, strict=True)
        targets = [TARGETS[name](found, own) for found, own in pairs]
        rows = TrainingSet(self.examples, targets, np.ones(len(targets)))
        settings = parse_settings(self.student, {}, 0)
        model = train(self.student, rows, settings, self.out / f"student-{number}")
        solved = self._solved(model)
        found = self._match(model, self.out / f"arena-{number}")
        elo = found["elo"]
        score = f"{elo['value']:+.0f} ({elo['low']:+.0f} to {elo['high']:+.0f})"
        return f"| {name} | {solved} | {score} |"

    def _solved(self, model: str) -> str:
        scores = evaluate_models(self.puzzles, {"model": load_model(model)}).scores["model"]
        return "{:.1f} ({:.1f} to {:.1f})".format(*(100 * one for one in accuracy(scores)))

    def _match(self, model: str, folder: Path) -> dict[str, Any]:
        spec = ArenaSpec(
            game=self.game,
            players={"teacher": self.student, "student": model},
            pairs=self.pairs,
            seed=1,
            openings=Openings(file=f"openings/{self.game}.txt", order="shuffled"),
            verify=Verification(share=0.0),
        )
        found: dict[str, Any] = arena.run(spec, folder)["ratings"]["with_forfeits"]
        return found

    def untrained(self) -> str:
        """The row of the untrained student."""
        return f"| untrained | {self._solved(self.student)} | |"


def prepare(given: argparse.Namespace) -> Trial:
    """Play the matches, and let both models look at their positions."""
    players = {
        "teacher": f"{without_lookahead(given.teacher)}?temperature=1",
        "student": f"{given.student}?temperature=1",
    }
    examples = match_positions(given.game, players, count=given.positions, pairs=given.pairs, seed=7)
    teacher = cast(DeliberationModel, load_model(given.teacher))
    student = cast(PolicyModel, load_model(given.student))
    config = load_config(options={"game": given.game})
    splits = load_splits(config.examples, game=given.game, seed=config.seed)
    return Trial(
        given.game,
        given.student,
        examples,
        teacher.think(examples),
        student.distributions(examples),
        splits.gold[:PUZZLES],
        given.pairs,
        given.out,
    )


def main() -> None:
    """Measure all targets, or those that are named, and write the section."""
    parser = argparse.ArgumentParser(prog="python -m studies.match_targets", description=__doc__)
    parser.add_argument("game")
    parser.add_argument("--teacher", required=True, help="a network that looks ahead")
    parser.add_argument("--student", required=True)
    parser.add_argument("--positions", type=int, default=4500)
    parser.add_argument("--pairs", type=int, default=100, help="matches with each colour")
    parser.add_argument("--target", action="append", choices=list(TARGETS), help="repeatable; default: all")
    parser.add_argument("--out", type=Path, default=Path("runs/match-targets"))
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    trial = prepare(given)
    lines = [
        f"{datetime.date.today()}, `python -m studies.match_targets {given.game} --teacher {given.teacher} "
        f"--student {given.student} --positions {given.positions} --pairs {given.pairs}`: "
        f"{len(trial.examples):,} positions, {2 * given.pairs} games, {len(trial.puzzles):,} puzzles.\n",
        "| target | puzzles, % | Elo against the start (95 %) |\n|---|---|---|",
        trial.untrained(),
    ]
    for number, name in enumerate(TARGETS):
        if name in (given.target or TARGETS):
            lines.append(trial.measure(name, number))
            print(lines[-1], flush=True)
            write_text(given.out / "study.md", "\n".join([*lines, ""]))


if __name__ == "__main__":
    main()
