"""A language model with random weights and its tokenizer, and questions for it. The quality of its answers
does not affect speed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from w2s.tasks.answer import AnswerExample
from w2s.tasks.choice import ChoiceExample

VOCABULARY = 4096
WIDTH, BLOCKS = 256, 6
CONTEXT = 1024
WORDS = 5000
END = "<|end|>"


def has_transformers() -> bool:
    """Whether a language model can be made here."""
    from importlib.util import find_spec

    return all(find_spec(name) is not None for name in ("torch", "transformers", "jinja2"))


def write_language_model(folder: Path, width: int = WIDTH, blocks: int = BLOCKS) -> None:
    """A Llama in a folder, as transformers stores it."""
    import torch
    import transformers

    words = _tokenizer()
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=len(words),
        hidden_size=width,
        intermediate_size=3 * width,
        num_hidden_layers=blocks,
        num_attention_heads=width // 64,
        num_key_value_heads=width // 64,
        max_position_embeddings=CONTEXT,
        initializer_range=0.05,
        bos_token_id=None,
        eos_token_id=words.eos_token_id,
    )
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    words.save_pretrained(folder)


def choice_questions(count: int) -> list[ChoiceExample]:
    """Questions of 5 to 40 words with three to five options of one to eight words, by the seed."""
    draw = random.Random(1)
    words = _words(draw)
    return [
        ChoiceExample(
            f"q{i}",
            f"{_text(draw, words, 5, 40)}?",
            tuple(_text(draw, words, 1, 8) for _ in range(draw.randrange(3, 6))),
            ("A",),
        )
        for i in range(count)
    ]


def open_questions(count: int) -> list[AnswerExample]:
    """Questions of 5 to 40 words whose answer is written, by the seed."""
    draw = random.Random(2)
    words = _words(draw)
    return [AnswerExample(f"w{i}", f"{_text(draw, words, 5, 40)}?", ("1",)) for i in range(count)]


def _words(draw: random.Random) -> list[str]:
    syllables = [a + b for a in "bcdfghklmnprstvz" for b in ("a", "e", "i", "o", "u", "er", "an")]
    return ["".join(draw.choices(syllables, k=draw.choice((1, 1, 2, 2, 3)))) for _ in range(WORDS)]


def _text(draw: random.Random, words: list[str], least: int, most: int) -> str:
    """Words, the first of the list more often than the last."""
    places = (int(len(words) * draw.random() ** 3) for _ in range(draw.randint(least, most)))
    return " ".join(words[place] for place in places)


def _tokenizer() -> Any:
    """Pairs of bytes, merged by their frequency in such questions."""
    import tokenizers
    from transformers import PreTrainedTokenizerFast

    inner = tokenizers.Tokenizer(tokenizers.models.BPE())
    inner.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[END],
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    inner.train_from_iterator(_corpus(), trainer)
    return PreTrainedTokenizerFast(tokenizer_object=inner, eos_token=END)


def _corpus() -> Iterator[str]:
    for example in choice_questions(1000):
        yield f"Question: {example.question}\n\nAnswer with the letter of the right option.\nAnswer:"
        yield from (
            f" {letter}\n{letter}. {text}"
            for letter, text in zip(example.letters, example.options, strict=True)
        )
