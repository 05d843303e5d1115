"""The differential: chess positions by the hundred thousand, every answer beside python-chess's.

Knows nothing about rules: what is compared is in ``compare``, where games begin in ``sources``, how they go
on in ``play``. Nothing is thinned: every position has all its legal moves compared in three notations, and
the position and the key after each, and a mutant of it tells whether both allow the same positions. Rarer
checks (other spellings, transposed orders) take a seeded eighth.

    python -m tests.parity.differential --positions 1000000 --processes 2

Work is split into seeded chunks; a journal keeps those that are finished, so that a killed run continues
where it was.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from pathlib import Path
from typing import NamedTuple

import chess

from tests.parity import play, validity
from tests.parity.compare import Disagreement, Keys, Pair
from tests.parity.sources import DATA, ROOT, Source, missing, sources
from w2s import _core

CHUNK = 1000
SHOWN = 20
REPORT_EVERY_S = 10


class Chunk(NamedTuple):
    """What one chunk of positions gave."""

    number: int
    seen: Counter[str]
    disagreements: list[Disagreement]


def run_chunk(number: int, positions: int, seed: int, data: Path) -> Chunk:
    """Plays games from seeded starts until ``positions`` positions are compared."""
    draw = random.Random(f"differential:{seed}:{number}")
    keys, seen = Keys(), Counter[str]()
    disagreements: list[Disagreement] = []
    while seen["positions"] < positions and len(disagreements) < SHOWN:
        source = draw.choice(_sources(data))
        seen[f"games from {source.name}"] += 1
        for disagreement in one_game(source, keys, seen, positions, draw):
            disagreements.append(disagreement)
    seen["positions met again"] = keys.again
    return Chunk(number, seen, disagreements)


@cache
def _sources(data: Path) -> list[Source]:
    return sources(data)


def one_game(
    source: Source, keys: Keys, seen: Counter[str], positions: int, draw: random.Random
) -> Iterator[Disagreement]:
    """One game in one style, compared at every ply."""
    start = draw.choice(source.starts)
    style = play.any_style(draw)
    fen = with_late_clock(start.fen, draw) if style is play.quiet else start.fen
    pair = Pair(fen, start.chess960, keys, seen)
    for _ in range(play.any_length(draw)):
        moves = list(pair.board.legal_moves)
        yield from pair.check(moves, draw)
        yield from validity.check(validity.mutant(pair.state.position, draw), seen, draw)
        seen["positions"] += 1
        seen["Chess960 positions"] += start.chess960
        if seen["positions"] >= positions or pair.board.outcome() is not None:
            return
        pair.play(style(pair.board, moves, draw))


def with_late_clock(fen: str, draw: random.Random) -> str:
    """The position some way to a draw by moves without progress, where its text allows a clock."""
    board, side, castling, en_passant, *_ = fen.split()
    if en_passant != "-":
        return fen
    return f"{board} {side} {castling} - {draw.choice([0, 90, 98, 99, 100, 140])} {draw.randint(75, 140)}"


class Journal:
    """Chunks that are finished, one JSON line each, under a first line that says what they belong to."""

    def __init__(self, path: Path, identity: dict[str, object]) -> None:
        self._path = path
        self.finished: dict[int, dict[str, int]] = {}
        if path.exists():
            self._read(identity)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(identity) + "\n", encoding="utf-8")

    def _read(self, identity: dict[str, object]) -> None:
        first, *lines = self._path.read_text(encoding="utf-8").split("\n")
        if first != json.dumps(identity):
            sys.exit(
                f"{self._path} belongs to another seed, build, data or test; name another --out or remove it"
            )
        # A line without an end was being written when the run was killed.
        for line in lines[:-1]:
            entry = json.loads(line)
            self.finished[entry["chunk"]] = entry["seen"]
        whole = [first, *lines[:-1]]
        self._path.write_text("".join(line + "\n" for line in whole), encoding="utf-8")

    def add(self, chunk: Chunk) -> None:
        """Keep a chunk without disagreements; one with some is run again after the repair."""
        self.finished[chunk.number] = chunk.seen
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"chunk": chunk.number, "seen": chunk.seen}) + "\n")

    def remove(self) -> None:
        """The work is done."""
        self._path.unlink()


def identity_of(seed: int, data: Path) -> dict[str, object]:
    """What a finished chunk depends on."""
    digest = hashlib.sha256()
    files = [Path(_core.__file__), *sorted(Path(__file__).parent.glob("*.py"))]
    for path in files:
        digest.update(path.read_bytes())
    names = {source.name: len(source.starts) for source in _sources(data)}
    return {
        "seed": seed,
        "chunk": CHUNK,
        "python-chess": chess.__version__,
        "build": digest.hexdigest()[:16],
        **names,
    }


def compare(positions: int, seed: int, processes: int, data: Path, journal: Journal) -> list[Disagreement]:
    """All chunks that the journal does not have yet; stops where there is enough to look at."""
    sizes = {n: min(CHUNK, positions - n * CHUNK) for n in range(-(-positions // CHUNK))}
    wanted = [
        number
        for number, size in sizes.items()
        if journal.finished.get(number, {}).get("positions", 0) < size
    ]
    found: list[Disagreement] = []
    began = last = time.monotonic()
    done = 0
    for chunk in chunks(wanted, sizes, seed, processes, data):
        found += chunk.disagreements
        for disagreement in chunk.disagreements:
            print(disagreement, flush=True)
        if not chunk.disagreements:
            journal.add(chunk)
        done += chunk.seen["positions"]
        if time.monotonic() - last > REPORT_EVERY_S or chunk.disagreements:
            last = time.monotonic()
            rate = done / (last - began)
            total = sum(seen["positions"] for seen in journal.finished.values())
            print(
                f"{total:,} of {positions:,} positions, {rate:,.0f}/s, {len(found)} disagreements", flush=True
            )
        if len(found) >= SHOWN:
            break
    return found


def chunks(
    wanted: list[int], sizes: dict[int, int], seed: int, processes: int, data: Path
) -> Iterator[Chunk]:
    """The chunks as they finish."""
    if processes == 1:
        for number in wanted:
            yield run_chunk(number, sizes[number], seed, data)
        return
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        running = [pool.submit(run_chunk, number, sizes[number], seed, data) for number in wanted]
        try:
            for future in as_completed(running):
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def show(journal: Journal) -> None:
    """What was seen, so that nobody takes silence for success."""
    total: Counter[str] = Counter()
    for seen in journal.finished.values():
        total.update(seen)
    for name, count in sorted(total.items()):
        print(f"{count:>12,}  {name}")


def main() -> int:
    """Run from the command line; 0 without disagreements, 1 with some."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.parity.differential", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--positions", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count())
    parser.add_argument("--out", type=Path, help="journal of finished chunks; kept when the run is done")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of real positions")
    arguments = parser.parse_args()
    identity = identity_of(arguments.seed, arguments.data)
    path = arguments.out or ROOT / "runs" / f"differential-{identity['build']}-{arguments.seed}.jsonl"
    journal = Journal(path, identity)
    for name in missing(arguments.data):
        print(f"not there, left out: {name}")
    if journal.finished:
        print(f"{len(journal.finished)} chunks were finished before ({path})")
    try:
        found = compare(arguments.positions, arguments.seed, arguments.processes, arguments.data, journal)
    except KeyboardInterrupt:
        print(f"stopped; the same command continues ({path})")
        return 130
    show(journal)
    if found:
        print(f"{len(found)} disagreements (the run stops at {SHOWN})")
        return 1
    if arguments.out is None:
        journal.remove()
    print(f"0 disagreements in {arguments.positions:,} positions")
    return 0


if __name__ == "__main__":
    sys.exit(main())
