"""Causal language models as models: choices and moves scored or written, answers written.

Knows nothing about how a network is loaded, read or run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from w2s.errors import UsageError
from w2s.models.choosing import no_move
from w2s.models.hf.asking import Ask, Asking, Choices, choices_of, names_of
from w2s.models.hf.checking import Checker
from w2s.models.hf.sampling import draw
from w2s.models.hf.scoring import Numbers, Scorer, Scores
from w2s.models.hf.settings import HfSettings
from w2s.models.hf.sureness import chosen, with_evidence
from w2s.models.hf.writing import Manner, Request, Writes, Written
from w2s.models.model import Answer, Want
from w2s.models.policy.inference import log_softmax
from w2s.models.proposing import dealt, likeliest_others
from w2s.models.solved import Shots
from w2s.tasks import Example, MoveExample
from w2s.tasks.answer import AnswerExample
from w2s.tasks.prompts import parse_reply


class HfModel:
    """A causal language model; implements ``Model``, ``Judges``, ``Believes``, ``Samples`` and
    ``Proposes``.

    A choice is answered by the likeliest of its letters or of its options, a move by writing or by the
    likeliest legal one, an answer by writing. How likely an option is: the mean log-probability of its
    tokens, and of these the softmax over all options. ``hidden`` is the last layer's state at the last token
    of the label, or of the reply. ``afterstate`` is that at the end of a check behind the reply, and
    ``check_logit`` what the model answers there.

    Numbers depend on the size of a batch as far as the arithmetic of the device does: in float32 by less
    than 1e-4.

    Args:
        reference: the name that loads the same model again.
        asking: how examples become prompts.
        scorer: scores replies.
        writer: writes replies.
        checker: asks whether a reply is right.
        settings: temperature and engine.
        manner: how replies are written.
    """

    tasks: tuple[str, ...] = ("move", "choice", "answer")
    slots: int | None = None

    def __init__(
        self,
        reference: str,
        asking: Asking,
        scorer: Scorer,
        writer: Writes,
        checker: Checker,
        settings: HfSettings,
        manner: Manner,
    ) -> None:
        self.reference = reference
        self.deterministic = settings.engine == "plain"
        self.asking = asking
        self.checker = checker
        self.manner = manner
        self._scorer = scorer
        self._writer = writer

    def answer(self, examples: Sequence[Example], want: Want) -> list[Answer]:
        """One label per example; a reply that gives none stands as it is, with ``mask`` as no label."""
        began = time.perf_counter()
        answers = [no_move() for _ in examples]
        choices = [choices_of(example) for example in examples]
        live = [i for i, example in enumerate(examples) if not _is_over(example, choices[i])]
        scored = [i for i in live if self._is_scored(examples[i], want)]
        written = [i for i in live if not self._is_scored(examples[i], want)]
        for i, answer in zip(scored, self._score([examples[i] for i in scored], want), strict=True):
            answers[i] = answer
        for i, answer in zip(written, self._write([examples[i] for i in written], want), strict=True):
            answers[i] = answer
        if want.afterstate:
            self._add_checks([examples[i] for i in live], [answers[i] for i in live])
        for answer in answers:
            answer.seconds = (time.perf_counter() - began) / len(answers)
        return answers

    def propose(self, examples: Sequence[Example], count: int, want: Want) -> list[list[Answer]]:
        """Up to so many labels of each choice or move: its answer, then the likeliest others."""
        beliefs = self.believe(examples)  # first: it refuses what has no options
        answers = self.answer(examples, want)
        labels = [
            likeliest_others(belief, answer.label, count - 1)
            for belief, answer in zip(beliefs, answers, strict=True)
        ]
        asked = [example for example, some in zip(examples, labels, strict=True) for _ in some]
        others = self.judge(asked, [label for some in labels for label in some])
        if want.afterstate:
            self._add_checks(asked, others)
        return dealt(answers, others, list(map(len, labels)))

    def judge(
        self, examples: Sequence[Example], labels: Sequence[str], shots: Sequence[Shots] | None = None
    ) -> list[Answer]:
        """How the model sees one label of each example.

        Of an answer, which has no options: the mean log-probability of its tokens and the hidden state.
        ``shots``: other solved examples in front of each question than the model's own.
        """
        if len(examples) != len(labels):
            raise UsageError(
                "model-label-count",
                f"{len(examples)} examples have {len(labels)} labels; give one label for each example",
            )
        answers = [Answer(label) for label in labels]
        seen = [_Judged.of(example, label) for example, label in zip(examples, labels, strict=True)]
        known = [i for i, one in enumerate(seen) if one is not None]
        judged = [one for one in seen if one is not None]
        asks = [
            Ask(examples[i], one.labels, one.choose, None if shots is None else shots[i])
            for i, one in zip(known, judged, strict=True)
        ]
        found = self._scorer.scores(self.asking.questions(asks), True)
        for i, one, scores in zip(known, judged, found, strict=True):
            answers[i] = one.answer(scores)
        return answers

    def believe(self, examples: Sequence[Example]) -> list[dict[str, float]]:
        """The probability of each option or legal move of each example; they sum to one."""
        for example in examples:
            if isinstance(example, AnswerExample):
                raise UsageError(
                    "hf-answer-no-options",
                    f"example {example.id!r} is an answer, which has no options to compare; leave out soft "
                    "labels and proposals",
                )
        found: list[dict[str, float]] = [{} for _ in examples]
        choices = [choices_of(example) for example in examples]
        live = [i for i, one in enumerate(choices) if one.labels]
        questions = self.asking.questions([Ask(examples[i], choices[i].labels, _likeliest) for i in live])
        for i, scores in zip(live, self._scorer.scores(questions, False), strict=True):
            probs = map(float, np.exp(log_softmax(scores.log_probs)))
            found[i] = dict(zip(choices[i].labels, probs, strict=True))
        return found

    def sample(self, examples: Sequence[Example], count: int) -> list[tuple[str, ...]]:
        """So many labels of each example, drawn by the seed; at a temperature of 1 where it is greedy."""
        return draw(self, examples, count)

    def show(self, solved: Shots) -> None:
        """Give solved examples with their labels, from which ``shots`` are taken by the seed."""
        self.asking.show(solved)

    def write(self, requests: Sequence[Request], manner: Manner, states: bool = False) -> list[Written]:
        """Replies to prompts as they stand."""
        return self._writer.write(requests, manner, states)

    def close(self) -> None:
        """Nothing to release."""

    def _is_scored(self, example: Example, want: Want) -> bool:
        """Whether the label is one of those that can be listed, whatever it takes."""
        if self.asking.score_of(example) != "generate":
            return True
        return isinstance(example, MoveExample) and (want.mask or bool(example.only))

    def _score(self, examples: Sequence[Example], want: Want) -> list[Answer]:
        choices = [choices_of(example) for example in examples]

        def choose(example: Example, some: Choices) -> Callable[[Numbers], int]:
            names, manner = names_of(example), self.manner
            return lambda scores: chosen(scores, some, manner.temperature, manner.seed, *names)

        chooses = [choose(example, some) for example, some in zip(examples, choices, strict=True)]
        questions = self.asking.questions(
            [
                Ask(example, some.labels, one)
                for example, some, one in zip(examples, choices, chooses, strict=True)
            ]
        )
        answers = []
        found = self._scorer.scores(questions, want.hidden)
        for some, one, scores in zip(choices, chooses, found, strict=True):
            place = one(scores.log_probs)
            answer = Answer(some.labels[place], hidden=scores.state)
            answers.append(with_evidence(answer, scores.log_probs, some, place) if want.evidence else answer)
        return answers

    def _write(self, examples: Sequence[Example], want: Want) -> list[Answer]:
        requests = [self.asking.request(example) for example in examples]
        answers = []
        found = self.write(requests, self.manner, want.hidden)
        for example, written in zip(examples, found, strict=True):
            answer = Answer(
                parse_reply(example, written.text) or ("" if want.mask else written.text.strip()),
                raw=written.text,
                hidden=written.state,
            )
            if want.evidence:
                answer.log_prob, answer.entropy = written.log_prob, written.entropy
                answer.n_options = len(choices_of(example).labels) or None
            answers.append(answer)
        return answers

    def _add_checks(self, examples: Sequence[Example], answers: Sequence[Answer]) -> None:
        replies = [
            self.asking.reply(example, answer.label) if answer.raw is None else answer.raw
            for example, answer in zip(examples, answers, strict=True)
        ]
        for answer, check in zip(answers, self.checker.check(examples, replies), strict=True):
            answer.afterstate, answer.check_logit = check.state, check.logit


@dataclass(frozen=True, slots=True)
class _Judged:
    """A label in canonical form among the labels that it is seen with; ``choices`` None for an answer."""

    labels: list[str]
    place: int
    choices: Choices | None

    @classmethod
    def of(cls, example: Example, label: str) -> _Judged | None:
        """None for a label that is not among those that can be given."""
        if isinstance(example, AnswerExample):
            return cls([label], 0, None)
        choices = choices_of(example)
        read = example.state.read(label)[0] if isinstance(example, MoveExample) else label
        if read is None or read not in choices.labels:
            return None
        every = Choices(choices.labels, list(range(len(choices.labels))))
        return cls(every.labels, every.labels.index(read), every)

    def choose(self, scores: Numbers) -> int:
        """The place of the label, whatever its score."""
        del scores
        return self.place

    def answer(self, scores: Scores) -> Answer:
        """How the label is seen."""
        answer = Answer(self.labels[self.place], hidden=scores.state)
        if self.choices is None:
            answer.log_prob = float(scores.log_probs[0])
            return answer
        return with_evidence(answer, scores.log_probs, self.choices, self.place)


def _is_over(example: Example, choices: Choices) -> bool:
    return isinstance(example, MoveExample) and not choices.labels


def _likeliest(scores: Numbers) -> int:
    return int(scores.argmax())
