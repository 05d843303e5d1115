"""Prompts: context limits, few-shot examples, and ways of answering."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.doubles.errors import raises_code
from tests.unit.models.hf.doubles import CHOICE, refusal
from w2s.errors import DataError, UsageError
from w2s.games import game
from w2s.models import Want, load_model
from w2s.tasks import AnswerExample, ChoiceExample, MoveExample

torch = pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")
transformers = pytest.importorskip("transformers", reason="needs transformers: pip install 'w2s[models]'")


def test_unknown_prompt_is_refused_before_loading(folder: Any) -> None:
    with pytest.raises(UsageError, match="nope"):
        load_model(f"hf:{folder()}?prompt=nope")


def test_prompt_that_exceeds_the_context_is_refused_with_its_example(folder: Any, open_hf: Any) -> None:
    long = ChoiceExample("novel", "What follows? " * 30, ("a", "b"))
    option = ChoiceExample("epic", "What follows?", ("a", "b" * 500))
    model = open_hf("llama", "score=option", context=256)
    said = refusal("hf-context-exceeded", DataError, lambda: model.answer([CHOICE, long], Want()))
    assert "example 'novel': its prompt has" in said
    assert "is 256; shorten it, use fewer shots, or choose a model with a longer context" in said
    said = refusal("hf-context-exceeded", DataError, lambda: model.answer([option], Want()))
    assert "example 'epic': an option has" in said
    words = AnswerExample("essay", "Why? " * 80)
    assert "example 'essay'" in refusal(
        "hf-context-exceeded", DataError, lambda: open_hf("llama", context=256).answer([words], Want())
    )


def test_reply_is_limited_by_the_context(open_hf: Any) -> None:
    model = open_hf("llama", "max_new_tokens=400", context=256)
    request = model.prompts.generation_request(AnswerExample("q", "Why? " * 20))
    assert request.max_new_tokens == 256 - len(request.prompt)
    (answer,) = model.answer([AnswerExample("q", "Why? " * 20)], Want(hidden=True))
    assert answer.hidden is not None


def test_reply_that_fills_the_context_is_cut_for_its_check(open_hf: Any) -> None:
    model = open_hf("llama", context=256)
    example = AnswerExample("q", "Why? " * 20)
    (answer,) = model.answer([example], Want(afterstate=True))
    assert answer.afterstate is not None
    ask = model.checker._template
    whole = model.prompts.follow_up(example, "x" * 300 + "the end", ask)
    assert len(whole) <= 256
    assert "the end" in model.prompts.tokenizer.decode(whole)
    request = model.prompts.follow_up_request(example, "x" * 300, ask, 16)
    assert request.max_new_tokens == 16
    with raises_code("hf-context-exceeded", DataError) as caught:
        model.prompts.follow_up(AnswerExample("q", "Why? " * 80), "x", ask)
    assert "its prompt has" in str(caught.value)


def test_unsuitable_examples_and_modes_are_refused(open_hf: Any) -> None:
    model = open_hf("llama")
    none = ChoiceExample("none", "Which?", ())
    said = refusal("model-choice-no-options", DataError, lambda: model.answer([none], Want()))
    assert "example 'none'" in said
    lettered = open_hf("llama", "score=letter")
    move = MoveExample("m", game("chess").state())
    said = refusal("hf-score-unsupported", UsageError, lambda: lettered.answer([move], Want()))
    assert "moves have no letters" in said
    written = AnswerExample("q", "Why?")
    said = refusal("hf-score-unsupported", UsageError, lambda: lettered.answer([written], Want()))
    assert "answers are generated" in said
    refusal("hf-answer-no-options", UsageError, lambda: model.distributions([written]))
    refusal("model-label-count", UsageError, lambda: model.judge([CHOICE], []))


def test_too_few_shots_are_refused(open_hf: Any) -> None:
    model = open_hf("llama", "shots=2")
    model.show([(CHOICE, "A"), (ChoiceExample("other", "?", ("x", "y")), "B")])
    said = refusal("model-too-few-shots", UsageError, lambda: model.answer([CHOICE], Want()))
    assert "requests 2 few-shot examples, but only 1 are available for example 'sky'" in said


def test_label_file_gives_gold_as_shots(open_hf: Any, tmp_path: Path) -> None:
    from w2s.evidence import read_labels
    from w2s.labelling import LabelSpec, label_file

    some = [ChoiceExample(f"c{i}", f"What is {i}?", ("a", "b"), ("A",)) for i in range(3)]
    gold = [(ChoiceExample(f"g{i}", f"What was {i}?", ("a", "b"), ("A",)), "A") for i in range(3)]
    label_file(some, LabelSpec(open_hf("llama", "shots=2"), shots=gold), tmp_path / "l.parquet")
    assert len(read_labels(tmp_path / "l.parquet")) == 3
