"""Several labels of each example: a row for each, joined to the example by id.

Knows nothing about evidence beside what the model gives with its labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from w2s.errors import UsageError
from w2s.evidence import EXAMPLE_ID, PROPOSAL
from w2s.models import Answer, Model, SupportsCandidates, Want
from w2s.tasks import Example


@dataclass(frozen=True, slots=True)
class Proposals:
    """Examples as often as they are answered, and their answers.

    The first answer of an example has its id, the second ``ID#2``; all of one example are of one group.
    ``columns``: the example's own id, and which of its answers it is, from 1.
    """

    examples: list[Example]
    answers: list[Answer]
    columns: dict[str, pa.Array]


def proposed(examples: Sequence[Example], model: Model, count: int, want: Want) -> Proposals:
    """Up to so many labels of each example, those of one example side by side.

    Raises:
        UsageError: the model gives one label only.
    """
    if not isinstance(model, SupportsCandidates):
        raise UsageError(
            "label-no-proposals",
            f"{model.reference} gives only one label per example; leave proposals out, or name a policy:, "
            "lc0: or hf: model",
        )
    found = model.propose(examples, count, want)
    pairs = [
        (example, place) for example, some in zip(examples, found, strict=True) for place in range(len(some))
    ]
    return Proposals(
        [_another(example, place) for example, place in pairs],
        [answer for some in found for answer in some],
        {
            EXAMPLE_ID: pa.array([example.id for example, _ in pairs], pa.string()),
            PROPOSAL: pa.array([place + 1 for _, place in pairs], pa.int32()),
        },
    )


def _another(example: Example, place: int) -> Example:
    name = f"{example.id}#{place + 1}" if place else example.id
    return replace(example, id=name, group=example.group or example.id)
