"""The tables of a chain's configuration that say how it works: matches, trust, selection, teaching, and its
end."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from w2s.config import Config, invalid_value
from w2s.selection import Rule

Positive = Annotated[int, Field(gt=0)]


class Matches(Config):
    """Matches between teacher and student, whose positions are the examples, or join a pool from files.

    ``games`` per round, under the rules of the game's bundled arena, from its ``openings`` or from another
    file of openings. Nets play without looking ahead. ``temperature`` of nets whose reference sets none; at 0
    the same opening always leads to the same game. The ``oracle`` answers gold and test: every move is right
    whose value is at most ``margin_cp`` below the best. ``positions``: if gold, pool and test come from
    files, at most this many positions of each round's matches join the pool, without answers.
    ``verify_pool``: the oracle answers positions of the pool too, for the arm ceiling and to measure purity.
    """

    games: Annotated[int, Field(gt=0)] = 200
    openings: str | None = None
    temperature: Annotated[float, Field(ge=0, le=100)] = 1.0
    oracle: str = "search:depth=4"
    margin_cp: Annotated[int, Field(ge=0)] = 0
    positions: Annotated[int, Field(gt=0)] | None = None
    verify_pool: bool = False

    @field_validator("games")
    @classmethod
    def _even(cls, games: int) -> int:
        if games % 2:
            raise invalid_value(
                "chain-odd-games",
                f"games are played in pairs with colours swapped; use an even number instead of {games}",
            )
        return games


class TrustSpec(Config):
    """The trust function: its name, its options, and the number of folds for out-of-fold scores of gold.

    ``allow_leakage``: columns and vectors that may separate right from wrong gold almost perfectly. Others
    are refused, because such evidence is usually made from the answer.
    """

    function: str = "neural"
    options: dict[str, Any] = Field(default_factory=dict)
    folds: Annotated[int, Field(ge=2)] = 5
    allow_leakage: tuple[str, ...] = ()


class Keep(Config):
    """Which labels are kept: the ``top`` share or count by trust, or the largest set whose ``purity`` is
    certified at confidence 1 − ``delta``. ``power``: rows are weighted by trust to this power; 0 gives all
    rows the same weight."""

    top: str | None = None
    purity: Annotated[float, Field(gt=0, lt=1)] | None = None
    delta: Annotated[float, Field(gt=0, lt=1)] = 0.05
    power: Annotated[float, Field(ge=0)] = 0.0

    @field_validator("top")
    @classmethod
    def _keeps_something(cls, top: str | None) -> str | None:
        if top is not None and 0 in (Rule.parse(top=top).top_share, Rule.parse(top=top).top_count):
            raise invalid_value(
                "chain-keep-nothing",
                f"top = {top!r} keeps no label; use a count such as 1000 or a share such as 25%",
            )
        return top

    @model_validator(mode="after")
    def _one_rule(self) -> Keep:
        if self.top is not None and self.purity is not None:
            raise invalid_value("chain-keep-two-rules", "top and purity exclude each other; leave one out")
        return self

    @property
    def share(self) -> str:
        """The share or count, if no purity is set."""
        return self.top or "25%"

    def count(self, pool: int) -> int:
        """Rows kept of a pool; all of them if a purity decides, since that number is not known before."""
        return pool if self.purity is not None else Rule.parse(top=self.share).count_of(pool)


class Teach(Config):
    """How students are taught, in addition to the settings of ``train``.

    ``soft``: the target of a label. ``none``: the label itself. ``teacher``: the teacher's distribution over
    all moves. ``trust``: the label with its trust as probability; the rest goes to the other moves in the
    proportions of the untrained student. ``improved``: the policy of the untrained student times the
    exponential of ``gain`` times the value that a teacher that looks ahead found for each move, where the
    label is more than ``gain_threshold`` better than the student's own choice; elsewhere the student's policy
    itself. Values are from -1 to 1. ``gold_times``: how often ``gold+trust`` repeats each gold row.
    ``later_rate``: learning rate of an arm's second stage as a share of the first. ``warm_start``: share of
    gold on which students are trained first, except in arms that begin with gold; trust of later rounds is
    fitted on the rest of gold.
    """

    soft: Literal["none", "teacher", "trust", "improved"] = "none"
    gain: Annotated[float, Field(gt=0)] = 10.0
    gain_threshold: Annotated[float, Field(ge=0, lt=2)] = 0.0
    gold_times: Positive = 1
    later_rate: Annotated[float, Field(gt=0)] = 0.3
    warm_start: Annotated[float, Field(ge=0, le=1)] = 0.0


class Chains(Config):
    """Whose student teaches an arm from the second round on.

    ``own``: arms whose own students teach them. All other arms are taught by the student of the arm
    ``trust``. The default is ``naive`` and ``confidence``, as far as the chain has these arms.
    ``same_teacher``: whether arms with an own chain are also measured with the student of ``trust`` as
    teacher, for comparison.
    """

    own: tuple[str, ...] | None = None
    same_teacher: bool = False


class Stop(Config):
    """When a chain ends early.

    ``collapse``: if trust may be no better than chance. ``decline``: if the student of the arm ``trust`` is
    worse than its teacher; the round is then rejected. ``audit``: share of gold that only measures this.
    """

    collapse: bool = True
    decline: bool = False
    audit: Annotated[float, Field(gt=0, lt=1)] = 0.2

    def audit_rows(self, gold: int) -> int:
        """Rows of gold that are held back."""
        return max(1, round(self.audit * gold)) if self.decline else 0
