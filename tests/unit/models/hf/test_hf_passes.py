"""Passes: within the budget, in the order asked, and smaller where memory runs out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.doubles.errors import raises_code
from w2s.errors import ModelError

torch = pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")

from w2s.models.hf.passes import Passes, Room  # noqa: E402

Work = Callable[[Sequence[Room], int], list[Room]]


def run(passes: Passes, items: Sequence[Room], work: Work) -> list[Room]:
    return passes.run(items, lambda item: item, lambda item: f"{item.tokens} long", work)


def size(items: Sequence[Room]) -> int:
    return sum(item.rows for item in items) * max(item.tokens for item in items)


@given(st.lists(st.builds(Room, st.integers(1, 5), st.integers(1, 60)), max_size=40), st.integers(1, 500))
def test_passes_keep_the_budget_and_results_the_order(items: list[Room], budget: int) -> None:
    seen: list[Room] = []

    def work(some: Sequence[Room], told: int) -> list[Room]:
        assert told == budget
        assert len(some) == 1 or size(some) <= budget
        seen.extend(some)
        return list(some)

    assert run(Passes("m", budget), items, work) == items
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
def test_where_memory_runs_out_passes_become_smaller_and_stay_so(error: Exception) -> None:
    tried: list[int] = []

    def work(some: Sequence[Room], told: int) -> list[Room]:
        tried.append(size(some))
        if size(some) > 130:
            raise error
        return list(some)

    items = [Room(1, 10 + i % 3) for i in range(50)]
    passes = Passes("m", 600)
    assert run(passes, items, work) == items
    assert [pass_ for pass_ in tried if pass_ > 130] == [600, 300, 144]
    before = len(tried)
    assert run(passes, items, work) == items
    assert max(tried[before:]) <= 130


def test_an_item_of_many_rows_is_told_to_go_through_them_in_parts() -> None:
    budgets: list[int] = []

    def work(some: Sequence[Room], told: int) -> list[Room]:
        budgets.append(told)
        if told > 20:
            raise torch.OutOfMemoryError("out of memory")
        return list(some)

    assert run(Passes("m", 100), [Room(8, 10)], work) == [Room(8, 10)]
    assert budgets == [100, 40, 20]


def test_one_row_that_does_not_fit_is_an_error_that_names_it() -> None:
    def work(some: Sequence[Room], told: int) -> list[Room]:
        raise torch.OutOfMemoryError("out of memory")

    with raises_code("hf-out-of-memory", ModelError) as caught:
        run(Passes("hf:x", 1000), [Room(4, 20), Room(2, 30)], work)
    assert "'hf:x' runs out of memory on example '30 long' alone (30 tokens)" in str(caught.value)


def test_other_errors_go_through() -> None:
    def work(some: Sequence[Room], told: int) -> list[Room]:
        raise RuntimeError("shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="multiplied"):
        run(Passes("m", 10), [Room(1, 1)], work)
