"""Small language models with random weights, and a tokenizer of bytes: made here, nothing is downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

FAMILIES = ("qwen3", "llama", "olmo2", "gemma3", "gpt2")
END = "<|end|>"
CHAT = (
    "{% for message in messages %}<|turn|>{{ message['role'] }}\n{{ message['content'] }}<|end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|turn|>assistant\n{% endif %}"
)
_MERGES = [("\u0120", letter) for letter in "ABCDEFGH"] + [
    ("e", "r"),
    ("t", "h"),
    ("th", "e"),
    ("\u0120", "the"),
]


def tokenizer(chat: bool = False, bos: bool = False) -> Any:
    """Bytes, a few merges, and no padding token."""
    import tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    pieces = [*alphabet, *("".join(pair) for pair in _MERGES)]
    model = tokenizers.models.BPE(
        vocab={piece: number for number, piece in enumerate(pieces)}, merges=_MERGES
    )
    inner = tokenizers.Tokenizer(model)
    inner.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = tokenizers.decoders.ByteLevel()
    inner.add_special_tokens([END, "<|turn|>", "<|start|>"])
    if bos:
        start = inner.token_to_id("<|start|>")
        inner.post_processor = tokenizers.processors.TemplateProcessing(
            single="<|start|> $A", special_tokens=[("<|start|>", start)]
        )
    made = PreTrainedTokenizerFast(
        tokenizer_object=inner, eos_token=END, bos_token="<|start|>" if bos else None
    )
    if chat:
        made.chat_template = CHAT
    return made


def network(family: str, vocabulary: int, seed: int = 0, context: int = 1024) -> Any:
    """Two layers of width 32; Gemma has one with a window of 16 tokens and one that sees all."""
    import torch
    import transformers

    torch.manual_seed(seed)
    sizes = {
        "vocab_size": vocabulary,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "max_position_embeddings": context,
        "bos_token_id": None,
        "pad_token_id": None,
        "eos_token_id": vocabulary - 3,
    }
    if family == "gpt2":
        config: Any = transformers.GPT2Config(
            vocab_size=vocabulary, n_positions=context, n_embd=32, n_layer=2, n_head=4,
            bos_token_id=None, eos_token_id=vocabulary - 3,
        )  # fmt: skip
    elif family == "olmo2":
        del sizes["head_dim"]
        config = transformers.Olmo2Config(**sizes)
    elif family == "gemma3":
        config = transformers.Gemma3TextConfig(
            **sizes, sliding_window=16, layer_types=["sliding_attention", "full_attention"]
        )
    else:
        config = {"qwen3": transformers.Qwen3Config, "llama": transformers.LlamaConfig}[family](**sizes)
    made = transformers.AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.15 * torch.randn_like(parameter))
    return made.eval()


def write_language_model(
    folder: Path,
    family: str = "llama",
    *,
    chat: bool = False,
    bos: bool = False,
    seed: int = 0,
    context: int = 1024,
) -> Path:
    """A model with its tokenizer, as transformers stores them."""
    words = tokenizer(chat, bos)
    network(family, len(words), seed, context).save_pretrained(folder)
    words.save_pretrained(folder)
    return folder
