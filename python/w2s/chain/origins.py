"""What decides where gold, pool and test come from when it is not one set of files: matches, and regimes.

Knows nothing about how positions are reached or files are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from w2s.config import Config, invalid_value

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
            raise invalid_value(
                "chain-odd-games",
                f"games are played in pairs with colours swapped; use an even number instead of {games}",
            )
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
            raise invalid_value(
                "chain-regime-missing",
                f"{given[0]} needs a distribution shift; add --regime ood_dist or --regime ood_domain",
            )
        other = self.gold_game or self.gold_task or self.gold_teacher
        if self.name == "ood_dist" and (other or not self.gold_examples):
            raise invalid_value(
                "chain-regime-incomplete",
                "ood_dist takes gold from other files of the same game and task; name them with "
                "--gold-examples, and leave --gold-game, --gold-task and --gold-teacher out",
            )
        if self.name == "ood_domain" and not (self.gold_examples and (self.gold_game or self.gold_task)):
            raise invalid_value(
                "chain-regime-incomplete",
                "ood_domain takes gold of another game or task; give --gold-examples, --gold-game or "
                "--gold-task, and --gold-teacher if the teacher cannot answer both",
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
        raise invalid_value(
            "chain-matches-with-files",
            "source matches plays its own examples; leave the example files out",
        )
    if chain.source == "matches" and chain.matches.oracle in chain.oracles:
        raise invalid_value(
            "chain-oracle-leaks-gold",
            f"{chain.matches.oracle} verifies gold and is also evidence, so trust would read the answer; "
            "name another oracle for one of them",
        )
    if chain.source == "files" and chain.matches != Matches():
        raise invalid_value(
            "chain-matches-without-source",
            "the table matches needs source matches; add --source matches or leave the table out",
        )
    if chain.regime.is_shift and chain.examples.gold_has_files:
        raise invalid_value(
            "chain-regime-gold-files",
            "a regime takes gold from gold_examples; name only the files of pool and test in examples.files",
        )
    if chain.regime.name == "ood_domain" and (chain.budget or chain.teach.warm_start):
        raise invalid_value(
            "chain-gold-not-learnable",
            "a student cannot learn gold of another game or task; leave budget and teach.warm_start out",
        )
    if chain.regime.name == "ood_domain" and _gold_kind(chain) == (chain.task, chain.game):
        raise invalid_value(
            "chain-regime-same-domain",
            f"gold and pool are both {chain.task}, {chain.game}; use ood_dist, or gold of another game or "
            "task",
        )
    if chain.regime.gold_game and not chain.regime.gold_teacher:
        raise invalid_value(
            "chain-gold-teacher-missing",
            "gold of another game needs a teacher for that game; name it with --gold-teacher",
        )
    if chain.regime.gold_teacher and chain.asked:
        raise invalid_value(
            "chain-evidence-two-teachers",
            f"the evidence {chain.asked[0]} needs one teacher for gold and pool, but gold has its own, "
            f"{chain.regime.gold_teacher}; leave it out of evidence",
        )
    if chain.task != "move" and (chain.source == "matches" or chain.oracles):
        raise invalid_value(
            "chain-task-without-games",
            f"matches and oracles need the task move, not {chain.task}; leave them out",
        )


def _gold_kind(chain: ChainConfig) -> tuple[str, str]:
    """Task and game of gold."""
    return chain.regime.gold_task or chain.task, chain.regime.gold_game or chain.game
