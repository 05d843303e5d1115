"""What a model is: it answers examples in batches; and what a kind of model tells the registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from w2s.errors import UsageError
from w2s.models.reference import Reference
from w2s.tasks import Example, task_for

Failure = Literal["crash", "stall", "time", "void", "reply"]
"""Why there is no answer: the model died, hung, exceeded its time, the machine is at fault, or the reply of
the model cannot be used."""


@dataclass(frozen=True, slots=True)
class Want:
    """What is wanted in addition to the label.

    A model that does not have it leaves it out, or raises a UsageError before any work is done.

    Attributes:
        evidence: log-probability, margin and entropy.
        values: a value for every legal move.
        hidden: the hidden state at the label.
        mask: answer with a legal move in any case.
        afterstate: the hidden state after the label has been played, or at the end of a check of the reply.
        deliberation: what the model found out about the label by looking ahead.
        improved: the policy that looking ahead has improved, and the value of every move.
    """

    evidence: bool = False
    values: bool = False
    hidden: bool = False
    mask: bool = False
    afterstate: bool = False
    deliberation: bool = False
    improved: bool = False


@dataclass(slots=True)
class Answer:
    """A model's answer to one example, with its evidence.

    Attributes:
        label: the text of the model, unchanged: the reader decides whether it is legal.
        log_prob: log-probability of the label, in nats.
        margin: its probability minus that of the likeliest other label.
        entropy: entropy of the distribution over the labels, in nats.
        n_options: number of possible labels.
        value_cp: the model's value of the position for the player to move, in hundredths of a unit.
        values_cp: the same for each move, by canonical text.
        samples: labels that were drawn in addition.
        raw: the whole reply, if the label was read from one.
        rank: rank of the label among the possible ones; 0 is the model's first choice.
        hidden: hidden state at the label, float16 of shape (d,), where d is the same for all answers of a
            model.
        afterstate: hidden state after the label, float16 of shape (d,).
        deliberation: what the model found out about the label by looking ahead, float32, in the order of
            :data:`w2s.evidence_kinds.DELIBERATION`.
        improved: probability of each legal move in the policy that looking ahead has improved.
        move_values: value of each legal move after looking ahead, from -1 to 1.
        check_logit: log-odds that the model says yes when asked whether its label is correct; it comes with
            ``afterstate`` from models that read text.
        failure: why there is no answer, None if there is one.
        seconds: time that this answer took.
    """

    label: str
    log_prob: float | None = None
    margin: float | None = None
    entropy: float | None = None
    n_options: int | None = None
    value_cp: int | None = None
    values_cp: dict[str, int] = field(default_factory=dict)
    samples: tuple[str, ...] = ()
    raw: str | None = None
    rank: int | None = None
    hidden: npt.NDArray[np.float16] | None = None
    afterstate: npt.NDArray[np.float16] | None = None
    deliberation: npt.NDArray[np.float32] | None = None
    improved: dict[str, float] = field(default_factory=dict)
    move_values: dict[str, float] = field(default_factory=dict)
    check_logit: float | None = None
    failure: Failure | None = None
    seconds: float = 0.0


class Model(Protocol):
    """Anything that answers examples.

    Attributes:
        reference: the reference that loads the same model again.
        tasks: names of the tasks that it answers.
        slots: how many matches it plays at once, None if any number is as good.
        deterministic: whether the same examples give the same answers in any order and any batch; numbers
            agree as closely as the kind of model says.
    """

    reference: str
    tasks: tuple[str, ...]
    slots: int | None
    deterministic: bool

    def answer(self, examples: Sequence[Any], want: Want) -> list[Answer]:
        """One answer per example, in their order. A failure is an answer too, never an exception."""
        ...

    def close(self) -> None:
        """Release processes and memory; a second call does nothing."""
        ...


@runtime_checkable
class HasMatchState(Protocol):
    """A model that keeps the state of a match from move to move, until :meth:`release` ends it."""

    def release(self, match: str) -> None:
        """Forget a match by the name that its examples had; an unknown name is ignored."""
        ...


@runtime_checkable
class HasExampleCheck(Protocol):
    """A model that can refuse examples before it answers any."""

    def check(self, examples: Sequence[Any]) -> None:
        """Refuse examples of another game or kind with a UsageError that names the remedy."""
        ...


@runtime_checkable
class SupportsScoring(Protocol):
    """A model that scores labels that others gave."""

    def judge(self, examples: Sequence[Any], labels: Sequence[str]) -> list[Answer]:
        """The model's view of one label of each example, in their order.

        Each answer has log-probability, rank, margin, entropy, number of options and hidden state, with the
        label in canonical form. An illegal label is returned unchanged, without any of them.
        """
        ...


@runtime_checkable
class SupportsSampling(Protocol):
    """A model that draws several labels of one example."""

    def sample(self, examples: Sequence[Any], count: int) -> list[tuple[str, ...]]:
        """``count`` labels of each example, in their order, or fewer after failures; a reply that holds no
        label is returned unchanged."""
        ...


@runtime_checkable
class SupportsFewShot(Protocol):
    """A model that can read few-shot examples before each question."""

    def show(self, solved: Sequence[tuple[Example, str]]) -> None:
        """Set the examples and their labels, from which those of all later questions are drawn."""
        ...


@runtime_checkable
class SupportsCandidates(Protocol):
    """A model that gives several labels of one example."""

    def propose(self, examples: Sequence[Any], count: int, want: Want) -> list[list[Answer]]:
        """Up to ``count`` answers of each example, in their order, with distinct labels: first that of
        ``answer``, then the likeliest others as ``judge`` scores them."""
        ...


@runtime_checkable
class SupportsDistribution(Protocol):
    """A model that gives the probability of each possible label."""

    def distributions(self, examples: Sequence[Any]) -> list[dict[str, float]]:
        """The probability of every legal move or option of each example, in their order; they sum to 1."""
        ...


@runtime_checkable
class SupportsValues(Protocol):
    """A model of positions that may have a value head."""

    def position_values(self, examples: Sequence[Any]) -> npt.NDArray[np.float32] | None:
        """The value of each position for the player to move, from -1 to 1, float32, (n,), without looking
        ahead; None if the model has no value head."""
        ...


class ModelLoader(Protocol):
    """Makes a model of a reference; the other arguments as in :func:`w2s.load_model`."""

    def __call__(
        self, reference: Reference, *, seed: int, concurrency: int, cache: Path | None = None
    ) -> Model:
        """The model, or a UsageError or ModelError that says why it cannot be loaded."""
        ...


@dataclass(frozen=True, slots=True)
class ModelKind:
    """A kind of model, as the registry lists it.

    Attributes:
        name: what its references begin with.
        about: one line of documentation.
        example: one of its references.
        load: makes a model of a reference.
        extra: the optional dependency group that it needs, None if it needs none.
        options: what each option of its references means, by name.
        note: what else its references take.
    """

    name: str
    about: str
    example: str
    load: ModelLoader
    extra: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    note: str = ""


def check_examples(model: Model, examples: Sequence[Example]) -> None:
    """Refuse examples that the model cannot answer: those of another task, another game or another kind.

    Raises:
        UsageError: names the model, the example, and what the model answers.
    """
    check_task(model, examples)
    if isinstance(model, HasExampleCheck):
        model.check(examples)


def check_task(model: Model, examples: Sequence[Example]) -> None:
    """Refuse examples of a task that the model does not answer.

    Raises:
        UsageError: names the model, the example, its task and the tasks that the model answers.
    """
    for example in examples:
        if (name := task_for(example).name) not in model.tasks:
            raise UsageError(
                "model-task-unsupported",
                f"{model.reference} answers the tasks {', '.join(model.tasks)}, but example {example.id!r} "
                f"has task {name}; choose another model",
            )
