"""What a model is: it answers examples in batches.

Knows nothing about who asks: a file to be labelled, a match or a benchmark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from w2s.errors import UsageError
from w2s.tasks import Example, task_for

Failure = Literal["crash", "stall", "time", "void", "reply"]
"""Why there is no answer: the model died, hung, ran out of its time, the machine is at fault, or what the
model said cannot be used."""


@dataclass(frozen=True, slots=True)
class Want:
    """What is wanted beside the label.

    ``evidence``: log-probability, margin and entropy. ``values``: a value for every legal move.
    ``hidden``: the hidden state of the label. ``afterstate``: the model's state once its label has been
    played. ``mask``: answer with a legal move, whatever it takes. A model that has no such thing leaves it
    out, or refuses with a UsageError before any work is done.
    """

    evidence: bool = False
    values: bool = False
    hidden: bool = False
    mask: bool = False
    afterstate: bool = False


@dataclass(slots=True)
class Answer:
    """A model's answer to one example, with its evidence.

    ``label`` is the model's text as it stands: the reader decides whether it is legal. ``value_cp`` is the
    model's value of the position for the player to move, in hundredths of a unit; ``values_cp`` the same
    for each move by canonical text. ``rank`` is the place of the label among the legal moves, 0 for the
    model's first choice. ``hidden`` and ``afterstate`` are vectors of one length for every answer of a
    model. ``check_logit``: asked whether its label is right, the log-odds that it says yes; it comes with
    ``afterstate`` from models that read text. ``seconds`` is the time that this answer took.
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
    check_logit: float | None = None
    failure: Failure | None = None
    seconds: float = 0.0


class Model(Protocol):
    """Anything that answers examples.

    ``reference`` is the name that loads the same model again. ``tasks`` are the kinds of example that it
    answers. ``slots`` is how many matches it plays at once, None where any number is as good.
    ``deterministic``: the same examples give the same answers whatever else it is asked, in whatever order;
    their numbers as closely as the kind of model says.
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
class RemembersMatches(Protocol):
    """A model that keeps something of a match from move to move; who runs the match says when it is over."""

    def release(self, match: str) -> None:
        """Forget a match by the name that its examples had; one that is not known is ignored."""
        ...


@runtime_checkable
class Judges(Protocol):
    """A model that tells how it sees labels that others gave."""

    def judge(self, examples: Sequence[Any], labels: Sequence[str]) -> list[Answer]:
        """How the model sees one label of each example, in their order.

        Of each: log-probability, rank, margin, entropy, number of options and hidden state, the label in
        canonical form. A label that is not legal comes back as it stands, without any of them.
        """
        ...


@runtime_checkable
class Samples(Protocol):
    """A model that draws several labels of one example."""

    def sample(self, examples: Sequence[Any], count: int) -> list[tuple[str, ...]]:
        """So many labels of each example, in their order, or fewer where it failed; a reply without a label
        stands as it is."""
        ...


@runtime_checkable
class SeesSolved(Protocol):
    """A model that can read solved examples in front of each question."""

    def show(self, solved: Sequence[tuple[Example, str]]) -> None:
        """Give solved examples with their labels, for all questions that follow."""
        ...


@runtime_checkable
class Proposes(Protocol):
    """A model that gives several labels of one example."""

    def propose(self, examples: Sequence[Any], count: int, want: Want) -> list[list[Answer]]:
        """Up to so many answers of each example, in their order, none twice: first what ``answer`` gives,
        then the likeliest others as ``judge`` sees them."""
        ...


@runtime_checkable
class Believes(Protocol):
    """A model that tells how likely it holds each move."""

    def believe(self, examples: Sequence[Any]) -> list[dict[str, float]]:
        """The probability of every legal move of each example, in their order; they sum to one."""
        ...


def check_task(model: Model, examples: Sequence[Example]) -> None:
    """Refuse examples of a task that a model does not answer.

    Raises:
        UsageError: names the model, the task and what the model answers.
    """
    for example in examples:
        if (name := task_for(example).name) not in model.tasks:
            raise UsageError(
                "model-task-unsupported",
                f"{model.reference} answers the tasks {', '.join(model.tasks)}, but example {example.id!r} "
                f"has task {name}; choose another model",
            )
