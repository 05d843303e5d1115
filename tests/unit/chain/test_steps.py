"""A step is done once for its inputs; a kill leaves no marker."""

from __future__ import annotations

from pathlib import Path

import pytest
from w2s.chain.steps import read

from w2s.resume import cached_step, digest


def counting(calls: list[int]):
    def work() -> dict[str, int]:
        calls.append(1)
        return {"calls": len(calls)}

    return work


def test_a_step_is_done_once(tmp_path: Path) -> None:
    calls: list[int] = []
    first = cached_step(tmp_path / "a", {"x": 1, "y": 2}, counting(calls))
    assert cached_step(tmp_path / "a", {"y": 2, "x": 1}, counting(calls)) == first
    assert calls == [1]


def test_other_inputs_do_it_again_in_an_empty_folder(tmp_path: Path) -> None:
    calls: list[int] = []
    cached_step(tmp_path / "a", 1, counting(calls))
    (tmp_path / "a" / "left").write_text("")
    assert cached_step(tmp_path / "a", 2, counting(calls))["calls"] == 2
    assert not (tmp_path / "a" / "left").exists()


def test_what_fails_leaves_no_marker_and_keeps_what_it_made(tmp_path: Path) -> None:
    def dies() -> dict[str, int]:
        (tmp_path / "a" / "half").write_text("")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cached_step(tmp_path / "a", 1, dies)
    assert read(tmp_path / "a") is None
    assert (tmp_path / "a" / "half").exists()


def test_a_torn_marker_counts_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "step.json").write_text('{"step": ')
    assert read(tmp_path) is None


def test_digests_ignore_the_order_of_keys_only() -> None:
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest([1, 2]) != digest([2, 1])
