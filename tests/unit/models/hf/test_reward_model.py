"""Reward models: question and reply in, one number out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.doubles.errors import raises_code
from tests.doubles.language import tokenizer
from tests.unit.models.hf.doubles import SMALL, paired
from w2s.errors import DataError, ModelError, UsageError
from w2s.tasks import ChoiceExample

torch = pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")
transformers = pytest.importorskip("transformers", reason="needs transformers: pip install 'w2s[models]'")

from w2s.models.hf import evidence  # noqa: E402
from w2s.models.hf.evidence import measure_evidence  # noqa: E402
from w2s.models.hf.reward_model import Exchange, RewardModel  # noqa: E402

CHOICES = [
    ChoiceExample("sky", "What colour is the sky?", ("blue", "green as grass", "red")),
    ChoiceExample("sum", "2 + 2?", ("4", "5")),
    ChoiceExample("ox", "Which one is an animal, of these?", ("stone", "ox")),
]

LABELS = ["B", "A", "B"]


def write_reward(folder: Path, outputs: int = 1) -> Path:
    words = tokenizer()
    torch.manual_seed(1)
    config = transformers.LlamaConfig(
        vocab_size=len(words),
        hidden_size=32,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=256,
        num_labels=outputs,
        eos_token_id=words.eos_token_id,
        bos_token_id=None,
        pad_token_id=None,
    )
    transformers.LlamaForSequenceClassification(config).save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def reward(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_reward(tmp_path_factory.mktemp("reward"))


def test_reward_equals_a_plain_forward_pass(open_hf: Any, reward: Path) -> None:
    model = open_hf("llama")
    found = measure_evidence(model, ["reward"], CHOICES, LABELS, reward=f"hf:{reward}")["reward"]
    words = transformers.AutoTokenizer.from_pretrained(reward)
    network = transformers.AutoModelForSequenceClassification.from_pretrained(reward).eval()
    for example, label, number in zip(CHOICES, LABELS, found, strict=True):
        ids = words(f"Question: {model.prompts.question(example)}\nAnswer: {label}")["input_ids"]
        with torch.inference_mode():
            expected = network(torch.tensor([ids])).logits[0, 0]
        assert number == pytest.approx(float(expected), abs=1e-4)
    given = measure_evidence(
        model, ["reward"], CHOICES, LABELS, replies=["so B", None, None], reward=f"hf:{reward}"
    )
    assert given["reward"][0] != pytest.approx(found[0], abs=1e-4)
    np.testing.assert_allclose(given["reward"][1:], found[1:], atol=1e-4)


def test_models_that_give_no_reward_are_refused(
    open_hf: Any, folder: Any, reward: Path, tmp_path: Path
) -> None:
    model = open_hf()
    with raises_code("label-missing-reward-model", UsageError):
        measure_evidence(model, ["reward"], CHOICES, LABELS)
    with raises_code("hf-reward-invalid-reference", UsageError):
        measure_evidence(model, ["reward"], CHOICES, LABELS, reward="random")
    with raises_code("hf-architecture-unsupported", ModelError) as caught:
        measure_evidence(model, ["reward"], CHOICES, LABELS, reward=f"hf:{folder()}")
    assert "is a LlamaForCausalLM; required is an architecture …ForSequence" in str(caught.value)
    with raises_code("hf-reward-outputs", ModelError) as caught:
        RewardModel(f"hf:{write_reward(tmp_path, 3)}")
    assert "has 3 outputs" in str(caught.value)
    with raises_code("hf-context-exceeded", DataError) as caught:
        RewardModel(f"hf:{reward}").rewards([Exchange("long", "x" * 400, "y")])
    assert re.search(r"example .long.: question and reply have 4\d\d tokens", str(caught.value))


def test_encoder_reads_question_and_reply_as_a_pair(tmp_path: Path) -> None:
    words = paired()
    torch.manual_seed(0)
    transformers.BertForSequenceClassification(
        transformers.BertConfig(
            vocab_size=len(words),
            num_hidden_layers=2,
            **SMALL,
            max_position_embeddings=128,
            initializer_range=0.5,
            num_labels=1,
            pad_token_id=0,
        )
    ).save_pretrained(tmp_path)
    words.save_pretrained(tmp_path)
    asked = [("Why?", "so"), ("Why is that so?", "because it is")]
    found = RewardModel(f"hf:{tmp_path}").rewards([Exchange("a", *one) for one in asked])
    slow = transformers.AutoModelForSequenceClassification.from_pretrained(tmp_path).eval()
    with torch.inference_mode():
        expected = [float(slow(**words(*one, return_tensors="pt")).logits[0, 0]) for one in asked]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_reward_model_without_padding_token_reads_batches(tmp_path: Path) -> None:
    words = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer().backend_tokenizer)
    torch.manual_seed(0)
    transformers.LlamaForSequenceClassification(
        transformers.LlamaConfig(
            vocab_size=len(words),
            num_hidden_layers=1,
            **SMALL,
            num_labels=1,
            eos_token_id=None,
            bos_token_id=None,
            pad_token_id=None,
        )
    ).save_pretrained(tmp_path)
    words.save_pretrained(tmp_path)
    model = RewardModel(f"hf:{tmp_path}")
    asked = [Exchange("a", "Why?", "so"), Exchange("b", "Why is that?", "so!")]
    np.testing.assert_allclose(model.rewards(asked), [model.rewards([one])[0] for one in asked], atol=1e-5)


def test_reward_model_is_loaded_once(open_hf: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []

    class Even:
        def __init__(self, reference: str) -> None:
            loaded.append(reference)

        def rewards(self, exchanges: Any) -> Any:
            return np.zeros(len(exchanges))

    monkeypatch.setattr(evidence, "RewardModel", Even)
    model = open_hf("llama")
    for _ in range(3):
        evidence.measure_evidence(
            model, ["reward"], [ChoiceExample("a", "?", ("x", "y"))], ["A"], reward="hf:r"
        )
    assert loaded == ["hf:r"]
