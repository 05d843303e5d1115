"""Plain loops over a transformers model: sorted by length, padded, in batches, without w2s."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

LETTERS = "ABCDE"
Batch = list[int]


class Loops:
    """A model and its tokenizer.

    Args:
        folder: the folder of both.
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
        """The most likely letter after each prompt; ``counts``: number of letters to choose from."""

        def answers(batch: Batch, given: Any) -> list[str]:
            logits = self.model(**given, use_cache=False, logits_to_keep=1).logits[:, -1, self._letters]
            return [LETTERS[int(row[: counts[i]].argmax())] for i, row in zip(batch, logits, strict=True)]

        return self._batched(prompts, size, answers)

    def by_option(self, prompts: Sequence[str], options: Sequence[Sequence[str]], size: int) -> list[str]:
        """The letter of the option with the highest mean log-probability per token after each prompt."""
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
        """The continuation of each prompt, by ``generate``."""

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
        """Do the work on batches of tokenised texts of similar length; results are in the order of the
        texts."""
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
