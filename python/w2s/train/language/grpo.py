"""Group relative policy optimisation: replies of the student that agree with the label are rewarded.

Shao et al., arXiv 2402.03300, through trl. The labels are those that a filter kept, which so chooses the
questions.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import datasets
import numpy as np
import transformers
import trl
from trl.trainer.utils import RepeatSampler

from w2s.errors import DataError
from w2s.models.hf.multiple_choice import encoder_context
from w2s.models.hf.tokenization import select_prompt
from w2s.resume import Record
from w2s.tasks import Example, task_for
from w2s.tasks.prompts import parse_reply
from w2s.train.dataset import Target, TrainingSet
from w2s.train.language.student import LanguageStudent
from w2s.train.language.trainer_state import LanguageProgress, PlainStateTrainer, StepHandler
from w2s.train.progress import StepCallback
from w2s.train.settings import LanguageTrainSettings

Reward = Callable[..., list[float]]
"""A reward function of trl: ``completions`` and the column ``row`` → one number per completion."""


def grpo_config(
    arguments: dict[str, Any], settings: LanguageTrainSettings, reply_tokens: int
) -> trl.GRPOConfig:
    """The arguments of trl.

    Args:
        arguments: arguments that every trainer of transformers takes.
        settings: settings of the training.
        reply_tokens: maximum tokens of a reply.
    """
    given = dict(arguments)
    given["gradient_checkpointing"] = given.pop("activation_checkpointing")
    return trl.GRPOConfig(
        **given,
        num_generations=settings.group_size,
        max_completion_length=reply_tokens,
        temperature=settings.temperature,
        beta=settings.kl,
        reward_weights=[1.0, settings.form_reward],
        chat_template_kwargs={"enable_thinking": False},
    )


def max_reply_tokens(student: LanguageStudent, rows: TrainingSet, settings: LanguageTrainSettings) -> int:
    """Maximum tokens of a reply: the setting, or what the context leaves after the longest question.

    Raises:
        DataError: a question fills the context.
    """
    most = student.prompting.max_new_tokens or settings.new_tokens
    context = encoder_context(student.network)
    if context is None:
        return most
    for example in rows.examples:
        text = student.prompt_tokenizer.text([], _question(student, example))
        length = len(student.prompt_tokenizer.tokens(text))
        if length >= context:
            raise DataError(
                "train-prompt-too-long",
                f"example {example.id!r} has {length} tokens, but {student.place} reads only {context}; "
                "remove the row, or name a student with a longer context",
            )
        most = min(most, context - length)
    return most


class QuestionSampler(RepeatSampler):  # type: ignore[misc]
    """Orders questions by seed and epoch, so that a resumed training finds its position.

    The last step of an epoch is filled with the first questions of that epoch.
    """

    _epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Called before every epoch, also after a kill."""
        self._epoch = epoch

    def __iter__(self) -> Iterator[int]:
        """Every question once per reply of its group, and every step once per iteration on it."""
        order = np.random.default_rng([self.seed, self._epoch]).permutation(self.num_samples).tolist()
        order += [order[place % len(order)] for place in range(-len(order) % self.batch_size)]
        for start in range(0, len(order), self.batch_size):
            for _ in range(self.repeat_count):
                for question in order[start : start + self.batch_size]:
                    yield from [question] * self.mini_repeat_count

    def __len__(self) -> int:
        """Number of rows of an epoch."""
        steps = -(-self.num_samples // self.batch_size)
        return int(steps * self.batch_size * self.mini_repeat_count * self.repeat_count)


class GrpoTrainer(PlainStateTrainer, trl.GRPOTrainer):  # type: ignore[misc]
    """Trains a student by rewards.

    Args:
        student: the student whose replies are rewarded.
        config: arguments of trl; their folder holds the checkpoints.
        rows: questions, and the labels with which replies should agree.
        settings: settings of the training.
        inputs: inputs of the training; part of every checkpoint.
        progress: called after every step.
    """

    def __init__(
        self,
        student: LanguageStudent,
        config: trl.GRPOConfig,
        rows: TrainingSet,
        settings: LanguageTrainSettings,
        inputs: Record,
        progress: StepCallback | None,
    ) -> None:
        self.inputs, self.progress, self.checkpoint_s = inputs, LanguageProgress(), settings.checkpoint_s
        tokenizer = student.tokenizer
        tokenizer.padding_side = "left"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # trl warns about its own defaults
            super().__init__(
                model=student.network,
                reward_funcs=[agreement_reward(rows), form_reward(rows)],
                args=config,
                train_dataset=datasets.Dataset.from_list(_prompts(student, rows)),
                processing_class=tokenizer,
                peft_config=student.adapter,
                callbacks=[StepHandler(self, progress)],
            )
        self.remove_callback(transformers.PrinterCallback)

    def _get_train_sampler(self, dataset: Any = None) -> QuestionSampler:
        given = super()._get_train_sampler(dataset)
        return QuestionSampler(
            given.data_source,
            given.mini_repeat_count,
            given.batch_size,
            given.repeat_count,
            given.shuffle,
            given.seed,
        )

    def _send_telemetry(self) -> None:
        """Send nothing."""

    def create_model_card(self, *_: Any, **__: Any) -> None:
        """Write nothing: our report describes the training."""


def _question(student: LanguageStudent, example: Example) -> str:
    return select_prompt(student.prompting.prompt, example, "generate").ask(example)


def _prompts(student: LanguageStudent, rows: TrainingSet) -> list[dict[str, Any]]:
    """The prompt of each row, as a conversation if the student has a chat template, and its number."""
    found = []
    for row, example in enumerate(rows.examples):
        question = _question(student, example)
        prompt: Any = student.prompt_tokenizer.text([], question)
        if student.prompt_tokenizer.is_chat:
            prompt = [{"role": "user", "content": question}]
        found.append({"prompt": prompt, "row": row})
    return found


# Rewards ----------------------------------------------------------------------------------------------------


def agreement_reward(rows: TrainingSet) -> Reward:
    """The target probability of the label in a reply, in [0, 1]."""

    def agreement(completions: Sequence[Any], row: Sequence[int], **_: Any) -> list[float]:
        return [
            _target_prob(rows.examples[one], rows.targets[one], reply_text(reply))
            for one, reply in zip(row, completions, strict=True)
        ]

    return agreement


def form_reward(rows: TrainingSet) -> Reward:
    """1 for a reply that holds a label, else 0."""

    def form(completions: Sequence[Any], row: Sequence[int], **_: Any) -> list[float]:
        return [
            float(parse_reply(rows.examples[one], reply_text(reply)) is not None)
            for one, reply in zip(row, completions, strict=True)
        ]

    return form


def reply_text(completion: Any) -> str:
    """The text of a completion, which is text or the turns of a conversation."""
    return completion if isinstance(completion, str) else str(completion[-1]["content"])


def _target_prob(example: Example, target: Target, reply: str) -> float:
    label = parse_reply(example, reply)
    if label is None:
        return 0.0
    task = task_for(example)
    total = sum(target.values())
    return sum(prob for wanted, prob in target.items() if task.same(example, label, wanted)) / total
