"""Examples → tokens: the prompt as the model's chat template or plain text has it, and replies behind it.

Knows nothing about networks.

A model without a chat template reads ``Question: …`` and goes on behind ``Answer:``. A reply is tokenised
behind its prompt, never alone, so that its tokens are those that the model would have read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from w2s.errors import ModelError
from w2s.tasks import Example, task_for
from w2s.tasks.answer import AnswerExample
from w2s.tasks.choice import ChoiceExample
from w2s.tasks.prompts import Message, Prompt, prompt_names, read_prompt

_MARK = "\N{WHITE DIAMOND CONTAINING BLACK SMALL DIAMOND}"
TEMPLATES = Path(__file__).with_name("templates")
TEXTS_AT_ONCE = 256
"""Of one call of the tokenizer, which needs far more room for each token than the number that it becomes."""
Tokens = list[int]
Turns = Sequence[tuple[str, str]]
"""Questions with their replies, in front of the last question."""


@dataclass(frozen=True, slots=True)
class Worded:
    """One question as tokens, and replies to it.

    Attributes:
        prompt: what all replies share.
        replies: the tokens of each behind it, at least one.
    """

    prompt: Tokens
    replies: list[Tokens]


def own_prompt(name: str) -> Prompt:
    """A template that belongs to language models and not to a task."""
    return read_prompt(str(TEMPLATES / f"{name}.jinja"))


def prompt_for(name: str | None, example: Example, score: str) -> Prompt:
    """The prompt that is named, else the one that suits the task and the way of answering.

    One of ours is of the task that its name begins with: examples of another task do without it.
    """
    if name is not None and (name not in prompt_names() or name.partition("-")[0] == task_for(example).name):
        return read_prompt(name)
    if isinstance(example, ChoiceExample):
        return own_prompt("choice-option") if score == "option" else read_prompt("choice")
    return read_prompt("answer" if isinstance(example, AnswerExample) else "move")


def reply_to(prompt: Prompt, example: Example, label: str, score: str) -> str:
    """The reply that a label becomes; the source's own solution of the example is never in it."""
    if (
        isinstance(example, ChoiceExample)
        and score == "option"
        and len(label) == 1
        and label in example.letters
    ):
        return example.options[example.letters.index(label)]
    unsolved = replace(example, solution=None) if isinstance(example, AnswerExample) else example
    return prompt.answer(unsolved, label)


class Wording:
    """A tokenizer with its chat template, or without one.

    Args:
        tokenizer: of transformers.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self.is_chat = bool(getattr(tokenizer, "chat_template", None))
        empty = tokenizer("")["input_ids"]
        begins = bool(empty) and empty[0] == tokenizer.bos_token_id
        self._start: Tokens = [] if self.is_chat or not begins else [empty[0]]

    def text(self, turns: Turns, question: str) -> str:
        """A conversation up to where the model goes on."""
        if not self.is_chat:
            told = "".join(f"Question: {asked}\nAnswer: {said}\n\n" for asked, said in turns)
            return f"{told}Question: {question}\nAnswer:"
        messages: list[Message] = []
        for asked, said in turns:
            messages += [{"role": "user", "content": asked}, {"role": "assistant", "content": said}]
        messages.append({"role": "user", "content": question})
        return self._templated(messages, add_generation_prompt=True)

    def told(self, question: str, reply: str) -> Tokens:
        """A question with its whole reply, as tokens."""
        if not self.is_chat:
            return self.tokens(f"{self.text([], question)} {reply}")
        messages: list[Message] = [
            {"role": "user", "content": question},
            {"role": "assistant", "content": reply},
        ]
        return self.tokens(self._templated(messages, add_generation_prompt=False))

    @cached_property
    def ending(self) -> str:
        """What stands behind a reply: the end of a turn where the chat template has one, else of the text."""
        last = str(self._tokenizer.eos_token or "")
        if not self.is_chat:
            return last
        turns: list[Message] = [{"role": "user", "content": "?"}, {"role": "assistant", "content": _MARK}]
        whole = self._templated(turns, add_generation_prompt=False)
        return whole.rpartition(_MARK)[2].rstrip("\n") or last

    def worded(self, text: str, replies: Sequence[str]) -> Worded:
        """A conversation and replies to it; where tokens span both, they belong to the replies."""
        return self.worded_all([(text, replies)])[0]

    def worded_all(self, asked: Sequence[tuple[str, Sequence[str]]]) -> list[Worded]:
        """The same for many, in few calls of the tokenizer: it goes through each on all cores."""
        joint = "" if self.is_chat else " "
        texts = [[text, *(f"{text}{joint}{reply}" for reply in replies)] for text, replies in asked]
        found = iter(self._tokens([text for some in texts for text in some]))
        return [_parted(next(found), [*islice(found, len(replies))]) for _, replies in asked]

    def tokens(self, text: str) -> Tokens:
        """A conversation as tokens."""
        return self._tokens([text])[0]

    def starts(self, words: Sequence[str]) -> set[int]:
        """The first tokens of words as replies."""
        bare = self._tokenizer([*words, *(f" {word}" for word in words)], add_special_tokens=False)
        return {ids[0] for ids in bare["input_ids"] if ids}

    def decoded(self, tokens: Tokens) -> str:
        """Text of tokens, special ones left out."""
        return str(self._tokenizer.decode(tokens, skip_special_tokens=True))

    def _templated(self, messages: list[Message], *, add_generation_prompt: bool) -> str:
        from jinja2 import TemplateError

        try:
            # Templates of models that think aloud read the flag; those of others pass over it.
            text = self._tokenizer.apply_chat_template(
                messages,
                tokenize=False,
                add_generation_prompt=add_generation_prompt,
                enable_thinking=False,
            )
        except (TemplateError, TypeError, ValueError, LookupError, ArithmeticError) as error:
            said = " ".join(str(error).split())[:200]
            raise ModelError(
                "hf-chat-template-failed",
                f"the chat template of {self._tokenizer.name_or_path} fails on a conversation: {said}",
            ) from None
        return str(text)

    def _tokens(self, texts: list[str]) -> list[Tokens]:
        texts = [text.encode(errors="replace").decode() for text in texts]  # half a surrogate pair is no text
        parts = (texts[start : start + TEXTS_AT_ONCE] for start in range(0, len(texts), TEXTS_AT_ONCE))
        found = (self._tokenizer(part, add_special_tokens=False)["input_ids"] for part in parts)
        return [self._start + ids for some in found for ids in some]


def _parted(prompt: Tokens, wholes: Sequence[Tokens]) -> Worded:
    """Where the replies begin: each has at least one token."""
    shared = min(min(alike(prompt, whole), len(whole) - 1) for whole in wholes)
    return Worded(prompt[:shared], [whole[shared:] for whole in wholes])


def alike(first: Tokens, second: Tokens) -> int:
    """How long two lists of tokens begin alike."""
    length = min(len(first), len(second))
    return next((i for i in range(length) if first[i] != second[i]), length)
