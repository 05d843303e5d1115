"""Encoders with a multiple-choice head: they compare options as transformers does, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.doubles.errors import raises_code
from tests.doubles.language import tokenizer
from tests.unit.models.hf.doubles import SMALL, paired
from w2s.errors import DataError, UsageError
from w2s.games import game
from w2s.models import SupportsDistribution, SupportsScoring, Want, load_model
from w2s.tasks import MoveExample
from w2s.tasks.choice import ChoiceExample

torch = pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")
transformers = pytest.importorskip("transformers", reason="needs transformers: pip install 'w2s[models]'")

CHOICES = [
    ChoiceExample("sky", "What colour is the sky at noon?", ("blue", "green as grass", "a deep red")),
    ChoiceExample("sum", "2 + 2?", ("4", "5")),
    ChoiceExample("long", "Which of these is a long word? " * 2, ("ox", "hippopotamus", "er", "air")),
]
EVERYTHING = Want(evidence=True, hidden=True)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, words = tmp_path_factory.mktemp("encoder"), tokenizer()
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=32,
        max_position_embeddings=128,
        initializer_range=0.5,
    )
    transformers.BertForMultipleChoice(config).save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def slow(place: Path, example: ChoiceExample) -> tuple[np.ndarray, np.ndarray]:
    words = transformers.AutoTokenizer.from_pretrained(place)
    network = transformers.AutoModelForMultipleChoice.from_pretrained(place).eval()
    scores, states = [], []
    for option in example.options:
        ids = words(example.question, option)["input_ids"]
        with torch.inference_mode():
            out = network(torch.tensor([[ids]]), output_hidden_states=True)
        scores.append(float(out.logits[0, 0]))
        states.append(out.hidden_states[-1][0, 0].numpy())
    return np.array(scores), np.array(states)


@pytest.mark.parametrize("options", ["", "?batch_tokens=1", "?batch_tokens=200"])
def test_options_in_a_batch_equal_one_at_a_time(place: Path, options: str) -> None:
    model: Any = load_model(f"hf:{place}{options}")
    for example, answer in zip(CHOICES, model.answer(CHOICES, EVERYTHING), strict=True):
        scores, states = slow(place, example)
        log_probs = scores - np.log(np.exp(scores).sum())
        best = int(scores.argmax())
        assert answer.label == example.letters[best]
        assert answer.log_prob == pytest.approx(log_probs[best], abs=1e-4)
        assert (answer.n_options, answer.rank) == (len(example.options), 0)
        np.testing.assert_allclose(answer.hidden, states[best].astype(np.float16), atol=4e-3)
        judged = model.judge([example] * len(scores), list(example.letters))
        np.testing.assert_allclose([one.log_prob for one in judged], log_probs, atol=1e-4)


def test_judgements_and_distributions_agree_with_answers(place: Path) -> None:
    model: Any = load_model(f"hf:{place}")
    assert isinstance(model, SupportsScoring)
    assert isinstance(model, SupportsDistribution)
    for belief in model.distributions(CHOICES):
        assert sum(belief.values()) == pytest.approx(1.0)
    (unknown,) = model.judge(CHOICES[:1], ["Z"])
    assert (unknown.label, unknown.log_prob, unknown.hidden) == ("Z", None, None)
    (bare,) = model.answer(CHOICES[:1], Want())
    assert (bare.log_prob, bare.hidden) == (None, None)


def test_unsuitable_examples_are_refused(place: Path) -> None:
    model = load_model(f"hf:{place}")
    with raises_code("hf-choices-only", UsageError):
        model.answer([MoveExample("m", game("chess").state())], Want())
    with raises_code("hf-option-causal-only", UsageError) as caught:
        load_model(f"hf:{place}?score=letter")
    assert str(caught.value).startswith("score of ")
    long = ChoiceExample("novel", "What? " * 40, ("a", "b"))
    with raises_code("hf-context-exceeded", DataError) as caught:
        model.answer([long], Want())  # type: ignore[list-item]
    assert re.search(r"example .novel.: the question with an option has .* is 128", str(caught.value))
    none = ChoiceExample("none", "What?", ())
    with raises_code("model-choice-no-options", DataError) as caught:
        model.answer([none], Want())  # type: ignore[list-item]
    assert "'none'" in str(caught.value)


def test_context_excludes_positions_before_the_padding_index(
    tmp_path: Path,
) -> None:
    words = paired(pad='"', names=("input_ids", "attention_mask"))
    words.pad_token = words.convert_ids_to_tokens(1)
    transformers.RobertaForMultipleChoice(
        transformers.RobertaConfig(
            vocab_size=len(words),
            num_hidden_layers=1,
            **SMALL,
            max_position_embeddings=66,
            type_vocab_size=1,
            pad_token_id=1,
        )
    ).save_pretrained(tmp_path)
    words.save_pretrained(tmp_path)
    model = load_model(f"hf:{tmp_path}")
    assert model.answer([ChoiceExample("x", "x" * 60, ("a", "b"))], Want())[0].label in "AB"
    with raises_code("hf-context-exceeded", DataError) as caught:
        model.answer([ChoiceExample("x", "x" * 61, ("a", "b"))], Want())
    assert re.search(r"has 65 tokens, .* is 64", str(caught.value))
