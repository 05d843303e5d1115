"""Replies by vLLM, played by a double: what it is told, and that states come from transformers."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from w2s.models import Want, load_model
from w2s.models.hf import settings
from w2s.tasks.answer import AnswerExample
from w2s.tasks.choice import ChoiceExample

QUESTIONS = [AnswerExample("a", "2 + 2?"), AnswerExample("b", "How many legs do five cats have?")]


class Engine:
    """Says what transformers said; remembers what it was given."""

    def __init__(self, replies: list[Any], **given: Any) -> None:
        self.given, self.replies = given, replies
        self.prompts: list[list[int]] = []
        self.wishes: list[Any] = []

    def generate(self, prompts: list[Any], wishes: list[Any], use_tqdm: bool) -> list[Any]:
        assert not use_tqdm
        self.prompts = [prompt["prompt_token_ids"] for prompt in prompts]
        self.wishes = wishes
        return [
            SimpleNamespace(
                outputs=[SimpleNamespace(token_ids=tuple(one.tokens), text=one.text, cumulative_logprob=-6.0)]
            )
            for one in self.replies
        ]


@pytest.fixture
def engines(open_hf: Any, monkeypatch: pytest.MonkeyPatch) -> list[Engine]:
    plain = open_hf("llama", "max_new_tokens=6")
    replies = plain.generate(
        [plain.prompts.generation_request(example) for example in QUESTIONS], plain.config
    )
    started: list[Engine] = []

    def start(**given: Any) -> Engine:
        started.append(Engine(replies, **given))
        return started[-1]

    module = ModuleType("vllm")
    module.LLM, module.SamplingParams = start, SimpleNamespace  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "vllm", module)
    find = settings.find_spec
    monkeypatch.setattr(settings, "find_spec", lambda name: object() if name == "vllm" else find(name))
    return started


def test_vllm_generates_and_transformers_gives_states(
    folder: Any, open_hf: Any, engines: list[Engine]
) -> None:
    model = load_model(f"hf:{folder()}?engine=vllm&max_new_tokens=6&temperature=0.5&dtype=float32", seed=2)
    assert engines == []
    assert not model.deterministic
    answers = model.answer(QUESTIONS, Want(evidence=True, hidden=True))  # type: ignore[arg-type]
    (engine,) = engines
    assert engine.given["model"] == str(folder())
    assert engine.given["trust_remote_code"] is False
    assert engine.given["load_format"] == "safetensors"
    assert engine.prompts == [model.prompts.generation_request(example).prompt for example in QUESTIONS]  # type: ignore[attr-defined]
    assert [wish.temperature for wish in engine.wishes] == [0.5, 0.5]
    assert [wish.max_tokens for wish in engine.wishes] == [6, 6]
    assert engine.wishes[0].seed != engine.wishes[1].seed
    expected = open_hf("llama", "max_new_tokens=6").answer(QUESTIONS, Want(hidden=True))
    for answer, other in zip(answers, expected, strict=True):
        assert answer.raw == other.raw
        assert answer.log_prob == -1.0
        assert answer.entropy is None
        np.testing.assert_allclose(answer.hidden, other.hidden, atol=2e-3)


def test_choices_are_scored_without_vllm(folder: Any, engines: list[Engine]) -> None:
    model = load_model(f"hf:{folder()}?engine=vllm")
    example = ChoiceExample("c", "Which?", ("a", "b"))
    (answer,) = model.answer([example], Want(evidence=True))  # type: ignore[list-item]
    assert answer.label in "AB"
    assert engines == []
