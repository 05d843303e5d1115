"""Selections over chunks: chunks may come in any order, and settings are checked."""

from __future__ import annotations

import numpy as np
import pytest

from tests.doubles.errors import raises_code
from w2s import kernels
from w2s.errors import DataError, UsageError
from w2s.kernels import Narrowing, RandomK, TopK, TopKByGroup, WithinBudget

SCORES = np.array([0.5, 0.25, 1.0, 0.75, 1.0, 0.5])
CHUNKS = [(3, SCORES[3:]), (0, SCORES[:3])]


def test_chunks_in_any_order_keep_the_rows_of_the_whole_column() -> None:
    top, by_group, random, bought = TopK(3), TopKByGroup(1), RandomK(2, seed=5), WithinBudget(2.0)
    for start, scores in CHUNKS:
        top.push(start, scores)
        by_group.push(start, scores, np.arange(start, start + 3, dtype=np.uint64) % 2)
        random.push(start, len(scores))
        bought.push(start, scores, np.ones(3))
    assert top.best_first().tolist() == kernels.top_k(SCORES, 3).tolist()
    assert [(group, rows.tolist()) for group, rows in by_group.best_first()] == [(0, [2]), (1, [3])]
    assert random.ascending().tolist() == kernels.random_k(6, 2, seed=5).tolist()
    assert [part.tolist() if isinstance(part, np.ndarray) else part for part in bought.best_first()] == [
        [2, 4],
        2.0,
    ]


@pytest.mark.parametrize(("memory", "passes"), [(64 << 20, 4), (1 << 16, 8)])
def test_narrowing_takes_more_passes_in_less_memory_and_finds_the_same_cut(memory: int, passes: int) -> None:
    narrowing = Narrowing(np.float64, memory=memory)
    assert narrowing.passes == passes
    while not narrowing.is_done:
        for start, scores in CHUNKS:
            narrowing.push(start, scores)
        narrowing.end_pass([3])
    (cut,) = narrowing.cuts
    assert (cut.score, cut.ties, cut.ties_left_out) == (0.75, 1, 0)
    assert narrowing.kept(SCORES)[0].tolist() == [2, 3, 4]


def test_scores_of_whole_numbers_are_refused() -> None:
    with raises_code("select-bad-dtype", UsageError):
        Narrowing(np.int64)


def test_rows_of_an_unknown_group_are_refused_after_the_passes() -> None:
    narrowing = Narrowing(np.float32)
    while not narrowing.is_done:
        narrowing.push(0, np.zeros(1, np.float32), np.zeros(1, np.uint32))
        narrowing.end_pass([1])
    with raises_code("select-unknown-group", DataError):
        narrowing.kept(np.zeros(1, np.float32), np.ones(1, np.uint32))
    with raises_code("select-setting-length", UsageError):
        narrowing.kept(np.zeros(1, np.float32), before=[0, 0])
