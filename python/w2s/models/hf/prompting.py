"""Prompts that a language model reads for an example, with replies to score or to generate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from w2s.errors import DataError, UsageError
from w2s.models import keyed_random
from w2s.models.few_shot import FewShotSampler, Shots
from w2s.models.hf.generation import GenerationRequest
from w2s.models.hf.loglikelihood import ScoringRequest
from w2s.models.hf.numerics import OptionScores
from w2s.models.hf.settings import HfSettings
from w2s.models.hf.tokenization import PromptTokenizer, Tokens, format_reply, select_prompt
from w2s.models.reference import quote
from w2s.tasks import Example, MoveExample
from w2s.tasks.answer import AnswerExample
from w2s.tasks.choice import ChoiceExample
from w2s.tasks.prompts import Prompt

_MAX_ANSWER_TOKENS, _MAX_LABEL_TOKENS = 512, 32
_STOPS_ANSWER, _STOPS_LABEL = ("\nQuestion:",), ("\n",)


@dataclass(frozen=True, slots=True)
class LabelPrompt:
    """An example and the labels to score.

    Attributes:
        example: the question.
        labels: the labels that become its replies.
        choose: gives, from the scores of the labels, the index of the one whose hidden state is needed.
        shots: few-shot examples before it, None for those of the model.
    """

    example: Example
    labels: Sequence[str]
    choose: Callable[[OptionScores], int]
    shots: Shots | None = None


class PromptBuilder:
    """Builds the prompts of one model.

    Args:
        reference: reference of the model, for messages.
        tokenizer: its tokenizer.
        settings: template, number of few-shot examples, way of answering and length of replies.
        context: the number of tokens that it can read, None if there is no limit.
        seed: random seed of the few-shot examples.

    Attributes:
        tokenizer: as given.
    """

    def __init__(
        self,
        reference: str,
        tokenizer: PromptTokenizer,
        settings: HfSettings,
        context: int | None,
        seed: int,
    ) -> None:
        self.tokenizer = tokenizer
        self._reference = reference
        self._settings = settings
        self._context = context
        self._seed = seed
        self._few_shot = FewShotSampler([], seed)
        self._templates: dict[tuple[type, str], Prompt] = {}

    def show(self, solved: Shots) -> None:
        """Set the examples from which the few-shot examples of all questions are drawn."""
        self._few_shot = FewShotSampler(solved, self._seed)

    def answer_mode(self, example: Example) -> str:
        """How this example is answered: ``letter``, ``option`` or ``generate``.

        Raises:
            UsageError: the option ``score`` does not suit such an example.
        """
        score = self._settings.score
        if isinstance(example, ChoiceExample):
            return score or "letter"
        known = ("generate",) if isinstance(example, AnswerExample) else ("generate", "option")
        if score is not None and score not in known:
            reason = (
                "answers are generated" if isinstance(example, AnswerExample) else "moves have no letters"
            )
            raise UsageError(
                "hf-score-unsupported",
                f"score={score} of {quote(self._reference)} does not suit example {example.id!r}: {reason}; "
                f"write score={known[-1]}",
            )
        return score or "generate"

    def scoring_mode(self, example: Example) -> str:
        """How labels of this example are scored, also by a model that would generate them."""
        mode = self.answer_mode(example)
        if mode != "generate":
            return mode
        return "letter" if isinstance(example, ChoiceExample) else "option"

    def scoring_request(
        self, example: Example, labels: Sequence[str], choose: Callable[[OptionScores], int]
    ) -> ScoringRequest:
        """A prompt with labels as its replies."""
        return self.scoring_requests([LabelPrompt(example, labels, choose)])[0]

    def scoring_requests(self, prompts: Sequence[LabelPrompt]) -> list[ScoringRequest]:
        """The same for many examples, tokenized together."""
        tokenized = self.tokenizer.tokenized_prompts([self._texts(prompt) for prompt in prompts])
        for prompt, tokens in zip(prompts, tokenized, strict=True):
            longest = max(map(len, tokens.replies))
            self._check_context(prompt.example, len(tokens.prompt) + longest, longest)
        return [
            ScoringRequest(prompt.example.id, tokens, prompt.choose)
            for prompt, tokens in zip(prompts, tokenized, strict=True)
        ]

    def _texts(self, prompt: LabelPrompt) -> tuple[str, list[str]]:
        mode = self.scoring_mode(prompt.example)
        replies = [self.reply(prompt.example, label, mode) for label in prompt.labels]
        return self._conversation(prompt.example, mode, shots=prompt.shots), replies

    def generation_request(self, example: Example, sample: int = 0) -> GenerationRequest:
        """A reply to generate; ``sample`` distinguishes several replies to one example."""
        is_answer = isinstance(example, AnswerExample)
        stops = _STOPS_ANSWER if is_answer else _STOPS_LABEL
        limit = self._settings.max_new_tokens or (_MAX_ANSWER_TOKENS if is_answer else _MAX_LABEL_TOKENS)
        prompt = self.tokenizer.tokens(self._conversation(example, self.answer_mode(example)))
        return self._generation_request(example, prompt, limit, (*example_keys(example), sample), stops)

    def follow_up(self, example: Example, reply: str, question: Prompt, reserve: int = 0) -> Tokens:
        """Tokens of the question, a reply to it, and another question about that reply.

        If a reply does not leave ``reserve`` tokens of the context, its beginning is cut.

        Raises:
            DataError: the context is exceeded even without the reply.
        """
        while True:
            turns = (reply, question.ask(example))
            tokens = self.tokenizer.tokens(
                self._conversation(example, self.scoring_mode(example), followed=turns)
            )
            excess = 0 if self._context is None else len(tokens) + reserve - self._context
            if excess <= 0 or not reply:
                self._check_context(example, len(tokens), 0)
                return tokens
            reply = reply[excess:]  # a token has at least one character

    def follow_up_request(
        self, example: Example, reply: str, question: Prompt, max_new_tokens: int
    ) -> GenerationRequest:
        """The same, with a reply to generate after it."""
        tokens = self.follow_up(example, reply, question, max_new_tokens)
        keys = (*example_keys(example), question.name)
        return self._generation_request(example, tokens, max_new_tokens, keys, _STOPS_LABEL)

    def question(self, example: Example) -> str:
        """The text of the question alone."""
        return self._template(example, self.scoring_mode(example)).ask(example)

    def reply(self, example: Example, label: str, mode: str | None = None) -> str:
        """The text of the reply that gives a label."""
        mode = mode or self.scoring_mode(example)
        return format_reply(self._template(example, mode), example, label, mode)

    def draw_shots(self, solved: Shots, count: int, examples: Sequence[Example]) -> list[Shots]:
        """``count`` few-shot examples for each example, drawn by the seed; never the example itself.

        Raises:
            UsageError: too few are available.
        """
        sampler = FewShotSampler(solved, self._seed)
        return [sampler.shots_for(example, count, self._reference) for example in examples]

    def _conversation(
        self,
        example: Example,
        mode: str,
        shots: Shots | None = None,
        followed: tuple[str, str] | None = None,
    ) -> str:
        """The text up to where the model continues; ``followed`` are a reply and the next question."""
        turns: list[tuple[str, str]] = []
        for shot, label in self._shots(example) if shots is None else shots:
            template = self._template(shot, mode)
            # A few-shot example shows its worked solution, which the reply that gives a label never does.
            is_option = mode == "option"
            reply = format_reply(template, shot, label, mode) if is_option else template.answer(shot, label)
            turns.append((template.ask(shot), reply))
        question = self._template(example, mode).ask(example)
        if followed is None:
            return self.tokenizer.text(turns, question)
        return self.tokenizer.text([*turns, (question, followed[0])], followed[1])

    def _shots(self, example: Example) -> Shots:
        return self._few_shot.shots_for(example, self._settings.shots, self._reference)

    def _template(self, example: Example, mode: str) -> Prompt:
        key = type(example), mode
        if key not in self._templates:
            self._templates[key] = select_prompt(self._settings.prompt, example, mode)
        return self._templates[key]

    def _generation_request(
        self,
        example: Example,
        prompt: Tokens,
        limit: int,
        keys: tuple[keyed_random.Key, ...],
        stops: tuple[str, ...],
    ) -> GenerationRequest:
        self._check_context(example, len(prompt) + 1, 1)
        room = limit if self._context is None else self._context - len(prompt)
        stops = () if self.tokenizer.is_chat else stops
        return GenerationRequest(example.id, prompt, min(limit, room), keys, stops)

    def _check_context(self, example: Example, tokens: int, reply: int) -> None:
        """Refuse prompts that exceed the context."""
        if self._context is None or tokens <= self._context:
            return
        part = "an option" if reply > self._context else "its prompt"
        length = reply if reply > self._context else tokens
        raise DataError(
            "hf-context-exceeded",
            f"example {example.id!r}: {part} has {length} tokens, but the context of "
            f"{quote(self._reference)} is {self._context}; shorten it, use fewer shots, or choose a model "
            "with a longer context",
        )


def example_keys(example: Example) -> tuple[keyed_random.Key, ...]:
    """Keys that distinguish draws for one example from those for another."""
    if isinstance(example, MoveExample):
        return (*keyed_random.position_keys(example), example.attempt)
    return (example.id,)
