"""What the core refuses: one error with a code each, without a crash and without memory beyond bounds."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import w2s
from tests.doubles.errors import raises_code
from w2s import kernels
from w2s.arena.schedule import Schedule
from w2s.crowds import vote_methods
from w2s.errors import DataError, UsageError, W2sError

SCORES = np.arange(10.0)
GROUPS = np.arange(10) % 2
HUGE = 10**5000
"""A number that Python refuses to write as text."""


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"top": "9" * 5000}, "select-bad-count"),
        ({"top": "9" * 5000 + "%"}, "select-bad-count"),
        ({"top": -HUGE}, "select-bad-count"),
        ({"top": 1, "by": GROUPS, "max_per_group": 2**65}, "select-bad-count"),
        ({"top": 1, "by": GROUPS, "min_per_group": 2**65}, "select-bad-count"),
        ({"top": 1, "by": GROUPS, "max_per_group": HUGE}, "select-bad-count"),
        ({"random": 1, "seed": HUGE}, "select-bad-seed"),
    ],
)
def test_a_count_that_no_table_has_is_refused(options: dict[str, object], code: str) -> None:
    with raises_code(code, UsageError) as caught:
        w2s.select(SCORES, **options)
    assert len(str(caught.value)) < 300


def test_a_count_beyond_the_rows_keeps_all_of_them() -> None:
    assert len(w2s.select(SCORES, top=HUGE)) == len(w2s.top_k(SCORES, HUGE)) == len(SCORES)
    assert len(w2s.select(SCORES, top=HUGE, by=GROUPS, max_per_group=2**63 - 1)) == len(SCORES)


def state() -> w2s.State:
    return w2s.game("connect_four").state()


@pytest.mark.parametrize(
    ("call", "code", "kind"),
    [
        (lambda: state().search(depth=2**40), "game-bad-search-limit", UsageError),
        (lambda: state().search(depth=129), "game-bad-search-limit", UsageError),
        (lambda: state().search(nodes=2**70), "game-bad-search-limit", UsageError),
        (lambda: state().search(nodes=HUGE), "game-bad-search-limit", UsageError),
        (lambda: state().search(depth="3"), "game-bad-search-limit", UsageError),
        (lambda: state().solve(nodes=2**70), "game-bad-search-limit", UsageError),
        (lambda: state().perft(2**70), "game-bad-perft-depth", UsageError),
        (lambda: state().perft(1.5), "game-bad-perft-depth", UsageError),
        (lambda: w2s.game("chess").state(5), "game-not-text", UsageError),
        (lambda: w2s.game(5), "game-not-text", UsageError),
        (lambda: state().play(4), "game-illegal-move", DataError),
    ],
)
def test_an_argument_of_a_game_that_is_out_of_range_is_refused(
    call: Callable[[], object], code: str, kind: type[W2sError]
) -> None:
    with raises_code(code, kind):
        call()


@pytest.mark.slow
@pytest.mark.parametrize("target", ["a%00b", "~nobody-of-this-name/x", "a" * 1_000_000])
@pytest.mark.parametrize("kind", ["lc0", "policy"])
def test_a_reference_that_no_path_can_be_is_refused(kind: str, target: str) -> None:
    with raises_code("model-invalid-path", UsageError) as caught:
        w2s.load_model(f"{kind}:{target}")
    assert len(str(caught.value)) < 300


@pytest.mark.slow
@pytest.mark.parametrize("method", [name for name in vote_methods() if name != "dawid-skene"])
def test_votes_for_as_many_classes_as_votes_need_memory_for_the_votes_only(method: str) -> None:
    count = 100_000
    skills = dict.fromkeys(range(count), 1.0) if method == "weighted-majority" else None
    found = w2s.aggregate_votes(range(count), range(count), range(count), method=method, skills=skills)
    assert np.array_equal(found.labels, np.arange(count))
    assert found.posterior is None
    assert found.trust.shape == (count,)


@pytest.mark.slow
def test_free_text_answers_of_three_workers_are_counted() -> None:
    items = np.repeat(np.arange(40_000), 3)
    answers = np.where(np.arange(len(items)) % 3 == 2, np.arange(len(items)) + 40_000, items)
    found = w2s.aggregate_votes(items, np.tile(np.arange(3), 40_000), answers, method="one-coin")
    assert np.array_equal(found.labels, np.arange(40_000))
    assert found.skill[:2].min() > 0.9 > 0.1 > found.skill[2]


@pytest.mark.slow
def test_dawid_skene_says_how_much_memory_it_lacks() -> None:
    work = """
import w2s
try:
    w2s.aggregate_votes(range(100_000), range(100_000), range(100_000), method="dawid-skene")
except w2s.errors.DataError as error:
    print(error.code, error)
"""
    done = subprocess.run(
        [sys.executable, "-c", work], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("votes-table-too-large the confusion matrices of dawid-skene need ")
    assert "PiB of memory" in done.stdout and "one-coin" in done.stdout


def test_matches_of_a_long_schedule_are_numbered_as_they_are_drawn(tmp_path: Path) -> None:
    schedule = Schedule(("teacher", "student"), "match", 10**9, 4, "shuffled", 0)
    tracemalloc.start()
    try:
        drawn = [pairing.number for pairing, _ in zip(schedule, range(5), strict=False)]
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
    assert drawn == [0, 1, 2, 3, 4]
    with raises_code("config-invalid-value", UsageError):
        w2s.arena.load_spec(game="othello", options={"pairs": 10**18})


@pytest.mark.slow
def test_a_test_ends_the_longest_arena_without_memory_for_all_its_matches(tmp_path: Path) -> None:
    from w2s.arena import ArenaSpec, run
    from w2s.arena.spec import SprtConfig

    spec = ArenaSpec(
        game="connect_four",
        players={"teacher": "random", "student": "search:depth=2"},
        pairs=10**9,
        sprt=SprtConfig(elo0=0, elo1=150),
    )
    assert run(spec, tmp_path / "out")["games"] < 1000


def test_positions_are_refused_as_data() -> None:
    with raises_code("game-invalid-position", DataError) as caught:
        kernels.start("chess", "8/8/8/3kK3/8/8/8/8 w - - 0 1")
    assert "the kings are on adjacent squares" in str(caught.value)
