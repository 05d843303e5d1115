"""Several answers to one example: how many agree with the label, and how many are told apart.

Knows nothing about where the label comes from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from w2s.models.hf.asking import Choices, names_of
from w2s.models.hf.evidence.kind import Asked, Column, EvidenceKind
from w2s.models.hf.model import HfModel
from w2s.models.hf.sureness import chosen
from w2s.tasks import Example, task_of
from w2s.tasks.prompts import parse_reply

_COUNT = 8
_TEMPERATURE = 1.0
"""Of the samples where the model itself is greedy."""


def draw(model: HfModel, examples: Sequence[Example], count: int) -> list[tuple[str, ...]]:
    """So many labels of each example, drawn; where options are scored, from their probabilities."""
    scored = [i for i, example in enumerate(examples) if model.asking.score_of(example) != "generate"]
    written = [i for i, example in enumerate(examples) if model.asking.score_of(example) == "generate"]
    found: list[tuple[str, ...]] = [()] * len(examples)
    for places, way in ((scored, _among_options), (written, _by_writing)):
        for i, labels in zip(places, way(model, [examples[i] for i in places], count), strict=True):
            found[i] = labels
    return found


def measure(asked: Asked) -> dict[str, Column]:
    """``self_consistency``: the share of samples that say the label; ``predictive_entropy`` in nats."""
    drawn = draw(asked.model, asked.examples, asked.count or _COUNT)
    agree, entropies = [], []
    for example, label, samples in zip(asked.examples, asked.labels, drawn, strict=True):
        same = [_same(example, sample, label) for sample in samples]
        agree.append(sum(same) / len(samples) if samples else np.nan)
        entropies.append(_entropy(told_apart(example, samples)) if samples else np.nan)
    return {"self_consistency": np.array(agree), "predictive_entropy": np.array(entropies)}


def told_apart(example: Example, samples: Sequence[str]) -> list[int]:
    """How many of the samples mean the same, for each meaning."""
    groups: dict[str, int] = {}
    for sample, count in Counter(samples).items():
        alike = next((first for first in groups if _same(example, sample, first)), sample)
        groups[alike] = groups.get(alike, 0) + count
    return [*groups.values()]


def _same(example: Example, left: str, right: str) -> bool:
    """Whether two labels say the same; two replies without one, where they are the same text."""
    return left == right or task_of(example).same(example, left, right)


def _entropy(counts: Sequence[int]) -> float:
    shares = np.array(counts) / sum(counts)
    return max(0.0, -float((shares * np.log(shares)).sum()))


def _among_options(model: HfModel, examples: Sequence[Example], count: int) -> list[tuple[str, ...]]:
    temperature, seed = model.manner.temperature or _TEMPERATURE, model.manner.seed
    found = []
    for example, belief in zip(examples, model.believe(examples), strict=True):
        labels, names = list(belief), names_of(example)
        scores = np.log(np.maximum([*belief.values()], np.finfo(np.float64).tiny))
        choices = Choices(labels, list(range(len(labels))))
        draws = range(count if labels else 0)
        found.append(
            tuple(labels[chosen(scores, choices, temperature, seed, *names, number)] for number in draws)
        )
    return found


def _by_writing(model: HfModel, examples: Sequence[Example], count: int) -> list[tuple[str, ...]]:
    manner = model.manner._replace(temperature=model.manner.temperature or _TEMPERATURE)
    numbers = range(1, count + 1)
    requests = [model.asking.request(example, number) for example in examples for number in numbers]
    texts = iter(model.write(requests, manner))
    return [tuple(_label(example, next(texts).text) for _ in numbers) for example in examples]


def _label(example: Example, text: str) -> str:
    return parse_reply(example, text) or text.strip()


KIND = EvidenceKind(
    "samples", "share of so many samples that agree with the label, and their entropy", "samples:8", measure
)
