"""Selections over chunks are those over the whole column, however it is cut and whatever its order."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.doubles.errors import raises_code
from tests.parity.scores import scores
from w2s import kernels
from w2s.errors import DataError, UsageError
from w2s.kernels import Narrowing, RandomK, TopK, TopKByGroup, WithinBudget

COUNTS = st.integers(0, 70)
Chunks = list[tuple[int, np.ndarray]]


@st.composite
def chunked(draw: Any) -> tuple[np.ndarray, Chunks]:
    """A column, and its chunks with their positions in any order."""
    values = draw(scores())
    ends = sorted({0, len(values), *draw(st.lists(st.integers(0, len(values)), max_size=5))})
    chunks = [(start, values[start:stop]) for start, stop in itertools.pairwise(ends)]
    return values, draw(st.permutations(chunks))


@pytest.mark.slow
@given(chunked(), COUNTS)
def test_the_top_of_a_stream(column: tuple[np.ndarray, Chunks], k: int) -> None:
    values, chunks = column
    top = TopK(k)
    for start, chunk in chunks:
        top.push(start, chunk)
    assert np.array_equal(top.best_first(), kernels.top_k(values, k))


@given(chunked(), COUNTS, st.integers(0, 2**64 - 1))
def test_random_rows_of_a_stream(column: tuple[np.ndarray, Chunks], k: int, seed: int) -> None:
    values, chunks = column
    random = RandomK(k, seed)
    for start, chunk in chunks:
        random.push(start, len(chunk))
    assert np.array_equal(random.ascending(), kernels.random_k(len(values), k, seed))


@pytest.mark.slow
@given(chunked(), st.integers(0, 300))
def test_what_a_budget_buys_of_a_stream(column: tuple[np.ndarray, Chunks], budget: int) -> None:
    values, chunks = column
    costs = (np.arange(len(values)) * 7 % 10).astype(np.float64)
    stream = WithinBudget(budget)
    for start, chunk in chunks:
        stream.push(start, chunk, costs[start : start + len(chunk)])
    (rows, spent), (expected, total) = stream.best_first(), kernels.within_budget(values, costs, budget)
    assert np.array_equal(rows, expected)
    assert spent == total


@pytest.mark.slow
@given(chunked(), st.integers(0, 10))
def test_the_top_of_each_group_of_a_stream(column: tuple[np.ndarray, Chunks], k: int) -> None:
    values, chunks = column
    groups = np.arange(len(values), dtype=np.uint64) ** 2 % 5 * 10**18
    stream = TopKByGroup(k)
    for start, chunk in chunks:
        stream.push(start, chunk, groups[start : start + len(chunk)])
    for group, rows in stream.best_first():
        members = np.flatnonzero(groups == group)
        assert np.array_equal(rows, members[kernels.top_k(values[members], k)])


def narrowed(narrowing: Narrowing, chunks: Chunks, groups: np.ndarray, quotas: list[int]) -> list[int]:
    """Rows kept, found in passes over the chunks in the order given, then over them in the table's order."""
    passes = 0
    while not narrowing.is_done:
        for start, chunk in chunks:
            narrowing.push(start, chunk, groups[start : start + len(chunk)])
        sizes = narrowing.sizes
        narrowing.end_pass(quotas[: len(sizes)])
        passes += 1
    assert passes == narrowing.passes
    before, kept = np.zeros(len(narrowing.sizes), np.int64), []
    for start, chunk in sorted(chunks, key=lambda chunk: chunk[0]):
        offsets, ties = narrowing.kept(chunk, groups[start : start + len(chunk)], before)
        before += ties
        kept += (start + offsets).tolist()
    return kept


@pytest.mark.slow
@pytest.mark.parametrize("memory", [1 << 30, 1])
@given(chunked(), st.lists(st.integers(0, 30), min_size=4, max_size=4))
def test_narrowing_finds_the_rows_that_the_whole_column_keeps(
    memory: int, column: tuple[np.ndarray, Chunks], quotas: list[int]
) -> None:
    values, chunks = column
    groups = (np.arange(len(values)) * 7 % 11 % 4).astype(np.uint32)
    narrowing = Narrowing(values.dtype, n_groups=4, memory=memory)
    expected = kernels.top_by_group(values, groups, 4, counts=quotas).rows
    assert narrowed(narrowing, chunks, groups, quotas) == expected.tolist()
    for group, (cut, quota) in enumerate(zip(narrowing.cuts, quotas, strict=False)):
        members = values[groups == group]
        top = kernels.top(members, quota)
        assert (cut.score, cut.ties_left_out) == (top.cut, top.ties_left_out)


def test_narrowing_without_groups_and_with_a_share_of_what_was_counted() -> None:
    values = np.random.default_rng(0).random(10_000, np.float32).round(2)
    narrowing = Narrowing(np.float32)
    while not narrowing.is_done:
        for start in range(0, len(values), 999):
            narrowing.push(start, values[start : start + 999])
        narrowing.end_pass([int(narrowing.sizes.sum()) // 10])
    rows, _ = narrowing.kept(values)
    assert np.array_equal(rows, kernels.top(values, 1000).rows)
    assert narrowing.cuts[0].ties_left_out == kernels.top(values, 1000).ties_left_out


def test_bad_chunks_are_named_by_their_position_in_the_stream() -> None:
    with raises_code("select-nan-score", DataError) as caught:
        TopK(1).push(100, np.array([0.5, np.nan]))
    assert "score 101" in str(caught.value)
    with raises_code("select-nan-score", DataError) as caught:
        Narrowing(np.float64).push(100, np.array([0.5, np.nan]))
    assert "score 101" in str(caught.value)
    with raises_code("select-bad-cost", DataError) as caught:
        WithinBudget(1).push(100, np.array([0.5, 0.5]), np.array([0.0, -1.0]))
    assert "row 101 is -1" in str(caught.value)


def test_settings_of_streams_are_checked() -> None:
    with raises_code("select-bad-budget", UsageError):
        WithinBudget(-1)
    with raises_code("select-bad-dtype", UsageError) as caught:
        Narrowing(np.int64)
    assert "int64" in str(caught.value)
    with raises_code("select-setting-length", UsageError) as caught:
        Narrowing(np.float32).end_pass([1, 2])
    assert "quota has 2 values for 1 groups" in str(caught.value)
    with raises_code("select-precision-mismatch", DataError) as caught:
        Narrowing(np.float32).push(0, np.zeros(3))
    assert "32 bits" in str(caught.value)
