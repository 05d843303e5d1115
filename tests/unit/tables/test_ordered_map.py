"""Works run side by side; their items come in order, and no more wait than may."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from w2s.tables.ordered_map import OrderedMap


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_items_come_in_the_order_of_the_works(threads: int) -> None:
    def work(number: int) -> Iterator[tuple[int, int]]:
        for item in range(number % 4):
            time.sleep(0.001 * ((number * 7) % 3))
            yield number, item

    works = [lambda number=number: work(number) for number in range(30)]
    found = list(OrderedMap(works, lambda _: 1, threads=threads, queue_bytes=2))
    assert found == [(number, item) for number in range(30) for item in range(number % 4)]


def test_the_first_error_in_order_is_raised_and_threads_end() -> None:
    def bad(number: int) -> Iterator[int]:
        yield number
        raise ValueError(number)

    before = threading.active_count()
    works = [lambda number=number: bad(number) for number in range(5)]
    with pytest.raises(ValueError, match="0"):
        list(OrderedMap(works, lambda _: 1, threads=3, queue_bytes=1))
    assert threading.active_count() == before


def test_no_more_waits_than_may() -> None:
    made: list[int] = []
    before = threading.active_count()

    def work(number: int) -> Iterator[bytes]:
        for _ in range(100):
            made.append(number)
            yield bytes(10)

    works = [lambda number=number: work(number) for number in range(50)]
    iterator = iter(OrderedMap(works, len, threads=2, queue_bytes=50))
    next(iterator)
    time.sleep(0.2)
    # Two lanes are being made, each holds 5 items and its work one more.
    assert len(made) <= 2 * 6 + 1
    iterator.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


def test_a_consumer_that_stops_ends_the_threads() -> None:
    before = threading.active_count()
    works = [lambda: iter(range(1000)) for _ in range(10)]
    iterator = iter(OrderedMap(works, lambda _: 1, threads=4, queue_bytes=3))
    assert [next(iterator) for _ in range(5)] == [0, 1, 2, 3, 4]
    iterator.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before
