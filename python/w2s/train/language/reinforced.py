"""Group relative policy optimisation: a student is rewarded where its replies agree with the label.

Knows nothing about where rows come from or where a student is written. Shao et al., arXiv 2402.03300, through
trl; the labels are those that a filter kept, so that it chooses the questions.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import datasets
import numpy as np
import transformers
import trl
from trl.trainer.utils import RepeatSampler

from w2s.errors import DataError
from w2s.models.hf.multiple_choice import encoder_context
from w2s.models.hf.tokenization import select_prompt
from w2s.train.language.rewards import agreement, form
from w2s.train.language.settings import LanguageSettings
from w2s.train.language.state import PlainState, Progress, Steps
from w2s.train.language.student import Student
from w2s.train.rows import Rows
from w2s.train.step import Watch


class Dealer(RepeatSampler):  # type: ignore[misc]
    """Deals questions out by seed and epoch, so that a training that goes on finds its place.

    The last step of an epoch is filled with its first questions.
    """

    _epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Called before every epoch, after a kill too."""
        self._epoch = epoch

    def __iter__(self) -> Iterator[int]:
        """Every question as often as a group has replies, and every step as often as it is learned from."""
        order = np.random.default_rng([self.seed, self._epoch]).permutation(self.num_samples).tolist()
        order += [order[place % len(order)] for place in range(-len(order) % self.batch_size)]
        for start in range(0, len(order), self.batch_size):
            for _ in range(self.repeat_count):
                for question in order[start : start + self.batch_size]:
                    yield from [question] * self.mini_repeat_count

    def __len__(self) -> int:
        """How many rows it deals in an epoch."""
        steps = -(-self.num_samples // self.batch_size)
        return int(steps * self.batch_size * self.mini_repeat_count * self.repeat_count)


class RewardedTrainer(PlainState, trl.GRPOTrainer):  # type: ignore[misc]
    """Trains a student by rewards.

    Args:
        student: whose replies are rewarded.
        arguments: of trl; their folder holds checkpoints.
        rows: questions and the labels that replies shall agree with.
        settings: ours.
        identity: of the whole training; stands in every checkpoint.
        watch: told of every step.
    """

    def __init__(
        self,
        student: Student,
        arguments: trl.GRPOConfig,
        rows: Rows,
        settings: LanguageSettings,
        identity: str,
        watch: Watch | None,
    ) -> None:
        self.identity, self.progress, self.checkpoint_s = identity, Progress(), settings.checkpoint_s
        tokenizer = student.tokenizer
        tokenizer.padding_side = "left"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # trl warns of what it does itself
            super().__init__(
                model=student.network,
                reward_funcs=[agreement(rows), form(rows)],
                args=arguments,
                train_dataset=datasets.Dataset.from_list(questions(student, rows)),
                processing_class=tokenizer,
                peft_config=student.adapter,
                callbacks=[Steps(self, watch)],
            )
        self.remove_callback(transformers.PrinterCallback)

    def _get_train_sampler(self, dataset: Any = None) -> Dealer:
        given = super()._get_train_sampler(dataset)
        return Dealer(
            given.data_source,
            given.mini_repeat_count,
            given.batch_size,
            given.repeat_count,
            given.shuffle,
            given.seed,
        )

    def _send_telemetry(self) -> None:
        """Nothing is sent anywhere."""

    def create_model_card(self, *_: Any, **__: Any) -> None:
        """The report of a training is ours."""


def questions(student: Student, rows: Rows) -> list[dict[str, Any]]:
    """What is asked, as turns where the student has a chat template, and which row it is."""
    found = []
    for row, example in enumerate(rows.examples):
        asked = select_prompt(student.asked.prompt, example, "generate").ask(example)
        prompt: Any = student.wording.text([], asked)
        if student.wording.is_chat:
            prompt = [{"role": "user", "content": asked}]
        found.append({"prompt": prompt, "row": row})
    return found


def room_for(student: Student, rows: Rows, settings: LanguageSettings) -> int:
    """The most tokens of a reply: what is asked for, as far as the student's context has room behind every
    question.

    Raises:
        DataError: a question leaves none.
    """
    most = student.asked.max_new_tokens or settings.new_tokens
    context = encoder_context(student.network)
    if context is None:
        return most
    for example in rows.examples:
        asked = select_prompt(student.asked.prompt, example, "generate").ask(example)
        length = len(student.wording.tokens(student.wording.text([], asked)))
        if length >= context:
            raise DataError(
                "train-prompt-too-long",
                f"example {example.id!r} has {length} tokens, but {student.place} reads only {context}; "
                "remove the row, or name a student with a longer context",
            )
        most = min(most, context - length)
    return most


def told(arguments: dict[str, Any], settings: LanguageSettings, most: int) -> trl.GRPOConfig:
    """What trl is told: what every trainer is, and how replies of at most so many tokens are compared."""
    given = dict(arguments)
    given["gradient_checkpointing"] = given.pop("activation_checkpointing")
    return trl.GRPOConfig(
        **given,
        num_generations=settings.group,
        max_completion_length=most,
        temperature=settings.temperature,
        beta=settings.kl,
        reward_weights=[1.0, settings.form_reward],
        chat_template_kwargs={"enable_thinking": False},
    )
