"""Policy matches: many games in lockstep, next to one game at a time; same nets, same games, same results."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

from benchmarks.figure import Figure, Measurement, Row, SkippedError, Target
from benchmarks.nets import has_torch, write_net
from benchmarks.timing import hot_spots, interleaved
from w2s import arena
from w2s.arena.record import MatchRecord

SHAPES = ((64, 6), (32, 3))
MAX_PLIES = 40
PAIRS = 32
PAIRS_ALONE = 1
WIDTH = 2 * PAIRS
REPEATS = 2
OVER_ALONE = Target(least=10)


def measure() -> Measurement:
    if not has_torch():
        raise SkippedError("needs torch (pip install 'w2s[models]')")
    with tempfile.TemporaryDirectory() as folder:
        nets = [write_net(Path(folder) / str(seed), *shape, seed) for seed, shape in enumerate(SHAPES)]
        return _measured(nets)


def _measured(nets: list[str]) -> Measurement:
    lockstep = partial(play, nets, PAIRS, WIDTH)
    alone = partial(play, nets, PAIRS_ALONE, 1)
    small = partial(play, [f"{net}?batch=1" for net in nets], PAIRS_ALONE, 1)
    together, apart = lockstep(), alone()
    if [record.moves for record in together[: len(apart)]] != [record.moves for record in apart]:
        raise AssertionError("games in lockstep are not the games that were played one at a time")
    seconds = interleaved({"lockstep": lockstep, "alone": alone, "small": small}, REPEATS)
    rate = plies(together) / seconds["lockstep"]
    return Measurement(
        (
            Row(
                f"{WIDTH} games in lockstep",
                "plies/s",
                rate,
                "one game at a time",
                plies(apart) / seconds["alone"],
                OVER_ALONE,
            ),
            Row(
                f"{WIDTH} games in lockstep",
                "plies/s",
                rate,
                "one game at a time, batch=1",
                plies(small()) / seconds["small"],
            ),
        ),
        (
            f"{len(together)} games and {plies(together):,} plies in lockstep, {len(apart)} games and "
            f"{plies(apart):,} plies one at a time: the same games where both play them.",
            "A net looks at a fixed number of positions in a pass, padded where there are fewer, so that no "
            "answer depends on its neighbours; one game at a time pays for the padding. With `batch=1` it "
            "does not, but such answers are the same as the others' to rounding only.",
        ),
    )


def play(nets: list[str], pairs: int, width: int) -> list[MatchRecord]:
    """Finished games by number, everything included: loading, labels, files."""
    spec = arena.ArenaSpec(
        game="chess",
        players=dict(zip(("teacher", "student"), nets, strict=True)),
        pairs=pairs,
        openings={"file": "openings/chess.txt", "order": "sequential"},
        rules={"max_plies": MAX_PLIES},
        labels={"by": "mover"},
        verify={"oracles": []},
    )
    played: list[MatchRecord] = []
    with tempfile.TemporaryDirectory() as folder:
        arena.run(
            spec,
            Path(folder) / "run",
            width=width,
            show=lambda progress: played.extend(progress.finished[len(played) :]),
        )
    return sorted(played, key=lambda record: record.number)


def plies(records: list[MatchRecord]) -> int:
    """Plies after the openings."""
    return sum(len(record.moves) - record.opening_plies for record in records)


def _where_time_goes() -> str:
    with tempfile.TemporaryDirectory() as folder:
        nets = [write_net(Path(folder) / str(seed), *shape, seed) for seed, shape in enumerate(SHAPES)]
        return hot_spots(lambda: play(nets, PAIRS, WIDTH))


FIGURE = Figure(
    name="lockstep",
    title="Policy matches",
    how=(
        "Two chess nets with random weights, "
        f"{' and '.join(f'{channels} filters × {blocks} blocks' for channels, blocks in SHAPES)}, play from "
        f"the bundled openings to ply {MAX_PLIES}: `w2s.arena.run` with `width={WIDTH}` next to `width=1`, "
        f"labels and files included. Medians of {REPEATS} interleaved repeats."
    ),
    measure=measure,
    peers=("torch",),
    explain=_where_time_goes,
)
