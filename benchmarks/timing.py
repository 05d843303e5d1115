"""Interleaved timing of several works, so that noise of the machine affects all of them alike."""

from __future__ import annotations

import cProfile
import pstats
import statistics
import time
from collections.abc import Callable, Mapping

Work = Callable[[], object]


def interleaved(works: Mapping[str, Work], repeats: int) -> dict[str, float]:
    """Median seconds of each work; every round runs all of them once, in turn."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            begin = time.perf_counter()
            work()
            seconds[name].append(time.perf_counter() - begin)
    return {name: statistics.median(taken) for name, taken in seconds.items()}


def hot_spots(work: Work, count: int = 8) -> str:
    """The functions with the largest share of the time of ``work`` itself, without their callees."""
    profile = cProfile.Profile()
    profile.runcall(work)
    stats = pstats.Stats(profile)
    total = stats.total_tt  # type: ignore[attr-defined]
    own = sorted(stats.stats.items(), key=lambda item: -item[1][2])  # type: ignore[attr-defined]
    spots = (f"{_name(place)} {100 * entry[2] / total:.0f} %" for place, entry in own[:count])
    return f"own time by function: {'; '.join(spots)}"


def _name(place: tuple[str, int, str]) -> str:
    file, line, function = place
    return function if file == "~" else f"{'/'.join(file.split('/')[-2:])}:{line} {function}"
