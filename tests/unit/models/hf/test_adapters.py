"""peft adapters: applied to their base model, or refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.doubles.language import network, tokenizer
from tests.unit.models.hf.doubles import CHOICE, refusal
from w2s.errors import ModelError
from w2s.models import Want, load_model

torch = pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")
transformers = pytest.importorskip("transformers", reason="needs transformers: pip install 'w2s[models]'")


OLD_NAMES = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")
"""What peft says of transformers as long as it uses an older name of it."""


def write_adapter(base: Path, place: Path, task: str | None = None) -> Path:
    import peft

    plain = transformers.AutoModelForCausalLM.from_pretrained(base)
    torch.manual_seed(5)
    config = peft.LoraConfig(r=2, target_modules=["q_proj", "v_proj"], task_type=task)
    apply_adapter = peft.get_peft_model(plain, config)
    for name, parameter in apply_adapter.named_parameters():
        if "lora" in name:
            torch.nn.init.normal_(parameter, std=0.5)
    apply_adapter.save_pretrained(place)
    return place


@OLD_NAMES
@pytest.mark.parametrize("task", [None, "CAUSAL_LM"])
def test_adapter_is_applied_to_its_base(folder: Any, tmp_path: Path, task: str | None) -> None:
    import peft

    base = folder()
    place = write_adapter(base, tmp_path / "adapter", task)
    want = Want(evidence=True, hidden=True)
    (answer,) = load_model(f"hf:{place}").answer([CHOICE], want)
    (before,) = load_model(f"hf:{base}").answer([CHOICE], want)
    assert answer.log_prob != before.log_prob
    merged = peft.PeftModel.from_pretrained(
        transformers.AutoModelForCausalLM.from_pretrained(base), place
    ).merge_and_unload()
    merged.save_pretrained(tmp_path / "merged")
    tokenizer().save_pretrained(tmp_path / "merged")
    (expected,) = load_model(f"hf:{tmp_path / 'merged'}").answer([CHOICE], want)
    assert answer.log_prob == pytest.approx(expected.log_prob, abs=1e-4)
    np.testing.assert_allclose(answer.hidden, expected.hidden, atol=5e-3)


@OLD_NAMES
def test_adapter_of_another_base_is_refused(folder: Any, tmp_path: Path) -> None:
    place = write_adapter(folder(), tmp_path / "adapter")
    config = json.loads((place / "adapter_config.json").read_text())
    for family in ("gpt2", "gemma3-narrow", "llama-deeper"):
        other = tmp_path / family
        if family == "gpt2":
            shutil.copytree(folder("gpt2"), other)
        else:
            made = network("llama", len(tokenizer()))
            sizes = made.config.to_dict() | (
                {"num_hidden_layers": 3} if family == "llama-deeper" else {"hidden_size": 24}
            )
            transformers.LlamaForCausalLM(transformers.LlamaConfig(**sizes)).save_pretrained(other)
            tokenizer().save_pretrained(other)
        (place / "adapter_config.json").write_text(
            json.dumps(config | {"base_model_name_or_path": str(other)})
        )
        said = refusal("hf-adapter-mismatch", ModelError, lambda: load_model(f"hf:{place}"))
        assert f"does not fit {other}" in said
        assert "base_model_name_or_path" in said


@OLD_NAMES
def test_learned_prompt_is_refused(folder: Any, tmp_path: Path) -> None:
    import peft

    plain = transformers.AutoModelForCausalLM.from_pretrained(folder())
    config = peft.PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=3)
    peft.get_peft_model(plain, config).save_pretrained(tmp_path / "prompt")
    place = f"hf:{tmp_path / 'prompt'}"
    assert "learned prompt" in refusal("hf-adapter-unsupported", ModelError, lambda: load_model(place))


@OLD_NAMES
def test_adapter_without_base_or_with_pickled_weights_is_refused(folder: Any, tmp_path: Path) -> None:
    place = write_adapter(folder(), tmp_path / "adapter")
    (place / "adapter_model.safetensors").rename(place / "adapter_model.bin")
    said = refusal("hf-weights-pickled", ModelError, lambda: load_model(f"hf:{place}"))
    assert "only as adapter_model.bin, a pickle" in said
    (place / "adapter_config.json").write_text("{}")
    refusal("hf-adapter-no-base", ModelError, lambda: load_model(f"hf:{place}"))
