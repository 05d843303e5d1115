"""Keys keep the order of scores, and the cut of sorted parts is that of the whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from w2s.tables.part_keys import cut_of, keys_of, open_keys, score_of, write_keys

SCORES = [st.floats(allow_nan=False, width=32), st.sampled_from([-np.inf, -1.0, -0.0, 0.0, 0.5, np.inf])]


@st.composite
def parts(draw: st.DrawFn) -> list[np.ndarray]:
    kind = draw(st.sampled_from([np.float32, np.float64]))
    values = draw(st.sampled_from(SCORES))
    one = arrays.arrays(kind, st.integers(0, 12), elements=values)
    return draw(st.lists(one, min_size=1, max_size=5))


@given(parts())
def test_keys_have_the_order_of_scores_and_give_them_back(found: list[np.ndarray]) -> None:
    scores = np.concatenate(found)
    keys = keys_of(scores)
    assert np.array_equal(keys[:, None] < keys, scores[:, None] < scores)
    assert np.array_equal(keys[:, None] == keys, scores[:, None] == scores)
    assert [score_of(int(key), keys.dtype) for key in keys] == scores.tolist()


@given(parts(), st.data())
def test_the_cut_of_sorted_parts_is_that_of_all_rows(found: list[np.ndarray], data: st.DataObject) -> None:
    scores = np.concatenate(found)
    quota = data.draw(st.integers(0, len(scores)))
    best = np.argsort(-scores, kind="stable")[:quota]  # the oracle: ties to the lower position
    owner = np.repeat(np.arange(len(found)), [len(one) for one in found])
    cut = cut_of([np.sort(keys_of(one)) for one in found], quota)
    assert cut.kept == tuple(np.bincount(owner[best], minlength=len(found)).tolist())
    if not quota:
        assert (cut.score, cut.ties_kept, cut.ties_left_out) == (None, 0, 0)
        return
    assert cut.score == scores[best].min()
    assert cut.ties_kept == np.count_nonzero(scores[best] == cut.score)
    assert cut.ties_kept + cut.ties_left_out == np.count_nonzero(scores == cut.score)


@pytest.mark.parametrize("rows", [0, 1, 1000])
def test_keys_are_read_as_they_were_written(tmp_path: Path, rows: int) -> None:
    keys = np.sort(keys_of(np.random.default_rng(0).random(rows)))
    write_keys(tmp_path / "keys.npy", keys)
    found = open_keys(tmp_path / "keys.npy")
    assert found.dtype == keys.dtype
    assert np.array_equal(found, keys)
    (tmp_path / "keys.npy").write_bytes(b"")
    with pytest.raises((ValueError, EOFError)):
        open_keys(tmp_path / "keys.npy")
