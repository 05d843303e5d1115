"""Requested evidence: each kind equals a plain implementation of its definition."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.doubles.errors import raises_code
from w2s.errors import DataError, UsageError
from w2s.models import Want, load_model
from w2s.tasks.answer import AnswerExample
from w2s.tasks.choice import ChoiceExample

torch = pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")
transformers = pytest.importorskip("transformers", reason="needs transformers: pip install 'w2s[models]'")

from w2s.evidence_kinds import REQUESTS  # noqa: E402
from w2s.models.hf.evidence import check_evidence, measure_evidence, parse_rating  # noqa: E402

CHOICES = [
    ChoiceExample("sky", "What colour is the sky?", ("blue", "green as grass", "red")),
    ChoiceExample("sum", "2 + 2?", ("4", "5")),
    ChoiceExample("ox", "Which one is an animal, of these?", ("stone", "ox")),
]
LABELS = ["B", "A", "B"]
GOLD = [(ChoiceExample(f"gold{i}", f"{i} + 1?", (f"{i + 1}", "0")), "A") for i in range(6)]
ANSWER = AnswerExample("cats", "How many legs do five cats have?")


def test_every_request_but_samples_is_measured(open_hf: Any) -> None:
    check_evidence(open_hf(), [name for name in REQUESTS if name != "samples"])
    with raises_code("label-unknown-evidence", UsageError) as caught:
        check_evidence(open_hf(), ["samples"])
    assert "icl, verbalised, p_true, reward" in str(caught.value)


def test_icl_is_the_probability_after_few_shot_examples(open_hf: Any) -> None:
    model = open_hf("llama", "score=option")
    found = measure_evidence(model, ["icl:2"], CHOICES, LABELS, gold=GOLD)["icl"]
    shown = open_hf("llama", "score=option&shots=2")
    shown.show(GOLD)
    beliefs = shown.distributions(CHOICES)
    expected = [belief[label] for belief, label in zip(beliefs, LABELS, strict=True)]
    np.testing.assert_allclose(found, expected, atol=1e-4)
    without = [belief[label] for belief, label in zip(model.distributions(CHOICES), LABELS, strict=True)]
    assert not np.allclose(found, without, atol=1e-4)


def test_icl_never_shows_an_example_its_own_solution(open_hf: Any) -> None:
    model = open_hf("llama", seed=3)
    drawn = model.prompts.draw_shots(GOLD, 5, [example for example, _ in GOLD])
    for (example, _), shots in zip(GOLD, drawn, strict=True):
        assert len(shots) == 5
        assert example not in [shot for shot, _ in shots]
    with raises_code("model-too-few-shots", UsageError) as caught:
        measure_evidence(model, ["icl:7"], CHOICES, LABELS, gold=GOLD)
    assert "requests 7 few-shot examples, but only 6" in str(caught.value)


@pytest.mark.parametrize("name", ["{}#2", "other-{}"])
def test_icl_never_shows_the_question_under_another_id(open_hf: Any, name: str) -> None:
    asked = [replace(example, id=name.format(example.id)) for example, _ in GOLD]
    for example, shots in zip(asked, open_hf("llama").prompts.draw_shots(GOLD, 5, asked), strict=True):
        assert example.question not in [shot.question for shot, _ in shots]


def test_unknown_label_is_refused(open_hf: Any) -> None:
    with pytest.raises(DataError, match="has no option 'Z'"):
        measure_evidence(open_hf(), ["icl:1"], CHOICES[:2], ["A", "Z"], gold=GOLD)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("85", 0.85),
        ("85%", 0.85),
        ("I am 70 % sure, not 90", 0.7),
        ("100", 1.0),
        ("0", 0.0),
        ("12.5", 0.125),
        ("101", math.nan),
        ("-5", math.nan),
        ("1000", math.nan),
        ("very sure", math.nan),
        ("", math.nan),
    ],
)
def test_verbalised_confidence_is_parsed_or_missing(text: str, number: float) -> None:
    assert parse_rating(text) == pytest.approx(number, nan_ok=True)


def test_verbalised_confidence_is_asked_after_the_label(
    open_hf: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, prompts = open_hf("llama"), []

    def generate(requests: Any, config: Any, states: bool = False) -> Any:
        prompts.extend(model.prompts.tokenizer.decode(request.prompt) for request in requests)
        assert config.temperature == 0
        return [type("Reply", (), {"text": text}) for text in ("80", "no idea", "5")]

    monkeypatch.setattr(model, "generate", generate)
    found = measure_evidence(model, ["verbalised"], CHOICES, LABELS)["verbalised"]
    np.testing.assert_array_equal(found, [0.8, math.nan, 0.05])
    for prompt, example, label in zip(prompts, CHOICES, LABELS, strict=True):
        assert example.question in prompt
        assert f"Answer: {label}\n" in prompt
        assert "How likely is it that this answer is correct?" in prompt


def test_p_true_is_the_self_check_as_a_probability(open_hf: Any) -> None:
    model = open_hf("qwen3", "score=letter", chat=True)
    answers = model.answer(CHOICES, Want(afterstate=True))
    found = measure_evidence(model, ["p_true"], CHOICES, [answer.label for answer in answers])["p_true"]
    expected = [1 / (1 + math.exp(-answer.check_logit)) for answer in answers]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_measurements_do_not_depend_on_the_order_of_rows(open_hf: Any) -> None:
    model = open_hf("llama")
    names = ["icl:2", "p_true", "verbalised"]
    found = measure_evidence(model, names, CHOICES, LABELS, gold=GOLD)
    assert list(found) == ["icl", "p_true", "verbalised"]
    turned = measure_evidence(model, names, CHOICES[::-1], LABELS[::-1], gold=GOLD)
    for name, column in found.items():
        assert column.shape == (3,)
        np.testing.assert_allclose(turned[name][::-1], column, atol=1e-4)
    assert measure_evidence(model, names, [], []).keys() == found.keys()


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("ilc", "label-unknown-evidence", "did you mean icl?"),
        ("icl:0", "label-evidence-number", "from 1 to 10000; write icl:4"),
        ("p_true:3", "label-evidence-number", "write p_true"),
    ],
)
def test_invalid_names_are_refused(open_hf: Any, name: str, code: str, said: str) -> None:
    with raises_code(code, UsageError) as caught:
        measure_evidence(open_hf(), [name], CHOICES, LABELS, gold=GOLD)
    assert said in str(caught.value)


def test_other_models_are_refused() -> None:
    with raises_code("hf-evidence-unsupported", UsageError):
        measure_evidence(load_model("random"), ["icl"], [], [])


def test_judged_reply_never_contains_the_source_solution(open_hf: Any) -> None:
    told = replace(ANSWER, solution="Five times four is 20.")
    model = open_hf()
    assert model.prompts.reply(told, "21") == "\\boxed{21}"
    (known,), (unknown,) = model.judge([told], ["21"]), model.judge([ANSWER], ["21"])
    assert known.log_prob == unknown.log_prob
    assert known.hidden is not None
    shot = model.prompts.generation_request(replace(ANSWER, id="x"))
    assert "Five times" not in model.prompts.tokenizer.decode(shot.prompt)
