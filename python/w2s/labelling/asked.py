"""Evidence that a model is asked for beside its label: confidence in context, in words, by samples, a reward.

Knows nothing about how it is measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from w2s.errors import UsageError
from w2s.evidence import number_of
from w2s.labelling.consistency import predictive_entropy, self_consistency
from w2s.models import Model, SupportsSampling
from w2s.models.few_shot import Shots
from w2s.tasks import Example, task_for

if TYPE_CHECKING:
    from w2s.labelling.batch import Request

Numbers = npt.NDArray[np.float64]
_COUNT = 8


def check_asked(request: Request) -> None:
    """Refuse what a model cannot be asked for, before it is asked anything.

    Raises:
        UsageError: the model gives no such evidence, or the number of a name is none.
    """
    for name in request.asked:
        if _is_samples(name):
            _sampler(request.model)
            number_of(name)
        else:
            from w2s.models.hf.evidence import check_evidence

            check_evidence(request.model, [name])
            _check_given(request, name.partition(":")[0])


def _check_given(request: Request, kind: str) -> None:
    if kind == "icl" and not request.shots:
        raise UsageError(
            "label-icl-needs-gold",
            "icl shows the model solved examples: name a file of examples with answers with --gold FILE",
        )
    if kind == "reward" and request.reward is None:
        raise UsageError("label-reward-needs-model", "reward needs a model: name it with --reward hf:DIR")


def asked_for(
    request: Request,
    examples: Sequence[Example],
    labels: Sequence[str | None],
    replies: Sequence[str | None],
) -> dict[str, pa.Array]:
    """A column or two for each kind, null where the model gives no number or the label is null.

    Raises:
        UsageError: the model gives no such evidence, or what it needs is not there.
    """
    there = [row for row, label in enumerate(labels) if label is not None]
    given = [(examples[row], labels[row] or "") for row in there]
    found: dict[str, Numbers] = {}
    for name in request.asked:
        if _is_samples(name):
            found |= _sampled(_sampler(request.model), given, number_of(name) or _COUNT)
        else:
            found |= _told(request, name, given, [replies[row] for row in there])
    columns = {}
    for name, values in found.items():
        column = np.full(len(labels), np.nan, np.float32)
        column[there] = values
        columns[name] = pa.array(column, pa.float32(), from_pandas=True)
    return columns


def _told(request: Request, name: str, given: Shots, replies: Sequence[str | None]) -> dict[str, Numbers]:
    """What a language model tells of labels when it is asked again."""
    from w2s.models.hf.evidence import measure_evidence

    examples, labels = [example for example, _ in given], [label for _, label in given]
    return measure_evidence(
        request.model, [name], examples, labels, replies=replies, gold=request.shots, reward=request.reward
    )


def _is_samples(name: str) -> bool:
    return name.partition(":")[0] == "samples"


def _sampler(model: Model) -> SupportsSampling:
    if not isinstance(model, SupportsSampling):
        raise UsageError(
            "label-no-samples",
            f"{model.reference} cannot draw samples: leave samples out, or name an hf: or openai: model",
        )
    return model


def _question(example: Example) -> str:
    """The same for all labels that were proposed of one example."""
    return repr(task_for(example).row(replace(example, id="", group=None)))


def _sampled(model: SupportsSampling, given: Shots, count: int) -> dict[str, Numbers]:
    """``self_consistency``: the share of samples that say the label; ``predictive_entropy`` in nats."""
    asked = {_question(example): example for example, _ in given}  # once, however many labels it has
    drawn = dict(zip(asked, model.sample([*asked.values()], count), strict=True))
    pairs = [(one, drawn[_question(one[0])]) for one in given]
    return {
        "self_consistency": np.array([self_consistency(*one, samples) for one, samples in pairs]),
        "predictive_entropy": np.array([predictive_entropy(one[0], samples) for one, samples in pairs]),
    }
