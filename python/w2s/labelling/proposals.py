"""Several labels per example: one row for each, joined to the example by ``example_id``."""

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
    """Several answers per example, as rows.

    Attributes:
        examples: each example once per answer. The first has the example's own id, the second ``ID#2``, and
            all have one group.
        answers: the answers, those of one example in order of likelihood.
        columns: ``example_id``, the example's own id; and ``proposal``, the rank of the answer, from 1.
    """

    examples: list[Example]
    answers: list[Answer]
    columns: dict[str, pa.Array]


def propose_labels(examples: Sequence[Example], model: Model, count: int, want: Want) -> Proposals:
    """Up to ``count`` labels per example, those of one example in consecutive rows.

    Raises:
        UsageError: the model gives only one label per example.
    """
    if not isinstance(model, SupportsCandidates):
        raise UsageError(
            "label-no-proposals",
            f"{model.reference} gives only one label per example; leave proposals out, or name a policy:, "
            "lc0: or hf: model",
        )
    found = model.propose(examples, count, want)
    ranked = [
        (example, rank)
        for example, answers in zip(examples, found, strict=True)
        for rank in range(1, len(answers) + 1)
    ]
    return Proposals(
        [_row(example, rank) for example, rank in ranked],
        [answer for answers in found for answer in answers],
        {
            EXAMPLE_ID: pa.array([example.id for example, _ in ranked], pa.string()),
            PROPOSAL: pa.array([rank for _, rank in ranked], pa.int32()),
        },
    )


def _row(example: Example, rank: int) -> Example:
    name = f"{example.id}#{rank}" if rank > 1 else example.id
    return replace(example, id=name, group=example.group or example.id)
