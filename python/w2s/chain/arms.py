"""The arms of a chain, as a table: what the student of each learns, in which order, and from where.

The run, the estimate, the label-budget curve, the leakage check, the printed tables and the results page read
:data:`ARMS`; a new arm is one row here. The order of the table is the order in which arms are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum
from functools import partial

import numpy as np
import pyarrow as pa

from w2s.chain.training_inputs import TrainingInputs
from w2s.chain.training_rows import Positions, concat, gold_rows, label_rows, repeat
from w2s.errors import DataError, UsageError, suggest_name
from w2s.evidence import Labels
from w2s.labelling.evidence import MAJORITY
from w2s.selection import select
from w2s.train import TrainingSet
from w2s.train.dataset import Target
from w2s.trust import function_names, require_evidence, trust_function


@dataclass(frozen=True)
class Sizes:
    """Numbers of rows that decide how many rows an arm learns.

    Attributes:
        gold: rows with known answers, without the audit.
        pool: rows that the teacher labels.
        test: rows that students are evaluated on.
        kept: rows of the pool that trust keeps.
        warm: gold rows of the warm start.
        gold_times: how often ``gold+trust`` repeats each gold row.
        audit: gold rows that only decide whether a round is rejected.
        joined: rows of the pool that come from matches, without answers, next to rows from files.
    """

    gold: int
    pool: int
    test: int
    kept: int
    warm: int = 0
    gold_times: int = 1
    audit: int = 0
    joined: int = 0


# Training sets ---------------------------------------------------------------------------------------------


def _labels_at(rows: Positions, inputs: TrainingInputs) -> TrainingSet:
    """The teacher's own answers at some positions."""
    labels = inputs.labels
    return label_rows(inputs.pool, labels.pool, rows, soft=labels.soft if labels.soften_all else None)


def _all_labels(inputs: TrainingInputs) -> TrainingSet:
    return _labels_at(np.arange(len(inputs.labels.pool)), inputs)


def _random_labels(inputs: TrainingInputs) -> TrainingSet:
    labels = inputs.labels
    rows = select(np.zeros(len(labels.pool)), random=labels.n_kept, seed=inputs.seed)
    return _labels_at(rows, inputs)


def _majority_labels(inputs: TrainingInputs) -> TrainingSet:
    """What most samples of the teacher mean; its own answer where no sample holds a label.

    A reply is only learned where its label is that of the majority.
    """
    labels = inputs.labels.pool
    own, votes = labels.texts("label"), labels.texts(MAJORITY)
    voted = [label if vote is None else vote for label, vote in zip(own, votes, strict=True)]
    replies = [
        reply if vote == label else None
        for reply, vote, label in zip(labels.texts("raw"), voted, own, strict=True)
    ]
    found = labels.with_column("label", pa.array(voted, pa.string()))
    found = found.with_column("raw", pa.array(replies, pa.string()))
    return label_rows(inputs.pool, found, np.arange(len(found)))


def _ranked_labels(function: str, inputs: TrainingInputs) -> TrainingSet:
    labels = inputs.labels
    scores = trust_function(function).fit(labels.gold, seed=inputs.seed).score(labels.pool)
    return _labels_at(select(scores, top=labels.n_kept), inputs)


def _pool_answers(inputs: TrainingInputs) -> TrainingSet:
    known = [example for example in inputs.pool if example.gold]
    if (unknown := len(inputs.pool) - len(known)) > inputs.joined:
        raise DataError(
            "chain-pool-without-answers",
            f"the arm ceiling needs the answers of the pool, but {unknown} are unknown; remove it from arms",
        )
    return gold_rows(known)


def _trusted_labels(inputs: TrainingInputs) -> TrainingSet:
    labels = inputs.labels
    return label_rows(inputs.pool, labels.chosen, labels.kept, labels.weights, labels.soft)


def _own_labels(inputs: TrainingInputs) -> TrainingSet:
    """The untrained student's own answers where trust keeps a label, hard or soft as the labels are."""
    labels = inputs.labels

    def own(id_: str, _: str) -> Target:
        policy = labels.prior[id_]
        return policy if labels.soft is not None else {max(policy, key=lambda move: policy[move]): 1.0}

    return label_rows(inputs.pool, labels.chosen, labels.kept, labels.weights, own)


# What a stage of an arm trains on --------------------------------------------------------------------------


class Need(Enum):
    """What an arm needs of its examples; the value is the reason shown where the arm is left out."""

    GOLD_OF_THIS_GAME = "gold belongs to another game or task"
    POOL_ANSWERS = (
        "the pool's answers are unknown, and so is its purity; set matches.verify_pool = true to get them"
    )


class LabelUse(IntEnum):
    """Which labels of a teacher training data is made of; each value includes those before it."""

    NOTHING = 0
    POOL = 1
    """Labels of the pool."""
    GOLD = 2
    """Labels of gold, on which another trust function is fitted."""
    TRUST = 3
    """The selection by the chain's trust function."""


@dataclass(frozen=True)
class TrainingData:
    """One kind of training rows.

    Attributes:
        name: a short description.
        count: number of rows, known before anything is labelled.
        build: the rows.
        need: what the examples must provide.
        use: which labels the rows are made of.
        evidence: names of the evidence that is read, besides that of trust functions.
        reads_prior: whether the untrained student's policy is read.
    """

    name: str
    count: Callable[[Sizes], int]
    build: Callable[[TrainingInputs], TrainingSet]
    need: Need | None = None
    use: LabelUse = LabelUse.NOTHING
    evidence: frozenset[str] = frozenset()
    reads_prior: bool = False


Stage = tuple[TrainingData, ...]
"""Training data that a stage mixes."""

GOLD = TrainingData(
    "gold", lambda sizes: sizes.gold, lambda inputs: gold_rows(inputs.gold), Need.GOLD_OF_THIS_GAME
)
REPEATED_GOLD = TrainingData(
    "gold, repeated",
    lambda sizes: sizes.gold * sizes.gold_times,
    lambda inputs: repeat(gold_rows(inputs.gold), inputs.gold_times),
    Need.GOLD_OF_THIS_GAME,
)
WARM_GOLD = TrainingData(
    "a share of gold",
    lambda sizes: sizes.warm,
    lambda inputs: gold_rows([inputs.gold[row] for row in inputs.warm]),
    Need.GOLD_OF_THIS_GAME,
)
POOL_ANSWERS = TrainingData(
    "true answers of the pool",
    lambda sizes: sizes.pool - sizes.joined,
    _pool_answers,
    Need.POOL_ANSWERS,
)
ALL_LABELS = TrainingData("all labels", lambda sizes: sizes.pool, _all_labels, use=LabelUse.POOL)
MAJORITY_LABELS = TrainingData(
    "majority of samples",
    lambda sizes: sizes.pool,
    _majority_labels,
    use=LabelUse.POOL,
    evidence=frozenset({"samples"}),
)
RANDOM_LABELS = TrainingData("random labels", lambda sizes: sizes.kept, _random_labels, use=LabelUse.POOL)
TRUSTED = TrainingData("trusted labels", lambda sizes: sizes.kept, _trusted_labels, use=LabelUse.TRUST)


OWN_LABELS = TrainingData(
    "the student's own labels",
    lambda sizes: sizes.kept,
    _own_labels,
    use=LabelUse.TRUST,
    reads_prior=True,
)


def gold_outside_fold(fold: int, folds: int) -> TrainingData:
    """Gold without one of its folds."""

    def build(inputs: TrainingInputs) -> TrainingSet:
        return gold_rows([one for one, its in zip(inputs.gold, inputs.folds, strict=True) if its != fold])

    return TrainingData(
        f"gold outside fold {fold}",
        lambda sizes: sizes.gold - sizes.gold // folds,
        build,
        Need.GOLD_OF_THIS_GAME,
    )


def ranked_by(function: str) -> TrainingData:
    """As many labels as trust keeps, ranked by another trust function."""
    return TrainingData(
        f"labels ranked by {function}",
        lambda sizes: sizes.kept,
        partial(_ranked_labels, function),
        use=LabelUse.GOLD,
    )


def stage_inputs(stage: Stage, inputs: TrainingInputs) -> dict[str, object]:
    """Identity of the inputs of the rows of a stage."""
    labelled = inputs.labels.made_of if any(data.use for data in stage) else {}
    return {**inputs.made_of, **labelled}


def build_stage(stage: Stage, inputs: TrainingInputs) -> TrainingSet:
    """The rows of a stage."""
    first, *others = (data.build(inputs) for data in stage)
    for rows in others:
        first = concat(first, rows)
    return first


# The table -------------------------------------------------------------------------------------------------


class Start(Enum):
    """The model from which an arm's first stage trains."""

    UNTRAINED = "the untrained student"
    WARM = "the student after the warm start, if there is one"


class Curve(Enum):
    """Whether the label-budget curve measures an arm."""

    NEVER = "never"
    CHOSEN = "if the chain has the arm"
    ALWAYS = "always"


@dataclass(frozen=True)
class Arm:
    """What one student learns, or a model that is evaluated without training.

    Attributes:
        name: the name in configurations and reports.
        doc: one line of documentation.
        stages: the trainings one after another, each with the data that it mixes; none evaluates ``model``
            untrained. If the first stage is all that another arm learns, the arm continues that arm's
            student.
        model: the model: ``student``, or the first ``teacher``.
        per_round: whether every round trains it; a reference arm is trained once, with the first student.
        start: where the first stage starts.
        labels_itself: whether labels come from the arm's own student after its first stage instead of the
            round's teacher; gold is then labelled out of fold.
        function: the trust function that ranks labels; empty for arms without.
        curve: whether the label-budget curve measures it.
        teaches: whether its student teaches the next round of all arms without an own chain.
        has_own_chain: whether its student teaches its own next round, if the configuration does not say.
        is_default: whether a chain that names no arms includes it.
        is_optional: whether a configuration can choose it; other arms are always measured.
    """

    name: str
    doc: str
    stages: tuple[Stage, ...] = ()
    model: str = "student"
    per_round: bool = False
    start: Start = Start.WARM
    labels_itself: bool = False
    function: str = ""
    curve: Curve = Curve.NEVER
    teaches: bool = False
    has_own_chain: bool = False
    is_default: bool = False
    is_optional: bool = True

    @property
    def needs(self) -> frozenset[Need]:
        """What the examples must provide."""
        return frozenset(data.need for stage in self.stages for data in stage if data.need is not None)

    @property
    def use(self) -> LabelUse:
        """Which labels it learns."""
        return max((data.use for stage in self.stages for data in stage), default=LabelUse.NOTHING)

    @property
    def evidence(self) -> frozenset[str]:
        """Names of the evidence that it reads besides that of the chain's trust function."""
        needs = trust_function(self.function).needs if self.function else frozenset[str]()
        return needs.union(*(data.evidence for stage in self.stages for data in stage))

    @property
    def reads_prior(self) -> bool:
        """Whether it reads the untrained student's policy."""
        return any(data.reads_prior for stage in self.stages for data in stage)

    @property
    def allows_own_chain(self) -> bool:
        """Whether its student can teach its next round: gold that it learned could not be evidence about
        it."""
        return self.per_round and Need.GOLD_OF_THIS_GAME not in self.needs


def _ranked(function: str) -> Arm:
    return Arm(
        function,
        f"as many labels as trust keeps, ranked by {function}",
        ((ranked_by(function),),),
        per_round=True,
        function=function,
        has_own_chain=function == "confidence",
        is_default=function in ("confidence", "margin"),
    )


BASE = Arm("base", "the untrained student", is_default=True)
TEACHER = Arm("teacher", "the first teacher", model="teacher", is_optional=False)
GOLD_ALONE = Arm("gold", "gold alone", ((GOLD,),), start=Start.UNTRAINED, curve=Curve.ALWAYS, is_default=True)
TRUST = Arm(
    "trust",
    "the most trusted labels",
    ((TRUSTED,),),
    per_round=True,
    curve=Curve.ALWAYS,
    teaches=True,
    is_default=True,
)
CEILING = Arm("ceiling", "the true answers of the pool", ((POOL_ANSWERS,),), is_default=True)
_TABLE = (
    BASE,
    TEACHER,
    GOLD_ALONE,
    Arm(
        "self",
        "gold, then the most trusted of the student's own labels",
        ((GOLD,), (TRUSTED,)),
        start=Start.UNTRAINED,
        labels_itself=True,
        curve=Curve.CHOSEN,
    ),
    Arm("naive", "all labels", ((ALL_LABELS,),), per_round=True, has_own_chain=True, is_default=True),
    Arm("majority", "the label that most samples of the teacher mean", ((MAJORITY_LABELS,),), per_round=True),
    Arm(
        "random",
        "as many labels as trust keeps, at random",
        ((RANDOM_LABELS,),),
        per_round=True,
        is_default=True,
    ),
    *(_ranked(name) for name in function_names()),
    Arm(
        "self-labels",
        "the student's own labels where trust keeps a label: a control",
        ((OWN_LABELS,),),
        per_round=True,
    ),
    TRUST,
    Arm(
        "gold+trust",
        "gold and the most trusted labels, mixed",
        ((REPEATED_GOLD, TRUSTED),),
        per_round=True,
        curve=Curve.ALWAYS,
        is_default=True,
    ),
    Arm(
        "gold-then-trust",
        "gold, then the most trusted labels",
        ((GOLD,), (TRUSTED,)),
        per_round=True,
        start=Start.UNTRAINED,
        curve=Curve.CHOSEN,
    ),
    Arm(
        "trust-then-gold",
        "the most trusted labels, then gold",
        ((TRUSTED,), (GOLD,)),
        per_round=True,
        curve=Curve.CHOSEN,
    ),
    CEILING,
)
ARMS: dict[str, Arm] = {arm.name: arm for arm in _TABLE}
"""All arms by name, in the order in which they are shown. Every trust function is an arm too."""
TEACHING_ARM = next(arm.name for arm in _TABLE if arm.teaches)
"""The arm whose student teaches the next round of all arms without an own chain."""


def default_arms() -> tuple[str, ...]:
    """The arms of a chain that names none."""
    return tuple(arm.name for arm in ARMS.values() if arm.is_default)


def reference_arms() -> list[str]:
    """Arms that are measured once, in the order in which they are shown."""
    return [arm.name for arm in ARMS.values() if not arm.per_round]


def predecessor(arm: Arm) -> Arm | None:
    """The arm that learns only the first stage of ``arm``, which continues its student; None if there is
    none."""
    if len(arm.stages) < 2:
        return None
    same = (one for one in ARMS.values() if one.stages == arm.stages[:1] and one.start == arm.start)
    return next(same, None)


def same_teacher(arm: str) -> str:
    """The name of an arm with an own chain where the student of the arm trust teaches it for comparison."""
    return f"{arm} (same teacher)"


def check_arms(chosen: Sequence[str]) -> None:
    """Refuse names that are not in the table.

    Raises:
        UsageError: names the nearest known arm, and all known arms.
    """
    known = [arm.name for arm in ARMS.values() if arm.is_optional]
    if unknown := [arm for arm in chosen if arm not in known]:
        raise UsageError(
            "chain-unknown-arm", f"there is no arm {unknown[0]!r}; {suggest_name(unknown[0], known)}"
        )


def check_arm_evidence(chosen: Sequence[str], labels: Labels) -> None:
    """Refuse arms that read evidence that the labels lack."""
    for name in chosen:
        require_evidence(f"the arm {name}", ARMS[name].evidence, labels)
