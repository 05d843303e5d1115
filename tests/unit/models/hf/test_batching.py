"""BatchRunner: within the budget, in the order asked, and smaller where memory runs out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.doubles.errors import raises_code
from w2s.errors import ModelError

torch = pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")

from w2s.models.hf.batching import BatchCost, BatchRunner  # noqa: E402

Work = Callable[[Sequence[BatchCost], int], list[BatchCost]]


def run(batches: BatchRunner, items: Sequence[BatchCost], work: Work) -> list[BatchCost]:
    return batches.run(items, lambda item: item, lambda item: f"{item.tokens} long", work)


def size(items: Sequence[BatchCost]) -> int:
    return sum(item.rows for item in items) * max(item.tokens for item in items)


@given(
    st.lists(st.builds(BatchCost, st.integers(1, 5), st.integers(1, 60)), max_size=40), st.integers(1, 500)
)
def test_batches_keep_the_budget_and_results_the_order(items: list[BatchCost], budget: int) -> None:
    seen: list[BatchCost] = []

    def work(some: Sequence[BatchCost], told: int) -> list[BatchCost]:
        assert told == budget
        assert len(some) == 1 or size(some) <= budget
        seen.extend(some)
        return list(some)

    assert run(BatchRunner("m", budget), items, work) == items
    assert [item.tokens for item in seen] == sorted((item.tokens for item in items), reverse=True)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: not enough memory: you tried"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
        MemoryError(),
    ],
)
def test_budget_is_halved_when_memory_runs_out(error: Exception) -> None:
    tried: list[int] = []

    def work(some: Sequence[BatchCost], told: int) -> list[BatchCost]:
        tried.append(size(some))
        if size(some) > 130:
            raise error
        return list(some)

    items = [BatchCost(1, 10 + i % 3) for i in range(50)]
    batches = BatchRunner("m", 600)
    assert run(batches, items, work) == items
    assert [pass_ for pass_ in tried if pass_ > 130] == [600, 300, 144]
    before = len(tried)
    assert run(batches, items, work) == items
    assert max(tried[before:]) <= 130


def test_item_of_many_rows_is_processed_in_parts() -> None:
    budgets: list[int] = []

    def work(some: Sequence[BatchCost], told: int) -> list[BatchCost]:
        budgets.append(told)
        if told > 20:
            raise torch.OutOfMemoryError("out of memory")
        return list(some)

    assert run(BatchRunner("m", 100), [BatchCost(8, 10)], work) == [BatchCost(8, 10)]
    assert budgets == [100, 40, 20]


def test_row_that_exceeds_the_memory_is_named() -> None:
    def work(some: Sequence[BatchCost], told: int) -> list[BatchCost]:
        raise torch.OutOfMemoryError("out of memory")

    with raises_code("hf-out-of-memory", ModelError) as caught:
        run(BatchRunner("hf:x", 1000), [BatchCost(4, 20), BatchCost(2, 30)], work)
    assert "'hf:x' runs out of memory on example '30 long' alone (30 tokens)" in str(caught.value)


def test_other_errors_are_not_caught() -> None:
    def work(some: Sequence[BatchCost], told: int) -> list[BatchCost]:
        raise RuntimeError("shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="multiplied"):
        run(BatchRunner("m", 10), [BatchCost(1, 1)], work)
