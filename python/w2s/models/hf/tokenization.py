"""Tokenized prompts: the chat template of a model or plain text, with replies after it.

A model without a chat template reads ``Question: …`` and continues after ``Answer:``. A reply is tokenized
together with its prompt, never alone, so that its tokens are those that the model would have read.
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
TEXTS_PER_CALL = 256
"""Texts of one call of the tokenizer, which needs far more memory per token than the resulting number."""
Tokens = list[int]
Turns = Sequence[tuple[str, str]]
"""Questions with their replies, before the last question."""


@dataclass(frozen=True, slots=True)
class TokenizedPrompt:
    """A prompt and replies to it, as tokens.

    Attributes:
        prompt: the tokens that all replies share.
        replies: the further tokens of each reply, at least one.
    """

    prompt: Tokens
    replies: list[Tokens]


def bundled_prompt(name: str) -> Prompt:
    """A prompt template that belongs to language models, not to a task."""
    return read_prompt(str(TEMPLATES / f"{name}.jinja"))


def select_prompt(name: str | None, example: Example, score: str) -> Prompt:
    """The named prompt template, or the one that suits the task and the way of answering.

    A bundled template applies only to the task that its name begins with; examples of other tasks use their
    default.
    """
    if name is not None and (name not in prompt_names() or name.partition("-")[0] == task_for(example).name):
        return read_prompt(name)
    if isinstance(example, ChoiceExample):
        return bundled_prompt("choice-option") if score == "option" else read_prompt("choice")
    return read_prompt("answer" if isinstance(example, AnswerExample) else "move")


def format_reply(prompt: Prompt, example: Example, label: str, score: str) -> str:
    """The reply that gives a label, never with the solution that the example's source provides."""
    if (
        isinstance(example, ChoiceExample)
        and score == "option"
        and len(label) == 1
        and label in example.letters
    ):
        return example.options[example.letters.index(label)]
    unsolved = replace(example, solution=None) if isinstance(example, AnswerExample) else example
    return prompt.answer(unsolved, label)


class PromptTokenizer:
    """A tokenizer with its chat template, or without one.

    Args:
        tokenizer: a tokenizer of transformers.

    Attributes:
        is_chat: whether it has a chat template.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self.is_chat = bool(getattr(tokenizer, "chat_template", None))
        empty = tokenizer("")["input_ids"]
        begins = bool(empty) and empty[0] == tokenizer.bos_token_id
        self._start: Tokens = [] if self.is_chat or not begins else [empty[0]]

    def text(self, turns: Turns, question: str) -> str:
        """A conversation up to where the model continues."""
        if not self.is_chat:
            before = "".join(f"Question: {asked}\nAnswer: {reply}\n\n" for asked, reply in turns)
            return f"{before}Question: {question}\nAnswer:"
        messages: list[Message] = []
        for asked, reply in turns:
            messages += [{"role": "user", "content": asked}, {"role": "assistant", "content": reply}]
        messages.append({"role": "user", "content": question})
        return self._apply_template(messages, add_generation_prompt=True)

    def exchange_tokens(self, question: str, reply: str) -> Tokens:
        """Tokens of a question with its complete reply."""
        if not self.is_chat:
            return self.tokens(f"{self.text([], question)} {reply}")
        messages: list[Message] = [
            {"role": "user", "content": question},
            {"role": "assistant", "content": reply},
        ]
        return self.tokens(self._apply_template(messages, add_generation_prompt=False))

    @cached_property
    def ending(self) -> str:
        """The text after a reply: the end of a turn if the chat template has one, otherwise of the text."""
        last = str(self._tokenizer.eos_token or "")
        if not self.is_chat:
            return last
        turns: list[Message] = [{"role": "user", "content": "?"}, {"role": "assistant", "content": _MARK}]
        whole = self._apply_template(turns, add_generation_prompt=False)
        return whole.rpartition(_MARK)[2].rstrip("\n") or last

    def tokenized_prompt(self, text: str, replies: Sequence[str]) -> TokenizedPrompt:
        """A conversation with replies to it; a token that spans both belongs to the replies."""
        return self.tokenized_prompts([(text, replies)])[0]

    def tokenized_prompts(self, texts: Sequence[tuple[str, Sequence[str]]]) -> list[TokenizedPrompt]:
        """The same for many, in few calls of the tokenizer, which processes each call on all cores."""
        joint = "" if self.is_chat else " "
        joined = [[text, *(f"{text}{joint}{reply}" for reply in replies)] for text, replies in texts]
        found = iter(self._tokens([text for group in joined for text in group]))
        return [_split(next(found), [*islice(found, len(replies))]) for _, replies in texts]

    def tokens(self, text: str) -> Tokens:
        """The tokens of a conversation."""
        return self._tokens([text])[0]

    def first_tokens(self, words: Sequence[str]) -> set[int]:
        """The first tokens of words as replies."""
        bare = self._tokenizer([*words, *(f" {word}" for word in words)], add_special_tokens=False)
        return {ids[0] for ids in bare["input_ids"] if ids}

    def decode(self, tokens: Tokens) -> str:
        """The text of tokens, without special ones."""
        return str(self._tokenizer.decode(tokens, skip_special_tokens=True))

    def _apply_template(self, messages: list[Message], *, add_generation_prompt: bool) -> str:
        from jinja2 import TemplateError

        try:
            # Templates of reasoning models read the flag; others ignore it.
            text = self._tokenizer.apply_chat_template(
                messages,
                tokenize=False,
                add_generation_prompt=add_generation_prompt,
                enable_thinking=False,
            )
        except (TemplateError, TypeError, ValueError, LookupError, ArithmeticError) as error:
            reason = " ".join(str(error).split())[:200]
            raise ModelError(
                "hf-chat-template-failed",
                f"the chat template of {self._tokenizer.name_or_path} fails on a conversation: {reason}",
            ) from None
        return str(text)

    def _tokens(self, texts: list[str]) -> list[Tokens]:
        texts = [
            text.encode(errors="replace").decode() for text in texts
        ]  # lone surrogates cannot be encoded
        parts = (texts[start : start + TEXTS_PER_CALL] for start in range(0, len(texts), TEXTS_PER_CALL))
        found = (self._tokenizer(part, add_special_tokens=False)["input_ids"] for part in parts)
        return [self._start + ids for some in found for ids in some]


def _split(prompt: Tokens, wholes: Sequence[Tokens]) -> TokenizedPrompt:
    """Split off the replies, so that each has at least one token."""
    shared = min(min(common_prefix_length(prompt, whole), len(whole) - 1) for whole in wholes)
    return TokenizedPrompt(prompt[:shared], [whole[shared:] for whole in wholes])


def common_prefix_length(first: Tokens, second: Tokens) -> int:
    """The length of the common prefix of two lists of tokens."""
    length = min(len(first), len(second))
    return next((i for i in range(length) if first[i] != second[i]), length)
