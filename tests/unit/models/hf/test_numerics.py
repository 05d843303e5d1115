"""Overflow of a dtype is an error that names the example and the remedy."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.errors import raises_code
from w2s.errors import ModelError
from w2s.models import Want, load_model
from w2s.tasks import AnswerExample, ChoiceExample

torch = pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")
transformers = pytest.importorskip("transformers", reason="needs transformers: pip install 'w2s[models]'")


@pytest.mark.parametrize("example", [ChoiceExample("c", "?", ("a", "b")), AnswerExample("a", "Why?")])
def test_overflow_is_refused_with_the_example(folder: Any, tmp_path: Path, example: Any) -> None:
    place = Path(shutil.copytree(folder(), tmp_path / "model"))
    net = transformers.AutoModelForCausalLM.from_pretrained(place)
    with torch.no_grad():
        net.model.layers[0].mlp.down_proj.weight.mul_(1e30)
    net.save_pretrained(place)
    with raises_code("hf-numeric-overflow", ModelError) as caught:
        load_model(f"hf:{place}?dtype=float16&max_new_tokens=2").answer([example], Want())
    assert f"example {example.id!r}; use dtype=float32" in str(caught.value)
