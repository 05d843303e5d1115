"""What decides a chain: models, examples, trust, selection, training, arms.

Knows nothing about how any of it is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from w2s.chain.data_sets import Examples
from w2s.chain.origins import Matches, Regime, check_origins
from w2s.config import Config, invalid_value
from w2s.errors import UsageError
from w2s.evidence_kinds import REQUESTS, STATES, parse_evidence
from w2s.models.reference import resolve_reference
from w2s.selection.rule import Rule

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
PROPOSALS = 3
"""Labels of an example by a net where oracles tell which of them is good."""
DEFAULT_ARMS = ("base", "gold", "naive", "random", "confidence", "margin", "trust", "gold+trust", "ceiling")


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

    @field_validator("top")
    @classmethod
    def _count_or_share(cls, top: str | None) -> str | None:
        if top is not None and 0 in (Rule.parse(top=top).top_share, Rule.parse(top=top).top_count):
            raise invalid_value(
                "chain-keep-nothing",
                f"top = {top!r} keeps no label; use a count such as 1000 or a share such as 25%",
            )
        return top

    @model_validator(mode="after")
    def _one_rule(self) -> Keep:
        if self.top is not None and self.purity is not None:
            raise invalid_value(
                "chain-keep-two-rules", "top and purity exclude each other; leave one of them out"
            )
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
    ``evidence`` is what is kept of each label: ``hidden``, ``afterstate``, how the untrained ``student`` sees
    it, and what a language model is asked for, ``icl:4`` or ``samples:8`` say; ``reward`` names a reward
    model. ``oracles`` add what they find about each label: of moves, where nothing is said, two shallow
    searches, or nobody where matches are played, whose gold a deeper search of the same kind verifies.
    ``train`` holds settings of :class:`w2s.train.PolicyTrainSettings`, or of
    :class:`w2s.train.LanguageTrainSettings` where students are language models.
    ``budget``: numbers of gold rows for which gold, trust and both are measured, with the labels of the first
    round. ``proposals``: how many labels the teacher gives of each
    example; trust keeps one of them, and the arms that trust plays no part in take the teacher's answer.
    Where nothing is said, a net of ours that labels moves proposes three if oracles are evidence.
    """

    game: str = "chess"
    task: Literal["move", "choice", "answer"] = "move"
    teacher: str
    student: tuple[str, ...]
    examples: Examples = Examples()
    source: Literal["files", "matches"] = "files"
    matches: Matches = Matches()
    regime: Regime = Regime()
    rounds: Positive = 3
    seeds: Positive = 1
    seed: NonNegative = 0
    evidence: tuple[str, ...] = ("hidden", "afterstate", "student")
    reward: str | None = None
    proposals: Annotated[int, Field(ge=1, le=20)] = 1
    oracles: tuple[str, ...] = ()
    trust: TrustSpec = TrustSpec()
    keep: Keep = Keep()
    arms: tuple[str, ...] = DEFAULT_ARMS
    train: dict[str, Any] = Field(default_factory=dict)
    teach: Teach = Teach()
    budget: tuple[Positive, ...] = ()
    stop: Stop = Stop()

    @model_validator(mode="before")
    @classmethod
    def _defaults_where_they_apply(cls, tables: Any) -> Any:
        if not isinstance(tables, dict):
            return tables
        oracles = SEARCHES if _searchable(tables) else ()
        searched = {"oracles": oracles, **tables}
        proposes = searched["oracles"] and _is_net(searched.get("teacher"))
        return {"proposals": PROPOSALS if proposes else 1, **searched}

    @field_validator("student", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _sound(self) -> ChainConfig:
        if not self.student:
            raise invalid_value("chain-missing-model", "a chain needs a student; name it with --student")
        if self.teacher in self.student:
            raise invalid_value(
                "chain-student-is-teacher",
                f"student and teacher are the same model, {self.teacher}; name two different models",
            )
        if "trust" not in self.arms:
            raise invalid_value(
                "chain-arm-trust-missing",
                "arms must include trust, because its student is the teacher of the next round",
            )
        if self.teach.warm_start == 1 and self.rounds > 1:
            raise invalid_value(
                "chain-warm-start-all-gold",
                "warm_start = 1 leaves no gold to fit trust on in later rounds; use a share below 1 or a "
                "single round",
            )
        return self

    @model_validator(mode="after")
    def _options_to_compare(self) -> ChainConfig:
        if "reward" in self.evidence and self.reward is None:
            raise invalid_value(
                "chain-missing-reward-model",
                'evidence includes reward but no reward model is named; add reward = "hf:DIR"',
            )
        if self.proposals > 1 and self.task == "answer":
            raise invalid_value(
                "chain-answer-without-options",
                "the task answer has no options to choose proposals from; leave proposals out",
            )
        if self.teach.soft != "none" and self.task == "answer":
            raise invalid_value(
                "chain-answer-without-options",
                "the task answer has no options for soft labels; leave teach.soft out",
            )
        return self

    @model_validator(mode="after")
    def _origins(self) -> ChainConfig:
        check_origins(self)
        return self

    @field_validator("evidence")
    @classmethod
    def _known_evidence(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        known = [*STATES, *REQUESTS]
        for name in names:
            if name not in STATES and name.partition(":")[0] not in REQUESTS:
                raise invalid_value(
                    "chain-unknown-evidence", f"unknown evidence {name!r}; known: {', '.join(known)}"
                )
            parse_evidence(name, known)
        _refuse_twice("evidence", [name.partition(":")[0] for name in names])
        return names

    @field_validator("arms")
    @classmethod
    def _each_arm_once(cls, arms: tuple[str, ...]) -> tuple[str, ...]:
        _refuse_twice("arms", arms)
        return arms

    @property
    def asked(self) -> tuple[str, ...]:
        """The evidence that a language model is asked for."""
        return tuple(name for name in self.evidence if name not in STATES)

    @property
    def reads(self) -> list[str]:
        """All evidence that is made, as trust functions name it."""
        searched = ["search"] if any(oracle.startswith("search") for oracle in self.oracles) else []
        columns = [column for name in self.asked for column in parse_evidence(name).kind.columns]
        return [*(name for name in self.evidence if name in STATES), *columns, *searched]

    def student_of(self, number: int) -> str:
        """The untrained student of a round, counted from 1."""
        return self.student[min(number, len(self.student)) - 1]


def _refuse_twice(what: str, names: Sequence[str]) -> None:
    for place, name in enumerate(names):
        if name in names[:place]:
            raise invalid_value("chain-duplicate-name", f"{what} contain {name} twice; remove one")


def _is_net(teacher: object) -> bool:
    """Whether a teacher is a net of moves, which proposes as many of them as one asks for."""
    try:
        return isinstance(teacher, str) and resolve_reference(teacher).kind in ("policy", "lc0")
    except UsageError:
        return False  # who loads it says what is wrong


def _searchable(tables: dict[str, Any]) -> bool:
    """Whether searches that nobody named are evidence: of moves, and of files of them."""
    regime = tables.get("regime")
    gold = regime.get("gold_task") if isinstance(regime, dict) else getattr(regime, "gold_task", None)
    tasks = {tables.get("task", "move"), gold or "move"}
    return tasks == {"move"} and tables.get("source") != "matches"
