"""Checkpoints: what is loaded, and what is refused in one line with a remedy."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.doubles.errors import raises_code
from tests.doubles.language import tokenizer
from tests.unit.models.hf.doubles import CHOICE, copied, refusal
from w2s.errors import ModelError, UsageError
from w2s.models import Want, load_model
from w2s.models.hf.settings import HfSettings

torch = pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")
transformers = pytest.importorskip("transformers", reason="needs transformers: pip install 'w2s[models]'")


def test_unreachable_hub_name_is_refused_in_one_line(offline: None) -> None:
    said = refusal("hf-load-failed", ModelError, lambda: load_model("hf:nobody-of-w2s/nothing-at-all"))
    assert "'nobody-of-w2s/nothing-at-all' cannot be loaded" in said


def test_pickled_weights_are_refused_and_never_read(folder: Any, tmp_path: Path) -> None:
    place, marker = copied(folder(), tmp_path / "model"), tmp_path / "executed"

    class Trap:
        def __reduce__(self) -> tuple[Any, tuple[str]]:
            return os.mkdir, (str(marker),)

    (place / "model.safetensors").unlink()
    assert "*.safetensors" in refusal("hf-weights-missing", ModelError, lambda: load_model(f"hf:{place}"))
    (place / "pytorch_model.bin").write_bytes(pickle.dumps(Trap()))
    said = refusal("hf-weights-pickled", ModelError, lambda: load_model(f"hf:{place}"))
    assert "only as pytorch_model.bin, a pickle" in said
    assert "save_pretrained" in said
    assert not marker.exists()


def test_code_of_a_checkpoint_never_runs(folder: Any, tmp_path: Path) -> None:
    place, marker = copied(folder(), tmp_path / "model"), tmp_path / "executed"
    config = json.loads((place / "config.json").read_text())
    config |= {
        "model_type": "ours_alone",
        "auto_map": {"AutoConfig": "ours.Config", "AutoModelForCausalLM": "ours.Model"},
    }
    (place / "config.json").write_text(json.dumps(config))
    (place / "ours.py").write_text(f"import os\nos.mkdir({str(marker)!r})\n")
    refusal("hf-load-failed", ModelError, lambda: load_model(f"hf:{place}"))
    assert not marker.exists()


def test_damaged_or_incomplete_weights_are_refused(folder: Any, tmp_path: Path) -> None:
    from safetensors.torch import load, save_file

    place = copied(folder(), tmp_path / "model")
    weights = place / "model.safetensors"
    tensors = load(weights.read_bytes())
    weights.write_bytes(weights.read_bytes()[:1000])
    refusal("hf-load-failed", ModelError, lambda: load_model(f"hf:{place}"))
    tensors.pop("model.layers.1.mlp.up_proj.weight")
    save_file(tensors, weights, {"format": "pt"})
    said = refusal("hf-weights-incomplete", ModelError, lambda: load_model(f"hf:{place}"))
    assert "lacks weights of its architecture (model.layers.1.mlp.up_proj.weight)" in said


def test_unsupported_architecture_is_refused(tmp_path: Path) -> None:
    words = tokenizer()
    config = transformers.BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
    )
    transformers.BertForMaskedLM(config).save_pretrained(tmp_path)
    words.save_pretrained(tmp_path)
    said = refusal("hf-architecture-unsupported", ModelError, lambda: load_model(f"hf:{tmp_path}"))
    assert "is a BertForMaskedLM; required is an architecture …ForCausalLM" in said


@pytest.mark.parametrize("file", ["tokenizer.json", "tokenizer_config.json", "config.json"])
def test_invalid_files_are_refused_in_one_line(folder: Any, tmp_path: Path, file: str) -> None:
    place = Path(shutil.copytree(folder(), tmp_path / "model"))
    told = json.loads((place / file).read_text())
    for odd in (
        {
            "tokenizer.json": [told | {"version": "9.0"}],
            "tokenizer_config.json": [[]],
            "config.json": [told | {"num_hidden_layers": "two"}, told | {"architectures": [None]}],
        }
    )[file]:
        (place / file).write_text(json.dumps(odd))
        with raises_code("hf-load-failed", ModelError) as caught:
            load_model(f"hf:{place}")
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["attn_implementation", "_attn_implementation"])
def test_attention_code_from_the_hub_is_refused(folder: Any, tmp_path: Path, name: str) -> None:
    place = copied(folder(), tmp_path / "model")
    config = json.loads((place / "config.json").read_text())
    (place / "config.json").write_text(json.dumps({**config, name: "someone/kernel"}))
    said = refusal("hf-remote-code", ModelError, lambda: load_model(f"hf:{place}"))
    assert "'someone/kernel'" in said


def test_loading_options_reach_transformers(folder: Any) -> None:
    model: Any = load_model(f"hf:{folder()}?dtype=bfloat16&attn=eager&device=cpu")
    inner = model._scorer._network._model
    assert inner.dtype == torch.bfloat16
    assert inner.config._attn_implementation == "eager"
    refusal("hf-load-failed", ModelError, lambda: load_model(f"hf:{folder()}?attn=nothing"))
    if not torch.cuda.is_available():
        with pytest.raises(UsageError, match="device"):
            load_model(f"hf:{folder()}?device=cuda:1")


def test_quantization_uses_bitsandbytes(monkeypatch: pytest.MonkeyPatch) -> None:
    from w2s.models.hf import weights

    asked: list[dict[str, bool]] = []
    monkeypatch.setattr(weights.transformers, "BitsAndBytesConfig", lambda **how: asked.append(how) or "how")
    told = weights._load_arguments(HfSettings(quant="4bit", device="cpu"))
    assert (told["quantization_config"], told["device_map"]) == ("how", {"": torch.device("cpu")})
    assert weights._load_arguments(HfSettings(quant="8bit", device_map="auto"))["device_map"] == "auto"
    assert asked == [
        {"load_in_4bit": True, "load_in_8bit": False},
        {"load_in_4bit": False, "load_in_8bit": True},
    ]


def test_device_map_does_not_change_answers(folder: Any) -> None:
    pytest.importorskip("accelerate", reason="needs accelerate: pip install 'w2s[models]'")
    want = Want(evidence=True, hidden=True)
    (spread,) = load_model(f"hf:{folder()}?device_map=auto").answer([CHOICE], want)
    (plain,) = load_model(f"hf:{folder()}").answer([CHOICE], want)
    assert spread.log_prob == pytest.approx(plain.log_prob, abs=1e-4)
    np.testing.assert_allclose(spread.hidden, plain.hidden, atol=2e-3)


def test_unreachable_hub_is_tried_once_and_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    begin = time.monotonic()
    said = refusal("hf-load-failed", ModelError, lambda: load_model("hf:nobody-of-w2s/nothing-at-all"))
    assert "the hub is unreachable" in said
    assert time.monotonic() - begin < 5
