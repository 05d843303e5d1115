"""Batches by length within a budget of tokens, which is halved if memory runs out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import torch

from w2s.errors import ModelError
from w2s.models.reference import quote

Item = TypeVar("Item")
Result = TypeVar("Result")
_BUDGET = {"cpu": 4096, "cuda": 32_768}
_MEMORY_ERRORS = ("not enough memory", "can't allocate memory", "out of memory")


def default_budget(device: torch.device) -> int:
    """Tokens of a batch on a device."""
    return _BUDGET.get(device.type, _BUDGET["cuda"])


class BatchCost(NamedTuple):
    """The size of one item in a batch: its rows, and the tokens of the longest row."""

    rows: int
    tokens: int


class BatchRunner:
    """Runs work over items in batches of at most ``budget`` tokens, padding included.

    An item that exceeds the budget is run alone. The work receives the budget, so that it can process the
    rows of such an item in parts. If memory runs out, the batch is repeated with half the budget, which then
    holds for all later batches.

    Args:
        reference: reference of the model, for messages.
        budget: tokens of a batch.
    """

    def __init__(self, reference: str, budget: int) -> None:
        self._reference = reference
        self.budget = budget

    def run(
        self,
        items: Sequence[Item],
        cost: Callable[[Item], BatchCost],
        name: Callable[[Item], str],
        work: Callable[[Sequence[Item], int], Sequence[Result]],
    ) -> list[Result]:
        """The result of each item, in their order.

        Args:
            items: what is processed.
            cost: gives the size of an item.
            name: gives the name of an item, for messages.
            work: processes a batch within a budget of tokens.

        Raises:
            ModelError: memory runs out on one row of one item.
        """
        costs = [cost(item) for item in items]
        waiting = sorted(range(len(items)), key=lambda i: (-costs[i].tokens, i))
        results: dict[int, Result] = {}
        while waiting:
            places = waiting[: self._fitting([costs[i] for i in waiting])]
            done = _try(lambda chosen=places: work([items[i] for i in chosen], self.budget))  # type: ignore[misc]
            if done is None:
                self._halve([costs[i] for i in places], name(items[places[0]]))
                continue
            results.update(zip(places, done, strict=True))
            waiting = waiting[len(places) :]
        return [results[i] for i in range(len(items))]

    def _fitting(self, costs: Sequence[BatchCost]) -> int:
        """How many of the first items, sorted by length, make one batch: at least one."""
        longest, rows = costs[0].tokens, 0
        for count, cost in enumerate(costs):
            rows += cost.rows
            if count and rows * longest > self.budget:
                return count
        return len(costs)

    def _halve(self, costs: Sequence[BatchCost], name: str) -> None:
        longest = costs[0].tokens
        took = min(self.budget, longest * sum(cost.rows for cost in costs))
        if took <= longest:
            raise ModelError(
                "hf-out-of-memory",
                f"{quote(self._reference)} runs out of memory on example {name!r} alone ({longest} tokens); "
                "shorten it, use dtype=bfloat16 or quant=4bit, or choose a smaller model",
            )
        self.budget = max(took // 2, longest)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def _try(work: Callable[[], Sequence[Result]]) -> Sequence[Result] | None:
    """The result of the work; None if memory ran out, which frees what it held."""
    try:
        return work()
    except (torch.OutOfMemoryError, MemoryError):
        return None
    except RuntimeError as error:
        if any(text in str(error).lower() for text in _MEMORY_ERRORS):
            return None
        raise
