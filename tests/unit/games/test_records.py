"""Records of games: what a file gives, the errors of bad files, and where two records differ."""

from __future__ import annotations

import json
import random
import zipfile
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import chess.pgn
import pytest

import w2s
from tests.doubles.errors import raises_code
from w2s.errors import DataError, UsageError
from w2s.games import Divergence, diverge, game
from w2s.games.pgn import split_pgn
from w2s.games.records import GameRecord, read_games, read_pgn

START = game("chess").state().position


def read(folder: Path, text: str | bytes, name: str = "games.pgn") -> list[GameRecord]:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(read_games(path))


def one(folder: Path, text: str | bytes) -> GameRecord:
    (found,) = read(folder, text)
    return found


def oracle(path: Path) -> Iterator[chess.pgn.Game]:
    with path.open(encoding="utf-8") as handle:
        while (found := chess.pgn.read_game(handle)) is not None:
            yield found


def test_record_has_number_headers_start_moves_and_result(tmp_path: Path) -> None:
    text = '[Event "x"]\n[White "Ann, A."]\n\n1. f3 e5 2. g4 Qh4# 0-1\n'
    assert one(tmp_path, text) == GameRecord(
        1, "chess", START, ("f2f3", "e7e5", "g2g4", "d8h4"), "0-1", {"Event": "x", "White": "Ann, A."}
    )


@pytest.mark.parametrize(
    "movetext",
    [
        "1. e4 e5 2. Nf3 Nc6 *",
        "1.e4 e5 2.Nf3 Nc6 *",
        "1 e4 1... e5 2 Nf3 2... Nc6 *",
        "e4 e5 Nf3 Nc6 *",
        "e2e4 e7e5 g1f3 b8c6",
        "1. e4! e5?! 2. Nf3 $1 $14 Nc6 !? *",
        "1. e4$1 e5 2. Nf3{best}Nc6*",
        "1. e4 {a {nested brace opens nothing} e5 2. Nf3 {two\nlines} {twice} Nc6 *",
        "1. e4 e5 ; 2. d4 is a comment\n2. Nf3 ; {so is this\nNc6 *",
        "1. e4 {[%clk 0:05:00] ( ; 1-0} e5 2. Nf3 {%} Nc6 *",
        "1. e4 (1. d4 d5 (1... Nf6 {) in a comment} 2. c4) 2. c4 *) e5 (1... c5) 2. Nf3 Nc6 *",
        "(1. d4) 1. e4 e5 2. Nf3 (2. f4 (2. d4 (2. c3))) Nc6 *",
        "1. e4 e5\n%1. d4 is escaped {\n2. Nf3 Nc6 *",
        "1… e4 … e5 2. ... Nf3 2...Nc6 *",
        "1. e4 e5\r\n2. Nf3\tNc6\r\n*",
        "\ufeff1. e4 e5 2. Nf3 Nc6 *",
    ],
)
def test_deviations_of_real_files_change_nothing(tmp_path: Path, movetext: str) -> None:
    assert one(tmp_path, movetext).moves == ("e2e4", "e7e5", "g1f3", "b8c6")


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("1. e4 1-0", "1-0"),
        ("1. e4 0-1", "0-1"),
        ("1. e4 1/2-1/2", "1/2-1/2"),
        ("1. e4 1/2", "1/2-1/2"),
        ("1. e4 ½-½", "1/2-1/2"),
        ("1. e4 *", "*"),
        ("1. e4", "*"),
        ('[Result "1-0"]\n\n1. e4', "1-0"),
        ('[Result "1-0"]\n\n1. e4 0-1', "0-1"),
        ('[Result "nonsense"]\n\n1. e4', "*"),
        ('[Result "0-1"]', "0-1"),
    ],
)
def test_final_result_wins_over_the_header(tmp_path: Path, text: str, result: str) -> None:
    assert one(tmp_path, text).result == result


def test_games_are_split_with_and_without_headers_and_results(tmp_path: Path) -> None:
    text = '[White "a"] [Black "b"]\n1. e4 [White "c"]\n1. d4 * 1. c4 1-0 1. b3 0-1\n[White "d"]\n'
    games = read(tmp_path, text)
    assert [found.number for found in games] == [1, 2, 3, 4, 5]
    assert [found.moves for found in games] == [("e2e4",), ("d2d4",), ("c2c4",), ("b2b3",), ()]
    assert [found.headers.get("White") for found in games] == ["a", "c", None, None, "d"]


def test_tag_values_may_hold_escapes_braces_quotes_and_brackets(tmp_path: Path) -> None:
    text = '[A "say \\"hi\\" \\\\o/"]\n[B "the "big" one"]\n[C "{;%(]"]\n[ D  "" ]\n\n*'
    assert one(tmp_path, text).headers == {
        "A": 'say "hi" \\o/',
        "B": 'the "big" one',
        "C": "{;%(]",
        "D": "",
    }


def test_set_up_position_and_chess960_castling_are_read(tmp_path: Path) -> None:
    fen = "r3k2r/6p1/8/8/8/8/8/1R2K1R1 w GBha - 2 9"
    found = one(tmp_path, f'[Variant "Chess960"]\n[SetUp "1"]\n[FEN "{fen}"]\n\n9. O-O-O O-O *')
    assert found.start == fen
    assert found.moves == ("e1b1", "e8h8")


def test_lines_that_are_not_utf8_are_latin1(tmp_path: Path) -> None:
    latin = '[White "Müller"]\n\n1. e4 {schön} e5 *\n'.encode("latin-1")
    found = read(tmp_path, latin + '[White "Böök"]\n'.encode())
    assert [record.headers["White"] for record in found] == ["Müller", "Böök"]


@pytest.mark.parametrize(
    ("text", "code", "fact"),
    [
        ("1. e4 *\n\n1. e4 e5 2. Ke3 *", "game-illegal-move", "game 2, line 3: 'Ke3' is illegal"),
        ("1. e4 e5\n2. Zz9 *", "game-illegal-move", "game 1, line 2: 'Zz9' is unparsable"),
        ("1. e4 -- *", "game-illegal-move", "'--' is unparsable"),
        ("1. e4 {no end\n\n\n", "pgn-syntax-error", "line 1: the comment that begins here has no end"),
        ("1. e4 (1. d4 *\n", "pgn-syntax-error", "within a variation"),
        ('1. e4 (1. d4\n[White "x"]\n', "pgn-syntax-error", "line 2: expected a tag pair"),
        ("1. e4 ) e5 *", "pgn-syntax-error", "unexpected ')'"),
        ("1. e4 } e5 *", "pgn-syntax-error", "unexpected '}'"),
        ("[White Ann]\n\n1. e4 *", "pgn-syntax-error", "expected a tag pair"),
        ('[White "Ann"\n\n1. e4 *', "pgn-syntax-error", "expected a tag pair"),
        ('[Variant "Atomic"]\n\n1. e4 *', "pgn-unknown-variant", "variant 'Atomic'"),
        (b"\x00\x01\x02 garbage", "game-illegal-move", "game 1, line 1"),
        ("1. e4 *".encode("utf-16"), "pgn-syntax-error", "game 1, line 1"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, "pgn-syntax-error", "game 1"),
        ("x" * 10_000_000, "game-illegal-move", "game 1, line 1: 'xxxx"),
        ("(" * 100_000, "pgn-syntax-error", "within a variation"),
        ("[" * 1_000_000, "pgn-syntax-error", "expected a tag pair"),
        ('[a "' * 250_000, "pgn-syntax-error", "expected a tag pair"),
    ],
)
def test_invalid_game_is_an_error_of_one_line_with_its_place(
    tmp_path: Path, text: str | bytes, code: str, fact: str
) -> None:
    with raises_code(code, DataError) as caught:
        read(tmp_path, text)
    message = str(caught.value)
    assert fact in message
    assert str(tmp_path / "games.pgn") in message
    assert "\n" not in message
    assert len(message) < 400 + len(str(tmp_path))


def test_illegal_start_position_raises_with_its_game_or_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="game 1: not a chess position"):
        read(tmp_path, '[FEN "8/8/8/8/8/8/8/8 w - - 0 1"]\n\n*')
    line = '{"game": "chess", "start": "?", "moves": [], "result": "*"}'
    with pytest.raises(DataError, match="line 1: not a chess position"):
        read(tmp_path, line, "games.jsonl")


def test_games_before_an_invalid_one_are_read(tmp_path: Path) -> None:
    path = tmp_path / "games.pgn"
    path.write_text("1. e4 * 1. d4 * 1. e5 *")
    games = read_pgn(path)
    assert [next(games).moves, next(games).moves] == [("e2e4",), ("d2d4",)]
    with raises_code("game-illegal-move", DataError) as caught:
        next(games)
    assert "game 3" in str(caught.value)


def test_empty_file_has_no_games(tmp_path: Path) -> None:
    assert read(tmp_path, "") == read(tmp_path, "\n\n% nothing\n{only a comment}\n") == []


@pytest.mark.parametrize("name", ["gone.pgn", "gone.jsonl", "games.zip", ""])
def test_unreadable_file_is_a_data_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError):
        list(read_games(tmp_path / name))


def test_json_lines_give_games_of_any_kind_with_canonical_moves(tmp_path: Path) -> None:
    lines = [
        {"game": "othello", "start": "startpos", "moves": ["D3"], "result": "*", "first": "a", "number": 7},
        {"game": "chess", "start": "startpos", "moves": ["e4"], "result": "1-0"},
    ]
    text = "\n\n".join(map(json.dumps, lines))
    othello, played = read(tmp_path, text, "games.jsonl")
    assert (othello.game, othello.moves, othello.headers) == (
        "othello",
        ("d3",),
        {"first": "a", "number": "7"},
    )
    assert (played.number, played.moves, played.result) == (2, ("e2e4",), "1-0")


@pytest.mark.parametrize(
    ("line", "code", "fact"),
    [
        ("nonsense", "game-not-json", "is not a JSON object"),
        ("[1]", "game-not-json", "is not a JSON object"),
        ("[" * 100_000, "game-not-json", "is not a JSON object"),
        (b'{"game": "\xff"}', "game-not-json", "is not a JSON object"),
        ("{}", "game-record-incomplete", "game, start, result, moves missing"),
        ('{"game": "go", "start": "", "moves": [], "result": "*"}', "game-unknown", "no game is called 'go'"),
        (
            '{"game": "chess", "start": "", "moves": [1], "result": "*"}',
            "game-record-incomplete",
            ": moves missing",
        ),
        (
            '{"game": "chess", "start": "startpos", "moves": ["e5"], "result": "*"}',
            "game-illegal-move",
            "'e5' is illegal",
        ),
        (
            '{"game": "chess", "start": "startpos", "moves": ["\\ud800"], "result": "*"}',
            "game-illegal-move",
            "is unparsable",
        ),
        ('{"game": ["chess"], "start": "startpos", "moves": [], "result": "*"}', "game-unknown", "chess"),
    ],
)
def test_bad_json_line_raises_with_its_number(
    tmp_path: Path, line: str | bytes, code: str, fact: str
) -> None:
    text = line if isinstance(line, bytes) else line.encode()
    with raises_code(code, DataError) as caught:
        read(tmp_path, b"\n" + text, "games.jsonl")
    assert "line 2" in str(caught.value)
    assert fact in str(caught.value)


@pytest.mark.slow
@pytest.mark.data
def test_real_games_match_python_chess(data: Path) -> None:
    path = data / "lichess-pgn-sample" / "lichess_db_1000k.pgn"
    ours = list(read_pgn(path))
    assert len(ours) == 438
    assert sum(len(found.moves) for found in ours) == 28_538
    for found, other in zip(ours, oracle(path), strict=True):
        assert other.errors == []
        assert list(found.moves) == [move.uci() for move in other.mainline_moves()]
        assert found.result == other.headers["Result"]
        assert found.headers == dict(other.headers)


@pytest.mark.data
@pytest.mark.slow
def test_published_book_is_read_completely(tmp_path: Path, data: Path) -> None:
    with zipfile.ZipFile(data / "books" / "8moves_v3.pgn.zip") as book:
        book.extractall(tmp_path)
    path = tmp_path / "8moves_v3.pgn"
    assert Counter(len(text.moves) for text in split_pgn(path)) == {16: 34_700}
    assert Counter(len(found.moves) for found in islice(read_pgn(path), 5000)) == {16: 5000}


# The first difference of two records ----------------------------------------------------------------------


def moves(text: str) -> list[str]:
    return text.split()


def test_same_game_in_two_notations_does_not_diverge() -> None:
    san, uci = moves("e4 e5 Nf3 Nc6 Bb5 a6 O-O"), moves("e2e4 e7e5 g1f3 b8c6 f1b5 a7a6")
    assert diverge("chess", san[:6], uci) is None
    assert diverge("chess", [], []) is None


def test_first_different_move_is_canonical() -> None:
    found = diverge("chess", moves("e4 e5 Nf3"), moves("e4 e5 Nc3"))
    assert found == Divergence(2, "move", "g1f3", "b1c3")
    assert str(found) == "ply 3: g1f3 against b1c3"


def test_longer_record_differs_in_length() -> None:
    found = diverge("chess", moves("e4"), moves("e4 e5"))
    assert found == Divergence(1, "length", None, "e7e5")
    assert str(found) == "ply 2: the end against e7e5"
    assert diverge("chess", moves("e4 e5"), moves("e4")) == Divergence(1, "length", "e7e5", None)


@pytest.mark.parametrize("text", ["e5", "[e2e2]", "", "\0", "x" * 1_000_000])
def test_illegal_move_makes_the_record_unreadable(text: str) -> None:
    found = diverge("chess", ["d4", "d5", text, "Nf3"], ["d4", "d5", "c4"])
    assert found == Divergence(2, "unreadable", text, "c2c4")
    assert len(str(found)) < 200
    alike = diverge("chess", ["d4", "d5", text], ["d4", "d5", text])
    assert alike == Divergence(2, "unreadable", text, text)


def test_transpositions_meet_again() -> None:
    found = diverge("chess", moves("d4 Nf6 c4 e6"), moves("c4 e6 d4 Nf6"))
    assert found is not None
    assert (found.ply, found.meets) == (0, (4, 4))
    assert "meet again" in str(found)
    slower = diverge("chess", moves("e3 e5 e4"), moves("e4 e5"))
    assert slower is not None
    assert slower.meets is None  # the same board, but the other side is to move


def test_different_starts_are_reported_before_moves() -> None:
    other = "rnbqkbnr/pppp1ppp/8/4p3/4P3/8/PPPP1PPP/RNBQKBNR w KQkq - 0 2"
    found = diverge("chess", moves("e4 e5 Nf3"), moves("Nf3"), right_start=other)
    assert found is not None
    assert (found.ply, found.why, found.right) == (0, "start", other)
    assert found.meets == (2, 0)
    assert diverge("chess", moves("Nf3"), moves("g1f3"), left_start=other, right_start=other) is None


@pytest.mark.parametrize("game", ["chess", "connect_four", "othello"])
def test_changed_ply_is_found_anywhere(game: str) -> None:
    draw = random.Random(2)
    for _ in range(20):
        state, ply = w2s.game(game).state(), draw.randrange(20)
        line, other = [], None
        while len(line) < 25 and state.outcome() is None:
            chosen, *rest = draw.sample(state.legal_moves(), min(2, len(state.legal_moves())))
            if len(line) == ply and rest:
                other = [*line, rest[0]]
            line.append(chosen)
            state = state.play(chosen)
        assert diverge(game, line, line) is None
        if other is not None:
            found = diverge(game, line, other)
            assert found is not None
            assert (found.ply, found.why, found.left, found.right) == (ply, "move", line[ply], other[ply])


def test_invalid_start_and_unknown_game_are_errors() -> None:
    with pytest.raises(DataError):
        diverge("chess", [], [], left_start="nowhere")
    with pytest.raises(UsageError):
        diverge("go", [], [])
