"""References to Hugging Face models: options, locations and missing packages."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.models.hf.doubles import refusal
from w2s.errors import MissingExtraError, ModelError, UsageError
from w2s.models import load_model
from w2s.models.hf import settings
from w2s.models.hf.settings import HfSettings, read_settings
from w2s.models.reference import parse_reference

torch = pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")
transformers = pytest.importorskip("transformers", reason="needs transformers: pip install 'w2s[models]'")


def test_all_options_are_parsed() -> None:
    text = (
        "hf:x?dtype=bfloat16&device=cuda:1&attn=sdpa&quant=4bit&batch_tokens=99&prompt=move&shots=3"
        "&score=option&temperature=0.5&max_new_tokens=7&revision=main&engine=vllm"
    )
    assert read_settings(parse_reference(text)) == HfSettings(
        "bfloat16", "cuda:1", None, "sdpa", "4bit", 99, "move", 3, "option", 0.5, 7, "main", "vllm"
    )
    assert read_settings(parse_reference("hf:x?device_map=auto&shots=0")) == HfSettings(device_map="auto")
    assert read_settings(parse_reference("hf:x")) == HfSettings()


@pytest.mark.parametrize(
    ("reference", "code", "said"),
    [
        ("hf", "model-missing-target", "write hf:DIR or hf:OWNER/NAME"),
        ("hf:x?dtyp=float32", "model-unknown-option", "did you mean dtype? its options are: dtype"),
        ("hf:x?dtype=int8", "model-invalid-option", "one of auto, float32, bfloat16, float16"),
        ("hf:x?device=gpu", "model-invalid-option", "one of auto, cpu, cuda, cuda:1"),
        ("hf:x?device=cpu&device_map=auto", "hf-device-conflict", "both device and device_map"),
        ("hf:x?quant=3bit", "model-invalid-option", "one of 4bit, 8bit"),
        ("hf:x?score=best", "model-invalid-option", "one of letter, option, generate"),
        ("hf:x?engine=fast", "model-invalid-option", "one of plain, vllm"),
        ("hf:x?batch_tokens=0", "model-invalid-option", "whole number of at least 1"),
        ("hf:x?shots=-1", "model-invalid-option", "whole number from 1 to 1000"),
        ("hf:x?temperature=-1", "model-invalid-option", "at least 0"),
        ("hf:x?max_new_tokens=0", "model-invalid-option", "whole number of at least 1"),
    ],
)
def test_invalid_options_are_refused(reference: str, code: str, said: str) -> None:
    assert said in refusal(code, UsageError, lambda: load_model(reference))


@pytest.mark.parametrize(
    ("missing", "options", "said"),
    [
        ("transformers", "", "a Hugging Face model needs more packages: pip install 'w2s[models]'"),
        ("bitsandbytes", "?quant=4bit", "quant=4bit needs more packages: pip install 'w2s[quant]'"),
        ("vllm", "?engine=vllm", "engine=vllm needs more packages: pip install 'w2s[vllm]'"),
        ("accelerate", "?device_map=auto", "device_map needs more packages: pip install 'w2s[models]'"),
    ],
)
def test_missing_package_is_named(
    folder: Any, missing: str, options: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = f"hf:{folder()}{options}"
    monkeypatch.setattr(settings, "find_spec", lambda name: None if name == missing else object())
    extra = said.rpartition("[")[2].removesuffix("]'")
    assert refusal(f"missing-extra-{extra}", MissingExtraError, lambda: load_model(reference)) == said


@pytest.mark.parametrize("name", ["/no/such/folder", "./nothing", "a/b/c", "two words"])
def test_missing_folder_is_refused(name: str) -> None:
    refusal("hf-model-not-found", ModelError, lambda: load_model(f"hf:{name}"))
