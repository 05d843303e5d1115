"""Loops over a transformers model as one writes them by hand: sorted by length, padded, in batches.

Knows nothing about w2s: prompts in, answers out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

LETTERS = "ABCDE"
Batch = list[int]


class Loops:
    """A model and its tokenizer.

    Args:
        folder: where both lie.
    """

    def __init__(self, folder: str) -> None:
        import transformers

        self.words = transformers.AutoTokenizer.from_pretrained(folder, padding_side="left")
        self.words.pad_token = self.words.eos_token
        self.model = transformers.AutoModelForCausalLM.from_pretrained(folder).eval()
        self._letters = [self.words(f" {letter}")["input_ids"][0] for letter in LETTERS]

    def tokens(self, texts: Sequence[str]) -> int:
        """How many tokens some texts have."""
        return sum(map(len, self.words(list(texts))["input_ids"]))

    def by_letter(self, prompts: Sequence[str], counts: Sequence[int], size: int) -> list[str]:
        """The letter that each prompt goes on with; ``counts``: how many may be chosen from."""

        def answers(batch: Batch, given: Any) -> list[str]:
            logits = self.model(**given, use_cache=False, logits_to_keep=1).logits[:, -1, self._letters]
            return [LETTERS[int(row[: counts[i]].argmax())] for i, row in zip(batch, logits, strict=True)]

        return self._batched(prompts, size, answers)

    def by_option(self, prompts: Sequence[str], options: Sequence[Sequence[str]], size: int) -> list[str]:
        """The letter of the option whose tokens each prompt goes on with most likely, on the mean."""
        places = [(i, option) for i, some in enumerate(options) for option in some]
        replies = [self.words(f" {option}")["input_ids"] for _, option in places]

        def means(batch: Batch, given: Any) -> list[float]:
            keep = max(len(replies[row]) for row in batch) + 1
            logits = self.model(**given, use_cache=False, logits_to_keep=keep).logits[:, :-1]
            targets = given["input_ids"][:, 1 - keep :]
            found = logits.log_softmax(-1).gather(-1, targets[..., None])[..., 0]
            return [float(line[-len(replies[row]) :].mean()) for row, line in zip(batch, found, strict=True)]

        scores = iter(self._batched([f"{prompts[i]} {option}" for i, option in places], size, means))
        found = [[next(scores) for _ in some] for some in options]
        return [LETTERS[row.index(max(row))] for row in found]

    def written(self, prompts: Sequence[str], tokens: int, size: int) -> list[str]:
        """What each prompt goes on with, by ``generate``."""

        def replies(batch: Batch, given: Any) -> list[str]:
            del batch
            out = self.model.generate(
                **given, max_new_tokens=tokens, do_sample=False, pad_token_id=self.words.pad_token_id
            )
            behind = out[:, given["input_ids"].shape[1] :]
            return list(self.words.batch_decode(behind, skip_special_tokens=True))

        return self._batched(prompts, size, replies)

    def _batched(
        self, texts: Sequence[str], size: int, work: Callable[[Batch, Any], Sequence[Any]]
    ) -> list[Any]:
        """The work done on batches of tokenised texts of like length, its results in their order."""
        import torch

        tokens = self.words(list(texts))["input_ids"]
        order = sorted(range(len(texts)), key=lambda i: -len(tokens[i]))
        results: dict[int, Any] = {}
        with torch.inference_mode():
            for start in range(0, len(order), size):
                batch = order[start : start + size]
                given = self.words.pad({"input_ids": [tokens[i] for i in batch]}, return_tensors="pt")
                results.update(zip(batch, work(batch, given), strict=True))
        return [results[i] for i in range(len(texts))]
