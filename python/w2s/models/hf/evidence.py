"""Evidence requested from a language model: how each of :data:`w2s.evidence_kinds.REQUESTS` is measured.

A new kind is its row in :data:`w2s.evidence_kinds.EVIDENCE` and its function in ``_MEASURES`` here.
``samples`` is not here, because endpoints sample as well: see :class:`w2s.models.SupportsSampling`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from w2s.errors import UsageError
from w2s.evidence_kinds import EvidenceRequest, parse_evidence
from w2s.models.few_shot import Shots
from w2s.models.hf.model import HfModel
from w2s.models.hf.reward_model import Exchange, RewardModel
from w2s.models.hf.tokenization import bundled_prompt
from w2s.models.model import Model
from w2s.tasks import Example

Column = npt.NDArray[np.float64]
"""One number per label, (n,); NaN where there is none."""

_NUMBER = re.compile(r"(?<![\d.\-])\d{1,3}(?:\.\d+)?(?![\d])")
_RATING_TOKENS = 16


@dataclass(frozen=True, slots=True)
class _Inputs:
    """Labels whose evidence is measured.

    Attributes:
        model: the model that gave the labels, or that reads those of others.
        examples: n examples.
        labels: one for each example.
        replies: the text that gave each label.
        count: the number in the name of the evidence, 0 if it takes none.
        gold: few-shot examples with their labels.
        reward: reference of a reward model, None if none is named.
    """

    model: HfModel
    examples: Sequence[Example]
    labels: Sequence[str]
    replies: Sequence[str]
    count: int
    gold: Shots
    reward: str | None


def check_evidence(model: Model, names: Sequence[str]) -> None:
    """Refuse evidence that a model cannot give.

    Raises:
        UsageError: the model is not an ``hf:`` model that generates, or a name or its number is invalid.
    """
    _require_hf(model)
    for name in names:
        _parse(name)


def measure_evidence(
    model: Model,
    names: Sequence[str],
    examples: Sequence[Example],
    labels: Sequence[str],
    *,
    replies: Sequence[str | None] | None = None,
    gold: Shots = (),
    reward: str | None = None,
) -> dict[str, Column]:
    """Ask a language model for evidence about labels.

    Args:
        model: an ``hf:`` model that generates.
        names: kinds of evidence, with a number if they take one: ``icl``, ``icl:8``, ``verbalised``,
            ``p_true``, ``reward``.
        examples: n examples.
        labels: one for each example.
        replies: the text that gave each label; None is replaced by the reply that gives the label.
        gold: few-shot examples with their labels, for ``icl``.
        reward: reference of a reward model, ``hf:DIR``, for ``reward``.

    Returns:
        A float64 array of shape (n,) for each column, by its name; NaN where there is no number.

    Raises:
        UsageError: a name is unknown, or what it needs is not given.
    """
    asked = _require_hf(model)
    if len(examples) != len(labels):
        raise UsageError(
            "model-label-count",
            f"{len(examples)} examples have {len(labels)} labels; give one label for each example",
        )
    requests = [_parse(name) for name in names]
    texts = [
        asked.prompts.reply(example, label) if reply is None else reply
        for example, label, reply in zip(examples, labels, replies or [None] * len(labels), strict=True)
    ]
    found: dict[str, Column] = {}
    for request in requests:
        (column,) = request.kind.columns
        inputs = _Inputs(asked, examples, labels, texts, request.count, gold, reward)
        found[column] = _MEASURES[request.name](inputs)
    return found


def parse_rating(text: str) -> float:
    """The first number of a reply over 100; NaN if it holds none from 0 to 100.

    Example:
        >>> parse_rating("I am 85 percent sure.")
        0.85
    """
    found = _NUMBER.search(text)
    number = float(found.group()) if found else np.nan
    return number / 100 if number <= 100 else np.nan


def _measure_icl(inputs: _Inputs) -> Column:
    """Probability of the label after few-shot examples; of an answer, the geometric mean over its tokens."""
    shots = inputs.model.prompts.draw_shots(inputs.gold, inputs.count, inputs.examples)
    judged = inputs.model.judge(inputs.examples, inputs.labels, shots)
    return np.exp(
        np.array([np.nan if answer.log_prob is None else answer.log_prob for answer in judged], np.float64)
    )


def _measure_verbalised(inputs: _Inputs) -> Column:
    """The number from 0 to 100 that the model states, over 100."""
    template, prompts = bundled_prompt("verbalised"), inputs.model.prompts
    requests = [
        prompts.follow_up_request(example, reply, template, _RATING_TOKENS)
        for example, reply in zip(inputs.examples, inputs.replies, strict=True)
    ]
    replies = inputs.model.generate(requests, replace(inputs.model.config, temperature=0.0))
    return np.array([parse_rating(reply.text) for reply in replies], np.float64)


def _measure_p_true(inputs: _Inputs) -> Column:
    """P(True): probability of yes against no. Source: Kadavath et al., arXiv 2207.05221."""
    checks = inputs.model.checker.check(inputs.examples, inputs.replies)
    logits = np.array([check.logit for check in checks], np.float64)
    return np.exp(-np.logaddexp(0.0, -logits))


def _measure_reward(inputs: _Inputs) -> Column:
    """The score of a reward model for the reply."""
    if inputs.reward is None:
        raise UsageError(
            "label-missing-reward-model", "reward evidence needs a reward model; name it as hf:DIR"
        )
    exchanges = [
        Exchange(example.id, inputs.model.prompts.question(example), reply)
        for example, reply in zip(inputs.examples, inputs.replies, strict=True)
    ]
    return _reward_model(inputs.model, inputs.reward).rewards(exchanges)


_MEASURES: dict[str, Callable[[_Inputs], Column]] = {
    "icl": _measure_icl,
    "verbalised": _measure_verbalised,
    "p_true": _measure_p_true,
    "reward": _measure_reward,
}

_REWARD_MODELS: WeakKeyDictionary[HfModel, dict[str, RewardModel]] = WeakKeyDictionary()


def _reward_model(model: HfModel, reference: str) -> RewardModel:
    """The reward model of a reference, loaded once for all batches of a model."""
    loaded = _REWARD_MODELS.setdefault(model, {})
    if reference not in loaded:
        loaded[reference] = RewardModel(reference)
    return loaded[reference]


def _require_hf(model: Model) -> HfModel:
    if not isinstance(model, HfModel):
        raise UsageError(
            "hf-evidence-unsupported",
            f"{model.reference} cannot give evidence about its labels; choose an hf: model that generates. "
            "Endpoints give only samples",
        )
    return model


def _parse(name: str) -> EvidenceRequest:
    return parse_evidence(name, list(_MEASURES))
