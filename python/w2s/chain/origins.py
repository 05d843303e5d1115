"""What decides where gold, pool and test come from when it is not one set of files: matches, and regimes.

Knows nothing about how positions are reached or files are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from w2s.config import Config

if TYPE_CHECKING:
    from w2s.chain.config import ChainConfig


class Matches(Config):
    """Matches between teacher and student, whose positions are the examples.

    ``games`` of each round, under the rules of the game's bundled arena, from its ``openings`` or from
    another file of them. ``temperature`` of nets that name none: at 0 they play the same game again from the
    same opening. The ``oracle`` answers gold and test: right is every move that it values at most
    ``margin_cp`` below its best. ``verify_pool``: it answers the pool too, for the arm ceiling and to measure
    purity.
    """

    games: Annotated[int, Field(gt=0)] = 200
    openings: str | None = None
    temperature: Annotated[float, Field(ge=0, le=100)] = 1.0
    oracle: str = "search:depth=4"
    margin_cp: Annotated[int, Field(ge=0)] = 0
    verify_pool: bool = False

    @field_validator("games")
    @classmethod
    def _pairs(cls, games: int) -> int:
        if games % 2:
            raise ValueError(f"games come in pairs with colours swapped: give an even number, not {games}")
        return games


class Regime(Config):
    """How gold and pool differ: not at all, in where they come from, or in the game or task.

    ``ood_dist``: gold is of the files ``gold_examples``, pool and test are not. ``ood_domain``: gold is of
    another game, ``gold_game``, or of another task, ``gold_task``. It is labelled by ``gold_teacher``, or by
    the teacher of the pool where that answers both, as language models do. ``gold_columns``: which column of
    its files holds what.
    """

    name: Literal["in_dist", "ood_dist", "ood_domain"] = "in_dist"
    gold_examples: tuple[str, ...] = ()
    gold_game: str | None = None
    gold_task: Literal["move", "choice", "answer"] | None = None
    gold_columns: str | dict[str, Any] | None = None
    gold_teacher: str | None = None

    @model_validator(mode="after")
    def _what_it_takes(self) -> Regime:
        names = ("gold_examples", "gold_columns", "gold_game", "gold_task", "gold_teacher")
        given = [name for name in names if getattr(self, name)]
        if self.name == "in_dist" and given:
            raise ValueError(f"{given[0]} is for a shift: add --regime ood_dist or --regime ood_domain")
        other = self.gold_game or self.gold_task or self.gold_teacher
        if self.name == "ood_dist" and (other or not self.gold_examples):
            raise ValueError(
                "ood_dist takes gold of other files and the same game and task: name them with "
                "--gold-examples, and leave --gold-game, --gold-task and --gold-teacher out"
            )
        if self.name == "ood_domain" and not (self.gold_examples and (self.gold_game or self.gold_task)):
            raise ValueError(
                "ood_domain takes gold of another game or task: give --gold-examples, --gold-game or "
                "--gold-task, and --gold-teacher where the teacher does not answer both"
            )
        return self

    @property
    def is_shift(self) -> bool:
        """Whether gold and pool are of different origins by intent."""
        return self.name != "in_dist"

    @property
    def has_own_teacher(self) -> bool:
        """Whether gold is labelled by another model than the pool."""
        return self.gold_teacher is not None


def check_origins(chain: ChainConfig) -> None:
    """Refuse origins that contradict each other.

    Raises:
        ValueError: one line that says what to leave out or to add.
    """
    if chain.source == "matches" and chain.examples.names_files:
        raise ValueError("source matches plays its examples: leave the files of examples out")
    if chain.source == "matches" and chain.matches.oracle in chain.oracles:
        raise ValueError(
            f"{chain.matches.oracle} verifies gold and is evidence too, so that trust would read the answer: "
            "name another oracle for one of them"
        )
    if chain.source == "files" and chain.matches != Matches():
        raise ValueError("games are played by source matches: add --source matches, or leave matches out")
    if chain.regime.is_shift and chain.examples.gold_has_files:
        raise ValueError("a regime takes gold from gold_examples: name the other files in examples.files")
    if chain.regime.name == "ood_domain" and (chain.budget or chain.teach.warm_start):
        raise ValueError("no student can learn gold of another game: leave budget and teach.warm_start out")
    if chain.regime.name == "ood_domain" and _gold_kind(chain) == (chain.task, chain.game):
        raise ValueError(
            f"ood_domain takes gold of another game or task than {chain.task}, {chain.game}: take ood_dist"
        )
    if chain.regime.gold_game and not chain.regime.gold_teacher:
        raise ValueError(
            "gold of another game is labelled by a net of that game: name it with --gold-teacher"
        )
    if chain.regime.gold_teacher and chain.asked:
        raise ValueError(
            f"{chain.asked[0]} is asked of one teacher only, and gold has another, "
            f"{chain.regime.gold_teacher}: leave it out of evidence"
        )
    if chain.task != "move" and (chain.source == "matches" or chain.oracles):
        raise ValueError(f"matches and oracles are of games, not of the task {chain.task}: leave them out")


def _gold_kind(chain: ChainConfig) -> tuple[str, str]:
    """Task and game of gold."""
    return chain.regime.gold_task or chain.task, chain.regime.gold_game or chain.game
