"""Chess positions that the rules do not allow: refused for the reason that python-chess gives."""

from __future__ import annotations

import random
from collections import Counter

import pytest

import w2s
from tests.doubles.errors import raises_code
from tests.parity import validity
from w2s.errors import DataError

pytest.importorskip("chess")


@pytest.mark.parametrize(
    ("position", "reason"),
    [
        ("8/8/8/3kK3/8/8/8/8 w - - 0 1", "the kings are on adjacent squares"),
        ("4k3/8/8/8/8/8/8/K3R3 w - - 0 1", "the side to move can take the king"),
        ("4k3/8/8/8/4r2b/3n4/8/4K3 w - - 0 1", "more than two pieces give check"),
        ("4k3/8/8/8/8/8/8/r3K2r w - - 0 1", "impossible check"),
        ("n7/q3K3/1k6/1rp5/8/b7/8/8 w - c6 0 1", "impossible check"),
        ("4k3/8/8/8/8/8/8/K3K3 w - - 0 1", "too many kings"),
        ("4k3/8/8/8/8/8/8/8 w - - 0 1", "no white king"),
    ],
)
def test_a_position_that_no_game_reaches_is_refused_with_its_reason(position: str, reason: str) -> None:
    with raises_code("game-invalid-position", DataError) as caught:
        w2s.game("chess").state(position)
    assert reason in str(caught.value)


def test_a_king_is_never_taken() -> None:
    for position in ("8/8/8/3kK3/8/8/8/8 b - - 0 1", "4k3/8/8/8/8/8/8/K3R3 w - - 0 1"):
        flags = w2s.agree("chess", [position], ["Kxe5"], ["Kxe5"])
        assert not flags.same_move.any()


@pytest.mark.slow
def test_20000_mutated_positions_have_the_status_of_python_chess() -> None:
    seen, found = validity.run_chunk(0, 20_000, 20_000, validity.DATA)
    assert not found, "\n".join(map(str, found))
    wanted = {flag.name for flag in validity.REASONS.values()} | {"VALID"}
    assert not [name for name in wanted if not seen[f"status {name}"]] or seen["status EMPTY"] == 0


def test_every_reason_is_met_by_some_position() -> None:
    seen: Counter[str] = Counter()
    for fen in [*EACH_STATUS]:
        assert not list(validity.check(fen, seen, random.Random(0))), fen
    assert not [flag.name for flag in validity.REASONS.values() if not seen[f"status {flag.name}"]]


EACH_STATUS = [
    "8/8/8/8/8/8/8/8 w - - 0 1",
    "4k3/8/8/8/8/8/8/8 w - - 0 1",
    "8/8/8/8/8/8/8/4K3 w - - 0 1",
    "4k3/8/8/8/8/8/8/K3K3 w - - 0 1",
    "4k3/8/8/N7/8/8/PPPPPPPP/RNBQKBNR w - - 0 1",
    "rnbqkbnr/pppppppp/n7/8/8/8/8/4K3 w - - 0 1",
    "4k3/8/8/P7/8/8/PPPPPPPP/4K3 w - - 0 1",
    "4k3/pppppppp/p7/8/8/8/8/4K3 w - - 0 1",
    "4k2P/8/8/8/8/8/8/4K3 w - - 0 1",
    "4k3/8/8/8/8/8/8/4K3 w K - 0 1",
    "4k3/8/8/8/8/8/8/4K3 w - e6 0 1",
    "8/8/8/3kK3/8/8/8/8 w - - 0 1",
    "4k3/8/8/8/4r2b/3n4/8/4K3 w - - 0 1",
    "4k3/8/8/8/8/8/8/r3K2r w - - 0 1",
]
