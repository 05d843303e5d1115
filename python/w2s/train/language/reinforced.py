"""Group relative policy optimisation: a student is rewarded where its replies agree with the label.

Knows nothing about where rows come from or where a student is written. Shao et al., arXiv 2402.03300, through
trl; the labels are those that a filter kept, so that it chooses the questions.
"""

from __future__ import annotations

import warnings
from typing import Any

import datasets
import numpy as np
import transformers
import trl

from w2s.errors import DataError, UsageError
from w2s.models.hf.wording import prompt_for
from w2s.train.language.rewards import agreement, form
from w2s.train.language.settings import LanguageSettings
from w2s.train.language.state import PlainState, Progress, Steps
from w2s.train.language.student import Student
from w2s.train.rows import Rows
from w2s.train.step import Watch


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

    def _send_telemetry(self) -> None:
        """Nothing is sent anywhere."""

    def create_model_card(self, *_: Any, **__: Any) -> None:
        """The report of a training is ours."""


def questions(student: Student, rows: Rows) -> list[dict[str, Any]]:
    """What is asked, as turns where the student has a chat template, and which row it is."""
    found = []
    for row, example in enumerate(rows.examples):
        asked = prompt_for(student.asked.prompt, example, "generate").ask(example)
        prompt: Any = student.wording.text([], asked)
        if student.wording.is_chat:
            prompt = [{"role": "user", "content": asked}]
        found.append({"prompt": prompt, "row": row})
    return found


def check_rows(rows: Rows) -> None:
    """Refuse rows that rewards cannot learn from.

    Raises:
        DataError: there are none.
        UsageError: they weigh differently.
    """
    if not len(rows):
        raise DataError("there are no rows to train on: keep more of the labels")
    if len(set(np.asarray(rows.weights, np.float64).tolist())) > 1:
        raise UsageError("grpo takes the rows that are kept, all alike: leave their weights out")


def told(arguments: dict[str, Any], settings: LanguageSettings) -> trl.GRPOConfig:
    """What trl is told: what every trainer is, and how replies are written and compared.

    Raises:
        UsageError: a step is no whole number of groups.
    """
    if settings.batch % settings.group:
        raise UsageError(
            f"batch={settings.batch} replies are no whole number of groups of group={settings.group}: choose "
            "another batch or group"
        )
    given = dict(arguments)
    given["gradient_checkpointing"] = given.pop("activation_checkpointing")
    return trl.GRPOConfig(
        **given,
        num_generations=settings.group,
        max_completion_length=settings.new_tokens,
        temperature=settings.temperature,
        beta=settings.kl,
        reward_weights=[1.0, settings.form_reward],
        chat_template_kwargs={"enable_thinking": False},
    )
