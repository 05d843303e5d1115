"""The arms of a chain, as a table: what the student of each learns, in which order, and from where.

The run, the estimate, the label-budget curve, the leakage check, the printed tables and the results page read
:data:`ARMS`; a new arm is one row here. The order of the table is the order in which arms are shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from w2s.chain.training_data import (
    ALL_LABELS,
    GOLD,
    MAJORITY_LABELS,
    OWN_LABELS,
    POOL_ANSWERS,
    RANDOM_LABELS,
    REPEATED_GOLD,
    TRUSTED,
    LabelUse,
    Need,
    Stage,
    ranked_by,
)
from w2s.errors import UsageError, suggest_name
from w2s.evidence import Labels
from w2s.trust import function_names, require_evidence, trust_function


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
