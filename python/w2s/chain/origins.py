"""What decides where gold, pool and test come from when it is not one set of files: matches, and regimes.

Knows nothing about how positions are reached or files are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

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
    """How gold and pool differ: not at all, in where they come from, or in the game.

    ``ood_dist``: gold is of the files ``gold_examples``, pool and test are not. ``ood_domain``: gold is of
    another game, ``gold_game``, labelled by a teacher of its own.
    """

    name: Literal["in_dist", "ood_dist", "ood_domain"] = "in_dist"
    gold_examples: tuple[str, ...] = ()
    gold_game: str | None = None
    gold_teacher: str | None = None

    @model_validator(mode="after")
    def _what_it_takes(self) -> Regime:
        given = [name for name in ("gold_examples", "gold_game", "gold_teacher") if getattr(self, name)]
        if self.name == "in_dist" and given:
            raise ValueError(f"{given[0]} is for a shift: add --regime ood_dist or --regime ood_domain")
        if self.name == "ood_dist" and given != ["gold_examples"]:
            raise ValueError(
                "ood_dist takes gold of other files and the same game: name them with --gold-examples, and "
                "leave --gold-game and --gold-teacher out"
            )
        if self.name == "ood_domain" and len(given) < 3:
            raise ValueError(
                "ood_domain takes gold of another game: give --gold-examples, --gold-game and --gold-teacher"
            )
        return self

    @property
    def is_shift(self) -> bool:
        """Whether gold and pool are of different origins by intent."""
        return self.name != "in_dist"


def check_origins(chain: ChainConfig) -> None:
    """Refuse origins that contradict each other.

    Raises:
        ValueError: one line that says what to leave out or to add.
    """
    by_role = chain.examples.are_files
    if chain.source == "matches" and (chain.examples.files or by_role):
        raise ValueError("source matches plays its examples: leave the files of examples out")
    if chain.source == "matches" and chain.matches.oracle in chain.oracles:
        raise ValueError(
            f"{chain.matches.oracle} verifies gold and is evidence too, so that trust would read the answer: "
            "name another oracle for one of them"
        )
    if chain.source == "files" and chain.matches != Matches():
        raise ValueError("games are played by source matches: add --source matches, or leave matches out")
    if chain.regime.is_shift and by_role:
        raise ValueError("a regime takes gold from gold_examples: name the other files in examples.files")
    if chain.regime.name == "ood_domain" and (chain.budget or chain.teach.warm_start):
        raise ValueError("no student can learn gold of another game: leave budget and teach.warm_start out")
    if chain.regime.gold_game == chain.game:
        raise ValueError(f"ood_domain takes gold of another game than {chain.game}: ood_dist keeps the game")
