"""Training rows as tokens: a question and the reply that is learned behind it.

Knows nothing about networks.

A target of several labels becomes a sequence for each, which weighs its probability: the cross-entropy
against the distribution of replies. The other losses compare the letters of a choice behind the question.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from w2s.errors import DataError, UsageError
from w2s.models.hf.settings import HfSettings
from w2s.models.hf.tokenization import PromptTokenizer, Tokens, Turns, format_reply, select_prompt
from w2s.tasks import Example
from w2s.tasks.answer import AnswerExample
from w2s.tasks.choice import ChoiceExample
from w2s.train.language.settings import LanguageSettings
from w2s.train.language.targets import LEAST, distribution_of, letter_probs, weights_of
from w2s.train.rows import Rows


@dataclass(frozen=True, slots=True)
class Sequence:
    """A question with its reply.

    Attributes:
        row: which training row it belongs to.
        ids: the tokens.
        asked: how many of them are the question; the rest is learned.
        weight: above 0.
        options: the token of each letter, where letters are compared; the reply is empty then.
        probs: what each letter shall have.
    """

    row: int
    ids: Tokens
    asked: int
    weight: float
    options: tuple[int, ...] = ()
    probs: tuple[float, ...] = ()


def sequences_of(
    rows: Rows, wording: PromptTokenizer, asked: HfSettings, settings: LanguageSettings
) -> list[Sequence]:
    """The sequences of all rows that weigh anything, in their order.

    Raises:
        DataError: no rows, lengths that differ, a target that is no distribution, or a row that is longer
            than ``length``.
        UsageError: a loss that compares letters, of something else than a choice by letter.
    """
    make = _replies if settings.loss == "cross_entropy" else _letters
    found = [
        one
        for row, weight in enumerate(weights_of(rows))
        if weight > 0
        for one in make(rows, row, weight, wording, asked)
        if one.weight > LEAST
    ]
    for one in found:
        if len(one.ids) > settings.length:
            raise DataError(
                "train-row-too-long",
                f"example {rows.examples[one.row].id!r} has {len(one.ids)} tokens with its reply, more than "
                f"length={settings.length}; raise length, or remove the row",
            )
    return found


def _replies(
    rows: Rows, row: int, weight: float, wording: PromptTokenizer, asked: HfSettings
) -> Iterator[Sequence]:
    example = rows.examples[row]
    score = _score(example, asked)
    prompt = select_prompt(asked.prompt, example, score)
    text = wording.text(_NO_TURNS, prompt.ask(example))
    target = distribution_of(example, rows.targets[row])
    said = rows.said[row] if rows.said else None
    ending = wording.ending
    for label, prob in target.items():
        reply = (
            said
            if said and isinstance(example, AnswerExample)
            else format_reply(prompt, example, label, score)
        )
        tokenized_prompt = wording.tokenized_prompt(text, [reply + ending])
        yield Sequence(
            row,
            tokenized_prompt.prompt + tokenized_prompt.replies[0],
            len(tokenized_prompt.prompt),
            weight * prob,
        )


def _letters(
    rows: Rows, row: int, weight: float, wording: PromptTokenizer, asked: HfSettings
) -> Iterator[Sequence]:
    example = rows.examples[row]
    if not isinstance(example, ChoiceExample) or _score(example, asked) != "letter":
        raise UsageError(
            "train-loss-needs-letters",
            f"example {example.id!r} is not a choice answered by letter, which losses other than "
            "cross_entropy need; leave loss out",
        )
    prompt = select_prompt(asked.prompt, example, "letter")
    text = wording.text(_NO_TURNS, prompt.ask(example))
    tokenized_prompt = wording.tokenized_prompt(
        text, [format_reply(prompt, example, one, "letter") for one in example.letters]
    )
    together = enumerate(zip(*tokenized_prompt.replies, strict=False))
    alike = next((place for place, tokens in together if len(set(tokens)) == len(example.letters)), None)
    if alike is None:
        raise UsageError(
            "train-letters-not-distinct",
            f"the letters of {example.id!r} do not differ in one token of this tokenizer; "
            "use loss=cross_entropy",
        )
    question = tokenized_prompt.prompt + tokenized_prompt.replies[0][:alike]
    options = tuple(reply[alike] for reply in tokenized_prompt.replies)
    probs = letter_probs(example, rows.targets[row])
    yield Sequence(row, question, len(question), weight, options, probs)


def _score(example: Example, asked: HfSettings) -> str:
    return asked.score or ("letter" if isinstance(example, ChoiceExample) else "generate")


_NO_TURNS: Turns = ()
