"""Work in passes: ordered by length, within a budget of tokens, halved where memory runs out.

Knows nothing about what the work is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import torch

from w2s.errors import ModelError
from w2s.models.reference import shown

Item = TypeVar("Item")
Result = TypeVar("Result")
_BUDGET = {"cpu": 4096, "cuda": 32_768}
_SAID_OF_MEMORY = ("not enough memory", "can't allocate memory", "out of memory")


def budget_of(device: torch.device) -> int:
    """Tokens of a pass where nothing else is asked."""
    return _BUDGET.get(device.type, _BUDGET["cuda"])


class Room(NamedTuple):
    """What one item takes in a pass: so many rows of so many tokens."""

    rows: int
    tokens: int


class Passes:
    """Runs work over items in passes of at most ``budget`` tokens, padding counted.

    An item that alone takes more goes alone, and the work is told the budget, so that it may go through the
    rows of an item in parts. Where memory runs out the pass is done again under half the budget, which then
    holds for all that follows.

    Args:
        reference: who works, for messages.
        budget: tokens of a pass.
    """

    def __init__(self, reference: str, budget: int) -> None:
        self._reference = reference
        self.budget = budget

    def run(
        self,
        items: Sequence[Item],
        room: Callable[[Item], Room],
        name: Callable[[Item], str],
        work: Callable[[Sequence[Item], int], Sequence[Result]],
    ) -> list[Result]:
        """The result of each item, in their order.

        Raises:
            ModelError: memory runs out at one row of one item.
        """
        rooms = [room(item) for item in items]
        waiting = sorted(range(len(items)), key=lambda i: (-rooms[i].tokens, i))
        results: dict[int, Result] = {}
        while waiting:
            places = waiting[: self._fitting([rooms[i] for i in waiting])]
            done = _tried(lambda chosen=places: work([items[i] for i in chosen], self.budget))  # type: ignore[misc]
            if done is None:
                self._halve([rooms[i] for i in places], name(items[places[0]]))
                continue
            results.update(zip(places, done, strict=True))
            waiting = waiting[len(places) :]
        return [results[i] for i in range(len(items))]

    def _fitting(self, rooms: Sequence[Room]) -> int:
        """How many of the first items go into one pass, longest first: at least one."""
        longest, rows = rooms[0].tokens, 0
        for count, room in enumerate(rooms):
            rows += room.rows
            if count and rows * longest > self.budget:
                return count
        return len(rooms)

    def _halve(self, rooms: Sequence[Room], name: str) -> None:
        longest = rooms[0].tokens
        took = min(self.budget, longest * sum(room.rows for room in rooms))
        if took <= longest:
            raise ModelError(
                "hf-out-of-memory",
                f"{shown(self._reference)} runs out of memory on example {name!r} alone ({longest} tokens); "
                "shorten it, use dtype=bfloat16 or quant=4bit, or choose a smaller model",
            )
        self.budget = max(took // 2, longest)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def _tried(work: Callable[[], Sequence[Result]]) -> Sequence[Result] | None:
    """What the work gives; None where memory ran out, its traces freed."""
    try:
        return work()
    except (torch.OutOfMemoryError, MemoryError):
        return None
    except RuntimeError as error:
        if any(said in str(error).lower() for said in _SAID_OF_MEMORY):
            return None
        raise
