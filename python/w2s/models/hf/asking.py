"""Examples → what a language model is asked: prompts with replies to score, or to write behind.

Knows nothing about networks or what becomes of an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from w2s.errors import DataError, UsageError
from w2s.models import draws
from w2s.models.choosing import choices, letters_of
from w2s.models.hf.scoring import Numbers, Question
from w2s.models.hf.settings import HfSettings
from w2s.models.hf.wording import Tokens, Wording, prompt_for, reply_to
from w2s.models.hf.writing import Request
from w2s.models.reference import shown
from w2s.models.solved import Shots, Solved
from w2s.tasks import Example, MoveExample
from w2s.tasks.answer import AnswerExample
from w2s.tasks.choice import ChoiceExample
from w2s.tasks.prompts import Prompt

_LONGEST_ANSWER, _LONGEST_LABEL = 512, 32
_STOPS_ANSWER, _STOPS_LABEL = ("\nQuestion:",), ("\n",)


@dataclass(frozen=True, slots=True)
class Choices:
    """Labels that can be given, in order, and the places of those that may be answered."""

    labels: list[str]
    allowed: list[int]


class Ask(NamedTuple):
    """An example with the labels that are its replies, and who says which of them matters by their scores.

    ``shots``: other solved examples in front of it than those of all, None for these.
    """

    example: Example
    labels: Sequence[str]
    choose: Callable[[Numbers], int]
    shots: Shots | None = None


def choices_of(example: Example) -> Choices:
    """The letters of a choice or the legal moves of a position; of an answer, none."""
    if isinstance(example, ChoiceExample):
        letters = letters_of(example)
        return Choices(letters, list(range(len(letters))))
    if isinstance(example, AnswerExample):
        return Choices([], [])
    legal = example.state.legal_moves()
    allowed = set(choices(example, legal))
    return Choices(legal, [i for i, move in enumerate(legal) if move in allowed])


class Asking:
    """How one model is asked.

    Args:
        reference: the model's name, for messages.
        wording: its tokenizer.
        settings: prompt, shots, score and the length of replies.
        context: the most tokens that it reads, None where there is no bound.
        seed: decides which solved examples are shown.
    """

    def __init__(
        self, reference: str, wording: Wording, settings: HfSettings, context: int | None, seed: int
    ) -> None:
        self.wording = wording
        self._reference = reference
        self._settings = settings
        self._context = context
        self._seed = seed
        self._solved = Solved([], seed)
        self._prompts: dict[tuple[type, str], Prompt] = {}

    def show(self, solved: Shots) -> None:
        """Give solved examples, of which ``shots`` stand in front of each question: the same for all."""
        self._solved = Solved(solved, self._seed)

    def score_of(self, example: Example) -> str:
        """How this example is answered: letter, option or generate.

        Raises:
            UsageError: the settings say what such an example cannot be asked.
        """
        score = self._settings.score
        if isinstance(example, ChoiceExample):
            return score or "letter"
        known = ("generate",) if isinstance(example, AnswerExample) else ("generate", "option")
        if score is not None and score not in known:
            what = "answers are generated" if isinstance(example, AnswerExample) else "moves have no letters"
            raise UsageError(
                "hf-score-unsupported",
                f"score={score} of {shown(self._reference)} does not suit example {example.id!r}: {what}; "
                f"write score={known[-1]}",
            )
        return score or "generate"

    def scoring_of(self, example: Example) -> str:
        """The same where a label has to be scored, also of a model that would write it."""
        score = self.score_of(example)
        if score != "generate":
            return score
        return "letter" if isinstance(example, ChoiceExample) else "option"

    def question(self, example: Example, labels: Sequence[str], choose: Callable[[Numbers], int]) -> Question:
        """A question with labels as its replies."""
        return self.questions([Ask(example, labels, choose)])[0]

    def questions(self, asks: Sequence[Ask]) -> list[Question]:
        """The same for many examples, worded together."""
        worded = self.wording.worded_all([self._worded_as(ask) for ask in asks])
        for ask, one in zip(asks, worded, strict=True):
            longest = max(map(len, one.replies))
            self._check(ask.example, len(one.prompt) + longest, longest)
        return [Question(ask.example.id, one, ask.choose) for ask, one in zip(asks, worded, strict=True)]

    def _worded_as(self, ask: Ask) -> tuple[str, list[str]]:
        score = self.scoring_of(ask.example)
        replies = [self.reply(ask.example, label, score) for label in ask.labels]
        return self._text(ask.example, score, shots=ask.shots), replies

    def request(self, example: Example, sample: int = 0) -> Request:
        """A reply that is to be written; ``sample`` tells several to one example apart."""
        is_answer = isinstance(example, AnswerExample)
        stops = _STOPS_ANSWER if is_answer else _STOPS_LABEL
        most = self._settings.max_new_tokens or (_LONGEST_ANSWER if is_answer else _LONGEST_LABEL)
        prompt = self.wording.tokens(self._text(example, self.score_of(example)))
        return self._request(example, prompt, most, (*names_of(example), sample), stops)

    def follow_up(self, example: Example, reply: str, ask: Prompt, room: int = 0) -> Tokens:
        """The question, a reply to it, and another question about that, as tokens.

        Of a reply that leaves no ``room`` behind them, as one that went on to the end of the context, only
        as much of its end as does.
        """
        while True:
            text = self._text(example, self.scoring_of(example), followed=(reply, ask.ask(example)))
            tokens = self.wording.tokens(text)
            over = 0 if self._context is None else len(tokens) + room - self._context
            if over <= 0 or not reply:
                self._check(example, len(tokens), 0)
                return tokens
            reply = reply[over:]  # a token has a letter or more

    def follow_up_request(self, example: Example, reply: str, ask: Prompt, most: int) -> Request:
        """The same, where a reply is to be written behind it."""
        tokens = self.follow_up(example, reply, ask, most)
        return self._request(example, tokens, most, (*names_of(example), ask.name), _STOPS_LABEL)

    def ask(self, example: Example) -> str:
        """The question alone, as text."""
        return self._prompt(example, self.scoring_of(example)).ask(example)

    def reply(self, example: Example, label: str, score: str | None = None) -> str:
        """The reply that a label of an example becomes."""
        score = score or self.scoring_of(example)
        return reply_to(self._prompt(example, score), example, label, score)

    def drawn(self, solved: Shots, count: int, examples: Sequence[Example]) -> list[Shots]:
        """So many of some solved examples for each example, by the seed; never its own solution.

        Raises:
            UsageError: there are fewer.
        """
        drawn = Solved(solved, self._seed)
        return [drawn.before(example, count, self._reference) for example in examples]

    def _text(
        self,
        example: Example,
        score: str,
        shots: Shots | None = None,
        followed: tuple[str, str] | None = None,
    ) -> str:
        turns: list[tuple[str, str]] = []
        for shot, label in self._shots(example) if shots is None else shots:
            prompt = self._prompt(shot, score)
            # A solved example shows its worked solution, which the reply of a label never does.
            said = reply_to(prompt, shot, label, score) if score == "option" else prompt.answer(shot, label)
            turns.append((prompt.ask(shot), said))
        asked = self._prompt(example, score).ask(example)
        if followed is None:
            return self.wording.text(turns, asked)
        return self.wording.text([*turns, (asked, followed[0])], followed[1])

    def _shots(self, example: Example) -> Shots:
        return self._solved.before(example, self._settings.shots, self._reference)

    def _prompt(self, example: Example, score: str) -> Prompt:
        key = type(example), score
        if key not in self._prompts:
            self._prompts[key] = prompt_for(self._settings.prompt, example, score)
        return self._prompts[key]

    def _request(
        self,
        example: Example,
        prompt: Tokens,
        most: int,
        names: tuple[str | int | None, ...],
        stops: tuple[str, ...],
    ) -> Request:
        self._check(example, len(prompt) + 1, 1)
        room = most if self._context is None else self._context - len(prompt)
        return Request(example.id, prompt, min(most, room), names, () if self.wording.is_chat else stops)

    def _check(self, example: Example, tokens: int, reply: int) -> None:
        """Refuse what does not fit the context."""
        if self._context is None or tokens <= self._context:
            return
        what = "an option" if reply > self._context else "its prompt"
        length = reply if reply > self._context else tokens
        raise DataError(
            "hf-context-exceeded",
            f"example {example.id!r}: {what} has {length} tokens, but the context of "
            f"{shown(self._reference)} is {self._context}; shorten it, use fewer shots, or choose a model "
            "with a longer context",
        )


def names_of(example: Example) -> tuple[str | int | None, ...]:
    """What tells one request from another where replies are drawn."""
    if isinstance(example, MoveExample):
        return (*draws.names_of(example), example.attempt)
    return (example.id,)
