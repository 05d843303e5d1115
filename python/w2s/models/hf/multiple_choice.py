"""Encoders with a multiple-choice head: each option is read with the question, and one number compares them.

Knows nothing about how the network is loaded; answers choices only.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from w2s.errors import DataError, UsageError
from w2s.models.hf.asking import Choices, choices_of
from w2s.models.hf.passes import Passes, Room, budget_of
from w2s.models.hf.scoring import Numbers
from w2s.models.hf.settings import HfSettings
from w2s.models.hf.sureness import chosen, with_evidence
from w2s.models.hf.vectors import Vector, half, refuse_nan
from w2s.models.hf.weights import Opened
from w2s.models.model import Answer, Want
from w2s.models.policy.inference import log_softmax
from w2s.models.reference import shown
from w2s.tasks import Example
from w2s.tasks.choice import ChoiceExample

_CAUSAL_ONLY = ("shots", "score", "prompt", "max_new_tokens")


@dataclass(frozen=True, slots=True)
class Pairs:
    """The question with each option, as the tokenizer puts them together."""

    name: str
    tokens: list[list[int]]
    types: list[list[int]]


def pairs_of(reference: str, tokenizer: Any, example: Example, context: int | None) -> Pairs:
    """The question of an example with each of its options.

    Raises:
        UsageError: it is no choice.
        DataError: an option with the question takes more tokens than ``context``.
    """
    if not isinstance(example, ChoiceExample):
        raise UsageError(
            "hf-choices-only",
            f"{shown(reference)} answers only choices; choose a causal language model for example "
            f"{example.id!r}",
        )
    options = list(example.options[: len(choices_of(example).labels)])
    both = tokenizer([example.question] * len(options), options)
    tokens = both["input_ids"]
    longest = max(map(len, tokens))
    if context is not None and longest > context:
        raise DataError(
            "hf-context-exceeded",
            f"example {example.id!r}: the question with an option has {longest} tokens, but the context of "
            f"{shown(reference)} is {context}; shorten it or choose another model",
        )
    return Pairs(example.id, tokens, both.get("token_type_ids") or [[0] * len(row) for row in tokens])


def refuse_wording(reference: str, settings: HfSettings) -> None:
    """Refuse settings that say how a causal model is asked.

    Raises:
        UsageError: names the first.
    """
    for name in _CAUSAL_ONLY:
        if getattr(settings, name):
            raise UsageError(
                "hf-option-causal-only",
                f"{name} of {shown(reference)} does not apply: an encoder only compares options; remove it",
            )


def context_of(network: Any) -> int | None:
    """The most tokens that an encoder reads, None where its configuration does not say.

    Of a table of positions with a place for padding, as RoBERTa has it, those behind that place.
    """
    found: int | None = getattr(network.config, "max_position_embeddings", None)
    tables = (module for name, module in network.named_modules() if name.endswith("position_embeddings"))
    padding: int | None = getattr(next(tables, None), "padding_idx", None)
    return found if found is None or padding is None else found - padding - 1


@dataclass(frozen=True, slots=True)
class _Read:
    """Numbers of the options, (k,), and the state of each at its first token, (k, width)."""

    scores: Numbers
    states: Vector


class HfChoiceModel:
    """An encoder that compares options; implements ``Model``, ``Judges``, ``Believes`` and ``Proposes``
    for choices.

    ``hidden`` is the last layer's state at the first token, which the head reads, of the label's option.

    Args:
        reference: the name that loads the same model again.
        opened: tokenizer and network.
        settings: temperature and tokens of a pass.
        seed: decides every draw.
    """

    tasks: tuple[str, ...] = ("choice",)
    slots: int | None = None
    deterministic = True

    def __init__(self, reference: str, opened: Opened, settings: HfSettings, seed: int) -> None:
        refuse_wording(reference, settings)
        self.reference = reference
        self._tokenizer = opened.tokenizer
        self._network = opened.network
        self._passes = Passes(reference, settings.batch_tokens or budget_of(opened.network.device))
        self._context = context_of(opened.network)
        self._temperature = settings.temperature
        self._seed = seed

    def answer(self, examples: Sequence[Example], want: Want) -> list[Answer]:
        """One letter per example."""
        return [answer for (answer,) in self.propose(examples, 1, want)]

    def propose(self, examples: Sequence[Example], count: int, want: Want) -> list[list[Answer]]:
        """Up to so many letters of each example: its answer, then the likeliest others."""
        began = time.perf_counter()
        proposed = [
            self._answers(example, read, count, want)
            for example, read in zip(examples, self._read(examples), strict=True)
        ]
        for answer in (answer for some in proposed for answer in some):
            answer.seconds = (time.perf_counter() - began) / len(examples)
        return proposed

    def _answers(self, example: Example, read: _Read, count: int, want: Want) -> list[Answer]:
        choices = choices_of(example)
        first = chosen(read.scores, choices, self._temperature, self._seed, example.id)
        others = [int(place) for place in np.argsort(-read.scores, kind="stable") if place != first]
        return [_answer(read, choices, place, want) for place in (first, *others)[:count]]

    def judge(self, examples: Sequence[Example], labels: Sequence[str]) -> list[Answer]:
        """How the model sees one letter of each example."""
        if len(examples) != len(labels):
            raise UsageError(
                "model-label-count",
                f"{len(examples)} examples have {len(labels)} labels; give one label for each example",
            )
        answers = []
        for example, label, read in zip(examples, labels, self._read(examples), strict=True):
            choices = choices_of(example)
            if label not in choices.labels:
                answers.append(Answer(label))
                continue
            place = choices.labels.index(label)
            answers.append(_answer(read, choices, place, Want(evidence=True, hidden=True)))
        return answers

    def believe(self, examples: Sequence[Example]) -> list[dict[str, float]]:
        """The probability of each letter of each example; they sum to one."""
        return [
            dict(zip(choices_of(example).labels, map(float, np.exp(log_softmax(read.scores))), strict=True))
            for example, read in zip(examples, self._read(examples), strict=True)
        ]

    def close(self) -> None:
        """Nothing to release."""

    def _read(self, examples: Sequence[Example]) -> list[_Read]:
        return self._passes.run(
            [self._pairs(example) for example in examples],
            lambda pairs: Room(len(pairs.tokens), max(map(len, pairs.tokens))),
            lambda pairs: pairs.name,
            self._pass,
        )

    def _pairs(self, example: Example) -> Pairs:
        return pairs_of(self.reference, self._tokenizer, example, self._context)

    def _pass(self, some: Sequence[Pairs], budget: int) -> list[_Read]:
        """Rows of all examples side by side; to the network they are the options of one question."""
        rows = [row for pairs in some for row in pairs.tokens]
        types = [row for pairs in some for row in pairs.types]
        width = max(map(len, rows))
        part = max(1, budget // width)
        found = [
            self._rows(rows[i : i + part], types[i : i + part], width) for i in range(0, len(rows), part)
        ]
        scores = np.concatenate([one for one, _ in found])
        states = np.concatenate([one for _, one in found])
        ends = np.cumsum([len(pairs.tokens) for pairs in some])
        starts = [0, *ends[:-1]]
        for pairs, i, j in zip(some, starts, ends, strict=True):
            refuse_nan(pairs.name, scores[i:j])
        return [_Read(scores[i:j], states[i:j]) for i, j in zip(starts, ends, strict=True)]

    def _rows(self, rows: list[list[int]], types: list[list[int]], width: int) -> tuple[Numbers, Vector]:
        pad = self._tokenizer.pad_token_id or 0
        device = self._network.device
        given = {
            "input_ids": [row + [pad] * (width - len(row)) for row in rows],
            "attention_mask": [[1] * len(row) + [0] * (width - len(row)) for row in rows],
        }
        if "token_type_ids" in self._tokenizer.model_input_names:
            given["token_type_ids"] = [row + [0] * (width - len(row)) for row in types]
        with torch.inference_mode():
            out = self._network(
                **{name: torch.tensor([value], device=device) for name, value in given.items()},
                output_hidden_states=True,
            )
        return out.logits[0].double().cpu().numpy(), half(out.hidden_states[-1][:, 0])


def _answer(read: _Read, choices: Choices, place: int, want: Want) -> Answer:
    answer = Answer(choices.labels[place], hidden=read.states[place] if want.hidden else None)
    return with_evidence(answer, read.scores, choices, place) if want.evidence else answer
