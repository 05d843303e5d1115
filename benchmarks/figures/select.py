"""P1 and P2: the best rows of 100 M scores, of the whole column and of each of 1,000 groups."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable

import numpy as np

import w2s
from benchmarks.figure import Figure, Measurement, Row, Target
from benchmarks.timing import hot_spots, interleaved

ROWS = int(os.environ.get("W2S_BENCH_ROWS", "100_000_000"))
KEPT = ROWS // 10
GROUPS = 1_000
REPEATS = 5
OVER_PEERS, OVER_PEERS_ORDERED, OVER_PEERS_BY_GROUP = Target(least=4), Target(least=2), Target(least=5)
OF_ONE_READ = Target(most=3)


def scores() -> np.ndarray:
    return np.random.default_rng(0).random(ROWS, np.float32)


INPUTS: dict[str, Callable[[], np.ndarray]] = {
    "random": scores,
    "sorted": lambda: np.arange(ROWS, dtype=np.float32),
    "reversed": lambda: -np.arange(ROWS, dtype=np.float32),
    "constant": lambda: np.full(ROWS, 0.5, np.float32),
    "ten values": lambda: np.floor(scores() * 10),
}


def _installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def peers(x: np.ndarray) -> dict[str, Callable[[], object]]:
    """Positions of the best, ascending; polars' Series gives their values only, which is less work."""
    works: dict[str, Callable[[], object]] = {
        "numpy argpartition": lambda: np.sort(np.argpartition(x, ROWS - KEPT)[ROWS - KEPT :])
    }
    if _installed("polars"):
        import polars as pl

        series = pl.Series(x)
        frame = pl.DataFrame({"row": np.arange(ROWS, dtype=np.uint32), "score": series})
        works["polars top_k (values only)"] = lambda: series.top_k(KEPT)
        works["polars top_k"] = lambda: frame.top_k(KEPT, by="score")["row"].sort()
    if _installed("torch"):
        import torch

        tensor = torch.from_numpy(x)
        works["torch.topk"] = lambda: torch.topk(tensor, KEPT, sorted=False).indices.sort()
    return works


def peers_ordered(x: np.ndarray) -> dict[str, Callable[[], object]]:
    def with_numpy() -> object:
        rows = np.argpartition(x, ROWS - KEPT)[ROWS - KEPT :]
        return rows[np.argsort(-x[rows], kind="stable")]

    works: dict[str, Callable[[], object]] = {"numpy argpartition and argsort": with_numpy}
    if _installed("torch"):
        import torch

        tensor = torch.from_numpy(x)
        works["torch.topk"] = lambda: torch.topk(tensor, KEPT)
    if _installed("polars"):
        import polars as pl

        frame = pl.DataFrame({"row": np.arange(ROWS, dtype=np.uint32), "score": x})
        works["polars top_k and sort"] = lambda: frame.top_k(KEPT, by="score").sort("score", descending=True)
    return works


def peers_by_group(x: np.ndarray, groups: np.ndarray) -> dict[str, Callable[[], object]]:
    """Rows that reach the quantile of their group: ties at the cut may keep more, which is less work."""
    works: dict[str, Callable[[], object]] = {}
    if _installed("polars"):
        import polars as pl

        frame = pl.DataFrame({"score": x, "group": groups})
        cut = pl.col("score").quantile(0.9, "higher").over("group")
        works["polars quantile over groups"] = lambda: frame.select((pl.col("score") >= cut).arg_true())
    if _installed("duckdb"):
        import duckdb
        import pyarrow as pa

        table = pa.table({"row": np.arange(ROWS, dtype=np.uint32), "score": x, "grp": groups})
        connection = duckdb.connect()
        connection.register("scores", table)
        query = (
            "SELECT row FROM scores JOIN (SELECT grp, quantile_disc(score, 0.9) AS cut FROM scores "
            "GROUP BY grp) USING (grp) WHERE score >= cut ORDER BY row"
        )
        works["DuckDB quantile of groups, joined"] = lambda: connection.execute(query).fetchnumpy()
    return works


def measure() -> Measurement:
    rows: list[Row] = []
    notes = [
        f"Not installed, not measured: {name}."
        for name in ("polars", "duckdb", "torch")
        if not _installed(name)
    ]
    for name, make in INPUTS.items():
        x = make()
        works = {"ours": lambda x=x: w2s.select(x, top=KEPT), "read": lambda x=x: x.max()}
        theirs = peers(x)
        seconds = interleaved(works | theirs, REPEATS if name == "random" else 2)
        rows += _rows(f"select 10 %, {name}", seconds, list(theirs), OVER_PEERS)
        rows.append(
            Row(
                f"select 10 %, {name}",
                "s",
                seconds["ours"],
                "one read (numpy max)",
                seconds["read"],
                OF_ONE_READ if name == "random" else None,
            )
        )
    x = scores()
    theirs = peers_ordered(x)
    seconds = interleaved({"ours": lambda: w2s.top_k(x, KEPT)} | theirs, 3)
    rows += _rows("top_k 10 %, best first", seconds, list(theirs), OVER_PEERS_ORDERED)
    groups = np.random.default_rng(1).integers(0, GROUPS, ROWS, dtype=np.uint32)
    theirs = peers_by_group(x, groups)
    seconds = interleaved({"ours": lambda: w2s.select(x, top="10%", by=groups)} | theirs, 3)
    rows += _rows(f"10 % of each of {GROUPS:,} groups", seconds, list(theirs), OVER_PEERS_BY_GROUP)
    return Measurement(tuple(rows), tuple(notes))


def explain() -> str:
    """Where the time of a selection goes."""
    x = scores()
    return hot_spots(lambda: w2s.select(x, top=KEPT))


def _rows(work: str, seconds: dict[str, float], theirs: list[str], target: Target) -> list[Row]:
    """One row per peer; the target applies to the fastest."""
    fastest = min(theirs, key=seconds.__getitem__, default=None)
    rate = {name: ROWS / 1e6 / seconds[name] for name in ("ours", *theirs)}
    return [
        Row(work, "M rows/s", rate["ours"], name, rate[name], target if name == fastest else None)
        for name in theirs
    ]


FIGURE = Figure(
    name="select",
    title="Selection",
    how=(
        f"`w2s.select` and `w2s.top_k` of the top 10 % of {ROWS / 1e6:g} M float32 (positions as int64), and "
        f"of each of {GROUPS:,} groups; the target is asked of the fastest peer. Medians of {REPEATS} (hard "
        "inputs: 2; orders and groups: 3) interleaved repeats."
    ),
    measure=measure,
    peers=("numpy", "polars", "duckdb", "torch"),
    explain=explain,
)
