"""The setting of an arena: game, players, openings, match rules, labels and oracles.

Knows nothing about how matches are played; the TOML files in ``arenas/`` are values of it.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from w2s.config import Config, invalid_value

Positive = Annotated[int, Field(gt=0)]
NonNegative = Annotated[int, Field(ge=0)]


class Openings(Config):
    """Where matches start: a file of openings, one a line, in file order or shuffled by seed."""

    file: str | None = None
    order: Literal["sequential", "shuffled"] = "shuffled"


class DrawRule(Config):
    """A draw is adjudicated once ``after`` moves of each side have been played, the opening's included, and
    both saw at most ±``limit_cp`` in their last ``moves`` moves."""

    after: NonNegative = 40
    moves: Positive = 8
    limit_cp: NonNegative = 10


class ResignRule(Config):
    """A player that saw -``limit_cp`` or worse in its last ``moves`` moves loses; ``twosided``: the other
    must have seen ``limit_cp`` or better in as many."""

    moves: Positive = 4
    limit_cp: Positive = 900
    twosided: bool = True


class MatchRules(Config):
    """What ends a match beside the rules of the game.

    ``max_plies`` counts from the position where the opening begins; the game is a draw there. ``illegal``:
    ``forfeit``, ``retry:K`` or ``mask``. ``tablebase``: a folder of Syzygy tables that adjudicates (chess).
    """

    max_plies: Positive = 400
    illegal: str = "forfeit"
    draw: DrawRule | None = None
    resign: ResignRule | None = None
    tablebase: str | None = None

    @field_validator("illegal")
    @classmethod
    def _known_policy(cls, text: str) -> str:
        if not re.fullmatch(r"forfeit|mask|retry:[1-9]\d?", text):
            raise invalid_value(
                "arena-illegal-policy",
                f"{text!r} is not a policy; use forfeit, mask or retry:K with K from 1 to 99",
            )
        return text

    @property
    def retries(self) -> int:
        """How often an answer that is not legal is asked for again."""
        return int(self.illegal.removeprefix("retry:")) if self.illegal.startswith("retry:") else 0


class TimeControl(Config):
    """A clock for each player: ``base_s`` seconds and ``increment_s`` more after every move."""

    base_s: Annotated[float, Field(gt=0)]
    increment_s: Annotated[float, Field(ge=0)] = 0.0

    @classmethod
    def read(cls, text: str) -> TimeControl:
        """The control that ``60+0.6`` or ``60`` means.

        Raises:
            ValueError: the text is not a time control; a validator of a configuration keeps its code.
        """
        found = re.fullmatch(r"(\d+(?:\.\d+)?)(?:\+(\d+(?:\.\d+)?))?", text.strip())
        if not found:
            raise invalid_value(
                "arena-time-control",
                f"{text!r} is not a time control; write seconds+increment, for example 60+0.6",
            )
        return cls(base_s=float(found[1]), increment_s=float(found[2] or 0))

    @property
    def text(self) -> str:
        """The text that :meth:`read` reads, as PGN has it: ``60+0.6``, or ``60`` without an increment."""
        base, increment = (
            f"{seconds:.3f}".rstrip("0").rstrip(".") for seconds in (self.base_s, self.increment_s)
        )
        return base if increment == "0" else f"{base}+{increment}"


class Limits(Config):
    """Limits of each answer, for players whose reference names none; and the clock."""

    nodes: Positive | None = None
    depth: Positive | None = None
    movetime: Positive | None = None
    tc: str | None = None

    @field_validator("tc")
    @classmethod
    def _readable(cls, text: str | None) -> str | None:
        if text is not None:
            TimeControl.read(text)
        return text

    @property
    def clock(self) -> TimeControl | None:
        """The clock, or None."""
        return None if self.tc is None else TimeControl.read(self.tc)


class Labels(Config):
    """Who labels a position: ``both`` players, or only its ``mover``."""

    by: Literal["both", "mover"] = "both"


class Verdicts(Config):
    """Largest regret, in hundredths of a unit, that is still ``best``, ``good`` or ``inaccurate``; more is
    a ``blunder``. Values beyond ±``cap_cp`` count as ``cap_cp``: winning faster is not better."""

    best_cp: NonNegative = 0
    good_cp: NonNegative = 50
    inaccurate_cp: NonNegative = 150
    cap_cp: Positive = 1500

    @model_validator(mode="after")
    def _ascending(self) -> Verdicts:
        if not self.best_cp <= self.good_cp <= self.inaccurate_cp < self.cap_cp:
            raise invalid_value(
                "arena-thresholds-order", "thresholds must ascend: best_cp ≤ good_cp ≤ inaccurate_cp < cap_cp"
            )
        return self


class Verification(Config):
    """Which oracles verify labels, and how many: a seeded ``share`` of the positions, or as many as fit in
    ``budget_s`` seconds. What is not verified stays unknown."""

    oracles: tuple[str, ...] = ("search:depth=4",)
    share: Annotated[float, Field(ge=0, le=1)] = 1.0
    budget_s: Annotated[float, Field(gt=0)] | None = None


class SprtTest(Config):
    """A sequential test that stops the run: H0 ``elo0`` against H1 ``elo1``."""

    elo0: float
    elo1: float
    alpha: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    beta: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    model: Literal["normalized", "logistic"] = "normalized"

    @model_validator(mode="after")
    def _ascending(self) -> SprtTest:
        if self.elo0 >= self.elo1:
            raise invalid_value("arena-sprt-order", f"elo0 must be below elo1, but {self.elo0} ≥ {self.elo1}")
        return self


class ArenaSpec(Config):
    """Everything that decides what an arena plays, labels and verifies.

    ``players`` maps names to model references; two named ``teacher`` and ``student`` are a match, more are
    a ``round-robin`` or a ``gauntlet`` (the first against each other one).
    """

    game: str
    players: dict[str, str]
    format: Literal["match", "round-robin", "gauntlet"] = "match"
    pairs: Positive = 20
    seed: NonNegative = 0
    openings: Openings = Openings()
    rules: MatchRules = MatchRules()
    limits: Limits = Limits()
    labels: Labels = Labels()
    verify: Verification = Verification()
    verdict: Verdicts = Verdicts()
    sprt: SprtTest | None = None

    @model_validator(mode="after")
    def _enough_players(self) -> ArenaSpec:
        if len(self.players) < 2:
            raise invalid_value(
                "arena-too-few-players", "an arena needs two players; name them with --teacher and --student"
            )
        if self.format == "match" and len(self.players) != 2:
            raise invalid_value(
                "arena-match-players", "a match has two players; use format round-robin or gauntlet for more"
            )
        if self.sprt is not None and len(self.players) != 2:
            raise invalid_value("arena-sprt-players", "a sequential test compares exactly two players")
        return self

    @model_validator(mode="after")
    def _tables_for_chess(self) -> ArenaSpec:
        if self.rules.tablebase is not None and self.game != "chess":
            raise invalid_value(
                "arena-tablebase-not-chess", f"rules.tablebase is for chess, not for {self.game}; remove it"
            )
        return self
