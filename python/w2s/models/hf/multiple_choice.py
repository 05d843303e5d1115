"""Encoders with a multiple-choice head: each option is read with the question, and one logit scores it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from w2s.errors import DataError, UsageError
from w2s.models.candidates import Candidates, list_candidates
from w2s.models.hf.batching import BatchCost, BatchRunner, default_budget
from w2s.models.hf.confidence import add_confidence, pick
from w2s.models.hf.numerics import OptionScores, Vector, refuse_nan, to_float16
from w2s.models.hf.settings import HfSettings
from w2s.models.hf.weights import Checkpoint
from w2s.models.model import Answer, Want
from w2s.models.policy.inference import log_softmax
from w2s.models.reference import quote
from w2s.tasks import Example
from w2s.tasks.choice import ChoiceExample

_CAUSAL_ONLY = ("shots", "score", "prompt", "max_new_tokens")


@dataclass(frozen=True, slots=True)
class OptionPairs:
    """The question with each option, as the tokenizer joins them.

    Attributes:
        name: id of the example, for messages.
        tokens: one row of tokens per option.
        types: token types of the same shape.
    """

    name: str
    tokens: list[list[int]]
    types: list[list[int]]


def tokenize_pairs(reference: str, tokenizer: Any, example: Example, context: int | None) -> OptionPairs:
    """The question of an example with each of its options.

    Raises:
        UsageError: the example is not a choice.
        DataError: an option with the question has more tokens than ``context``.
    """
    if not isinstance(example, ChoiceExample):
        raise UsageError(
            "hf-choices-only",
            f"{quote(reference)} answers only choices; choose a causal language model for example "
            f"{example.id!r}",
        )
    options = list(example.options[: len(list_candidates(example).labels)])
    both = tokenizer([example.question] * len(options), options)
    tokens = both["input_ids"]
    longest = max(map(len, tokens))
    if context is not None and longest > context:
        raise DataError(
            "hf-context-exceeded",
            f"example {example.id!r}: the question with an option has {longest} tokens, but the context of "
            f"{quote(reference)} is {context}; shorten it or choose another model",
        )
    return OptionPairs(example.id, tokens, both.get("token_type_ids") or [[0] * len(row) for row in tokens])


def refuse_causal_options(reference: str, settings: HfSettings) -> None:
    """Refuse settings that apply only to causal models.

    Raises:
        UsageError: names the first of them.
    """
    for name in _CAUSAL_ONLY:
        if getattr(settings, name):
            raise UsageError(
                "hf-option-causal-only",
                f"{name} of {quote(reference)} does not apply: an encoder only compares options; remove it",
            )


def encoder_context(network: Any) -> int | None:
    """The number of tokens that an encoder can read, None if its configuration does not say.

    If the table of positions has a padding index, as in RoBERTa, only the positions after it count.
    """
    found: int | None = getattr(network.config, "max_position_embeddings", None)
    tables = (module for name, module in network.named_modules() if name.endswith("position_embeddings"))
    padding: int | None = getattr(next(tables, None), "padding_idx", None)
    return found if found is None or padding is None else found - padding - 1


@dataclass(frozen=True, slots=True)
class _Output:
    """Logits of the options, (k,), and their hidden states at the first token, (k, d)."""

    scores: OptionScores
    states: Vector


class HfChoiceModel:
    """An encoder that compares options; implements ``Model``, ``SupportsScoring``, ``SupportsDistribution``
    and ``SupportsCandidates`` for choices.

    ``hidden`` is the hidden state of the last layer at the first token, which the head reads, for the option
    of the label.

    Args:
        reference: the reference that loads the same model again.
        checkpoint: tokenizer and network.
        settings: temperature and tokens of a batch.
        seed: random seed of every draw.
    """

    tasks: tuple[str, ...] = ("choice",)
    slots: int | None = None
    deterministic = True

    def __init__(self, reference: str, checkpoint: Checkpoint, settings: HfSettings, seed: int) -> None:
        refuse_causal_options(reference, settings)
        self.reference = reference
        self._tokenizer = checkpoint.tokenizer
        self._network = checkpoint.network
        self._batches = BatchRunner(
            reference, settings.batch_tokens or default_budget(checkpoint.network.device)
        )
        self._context = encoder_context(checkpoint.network)
        self._temperature = settings.temperature
        self._seed = seed

    def __repr__(self) -> str:
        return f"load_model({self.reference!r})"

    def answer(self, examples: Sequence[Example], want: Want) -> list[Answer]:
        """One letter per example."""
        return [answer for (answer,) in self.propose(examples, 1, want)]

    def propose(self, examples: Sequence[Example], count: int, want: Want) -> list[list[Answer]]:
        """Up to ``count`` letters of each example: its answer, then the likeliest others."""
        began = time.perf_counter()
        proposed = [
            self._answers(example, output, count, want)
            for example, output in zip(examples, self._outputs(examples), strict=True)
        ]
        for answer in (answer for answers in proposed for answer in answers):
            answer.seconds = (time.perf_counter() - began) / len(examples)
        return proposed

    def _answers(self, example: Example, output: _Output, count: int, want: Want) -> list[Answer]:
        candidates = list_candidates(example)
        first = pick(output.scores, candidates, self._temperature, self._seed, example.id)
        others = [int(index) for index in np.argsort(-output.scores, kind="stable") if index != first]
        return [_answer(output, candidates, index, want) for index in (first, *others)[:count]]

    def judge(self, examples: Sequence[Example], labels: Sequence[str]) -> list[Answer]:
        """The model's view of one letter of each example."""
        if len(examples) != len(labels):
            raise UsageError(
                "model-label-count",
                f"{len(examples)} examples have {len(labels)} labels; give one label for each example",
            )
        answers = []
        for example, label, output in zip(examples, labels, self._outputs(examples), strict=True):
            candidates = list_candidates(example)
            if label not in candidates.labels:
                answers.append(Answer(label))
                continue
            index = candidates.labels.index(label)
            answers.append(_answer(output, candidates, index, Want(evidence=True, hidden=True)))
        return answers

    def distributions(self, examples: Sequence[Example]) -> list[dict[str, float]]:
        """The probability of each letter of each example; they sum to 1."""
        return [
            dict(
                zip(
                    list_candidates(example).labels,
                    map(float, np.exp(log_softmax(output.scores))),
                    strict=True,
                )
            )
            for example, output in zip(examples, self._outputs(examples), strict=True)
        ]

    def close(self) -> None:
        """Nothing to release."""

    def _outputs(self, examples: Sequence[Example]) -> list[_Output]:
        return self._batches.run(
            [self._pairs(example) for example in examples],
            lambda pairs: BatchCost(len(pairs.tokens), max(map(len, pairs.tokens))),
            lambda pairs: pairs.name,
            self._pass,
        )

    def _pairs(self, example: Example) -> OptionPairs:
        return tokenize_pairs(self.reference, self._tokenizer, example, self._context)

    def _pass(self, batch: Sequence[OptionPairs], budget: int) -> list[_Output]:
        """All rows of a batch at once; to the network they are the options of one question."""
        rows = [row for pairs in batch for row in pairs.tokens]
        types = [row for pairs in batch for row in pairs.types]
        width = max(map(len, rows))
        part = max(1, budget // width)
        found = [
            self._rows(rows[i : i + part], types[i : i + part], width) for i in range(0, len(rows), part)
        ]
        scores = np.concatenate([one for one, _ in found])
        states = np.concatenate([one for _, one in found])
        ends = np.cumsum([len(pairs.tokens) for pairs in batch])
        starts = [0, *ends[:-1]]
        for pairs, i, j in zip(batch, starts, ends, strict=True):
            refuse_nan(pairs.name, scores[i:j])
        return [_Output(scores[i:j], states[i:j]) for i, j in zip(starts, ends, strict=True)]

    def _rows(self, rows: list[list[int]], types: list[list[int]], width: int) -> tuple[OptionScores, Vector]:
        pad = self._tokenizer.pad_token_id or 0
        device = self._network.device
        inputs = {
            "input_ids": [row + [pad] * (width - len(row)) for row in rows],
            "attention_mask": [[1] * len(row) + [0] * (width - len(row)) for row in rows],
        }
        if "token_type_ids" in self._tokenizer.model_input_names:
            inputs["token_type_ids"] = [row + [0] * (width - len(row)) for row in types]
        with torch.inference_mode():
            out = self._network(
                **{name: torch.tensor([value], device=device) for name, value in inputs.items()},
                output_hidden_states=True,
            )
        return out.logits[0].double().cpu().numpy(), to_float16(out.hidden_states[-1][:, 0])


def _answer(output: _Output, candidates: Candidates, index: int, want: Want) -> Answer:
    answer = Answer(candidates.labels[index], hidden=output.states[index] if want.hidden else None)
    return add_confidence(answer, output.scores, candidates, index) if want.evidence else answer
