"""Helpers for the tests of language models."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tests.doubles.errors import raises_code
from tests.doubles.language import tokenizer
from w2s.errors import W2sError
from w2s.tasks import ChoiceExample

CHOICE = ChoiceExample("sky", "What colour is the sky?", ("blue", "green as grass"))
SMALL: dict[str, Any] = {"hidden_size": 32, "intermediate_size": 32, "num_attention_heads": 4}


def refusal(code: str, kind: type[W2sError], work: Any) -> str:
    """The one-line message of the exception with that code."""
    with raises_code(code, kind) as caught:
        work()
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 700
    return message


def copied(folder: Path, to: Path) -> Path:
    return Path(shutil.copytree(folder, to))


def paired(pad=None, names=("input_ids", "token_type_ids", "attention_mask")) -> Any:
    """A tokenizer that marks the two texts of a pair."""
    import tokenizers
    import transformers

    inner = tokenizer().backend_tokenizer
    inner.add_special_tokens(["[CLS]", "[SEP]"])
    marks = [(mark, inner.token_to_id(mark)) for mark in ("[CLS]", "[SEP]")]
    inner.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=marks
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=inner,
        cls_token="[CLS]",
        sep_token="[SEP]",
        pad_token=pad,
        model_input_names=list(names),
    )
