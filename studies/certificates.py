"""Certificates by simulation: how often each method misses its guarantee, and how many rows it keeps.

    python -m studies.certificates

prints a table in Markdown; it takes about four minutes of processor time. Each repetition draws known rows
and a pool from one source, so the assumption of all methods holds. ``--runs 100`` is a quick look.

A bound of the purity promises that the true purity above its threshold is at least the target with
probability 1 − delta. A false discovery rate promises that the share of wrong rows among the kept is at most
1 − target on average.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

import w2s
from w2s.certification import PURITY_BOUNDS

TARGET, DELTA, POOL = 0.9, 0.1, 2_000
FDR = "fdr"
METHODS = (*PURITY_BOUNDS, FDR)
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Source:
    """Where rows come from.

    Attributes:
        name: in the table.
        accuracy: the probability that a row is right, by its score.
        values: number of distinct scores; 0 for continuous ones.
    """

    name: str
    accuracy: Callable[[Doubles], Doubles]
    values: int = 0

    def draw(self, random: np.random.Generator, rows: int) -> tuple[Doubles, npt.NDArray[np.bool_]]:
        """Scores in [0, 1), and whether the rows are right."""
        scores = random.random(rows)
        if self.values:
            scores = np.floor(scores * self.values) / self.values
        return scores, random.random(rows) < self.accuracy(scores)

    def purity(self, threshold: float) -> float:
        """True purity of the rows with at least this score."""
        grid = np.linspace(0, 1, 20_001)[:-1]
        if self.values:
            grid = np.arange(self.values) / self.values
        above = grid[grid >= threshold]
        return float(self.accuracy(above).mean()) if len(above) else 1.0


SOURCES = (
    Source("just too bad at every score", lambda scores: np.full(len(scores), TARGET - 1e-3)),
    Source("rises from 0.6 to 1", lambda scores: 0.6 + 0.4 * scores),
    Source("rises from 0.6 to 1, ten values", lambda scores: 0.6 + 0.4 * scores, values=10),
    Source("good: rises from 0.85 to 1", lambda scores: 0.85 + 0.15 * scores),
)


@dataclass(frozen=True)
class Outcome:
    """One method on many repetitions.

    Attributes:
        missed: share of repetitions in which the true purity above the threshold is below the target.
        wrong: mean share of wrong rows among the kept rows of the pool; 0 where none is kept.
        error: standard error of ``wrong``.
        kept: mean share of the pool that is kept.
        none: share of repetitions that keep nothing.
    """

    missed: float
    wrong: float
    error: float
    kept: float
    none: float

    def holds(self, method: str) -> bool:
        """Whether the guarantee holds, up to three standard errors of the simulation."""
        return self.wrong <= 1 - TARGET + 3 * self.error if method == FDR else self.missed <= DELTA


def threshold_of(method: str, scores: Doubles, correct: npt.NDArray[np.bool_], pool: Doubles) -> float | None:
    """The threshold that a method certifies; None if it certifies none."""
    if method == FDR:
        return w2s.certify(scores, correct, fdr=1 - TARGET, pool=pool).threshold
    if correct.all() or not correct.any():
        return None  # refused as a mistake of the data
    return w2s.certify(scores, correct, purity=TARGET, delta=DELTA, method=method, grid=100).threshold


def simulate(source: Source, known: int, runs: int) -> Iterator[tuple[str, Outcome]]:
    """The outcome of every method on the same repetitions."""
    random = np.random.default_rng(20)
    found: dict[str, list[tuple[bool, float, float]]] = {method: [] for method in METHODS}
    purity: dict[float, float] = {}
    for _ in range(runs):
        scores, correct = source.draw(random, known)
        pool, right = source.draw(random, POOL)
        for method in METHODS:
            cut = threshold_of(method, scores, correct, pool)
            kept = np.zeros(POOL, bool) if cut is None else pool >= cut
            if cut is not None and cut not in purity:
                purity[cut] = source.purity(cut)
            missed = cut is not None and purity[cut] < TARGET
            found[method].append((missed, (kept & ~right).sum() / max(1, kept.sum()), kept.mean()))
    for method, outcomes in found.items():
        missed, wrong, shares = np.array(outcomes, np.float64).T
        yield (
            method,
            Outcome(
                float(missed.mean()),
                float(wrong.mean()),
                float(wrong.std()) / math.sqrt(runs),
                float(shares.mean()),
                float((shares == 0).mean()),
            ),
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; the exit code is 1 if a method does not hold its guarantee."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=2_000, help="repetitions of each case")
    parser.add_argument("--known", type=int, nargs="+", default=[200, 2_000], help="numbers of known answers")
    given = parser.parse_args(arguments)
    print("| accuracy | known answers | method | missed | wrong rows | pool kept | nothing kept |")
    print("|---|---|---|---|---|---|---|")
    failed = []
    for source in SOURCES:
        for known in given.known:
            for method, found in simulate(source, known, given.runs):
                print(
                    f"| {source.name} | {known:,} | {method} | {found.missed:.3f} | {found.wrong:.4f} | "
                    f"{found.kept:.1%} | {found.none:.1%} |",
                    flush=True,
                )
                if not found.holds(method):
                    failed.append(f"{source.name}, {known} known answers: {method}")
    for one in failed:
        print(f"not held: {one}")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
