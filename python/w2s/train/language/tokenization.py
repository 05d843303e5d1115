"""Training rows of a language model as tokens: question and reply, or a question with each of its options.

For a causal model a target over several labels becomes one sequence per label, weighted by its probability:
the cross-entropy against the distribution of replies. The other losses compare the letters of a choice after
the question. For an encoder every question is paired with each of its options.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from w2s.errors import DataError, UsageError
from w2s.models.hf.multiple_choice import tokenize_pairs
from w2s.models.hf.settings import HfSettings
from w2s.models.hf.tokenization import PromptTokenizer, Tokens, format_reply, select_prompt
from w2s.tasks import AnswerExample, ChoiceExample, Example
from w2s.train.dataset import Target, TrainingSet, normalize_target
from w2s.train.settings import LanguageTrainSettings

LEAST_WEIGHT = 1e-30
"""Rows and sequences of less weight, relative to the largest, are left out."""


@dataclass(frozen=True, slots=True)
class TokenSequence:
    """A question with its reply.

    Attributes:
        row: number of the training row.
        ids: the tokens.
        n_prompt: number of tokens of the question; the others are learned.
        weight: > 0.
        options: the token of each letter, where letters are compared; the reply is empty then.
        probs: target probability of each letter.
    """

    row: int
    ids: Tokens
    n_prompt: int
    weight: float
    options: tuple[int, ...] = ()
    probs: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class ChoiceTokens:
    """A question paired with each of its options, for an encoder.

    Attributes:
        row: number of the training row.
        tokens: for each option, the tokens of question and option.
        types: for each token, 0 if it belongs to the question, 1 if it belongs to the option.
        weight: > 0.
        probs: target probability of each option.
    """

    row: int
    tokens: tuple[Tokens, ...]
    types: tuple[Tokens, ...]
    weight: float
    probs: tuple[float, ...]


def relative_weights(rows: TrainingSet) -> list[float]:
    """The weights of the rows relative to the largest, which is 1; below :data:`LEAST_WEIGHT` they are 0.

    Raises:
        DataError: see :meth:`TrainingSet.checked_weights`.
    """
    given = rows.checked_weights()
    # Relative to the largest: a constant factor that is a power of two changes no bit, others little.
    scaled: list[float] = (given / given.max()).tolist()
    # Networks compute in float32, where a smaller weight vanishes: a step of such rows alone would be 0 / 0.
    return [weight if weight > LEAST_WEIGHT else 0.0 for weight in scaled]


def uniform_rows(rows: TrainingSet) -> TrainingSet:
    """The rows with a weight > 0, without rationales, because replies are generated.

    Raises:
        DataError: the rows are invalid.
        UsageError: their weights differ.
    """
    weights = relative_weights(rows)
    kept = [row for row, weight in enumerate(weights) if weight]
    if len({weights[row] for row in kept}) > 1:
        raise UsageError("train-grpo-weights", "objective=grpo takes no weights; leave weights out")
    return TrainingSet(
        [rows.examples[row] for row in kept], [rows.targets[row] for row in kept], np.ones(len(kept))
    )


def tokenize_sequences(
    rows: TrainingSet,
    prompt_tokenizer: PromptTokenizer,
    prompting: HfSettings,
    settings: LanguageTrainSettings,
) -> list[TokenSequence]:
    """The sequences of all rows with a weight, in their order.

    Raises:
        DataError: the rows are invalid, or one is longer than ``length``.
        UsageError: the loss compares letters, and an example is not a choice answered by letter.
    """
    tokenize = _reply_sequences if settings.loss == "cross_entropy" else _letter_sequences
    found = [
        sequence
        for row, weight in enumerate(relative_weights(rows))
        if weight > 0
        for sequence in tokenize(rows, row, weight, prompt_tokenizer, prompting)
        if sequence.weight > LEAST_WEIGHT
    ]
    for sequence in found:
        if len(sequence.ids) > settings.max_length:
            raise DataError(
                "train-row-too-long",
                f"example {rows.examples[sequence.row].id!r} has {len(sequence.ids)} tokens with its reply, "
                f"more than max_length={settings.max_length}; raise max_length, or remove the row",
            )
    return found


def tokenize_choices(
    rows: TrainingSet, tokenizer: Any, reference: str, context: int | None, settings: LanguageTrainSettings
) -> list[ChoiceTokens]:
    """All rows with a weight, in their order.

    Args:
        rows: choices.
        tokenizer: tokenizer of the encoder.
        reference: reference of the encoder, for messages.
        context: maximum tokens that it reads; None where there is no limit.
        settings: settings with ``length``.

    Raises:
        DataError: the rows are invalid, or one is longer than ``length`` or the encoder's context.
        UsageError: an example is not a choice.
    """
    found = []
    for row, weight in enumerate(relative_weights(rows)):
        if weight > 0:
            example = rows.examples[row]
            pairs = tokenize_pairs(reference, tokenizer, example, context)
            longest = max(map(len, pairs.tokens))
            if longest > settings.max_length:
                raise DataError(
                    "train-row-too-long",
                    f"example {example.id!r} has {longest} tokens with an option, more than "
                    f"max_length={settings.max_length}; raise max_length, or remove the row",
                )
            assert isinstance(example, ChoiceExample)  # pairs_of refuses others
            probs = _letter_probs(example, rows.targets[row])
            found.append(ChoiceTokens(row, tuple(pairs.tokens), tuple(pairs.types), weight, probs))
    return found


def _reply_sequences(
    rows: TrainingSet, row: int, weight: float, prompt_tokenizer: PromptTokenizer, prompting: HfSettings
) -> Iterator[TokenSequence]:
    """One sequence per label of the target, with its reply."""
    example = rows.examples[row]
    score = _score(example, prompting)
    prompt = select_prompt(prompting.prompt, example, score)
    text = prompt_tokenizer.text((), prompt.ask(example))
    rationale = rows.rationales[row] if rows.rationales and isinstance(example, AnswerExample) else None
    for label, prob in _label_probs(example, rows.targets[row]).items():
        reply = rationale or format_reply(prompt, example, label, score)
        tokens = prompt_tokenizer.tokenized_prompt(text, [reply + prompt_tokenizer.ending])
        yield TokenSequence(
            row,
            tokens.prompt + tokens.replies[0],
            len(tokens.prompt),
            weight * prob,
        )


def _letter_sequences(
    rows: TrainingSet, row: int, weight: float, prompt_tokenizer: PromptTokenizer, prompting: HfSettings
) -> Iterator[TokenSequence]:
    """The question up to the token in which the letters differ."""
    example = rows.examples[row]
    if not isinstance(example, ChoiceExample) or _score(example, prompting) != "letter":
        raise UsageError(
            "train-loss-needs-letters",
            f"example {example.id!r} is not a choice answered by letter, which losses other than "
            "cross_entropy need; leave loss out",
        )
    prompt = select_prompt(prompting.prompt, example, "letter")
    text = prompt_tokenizer.text((), prompt.ask(example))
    tokens = prompt_tokenizer.tokenized_prompt(
        text, [format_reply(prompt, example, letter, "letter") for letter in example.letters]
    )
    columns = enumerate(zip(*tokens.replies, strict=False))
    at = next((place for place, column in columns if len(set(column)) == len(example.letters)), None)
    if at is None:
        raise UsageError(
            "train-letters-not-distinct",
            f"the letters of {example.id!r} do not differ in one token of this tokenizer; "
            "use loss=cross_entropy",
        )
    question = tokens.prompt + tokens.replies[0][:at]
    options = tuple(reply[at] for reply in tokens.replies)
    probs = _letter_probs(example, rows.targets[row])
    yield TokenSequence(row, question, len(question), weight, options, probs)


def _score(example: Example, prompting: HfSettings) -> str:
    return prompting.score or ("letter" if isinstance(example, ChoiceExample) else "generate")


def _label_probs(example: Example, target: Target) -> dict[str, float]:
    """The labels of a target with a probability > 0, checked against the letters of a choice."""
    probs = {label: prob for label, prob in normalize_target(example, target).items() if prob > 0}
    if isinstance(example, ChoiceExample):
        for label in probs:
            if label not in example.letters:
                raise DataError(
                    "train-impossible-target",
                    f"the target {label[:20]!r} of example {example.id!r} is not one of its letters "
                    f"{example.letters}; remove the row",
                )
    return probs


def _letter_probs(example: ChoiceExample, target: Target) -> tuple[float, ...]:
    """The probability of each letter of a choice; they sum to one."""
    probs = _label_probs(example, target)
    return tuple(probs.get(letter, 0.0) for letter in example.letters)
