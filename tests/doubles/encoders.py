"""Small encoders with random weights, with a multiple-choice head or bare: nothing is downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.doubles.language import END, tokenizer


def write_encoder(folder: Path, *, bare: bool = False, seed: int = 0, context: int = 128) -> Path:
    """A BERT of two layers of width 32 with its tokenizer; ``bare``: without a head for multiple choice."""
    import torch
    import transformers

    words = _pairing()
    torch.manual_seed(seed)
    config = transformers.BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=32,
        max_position_embeddings=context,
        initializer_range=0.2,
        pad_token_id=words.pad_token_id,
    )
    kind = transformers.BertModel if bare else transformers.BertForMultipleChoice
    kind(config).save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def _pairing() -> Any:
    """Bytes, with a token before a pair and one between, and types, as BERT reads them."""
    from tokenizers import processors
    from transformers import PreTrainedTokenizerFast

    inner = tokenizer().backend_tokenizer
    inner.post_processor = processors.TemplateProcessing(
        single="<|start|> $A",
        pair="<|start|>:0 $A:0 <|turn|>:0 $B:1",
        special_tokens=[(name, inner.token_to_id(name)) for name in ("<|start|>", "<|turn|>")],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        eos_token=END,
        pad_token=END,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )
