"""The tables of a chain's configuration: models, examples, trust, selection, training and arms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from w2s.chain.arms import ARMS, TEACHING_ARM, check_arms, default_arms
from w2s.chain.example_settings import Examples
from w2s.chain.settings import Chains, Keep, Matches, Positive, Stop, Teach, TrustSpec
from w2s.config import Config, invalid_value
from w2s.errors import UsageError
from w2s.evidence_kinds import REQUESTS, STATES, parse_evidence
from w2s.models.policy.settings import NET_KINDS, is_lookahead, with_lookahead_of
from w2s.models.reference import resolve_reference

NonNegative = Annotated[int, Field(ge=0)]
PROPOSALS = 3
"""Default number of labels that a net proposes for an example if outside oracles are evidence."""
EVIDENCE_OF_NETS = ("hidden", "afterstate", "student")
"""Default evidence; ``deliberation`` is added if the teacher looks ahead."""


class Regime(Config):
    """How gold and pool differ: not at all, in their source, or in their game or task.

    ``ood_dist``: gold comes from the files ``gold_examples``, pool and test do not. ``ood_domain``: gold
    belongs to another game, ``gold_game``, or another task, ``gold_task``. It is labelled by
    ``gold_teacher``, or by the teacher of the pool if that answers both, as language models do.
    ``gold_column_mapping``: which column of its files holds what.
    """

    name: Literal["in_dist", "ood_dist", "ood_domain"] = "in_dist"
    gold_examples: tuple[str, ...] = ()
    gold_game: str | None = None
    gold_task: Literal["move", "choice", "answer"] | None = None
    gold_column_mapping: str | dict[str, Any] | None = None
    gold_teacher: str | None = None

    @model_validator(mode="after")
    def _check_complete(self) -> Regime:
        names = ("gold_examples", "gold_column_mapping", "gold_game", "gold_task", "gold_teacher")
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
        """Whether gold and pool differ by design."""
        return self.name != "in_dist"


class ChainConfig(Config):
    """A chain: teacher → labels → trust → selection → student, ``rounds`` times, for each of ``seeds`` seeds.

    ``student``: one model that every round trains anew, or a ladder of which each round takes the next.
    ``evidence`` of each label that is kept: ``hidden``, ``afterstate``, the view of the untrained
    ``student``, ``deliberation`` of a teacher that looks ahead, and evidence requested from a language model,
    for example ``icl:4`` or ``samples:8``; ``reward`` names a reward model. ``oracles`` add their findings
    about each label; they are outside oracles, because their knowledge does not come from the teacher, and
    the default is none. Options with which the teacher looks ahead also apply to the students that teach
    later rounds. ``train`` holds settings of :class:`w2s.train.PolicyTrainSettings`, or of
    :class:`w2s.train.LanguageTrainSettings` for language models. ``gold_sizes``: the points of the
    label-budget curve, numbers of gold rows for which gold, trust and both are measured with the labels of
    the first round. ``proposals``: how many labels the teacher gives for each example; trust keeps one of
    them, and arms without trust use the teacher's answer. The default is three for policy nets if outside
    oracles are evidence.
    """

    game: str = "chess"
    task: Literal["move", "choice", "answer"] = "move"
    teacher: str
    student: tuple[str, ...]
    self_training: bool = False
    examples: Examples = Examples()
    source: Literal["files", "matches"] = "files"
    matches: Matches = Matches()
    regime: Regime = Regime()
    rounds: Positive = 3
    seeds: Positive = 1
    seed: NonNegative = 0
    evidence: tuple[str, ...] = EVIDENCE_OF_NETS
    reward: str | None = None
    proposals: Annotated[int, Field(ge=1, le=20)] = 1
    oracles: tuple[str, ...] = ()
    trust: TrustSpec = TrustSpec()
    keep: Keep = Keep()
    arms: tuple[str, ...] = Field(default_factory=default_arms)
    chains: Chains = Chains()
    train: dict[str, Any] = Field(default_factory=dict)
    teach: Teach = Teach()
    gold_sizes: tuple[Positive, ...] = ()
    stop: Stop = Stop()

    @model_validator(mode="before")
    @classmethod
    def _fill_defaults(cls, tables: Any) -> Any:
        if not isinstance(tables, dict):
            return tables
        teacher = tables.get("teacher")
        proposes = tables.get("oracles") and _is_net(teacher)
        evidence = (*EVIDENCE_OF_NETS, *(["deliberation"] if is_lookahead(teacher) else []))
        return {"proposals": PROPOSALS if proposes else 1, "evidence": evidence, **tables}

    @field_validator("student", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

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
        _check_unique("evidence", [name.partition(":")[0] for name in names])
        return names

    @field_validator("arms")
    @classmethod
    def _known_arms(cls, arms: tuple[str, ...]) -> tuple[str, ...]:
        try:
            check_arms(arms)
        except UsageError as error:
            raise invalid_value(error.code, str(error)) from None
        _check_unique("arms", arms)
        return arms

    @model_validator(mode="after")
    def _check_models(self) -> ChainConfig:
        if not self.student:
            raise invalid_value("chain-missing-model", "a chain needs a student; name it with --student")
        if self.teacher in self.student and not self.self_training:
            raise invalid_value(
                "chain-student-is-teacher",
                f"student and teacher are the same model, {self.teacher}; name two models, or add "
                "`self_training=True` to let one learn from its own labels",
            )
        if self.self_training and self.teacher not in self.student:
            raise invalid_value(
                "chain-self-training-two-models",
                f"self-training needs one model as teacher and student; name {self.teacher} as student, too",
            )
        if TEACHING_ARM not in self.arms:
            raise invalid_value(
                "chain-arm-trust-missing",
                f"arms must include {TEACHING_ARM}, because its student is the teacher of the next round",
            )
        if self.teach.warm_start == 1 and self.rounds > 1:
            raise invalid_value(
                "chain-warm-start-all-gold",
                "warm_start = 1 leaves no gold to fit trust on in later rounds; use a share below 1 or a "
                "single round",
            )
        return self

    @model_validator(mode="after")
    def _check_own_chains(self) -> ChainConfig:
        own = self.chains.own or ()
        try:
            check_arms(own)
        except UsageError as error:
            raise invalid_value(error.code, f"chains.own: {error}") from None
        _check_unique("chains.own", own)
        for arm in own:
            if arm not in self.arms:
                raise invalid_value(
                    "chain-own-chain-without-arm",
                    f"chains.own names {arm}, which is not measured; add it to arms, or leave it out",
                )
            if not ARMS[arm].allows_own_chain:
                raise invalid_value(
                    "chain-own-chain-impossible",
                    f"{arm} cannot have an own chain, because its student learns gold or is trained only "
                    "once; leave it out of chains.own",
                )
        return self

    @model_validator(mode="after")
    def _check_task(self) -> ChainConfig:
        if "reward" in self.evidence and self.reward is None:
            raise invalid_value(
                "chain-missing-reward-model",
                'evidence includes reward but no reward model is named; add reward = "hf:DIR"',
            )
        own = next((f"the arm {arm}" for arm in self.arms if ARMS[arm].reads_prior), "")
        if self.task == "answer" and (self.proposals > 1 or self.teach.soft != "none" or own):
            key = "proposals" if self.proposals > 1 else "teach.soft" if self.teach.soft != "none" else own
            raise invalid_value(
                "chain-answer-without-options",
                f"the task answer has no options, which {key} needs; leave {key} out",
            )
        if self.task != "move" and (self.source == "matches" or self.oracles):
            raise invalid_value(
                "chain-task-without-games",
                f"matches and oracles need the task move, not {self.task}; leave them out",
            )
        return self

    @model_validator(mode="after")
    def _check_soft(self) -> ChainConfig:
        teach, is_improved = self.teach, self.teach.soft == "improved"
        if is_improved and (not is_lookahead(self.teacher) or self.regime.name == "ood_domain"):
            raise invalid_value(
                "chain-improved-needs-lookahead",
                'teach.soft = "improved" needs gold of the same game and a teacher that looks ahead, such as '
                "policy:NAME?nodes=200; name one, or choose another soft label",
            )
        defaults = Teach()
        idle = [
            name for name in ("gain", "gain_threshold") if getattr(teach, name) != getattr(defaults, name)
        ]
        if idle and not is_improved:
            raise invalid_value(
                "chain-gain-without-improved",
                f'teach.{idle[0]} has no effect without teach.soft = "improved"; add it, or leave '
                f"{idle[0]} out",
            )
        return self

    @model_validator(mode="after")
    def _check_source(self) -> ChainConfig:
        positions = self.matches.positions
        if self.source == "matches" and self.examples.has_files and positions is None:
            raise invalid_value(
                "chain-matches-with-files",
                "with --source matches the chain plays its own examples; leave the example files out, or say "
                "with matches.positions how many positions of matches join the pool from the files",
            )
        if self.source == "matches" and positions is not None and not self.examples.has_files:
            raise invalid_value(
                "chain-positions-without-files",
                "matches.positions is for positions that join a pool from files; name files, or leave it out "
                "and set examples.pool to the number of positions",
            )
        if self.source == "matches" and self.matches.oracle in self.oracles:
            raise invalid_value(
                "chain-oracle-leaks-gold",
                f"{self.matches.oracle} verifies gold and is also evidence, so trust would read the answer; "
                "name another oracle for one of them",
            )
        if self.source == "files" and self.matches != Matches():
            raise invalid_value(
                "chain-matches-without-source",
                "the table matches needs source matches; add --source matches or leave the table out",
            )
        return self

    @model_validator(mode="after")
    def _check_regime(self) -> ChainConfig:
        regime = self.regime
        if regime.is_shift and self.examples.gold_has_files:
            raise invalid_value(
                "chain-regime-gold-files",
                "a regime takes gold from gold_examples; name only the files of pool and test in "
                "examples.files",
            )
        if regime.name == "ood_domain" and self.stop.decline:
            raise invalid_value(
                "chain-decline-other-gold",
                "stop.decline compares answers to gold, but a student cannot answer gold of another game or "
                "task; leave it out",
            )
        if regime.name == "ood_domain" and (self.gold_sizes or self.teach.warm_start):
            raise invalid_value(
                "chain-gold-not-learnable",
                "a student cannot learn gold of another game or task; leave gold_sizes and "
                "teach.warm_start out",
            )
        own = (regime.gold_task or self.task, regime.gold_game or self.game)
        if regime.name == "ood_domain" and own == (self.task, self.game):
            raise invalid_value(
                "chain-regime-same-domain",
                f"gold and pool are both {self.task}, {self.game}; use ood_dist, or gold of another game or "
                "task",
            )
        if regime.gold_game and not regime.gold_teacher:
            raise invalid_value(
                "chain-gold-teacher-missing",
                "gold of another game needs a teacher for that game; name it with --gold-teacher",
            )
        if regime.gold_teacher and self.requested:
            raise invalid_value(
                "chain-evidence-two-teachers",
                f"the evidence {self.requested[0]} needs one teacher for gold and pool, but gold has its "
                f"own, {regime.gold_teacher}; leave it out of evidence",
            )
        return self

    @property
    def requested(self) -> tuple[str, ...]:
        """The evidence requested from a language model."""
        return tuple(name for name in self.evidence if name not in STATES)

    @property
    def features(self) -> list[str]:
        """All evidence that is made, as trust functions name it."""
        searched = ["search"] if any(oracle.startswith("search") for oracle in self.oracles) else []
        columns = [column for name in self.requested for column in parse_evidence(name).kind.columns]
        return [*(name for name in self.evidence if name in STATES), *columns, *searched]

    @property
    def joined_positions(self) -> int:
        """Positions of matches that join a pool from files; 0 if all examples are of one kind."""
        return self.matches.positions or 0

    @property
    def own_chains(self) -> tuple[str, ...]:
        """Arms whose own students teach them from the second round on, in the order of ``arms``."""
        named = self.chains.own
        return tuple(
            arm
            for arm in self.arms
            if arm != TEACHING_ARM and (ARMS[arm].has_own_chain if named is None else arm in named)
        )

    @property
    def all_seeds(self) -> list[int]:
        """The seeds, from the configured one on."""
        return [self.seed + number for number in range(self.seeds)]

    def teacher_of(self, number: int) -> str:
        """A model like the teacher of a round: the first teacher, or the untrained form of a student that
        teaches."""
        if number == 1:
            return self.teacher
        return with_lookahead_of(self.student_of(number - 1), self.teacher)

    def student_of(self, number: int) -> str:
        """The untrained student of a round, counted from 1."""
        return self.student[min(number, len(self.student)) - 1]


def _check_unique(what: str, names: Sequence[str]) -> None:
    for place, name in enumerate(names):
        if name in names[:place]:
            raise invalid_value("chain-duplicate-name", f"{what} contain {name} twice; remove one")


def _is_net(teacher: object) -> bool:
    """Whether a teacher is a net of moves, which can propose any number of them."""
    try:
        return isinstance(teacher, str) and resolve_reference(teacher).kind in NET_KINDS
    except UsageError:
        return False  # loading the model reports what is wrong
