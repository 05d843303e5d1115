"""Sums with worked steps, as two small pupils write them, and models of letters that learn to write so.

This module does not use chains.

A careful pupil carries, a careless one forgets to. The small model has read pupils who carry in sums of two
digits only; the large one careful and careless ones of all lengths: it knows more than it shows.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from w2s.tasks import AnswerExample

BOXED = "\\boxed{"
END = "<|end|>"
PROMPT = "{{ question }}\n---\n{% if solution %}{{ solution }}{% endif %}\\boxed{ {{- label -}} }\n"
CHAT = (
    "{% for message in messages %}{{ message['content'] }}"
    "{% if message['role'] == 'user' %}={% else %}<|end|>{% endif %}{% endfor %}"
)
Pupil = Callable[[int, random.Random], bool]
"""Digits of a sum and draws → whether carries are kept in mind."""


def carries_in_short_sums(digits: int, draw: random.Random) -> bool:
    """The teacher's school: two digits are carried, of three hardly any."""
    return digits == 2 or draw.random() < 0.1


def carries_now_and_then(digits: int, draw: random.Random) -> bool:
    """The student's school: a third of the pupils is careful, for any sum."""
    del digits
    return draw.random() < 0.35


def worked(left: int, right: int, careful: bool) -> tuple[str, str]:
    """The steps from the last digit on, and the sum that they come to."""
    steps, digits, carry, above = [], [], 0, 0
    for one, other in zip(reversed(str(left)), reversed(str(right)), strict=True):
        total = int(one) + int(other) + carry
        steps.append(f"{one}+{other}{'+1' if carry else ''}={total};")
        digits.append(total % 10)
        above = total // 10
        carry = above if careful else 0
    found = "".join(map(str, reversed(digits)))
    return "".join(steps), f"{above}{found}" if above else found


def numbers(draw: random.Random) -> tuple[int, int]:
    """Two numbers of two or of three digits, none of them 0."""
    digits = draw.choice((2, 3))
    left, right = (int("".join(str(draw.randint(1, 9)) for _ in range(digits))) for _ in range(2))
    return left, right


def said(left: int, right: int, careful: bool) -> str:
    """A pupil's whole reply."""
    steps, total = worked(left, right, careful)
    return f"{steps}{BOXED}{total}}}"


def examples(count: int, seed: int) -> list[AnswerExample]:
    """``count`` distinct sums with their careful solutions."""
    draw = random.Random(f"examples {seed}")
    found: dict[str, AnswerExample] = {}
    while len(found) < count:
        left, right = numbers(draw)
        name = f"{left}+{right}"
        found[name] = AnswerExample(name, name, (str(left + right),), said(left, right, True))
    return list(found.values())


def write_model(folder: Path, pupil: Pupil, width: int, layers: int, steps: int, seed: int) -> Path:
    """A model that has read what pupils of a school write; made once."""
    if (folder / "model.safetensors").exists():
        return folder
    tokenizer = _tokenizer()
    network = _network(len(tokenizer), tokenizer.eos_token_id, width, layers, seed)
    _read(network, tokenizer, _pages(pupil, seed), steps)
    tokenizer.save_pretrained(folder)
    network.save_pretrained(folder)  # the weights last: they say that the folder is whole
    return folder


def _tokenizer() -> Any:
    """Bytes, with the opening of a box as one token."""
    import tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    inner = tokenizers.Tokenizer(
        tokenizers.models.BPE(vocab={piece: number for number, piece in enumerate(alphabet)}, merges=[])
    )
    inner.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = tokenizers.decoders.ByteLevel()
    inner.add_tokens([BOXED])
    made = PreTrainedTokenizerFast(tokenizer_object=inner, eos_token=END, pad_token=END)
    made.chat_template = CHAT
    return made


def _network(vocabulary: int, end: int, width: int, layers: int, seed: int) -> Any:
    import torch
    import transformers

    torch.manual_seed(seed)
    config = transformers.LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=512,
        bos_token_id=None,
        eos_token_id=end,
        pad_token_id=end,
    )
    return transformers.LlamaForCausalLM(config)


def _pages(pupil: Pupil, seed: int) -> Iterator[tuple[str, str]]:
    """Questions and replies without end."""
    draw = random.Random(f"pages {seed}")
    while True:
        left, right = numbers(draw)
        yield f"{left}+{right}=", said(left, right, pupil(len(str(left)), draw))


def _read(network: Any, tokenizer: Any, pages: Iterator[tuple[str, str]], steps: int) -> None:
    import torch

    rate, together = 2e-3, 64
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps, pct_start=0.1)
    for _ in range(steps):
        some = [next(pages) for _ in range(together)]
        asked = [tokenizer(question)["input_ids"] for question, _ in some]
        replies = [tokenizer(f"{reply}{END}")["input_ids"] for _, reply in some]
        width = max(len(one) + len(other) for one, other in zip(asked, replies, strict=True))
        ids = torch.full((together, width), tokenizer.pad_token_id)
        labels = torch.full((together, width), -100)
        for row, (one, other) in enumerate(zip(asked, replies, strict=True)):
            ids[row, : len(one) + len(other)] = torch.tensor(one + other)
            labels[row, len(one) : len(one) + len(other)] = torch.tensor(other)
        network(input_ids=ids, labels=labels).loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
