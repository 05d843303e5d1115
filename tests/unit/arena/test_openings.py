"""Openings: every kind of file, and one line for whatever is wrong with one."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.doubles.errors import raises_code
from w2s.arena.openings import Opening, read_openings
from w2s.errors import DataError, UsageError, W2sError
from w2s.games import game

START = game("chess").state().position


def written(folder: Path, name: str, text: str | bytes) -> str:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def test_no_file_means_starting_position() -> None:
    assert read_openings(None, "othello") == [Opening("start", "startpos")]


def test_text_file_has_names_and_moves_in_any_notation(tmp_path: Path) -> None:
    file = written(tmp_path, "o.txt", "# book\n\nSicilian: Najdorf: e4 c5\nd2d4\n")
    assert read_openings(file, "chess") == [
        Opening("Sicilian: Najdorf", START, ("e2e4", "c7c5")),
        Opening("line 4", START, ("d2d4",)),
    ]


def test_other_games_read_their_own_moves(tmp_path: Path) -> None:
    four = written(tmp_path, "four.txt", "middle: 4 4\n")
    assert read_openings(four, "connect_four")[0].moves == ("4", "4")
    othello = written(tmp_path, "othello.txt", "d3 c5\n")
    assert read_openings(othello, "othello")[0].moves == ("d3", "c5")


def test_positions_may_have_clocks_operations_and_names(tmp_path: Path) -> None:
    bare = "4k3/8/8/8/8/8/4P3/4K3 w - -"
    lines = [f"{bare} 3 17", bare, f'{bare} bm e4; id "pawn ending";', f"{bare} hmvc 3; fmvn 17;"]
    for name in ("o.epd", "o.fen", "o.EPD"):
        found = read_openings(written(tmp_path, name, "\n".join(lines)), "chess")
        assert [opening.start for opening in found] == [f"{bare} 3 17", *[f"{bare} 0 1"] * 3]
        assert [opening.name for opening in found] == ["line 1", "line 2", "pawn ending", "line 4"]
        assert {opening.moves for opening in found} == {()}


def test_other_games_read_their_own_positions(tmp_path: Path) -> None:
    position = game("connect_four").state("startpos", ["4"]).position
    file = written(tmp_path, "o.fen", position)
    assert read_openings(file, "connect_four") == [Opening("line 1", position)]


def test_chess960_position_keeps_castling_rights(tmp_path: Path) -> None:
    position = "bqnb1rkr/pp3ppp/3ppn2/2p5/5P2/P2P4/NPP1P1PP/BQ1BNRKR w HFhf - 2 9"
    assert read_openings(written(tmp_path, "o.fen", position), "chess")[0].start == position


def test_pgn_file_gives_first_16_plies(tmp_path: Path) -> None:
    long = "1. Nf3 Nf6 2. Ng1 Ng8 3. Nc3 Nc6 4. Nb1 Nb8 5. e4 e5 6. d4 d5 7. a3 a6 8. b3 b6 9. c3 c6 *"
    file = written(tmp_path, "o.pgn", f'[Opening "Dance"]\n{long}\n\n[White "x"]\n\n1. e4 *\n')
    dance, other = read_openings(file, "chess")
    assert (dance.name, len(dance.moves)) == ("Dance", 16)
    assert other == Opening("game 2", START, ("e2e4",))


@pytest.mark.data
def test_published_book_is_read_completely(tmp_path: Path, data: Path) -> None:
    with zipfile.ZipFile(data / "books" / "noob_3moves.epd.zip") as book:
        lines = book.read("noob_3moves.epd").splitlines()[:3000]
    found = read_openings(written(tmp_path, "noob.epd", b"\n".join(lines)), "chess")
    assert len(found) == 3000
    assert len({opening.start for opening in found}) == 3000


def test_working_directory_takes_precedence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "openings").mkdir()
    written(tmp_path, "openings/othello.txt", "mine: d3\n")
    assert read_openings("openings/othello.txt", "othello")[0].name == "mine"


def test_bundled_openings_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(read_openings("openings/othello.txt", "othello")) >= 1000


@pytest.mark.parametrize(
    ("name", "text", "code", "said"),
    [
        ("o.txt", "e2e4\ne2e5\n", "arena-opening-invalid", "line 2: 'e2e5'"),
        ("o.txt", "x: f3 e5 g4 Qh4", "arena-opening-finished", "line 1: "),
        ("o.txt", "\n# nothing\n", "arena-openings-empty", "o.txt"),
        ("o.txt", b"\xff\xfe e4", "arena-openings-not-utf8", "o.txt"),
        ("o.fen", "8/8/8/8/8/8/8/8 w - - 0 1", "arena-opening-invalid", "line 1: "),
        ("o.epd", "rubbish", "arena-opening-invalid", "line 1: "),
        ("o.pgn", "1. e4 e5 2. Ke3 *", None, "game 1, line 1: 'Ke3'"),
        ("o.pgn", "", "arena-openings-empty", "o.pgn"),
        ("o.pgn", "1. f3 e5 2. g4 Qh4# 0-1", "arena-opening-finished", "game 1: "),
    ],
)
def test_invalid_file_is_an_error_with_location(
    tmp_path: Path, name: str, text: str | bytes, code: str | None, said: str
) -> None:
    with pytest.raises(DataError) as caught:
        read_openings(written(tmp_path, name, text), "chess")
    assert code in (None, caught.value.code)  # None: that of the PGN reader
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_file_and_wrong_kind_are_usage_errors(tmp_path: Path) -> None:
    with raises_code("arena-openings-missing", UsageError) as caught:
        read_openings("gone.txt", "chess")
    assert "gone.txt" in str(caught.value)
    with raises_code("arena-openings-not-chess", UsageError):
        read_openings(written(tmp_path, "o.pgn", "1. e4 *"), "othello")


@pytest.mark.data
def test_invalid_positions_are_rejected(tmp_path: Path, data: Path) -> None:
    lines = (data / "cozy-chess-fens" / "invalid.sfens").read_text().splitlines()[:300]
    for line in lines:
        with pytest.raises(W2sError):
            read_openings(written(tmp_path, "o.fen", line), "chess")
