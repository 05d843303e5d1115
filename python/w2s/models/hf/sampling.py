"""Several labels of one example, drawn: among its options where they are scored, by writing elsewhere.

Knows nothing about what becomes of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from w2s.models.hf.asking import choices_of, names_of
from w2s.models.hf.sureness import chosen
from w2s.tasks import Example
from w2s.tasks.prompts import parse_reply

if TYPE_CHECKING:
    from w2s.models.hf.model import HfModel

_TEMPERATURE = 1.0
"""Of the samples where the model itself is greedy."""


def draw(model: HfModel, examples: Sequence[Example], count: int) -> list[tuple[str, ...]]:
    """So many labels of each example; a reply that holds none stands as it is."""
    scored = [i for i, example in enumerate(examples) if model.asking.score_of(example) != "generate"]
    written = [i for i, example in enumerate(examples) if model.asking.score_of(example) == "generate"]
    found: list[tuple[str, ...]] = [()] * len(examples)
    for places, way in ((scored, _among_options), (written, _by_writing)):
        for i, labels in zip(places, way(model, [examples[i] for i in places], count), strict=True):
            found[i] = labels
    return found


def _among_options(model: HfModel, examples: Sequence[Example], count: int) -> list[tuple[str, ...]]:
    temperature, seed = model.manner.temperature or _TEMPERATURE, model.manner.seed
    found = []
    for example, belief in zip(examples, model.believe(examples), strict=True):
        choices, names = choices_of(example), names_of(example)
        scores = np.log(np.maximum([*belief.values()], np.finfo(np.float64).tiny))
        draws = range(count if belief else 0)
        found.append(
            tuple(
                choices.labels[chosen(scores, choices, temperature, seed, *names, number)] for number in draws
            )
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
