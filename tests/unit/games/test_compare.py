"""Comparing files: rows joined by id or position, games by round; what each count and difference means."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import w2s
from tests.doubles.errors import raises_code
from w2s.cli.app import run
from w2s.errors import DataError, UsageError
from w2s.games.compare import Difference, compare_files

AFTER_E4 = "rnbqkbnr/pppppppp/8/8/4P3/8/PPPP1PPP/RNBQKBNR b KQkq - 0 1"
AFTER_E4_LATER = "rnbqkbnr/pppppppp/8/8/4P3/8/PPPP1PPP/RNBQKBNR b KQkq - 7 9"


def jsonl(path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def parquet(path: Path, rows: list[dict[str, Any]]) -> Path:
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def row(name: str, label: str | None, position: str = "startpos") -> dict[str, Any]:
    return {"id": name, "position": position, "label": label, "more": 1}


def test_rows_are_joined_by_id_in_any_order_and_format(tmp_path: Path) -> None:
    left = parquet(tmp_path / "l.parquet", [row("1", "Nf3"), row("2", "e4"), row("3", "c5", AFTER_E4)])
    right = jsonl(tmp_path / "r.jsonl", [row("3", "c7c5", AFTER_E4), row("1", "g1f3"), row("2", "e2e4")])
    found = compare_files("chess", left, right)
    assert found.agrees
    assert (found.kind, found.by, found.differences) == ("labels", "id", [])
    assert (found.counts["both"], found.counts["same_move"], found.counts["same_state"]) == (3, 3, 3)


def test_every_kind_of_difference_is_counted_and_named(tmp_path: Path) -> None:
    left = [row("same", "e4"), row("other", "e4"), row("illegal", "e5"), row("text", "[e4]")]
    left += [
        row("moved", "c5", AFTER_E4),
        row("clock", "c5", AFTER_E4),
        row("nowhere", "e4", "?"),
        row("l", "e4"),
    ]
    right = [row("same", "e2e4"), row("other", "d4"), row("illegal", "e4"), row("text", "e4")]
    right += [
        row("moved", "c4"),
        row("clock", "c5", AFTER_E4_LATER),
        row("nowhere", "d4", "?"),
        row("r", None),
    ]
    found = compare_files(
        "chess", jsonl(tmp_path / "l.jsonl", left), jsonl(tmp_path / "r.jsonl", right), show=99
    )
    assert not found.agrees
    assert found.counts == {
        "both": 7,
        "only_left": 1,
        "only_right": 1,
        "same_move": 2,
        "same_state": 2,
        "same_up_to_transposition": 2,
        "differing": 5,
        "unparsable": 1,
        "illegal": 2,
        "ambiguous": 0,
        "no_position": 1,
    }
    assert {difference.where: difference.why for difference in found.differences} == {
        "other": "another move",
        "illegal": "the left label is illegal",
        "text": "the left label is unparsable",
        "moved": "another position",
        "nowhere": "the position cannot be read",
        "l": "only in the left file",
        "r": "only in the right file",
    }
    assert found.differences[0] == Difference("other", "another move", "e4", "d4", "startpos")


def test_invalid_labels_agree_only_if_their_texts_are_equal(tmp_path: Path) -> None:
    left = jsonl(tmp_path / "l.jsonl", [row("1", "e5"), row("2", None), row("3", "xx")])
    assert compare_files("chess", left, left).agrees
    right = jsonl(tmp_path / "r.jsonl", [row("1", "e6"), row("2", None), row("3", "yy")])
    found = compare_files("chess", left, right)
    assert [difference.where for difference in found.differences] == ["1", "3"]


def test_rows_without_id_are_joined_by_position_key(tmp_path: Path) -> None:
    left = jsonl(
        tmp_path / "l.jsonl", [{"position": AFTER_E4, "label": "e5"}, {"position": "startpos", "label": "e4"}]
    )
    start = w2s.game("chess").state().position
    right = jsonl(
        tmp_path / "r.jsonl",
        [
            {"id": "a", "position": start, "label": "e2e4"},
            {"id": "b", "position": AFTER_E4_LATER, "label": "e7e5"},
        ],
    )
    found = compare_files("chess", left, right)
    assert (found.agrees, found.by, found.counts["both"]) == (True, "position", 2)


def test_missing_positions_are_taken_from_the_other_file(tmp_path: Path) -> None:
    left = jsonl(tmp_path / "l.jsonl", [{"id": "1", "label": "Nf3"}])
    right = jsonl(tmp_path / "r.jsonl", [row("1", "g1f3")])
    assert compare_files("chess", left, right).agrees
    assert compare_files("chess", right, left).agrees


@pytest.mark.parametrize(
    ("left", "code", "fact"),
    [
        ([{"id": "1", "move": "e4"}], "agree-missing-column", "no column label"),
        ([{"label": "e4"}], "agree-missing-column", "no column id or position"),
        ([], "agree-missing-column", "no column label"),
        ([{"id": "1", "label": "e4"}], "agree-no-positions", "r.jsonl"),
        ([row("1", "e4"), row("1", "e4")], "agree-duplicate-id", "rows 1 and 2 "),
        ([{"id": 5, "label": "e4"}], "agree-not-text", "row 1: id is 5"),
        ([{"id": "1", "label": ["e4"]}], "agree-not-text", "row 1: label is ['e4']"),
    ],
)
def test_files_that_cannot_be_joined_are_refused(
    tmp_path: Path, left: list[Any], code: str, fact: str
) -> None:
    right = jsonl(tmp_path / "r.jsonl", [{"id": "1", "label": "e4"}])
    with raises_code(code, DataError) as caught:
        compare_files("chess", jsonl(tmp_path / "l.jsonl", left), right)
    assert fact in str(caught.value)


def test_position_with_conflicting_labels_needs_ids(tmp_path: Path) -> None:
    rows = [{"position": "startpos", "label": label} for label in ("e4", "e4", "d4")]
    file = jsonl(tmp_path / "l.jsonl", rows)
    with raises_code("agree-conflicting-labels", DataError) as caught:
        compare_files("chess", file, file)
    assert "rows 1 and 3 " in str(caught.value)
    same = jsonl(tmp_path / "s.jsonl", rows[:2])
    assert compare_files("chess", same, same).counts["both"] == 1


def test_unreadable_files_are_refused(tmp_path: Path) -> None:
    good = jsonl(tmp_path / "r.jsonl", [row("1", "e4")])
    broken = tmp_path / "b.jsonl"
    broken.write_bytes(b'{"id": "1", "label": "e4"}\n\n\xff\n')
    with raises_code("agree-not-json", DataError) as caught:
        compare_files("chess", broken, good)
    assert "b.jsonl, line 3" in str(caught.value)
    not_parquet = tmp_path / "b.parquet"
    not_parquet.write_bytes(b"PAR1 nothing PAR1")
    with raises_code("agree-file-unreadable", DataError) as caught:
        compare_files("chess", not_parquet, good)
    assert str(not_parquet) in str(caught.value)
    for missing in ("m.parquet", "m.jsonl", "m.pgn"):
        with pytest.raises(DataError, match="does not exist"):
            compare_files("chess", tmp_path / missing, tmp_path / missing)
    (tmp_path / "x.csv").touch()
    with raises_code("agree-unknown-format", UsageError):
        compare_files("chess", tmp_path / "x.csv", good)
    with raises_code("game-unknown", UsageError):
        compare_files("go", good, good)


# -- games ---------------------------------------------------------------------------------------------------

PGN = '[Round "{round}"]\n[White "A"]\n\n{moves} {result}\n\n'


def pgn(path: Path, games: list[tuple[str, str, str]]) -> Path:
    path.write_text(
        "".join(PGN.format(round=name, moves=moves, result=result) for name, moves, result in games)
    )
    return path


def test_games_are_joined_by_round(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    left = pgn(tmp_path / "l.pgn", [("7", "1. e4 e5", "*"), ("8", "1. d4 d5 2. c4", "1-0")])
    right = pgn(tmp_path / "r.pgn", [("8", "1. d4 d5 2. Nf3 Nf6 3. c4", "0-1"), ("7", "1. e2e4 e7e5", "*")])
    found = compare_files("chess", left, right)
    assert (found.kind, found.by) == ("games", "Round")
    assert found.counts == {
        "both": 2,
        "only_left": 0,
        "only_right": 0,
        "same_moves": 1,
        "differing": 1,
        "other_result": 1,
    }
    assert found.differences == [
        Difference("game 8", "ply 3: c2c4 against g1f3", "c2c4", "g1f3", found.differences[0].position)
    ]
    assert compare_files("chess", left, left).agrees


def test_games_without_unique_rounds_are_joined_by_number(tmp_path: Path) -> None:
    left = pgn(tmp_path / "l.pgn", [("?", "1. e4", "*"), ("?", "1. d4", "*")])
    right = pgn(tmp_path / "r.pgn", [("?", "1. e4", "*")])
    found = compare_files("chess", left, right)
    assert (found.agrees, found.by) == (False, "number in the file")
    assert found.differences == [Difference("game 2", "only in the left file")]


def test_jsonl_games_are_distinguished_from_labels(tmp_path: Path) -> None:
    games = [{"number": 0, "game": "othello", "start": "startpos", "moves": ["d3", "c3"], "result": "*"}]
    file = jsonl(tmp_path / "g.jsonl", games)
    other = jsonl(tmp_path / "h.jsonl", [{**games[0], "moves": ["d3", "e3"]}])
    labels = jsonl(tmp_path / "l.jsonl", [row("1", "d3")])
    assert compare_files("othello", file, file).agrees
    found = compare_files("othello", file, other)
    assert (found.by, found.differences[0].where, found.differences[0].left) == ("number", "game 0", "c3")
    with raises_code("agree-mixed-kinds", UsageError):
        compare_files("othello", file, labels)
    with raises_code("agree-other-game", DataError) as caught:
        compare_files("chess", file, file)
    assert "is othello, not chess" in str(caught.value)


# -- the command ---------------------------------------------------------------------------------------------


def test_exit_code_says_whether_files_agree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    left = jsonl(tmp_path / "l.jsonl", [row("1", "e4"), row("2", "\0\n")])
    right = jsonl(tmp_path / "r.jsonl", [row("1", "d4"), row("2", "\0\n")])
    assert run(["agree", "--game", "chess", str(left), str(left)]) == 0
    assert "they agree" in capsys.readouterr().out
    assert run(["agree", "--game", "chess", str(left), str(right)]) == 1
    out = capsys.readouterr().out
    assert "1: another move: 'e4' against 'd4'" in out
    assert "they differ" in out
    assert run(["agree", "--game", "chess", str(left), str(right), "--json"]) == 1
    printed = json.loads(capsys.readouterr().out)
    assert (printed["agrees"], printed["counts"]["differing"], printed["differences"][0]["left"]) == (
        False,
        1,
        "e4",
    )


def test_bad_input_ends_with_one_line_on_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    left = jsonl(tmp_path / "l.jsonl", [row("1", "e4")])
    (tmp_path / "x.csv").touch()
    for game, path, code in (
        ("go", left, 2),
        ("chess", tmp_path / "x.csv", 2),
        ("chess", tmp_path / "x.pgn", 3),
    ):
        assert run(["agree", "--game", game, str(path), str(path)]) == code
        printed = capsys.readouterr()
        assert printed.out == ""
        assert printed.err.count("\n") == 1


def test_differing_game_is_shown_with_its_position(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, moves in (("l.pgn", "1. e4 e5 2. Nf3 *"), ("r.pgn", "1. e4 e5 2. Nc3 *")):
        (tmp_path / name).write_text(f'[Round "1"]\n\n{moves}\n')
    assert run(["agree", "--game", "chess", str(tmp_path / "l.pgn"), str(tmp_path / "r.pgn")]) == 1
    said = capsys.readouterr().out
    assert "ply 3: g1f3 against b1c3, in rnbqkbnr/pppp1ppp/8/4p3/4P3/8/PPPP1PPP/RNBQKBNR w KQkq - 0 2" in said


def test_missing_file_and_folder_are_named_as_such(tmp_path: Path) -> None:
    for path, word in ((tmp_path / "nothing", "does not exist"), (tmp_path, "is a folder")):
        with raises_code("agree-file-missing", DataError) as caught:
            compare_files("chess", path, path)
        assert word in str(caught.value)
