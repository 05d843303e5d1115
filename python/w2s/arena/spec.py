"""The configuration of an arena: game, players, openings, match rules, labels and oracles.

Each TOML file in ``arenas/`` is one such configuration.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveInt, field_validator, model_validator

from w2s.config import Config, invalid_value


class Openings(Config):
    """Where matches start: a file with one opening per line, in the order of the file or shuffled by seed."""

    file: str | None = None
    order: Literal["sequential", "shuffled"] = "shuffled"


class DrawRule(Config):
    """A draw is adjudicated after a long level phase.

    Each side has played ``after`` moves, including the opening, and judged each of its last ``moves`` moves
    as at most ±``limit_cp``.
    """

    after: NonNegativeInt = 40
    moves: PositiveInt = 8
    limit_cp: NonNegativeInt = 10


class ResignRule(Config):
    """A player that judged each of its last ``moves`` moves as -``limit_cp`` or worse loses.

    With ``twosided`` the opponent must also have judged each of its last ``moves`` moves as ``limit_cp`` or
    better.
    """

    moves: PositiveInt = 4
    limit_cp: PositiveInt = 900
    twosided: bool = True


class MatchRules(Config):
    """What ends a match apart from the rules of the game.

    Attributes:
        max_plies: length at which a game is a draw, counted from the position before the opening.
        illegal: what an illegal answer causes: ``forfeit``, ``retry:K`` or ``mask``.
        draw: when level games are adjudicated; None for never.
        resign: when lost games are adjudicated; None for never.
        tablebase: folder with Syzygy tables that adjudicate chess games.
    """

    max_plies: PositiveInt = 400
    illegal: str = "forfeit"
    draw: DrawRule | None = None
    resign: ResignRule | None = None
    tablebase: str | None = None

    @field_validator("illegal")
    @classmethod
    def _check_illegal(cls, text: str) -> str:
        if not re.fullmatch(r"forfeit|mask|retry:[1-9]\d?", text):
            raise invalid_value(
                "arena-illegal-policy",
                f"{text!r} is not a policy; use forfeit, mask or retry:K with K from 1 to 99",
            )
        return text

    @property
    def retries(self) -> int:
        """How many times a player is asked again after an illegal answer."""
        return int(self.illegal.removeprefix("retry:")) if self.illegal.startswith("retry:") else 0


class TimeControl(Config):
    """A clock for each player: ``base_s`` seconds and ``increment_s`` more after every move."""

    base_s: Annotated[float, Field(gt=0)]
    increment_s: Annotated[float, Field(ge=0)] = 0.0

    @classmethod
    def parse(cls, text: str) -> TimeControl:
        """The time control that a text such as ``60+0.6`` or ``60`` means.

        Raises:
            ValueError: the text is not a time control; a validator of a configuration keeps its code.
        """
        found = re.fullmatch(r"(\d+(?:\.\d+)?)(?:\+(\d+(?:\.\d+)?))?", text.strip())
        if not found or not float(found[1]):
            raise invalid_value(
                "arena-time-control",
                f"{text!r} is not a time control; write seconds+increment, for example 60+0.6",
            )
        return cls(base_s=float(found[1]), increment_s=float(found[2] or 0))

    @property
    def text(self) -> str:
        """The text that :meth:`parse` takes, as in PGN: ``60+0.6``, or ``60`` without an increment."""
        base, increment = (
            f"{seconds:.3f}".rstrip("0").rstrip(".") for seconds in (self.base_s, self.increment_s)
        )
        return base if increment == "0" else f"{base}+{increment}"


class PlayerLimits(Config):
    """Limits of each answer for players whose reference names no limit, and the clock.

    Attributes:
        nodes: nodes per move.
        depth: plies per move.
        movetime: milliseconds per move.
        tc: time control of each player as seconds+increment.
    """

    nodes: PositiveInt | None = None
    depth: PositiveInt | None = None
    movetime: PositiveInt | None = None
    tc: str | None = None

    @field_validator("tc")
    @classmethod
    def _check_time_control(cls, text: str | None) -> str | None:
        if text is not None:
            TimeControl.parse(text)
        return text

    @property
    def clock(self) -> TimeControl | None:
        """The clock, or None."""
        return None if self.tc is None else TimeControl.parse(self.tc)


class LabelPolicy(Config):
    """Who labels a position: ``both`` players, or only the ``mover``, the player to move."""

    labellers: Literal["both", "mover"] = "both"


class VerdictThresholds(Config):
    """The largest regret, in hundredths of a unit, that is still ``best``, ``good`` or ``inaccurate``.

    A larger regret is a ``blunder``. Values beyond ±``cap_cp`` count as ±``cap_cp``: winning faster is not
    better.
    """

    best_cp: NonNegativeInt = 0
    good_cp: NonNegativeInt = 50
    inaccurate_cp: NonNegativeInt = 150
    cap_cp: PositiveInt = 1500

    @model_validator(mode="after")
    def _ascending(self) -> VerdictThresholds:
        if not self.best_cp <= self.good_cp <= self.inaccurate_cp < self.cap_cp:
            raise invalid_value(
                "arena-thresholds-order", "thresholds must ascend: best_cp ≤ good_cp ≤ inaccurate_cp < cap_cp"
            )
        return self


class Verification(Config):
    """Which oracles verify labels, and how many of them; the rest has the verdict ``unknown``.

    Attributes:
        oracles: references of oracles.
        share: fraction of the positions that is verified, sampled by seed.
        seconds: seconds after which no more positions are verified; None for no limit.
    """

    oracles: tuple[str, ...] = ("search:depth=4",)
    share: Annotated[float, Field(ge=0, le=1)] = 1.0
    seconds: Annotated[float, Field(gt=0)] | None = None


class SprtConfig(Config):
    """The sequential test (:mod:`w2s.arena.ratings.sprt`) of H0 ``elo0`` against H1 ``elo1``."""

    elo0: float
    elo1: float
    alpha: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    beta: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    model: Literal["normalized", "logistic"] = "normalized"

    @model_validator(mode="after")
    def _ascending(self) -> SprtConfig:
        if self.elo0 >= self.elo1:
            raise invalid_value("arena-sprt-order", f"elo0 must be below elo1, but {self.elo0} ≥ {self.elo1}")
        return self


class ArenaSpec(Config):
    """Everything that decides what an arena plays, labels and verifies.

    Attributes:
        game: name of the game.
        players: model references by player name, for example ``teacher`` and ``student``.
        tournament: a ``match`` of two players, a ``round-robin``, or a ``gauntlet`` of the first player
            against each of the others.
        pairs: pairs of games that each two players play, with colours swapped, at most 10⁹.
        seed: random seed of the run.
        openings: where matches start.
        rules: what ends a match.
        limits: limits of each answer.
        labels: who labels positions.
        verify: which labels are verified, and by which oracles.
        verdict: thresholds of the verdicts.
        sprt: the test that stops the run early; None for no test.
    """

    game: str
    players: dict[str, str]
    tournament: Literal["match", "round-robin", "gauntlet"] = "match"
    pairs: PositiveInt = Field(default=20, le=1_000_000_000)
    seed: NonNegativeInt = 0
    openings: Openings = Openings()
    rules: MatchRules = MatchRules()
    limits: PlayerLimits = PlayerLimits()
    labels: LabelPolicy = LabelPolicy()
    verify: Verification = Verification()
    verdict: VerdictThresholds = VerdictThresholds()
    sprt: SprtConfig | None = None

    @model_validator(mode="after")
    def _check_players(self) -> ArenaSpec:
        if len(self.players) < 2:
            raise invalid_value(
                "arena-too-few-players", "an arena needs two players; name them with --teacher and --student"
            )
        if self.tournament == "match" and len(self.players) != 2:
            raise invalid_value(
                "arena-match-players",
                "a match has two players; use --tournament round-robin or gauntlet for more",
            )
        if self.sprt is not None and len(self.players) != 2:
            raise invalid_value(
                "arena-sprt-players", "a sequential test compares two players; name two, or leave sprt out"
            )
        return self

    @model_validator(mode="after")
    def _check_tablebase(self) -> ArenaSpec:
        if self.rules.tablebase is not None and self.game != "chess":
            raise invalid_value(
                "arena-tablebase-not-chess", f"rules.tablebase is for chess, not for {self.game}; remove it"
            )
        return self
