"""Causal language models as models: choices and moves are scored or generated, answers are generated."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from w2s.errors import UsageError
from w2s.models.candidates import Candidates, list_candidates, no_move_answer, runner_ups, unflatten
from w2s.models.few_shot import Shots
from w2s.models.hf.confidence import add_confidence, pick
from w2s.models.hf.generation import Generation, GenerationConfig, GenerationRequest, SupportsGeneration
from w2s.models.hf.loglikelihood import ReplyScorer, ReplyScores
from w2s.models.hf.numerics import OptionScores
from w2s.models.hf.prompting import LabelPrompt, PromptBuilder, example_keys
from w2s.models.hf.self_check import SelfChecker
from w2s.models.model import Answer, Want
from w2s.models.policy.inference import log_softmax
from w2s.tasks import Example, MoveExample
from w2s.tasks.answer import AnswerExample
from w2s.tasks.prompts import parse_reply

_SAMPLE_TEMPERATURE = 1.0
"""Temperature of samples if the model itself is greedy."""


class HfModel:
    """A causal language model; implements ``Model``, ``SupportsScoring``, ``SupportsDistribution``,
    ``SupportsSampling``, ``SupportsFewShot`` and ``SupportsCandidates``.

    A choice is answered by the likeliest of its letters or of its options, a move by generation or by the
    likeliest legal one, an answer by generation. The score of an option is the mean log-probability of its
    tokens; the softmax of the scores over all options gives their probabilities. ``hidden`` is the hidden
    state of the last layer at the last token of the label, or of the reply. ``afterstate`` is that at the end
    of a self-check of the reply, and ``check_logit`` its result.

    Numbers depend on the size of a batch as far as the arithmetic of the device does: in float32 by less
    than 1e-4.

    Args:
        reference: the reference that loads the same model again.
        prompts: builds prompts.
        scorer: scores replies.
        generator: generates replies.
        checker: asks whether a reply is correct.
        config: how replies are generated.
        is_deterministic: whether the generator is.

    Attributes:
        prompts: as given.
        checker: as given.
        config: as given.
    """

    tasks: tuple[str, ...] = ("move", "choice", "answer")
    slots: int | None = None

    def __init__(
        self,
        reference: str,
        prompts: PromptBuilder,
        scorer: ReplyScorer,
        generator: SupportsGeneration,
        checker: SelfChecker,
        config: GenerationConfig,
        *,
        is_deterministic: bool,
    ) -> None:
        self.reference = reference
        self.deterministic = is_deterministic
        self.prompts = prompts
        self.checker = checker
        self.config = config
        self._scorer = scorer
        self._generator = generator

    def __repr__(self) -> str:
        return f"load_model({self.reference!r})"

    def answer(self, examples: Sequence[Example], want: Want) -> list[Answer]:
        """One label per example; a reply without a label is returned unchanged, with ``mask`` as no label."""
        began = time.perf_counter()
        answers = [no_move_answer() for _ in examples]
        candidates = [list_candidates(example) for example in examples]
        live = [i for i, example in enumerate(examples) if not _is_over(example, candidates[i])]
        scored = [i for i in live if self._is_scored(examples[i], want)]
        generated = [i for i in live if not self._is_scored(examples[i], want)]
        for i, answer in zip(scored, self._answer_by_score([examples[i] for i in scored], want), strict=True):
            answers[i] = answer
        texts = self._answer_by_generation([examples[i] for i in generated], want)
        for i, answer in zip(generated, texts, strict=True):
            answers[i] = answer
        if want.afterstate:
            self._add_checks([examples[i] for i in live], [answers[i] for i in live])
        for answer in answers:
            answer.seconds = (time.perf_counter() - began) / len(answers)
        return answers

    def propose(self, examples: Sequence[Example], count: int, want: Want) -> list[list[Answer]]:
        """Up to ``count`` labels of each choice or move: its answer, then the likeliest others."""
        distributions = self.distributions(examples)  # first, because it refuses examples without options
        answers = self.answer(examples, want)
        labels = [
            runner_ups(probs, answer.label, count - 1)
            for probs, answer in zip(distributions, answers, strict=True)
        ]
        repeated = [example for example, others in zip(examples, labels, strict=True) for _ in others]
        judged = self.judge(repeated, [label for others in labels for label in others])
        if want.afterstate:
            self._add_checks(repeated, judged)
        return unflatten(answers, judged, list(map(len, labels)))

    def judge(
        self, examples: Sequence[Example], labels: Sequence[str], shots: Sequence[Shots] | None = None
    ) -> list[Answer]:
        """The model's view of one label of each example.

        For an answer, which has no options: the mean log-probability of its tokens and the hidden state.

        Args:
            examples: n examples.
            labels: one for each.
            shots: few-shot examples before each question, None for those of the model.
        """
        if len(examples) != len(labels):
            raise UsageError(
                "model-label-count",
                f"{len(examples)} examples have {len(labels)} labels; give one label for each example",
            )
        answers = [Answer(label) for label in labels]
        found = [_JudgedLabel.of(example, label) for example, label in zip(examples, labels, strict=True)]
        known = [i for i, one in enumerate(found) if one is not None]
        judged = [one for one in found if one is not None]
        prompts = [
            LabelPrompt(examples[i], one.labels, one.choose, None if shots is None else shots[i])
            for i, one in zip(known, judged, strict=True)
        ]
        scored = self._scorer.scores(self.prompts.scoring_requests(prompts), True)
        for i, one, scores in zip(known, judged, scored, strict=True):
            answers[i] = one.answer(scores)
        return answers

    def distributions(self, examples: Sequence[Example]) -> list[dict[str, float]]:
        """The probability of each option or legal move of each example; they sum to 1."""
        for example in examples:
            if isinstance(example, AnswerExample):
                raise UsageError(
                    "hf-answer-no-options",
                    f"example {example.id!r} is an answer, which has no options to compare; leave out soft "
                    "labels and proposals",
                )
        found: list[dict[str, float]] = [{} for _ in examples]
        candidates = [list_candidates(example) for example in examples]
        live = [i for i, one in enumerate(candidates) if one.labels]
        requests = self.prompts.scoring_requests(
            [LabelPrompt(examples[i], candidates[i].labels, _likeliest) for i in live]
        )
        for i, scores in zip(live, self._scorer.scores(requests, False), strict=True):
            probs = map(float, np.exp(log_softmax(scores.log_probs)))
            found[i] = dict(zip(candidates[i].labels, probs, strict=True))
        return found

    def sample(self, examples: Sequence[Example], count: int) -> list[tuple[str, ...]]:
        """``count`` labels of each example, drawn by the seed; at temperature 1 if the model is greedy.

        Labels are drawn among the options if those are scored, otherwise by generation; a reply without a
        label is returned unchanged.
        """
        config = replace(self.config, temperature=self.config.temperature or _SAMPLE_TEMPERATURE)
        modes = [self.prompts.answer_mode(example) for example in examples]
        scored = [i for i, mode in enumerate(modes) if mode != "generate"]
        generated = [i for i, mode in enumerate(modes) if mode == "generate"]
        found: list[tuple[str, ...]] = [()] * len(examples)
        for places, draw in ((scored, self._sample_options), (generated, self._sample_replies)):
            for i, labels in zip(places, draw([examples[i] for i in places], count, config), strict=True):
                found[i] = labels
        return found

    def show(self, solved: Shots) -> None:
        """Set the examples from which the few-shot examples of all questions are drawn."""
        self.prompts.show(solved)

    def generate(
        self, requests: Sequence[GenerationRequest], config: GenerationConfig, states: bool = False
    ) -> list[Generation]:
        """Replies to prompts that are tokens already."""
        return self._generator.generate(requests, config, states)

    def close(self) -> None:
        """Nothing to release."""

    def _is_scored(self, example: Example, want: Want) -> bool:
        """Whether the label is chosen among those that can be listed, not generated."""
        if self.prompts.answer_mode(example) != "generate":
            return True
        return isinstance(example, MoveExample) and (want.mask or bool(example.only))

    def _answer_by_score(self, examples: Sequence[Example], want: Want) -> list[Answer]:
        candidates = [list_candidates(example) for example in examples]
        picks = [self._picker(example, one) for example, one in zip(examples, candidates, strict=True)]
        requests = self.prompts.scoring_requests(
            [
                LabelPrompt(example, one.labels, choose)
                for example, one, choose in zip(examples, candidates, picks, strict=True)
            ]
        )
        answers = []
        scored = self._scorer.scores(requests, want.hidden)
        for one, choose, scores in zip(candidates, picks, scored, strict=True):
            index = choose(scores.log_probs)
            answer = Answer(one.labels[index], hidden=scores.state)
            answers.append(add_confidence(answer, scores.log_probs, one, index) if want.evidence else answer)
        return answers

    def _picker(self, example: Example, candidates: Candidates) -> Callable[[OptionScores], int]:
        keys, config = example_keys(example), self.config
        return lambda scores: pick(scores, candidates, config.temperature, config.seed, *keys)

    def _answer_by_generation(self, examples: Sequence[Example], want: Want) -> list[Answer]:
        requests = [self.prompts.generation_request(example) for example in examples]
        answers = []
        replies = self.generate(requests, self.config, want.hidden)
        for example, reply in zip(examples, replies, strict=True):
            answer = Answer(
                parse_reply(example, reply.text) or ("" if want.mask else reply.text.strip()),
                raw=reply.text,
                hidden=reply.state,
            )
            if want.evidence:
                answer.log_prob, answer.entropy = reply.log_prob, reply.entropy
                answer.n_options = len(list_candidates(example).labels) or None
            answers.append(answer)
        return answers

    def _sample_options(
        self, examples: Sequence[Example], count: int, config: GenerationConfig
    ) -> list[tuple[str, ...]]:
        found = []
        for example, probs in zip(examples, self.distributions(examples), strict=True):
            candidates, keys = list_candidates(example), example_keys(example)
            scores = np.log(np.maximum([*probs.values()], np.finfo(np.float64).tiny))
            picks = [
                pick(scores, candidates, config.temperature, config.seed, *keys, number)
                for number in range(count if probs else 0)
            ]
            found.append(tuple(candidates.labels[index] for index in picks))
        return found

    def _sample_replies(
        self, examples: Sequence[Example], count: int, config: GenerationConfig
    ) -> list[tuple[str, ...]]:
        numbers = range(1, count + 1)
        requests = [
            self.prompts.generation_request(example, number) for example in examples for number in numbers
        ]
        replies = iter(self.generate(requests, config))
        return [tuple(_label(example, next(replies).text) for _ in numbers) for example in examples]

    def _add_checks(self, examples: Sequence[Example], answers: Sequence[Answer]) -> None:
        replies = [
            self.prompts.reply(example, answer.label) if answer.raw is None else answer.raw
            for example, answer in zip(examples, answers, strict=True)
        ]
        for answer, check in zip(answers, self.checker.check(examples, replies), strict=True):
            answer.afterstate, answer.check_logit = check.state, check.logit


@dataclass(frozen=True, slots=True)
class _JudgedLabel:
    """A label in canonical form among all labels; ``candidates`` is None for an answer."""

    labels: list[str]
    index: int
    candidates: Candidates | None

    @classmethod
    def of(cls, example: Example, label: str) -> _JudgedLabel | None:
        """None for a label that the example cannot be given."""
        if isinstance(example, AnswerExample):
            return cls([label], 0, None)
        candidates = list_candidates(example)
        read = example.state.read(label)[0] if isinstance(example, MoveExample) else label
        if read is None or read not in candidates.labels:
            return None
        every = Candidates(candidates.labels, list(range(len(candidates.labels))))
        return cls(every.labels, every.labels.index(read), every)

    def choose(self, scores: OptionScores) -> int:
        """The index of the label, regardless of its score."""
        del scores
        return self.index

    def answer(self, scores: ReplyScores) -> Answer:
        """The label with its confidence and hidden state."""
        answer = Answer(self.labels[self.index], hidden=scores.state)
        if self.candidates is None:
            answer.log_prob = float(scores.log_probs[0])
            return answer
        return add_confidence(answer, scores.log_probs, self.candidates, self.index)


def _is_over(example: Example, candidates: Candidates) -> bool:
    return isinstance(example, MoveExample) and not candidates.labels


def _likeliest(scores: OptionScores) -> int:
    return int(scores.argmax())


def _label(example: Example, text: str) -> str:
    return parse_reply(example, text) or text.strip()
