"""What decides a chain: models, examples, trust, selection, training, arms.

Knows nothing about how any of it is done.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from w2s.chain.origins import Matches, Regime, check_origins
from w2s.config import Config

Positive = Annotated[int, Field(gt=0)]
NonNegative = Annotated[int, Field(ge=0)]
FIXED_ARMS = ("base", "gold", "self", "ceiling")
"""Arms that no teacher plays a part in: trained once for each student."""
GOLD_AND_TRUST = ("gold+trust", "gold-then-trust", "trust-then-gold")
"""Arms that learn from gold and from trusted labels."""
LABEL_ARMS = ("naive", "random", "trust", *GOLD_AND_TRUST)
"""Arms of the teacher's labels; the name of any trust function is one too, as a baseline."""
SEARCHES = ("search:depth=2", "search:depth=3")
"""Oracles of a chain over files that names none: our own searches, which know no answers."""
DEFAULT_ARMS = ("base", "gold", "naive", "random", "confidence", "margin", "trust", "gold+trust", "ceiling")


class Examples(Config):
    """Where examples come from: ``files``, split by seed into rows of ``gold``, ``pool`` and ``test``,
    or a list of files for each role. Where matches are played the numbers are of the positions reached."""

    files: tuple[str, ...] = ()
    gold: Positive | tuple[str, ...] = 1000
    pool: Positive | tuple[str, ...] = 10_000
    test: Positive | tuple[str, ...] = 2000

    @model_validator(mode="after")
    def _files_or_counts(self) -> Examples:
        kinds = {isinstance(getattr(self, role), int) for role in ("gold", "pool", "test")}
        if len(kinds) > 1:
            raise ValueError("give gold, pool and test all as numbers of rows, or all as files")
        if self.are_files and self.files:
            raise ValueError("files are split into roles, or each role has its files: leave one of them out")
        return self

    @property
    def are_files(self) -> bool:
        """Whether each role has its own files."""
        return not isinstance(self.gold, int)

    @property
    def counts(self) -> dict[str, int]:
        """Rows by role; empty where each role has its own files."""
        found = {"gold": self.gold, "pool": self.pool, "test": self.test}
        return {role: count for role, count in found.items() if isinstance(count, int)}


class TrustSpec(Config):
    """The trust function: its name, its options, and in how many folds gold is scored by others' fits."""

    function: str = "neural"
    options: dict[str, Any] = Field(default_factory=dict)
    folds: Annotated[int, Field(ge=2)] = 5


class Keep(Config):
    """Which labels are kept: the ``top`` share or count by trust, or the most whose ``purity`` is certified
    at confidence 1 − ``delta``. ``power``: rows weigh their trust to this power; 0 is no weight."""

    top: str | None = None
    purity: Annotated[float, Field(gt=0, lt=1)] | None = None
    delta: Annotated[float, Field(gt=0, lt=1)] = 0.05
    power: Annotated[float, Field(ge=0)] = 0.0

    @model_validator(mode="after")
    def _one_rule(self) -> Keep:
        if self.top is not None and self.purity is not None:
            raise ValueError("keep by top or by purity, not by both")
        return self

    @property
    def share(self) -> str:
        """The share or count where no purity is asked for."""
        return self.top or "25%"


class Teach(Config):
    """How students are taught, beside the settings of ``train``.

    ``soft``: what a label asks for. ``none``: itself. ``teacher``: all moves, as likely as the teacher holds
    them. ``trust``: itself with its trust as probability; the rest goes to the other moves as the untrained
    student has them. ``gold_times``: how often ``gold+trust`` has each gold row. ``later_rate``: the learning
    rate of what an arm learns second, as a share of the first. ``warm_start``: the share of gold on which
    students begin whose arm does not begin with gold anyway; the trust of later rounds is fitted on the rest.
    """

    soft: Literal["none", "teacher", "trust"] = "none"
    gold_times: Positive = 1
    later_rate: Annotated[float, Field(gt=0)] = 0.3
    warm_start: Annotated[float, Field(ge=0, le=1)] = 0.0


class Stop(Config):
    """Whether a chain ends when trust has collapsed."""

    collapse: bool = True


class ChainConfig(Config):
    """A chain: teacher → labels → trust → selection → student, ``rounds`` times, for each of ``seeds`` seeds.

    ``student``: one model that every round trains anew, or a ladder of which each round takes the next.
    ``oracles`` add what they find about each label as evidence: where nothing is said two shallow searches,
    or nobody where matches are played, whose gold a deeper search of the same kind verifies. ``train`` holds
    settings of :class:`w2s.train.Settings`. ``budget``: numbers of gold rows for which gold, trust
    and both are measured, with the labels of the first round.
    """

    game: str = "chess"
    task: Literal["move"] = "move"
    teacher: str
    student: tuple[str, ...]
    examples: Examples = Examples()
    source: Literal["files", "matches"] = "files"
    matches: Matches = Matches()
    regime: Regime = Regime()
    rounds: Positive = 3
    seeds: Positive = 1
    seed: NonNegative = 0
    evidence: tuple[Literal["hidden", "afterstate", "student"], ...] = ("hidden", "afterstate", "student")
    oracles: tuple[str, ...] = SEARCHES
    trust: TrustSpec = TrustSpec()
    keep: Keep = Keep()
    arms: tuple[str, ...] = DEFAULT_ARMS
    train: dict[str, Any] = Field(default_factory=dict)
    teach: Teach = Teach()
    budget: tuple[Positive, ...] = ()
    stop: Stop = Stop()

    @model_validator(mode="before")
    @classmethod
    def _no_searches_of_matches(cls, tables: Any) -> Any:
        if isinstance(tables, dict) and tables.get("source") == "matches":
            return {"oracles": (), **tables}
        return tables

    @field_validator("student", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _sound(self) -> ChainConfig:
        if not self.student:
            raise ValueError("a chain needs a student; name it with --student")
        if self.teacher in self.student:
            raise ValueError(f"the student is the teacher, {self.teacher}: it would learn from itself")
        if "trust" not in self.arms:
            raise ValueError("the arm trust is what the next round's teacher is: it cannot be left out")
        if self.teach.warm_start == 1 and self.rounds > 1:
            raise ValueError(
                "a warm_start of 1 leaves no gold to fit the trust of later rounds on: take a share below 1, "
                "or one round"
            )
        return self

    @model_validator(mode="after")
    def _origins(self) -> ChainConfig:
        check_origins(self)
        return self

    def student_of(self, number: int) -> str:
        """The untrained student of a round, counted from 1."""
        return self.student[min(number, len(self.student)) - 1]
