"""Files of moves: what each format gives, and errors of bad rows."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import w2s
from tests.doubles.errors import raises_code
from w2s.errors import DataError, UsageError
from w2s.schemas import arena_labels_schema
from w2s.tasks import MoveExample, judge, read_examples
from w2s.tasks.move import move_schema

BEFORE = "7k/5ppp/8/8/8/8/8/R3K3 b - - 0 1"
ROW = f"{BEFORE},h8g8 a1a8,900"
HEADER = "PuzzleId,FEN,Moves,Rating,RatingDeviation,Popularity,NbPlays,Themes,GameUrl,OpeningTags"


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("header", [True, False])
def test_first_move_of_lichess_puzzle_is_history(tmp_path: Path, header: bool) -> None:
    text = f"{HEADER}\nabc,{ROW},75,90,10,mate,https://lichess.org/XYZ/black#12,\n" if header else ROW
    (found,) = read_examples(written(tmp_path, "mates.csv", text))
    assert found.state.played == "h8g8"
    assert found.state.start_position == BEFORE
    assert (found.gold, found.difficulty) == (("a1a8",), 900.0)
    assert (found.id, found.group) == (("abc", "XYZ") if header else ("mates-1", None))
    assert judge(found, "Ra8#") is True


@pytest.mark.parametrize(
    ("row", "code", "fact"),
    [
        (f"{BEFORE},h8g8,900", "task-puzzle-too-short", "Moves"),
        (f"{BEFORE},h8h1 a1a8,900", "game-illegal-move", "'h8h1' is illegal"),
        (f"{BEFORE},h8g8 a1b2,900", "game-illegal-move", "the solution 'a1b2'"),
        (f"{BEFORE},h8g8 a1a8,high", "task-not-number", "'high'"),
    ],
)
def test_bad_lichess_row_raises_with_its_line_or_is_reported(
    tmp_path: Path, row: str, code: str, fact: str
) -> None:
    path = written(tmp_path, "puzzles.csv", f"{ROW}\n{row}\n")
    with raises_code(code, DataError) as raised:
        read_examples(path)
    assert str(raised.value).startswith(f"{path}, line 2: ")
    assert fact in str(raised.value)
    counted: list[str] = []
    assert [one.id for one in read_examples(path, bad_row=counted.append)] == ["puzzles-1"]
    assert len(counted) == 1
    assert fact in counted[0]


def test_epd_gives_solutions_grades_and_positions_without_gold(tmp_path: Path) -> None:
    lines = [
        'r3k2r/8/8/8/8/8/8/R3K2R w KQkq - bm O-O Ra8+; id "two"; c8 "10 5"; c9 "e1g1 a1a8";',
        "r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 3 20 am Ra8+;",
        "r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 3 20",
    ]
    two, avoid, plain = read_examples(written(tmp_path, "suite.epd", "\n".join(lines)))
    assert (two.id, two.gold) == ("two", ("e1g1", "a1a8"))
    assert two.grades == (("e1g1", 1.0), ("a1a8", 0.5))
    assert judge(avoid, "Ra8+") is False
    assert judge(avoid, "O-O") is True
    assert avoid.state.position.endswith(" 3 20")
    assert (plain.id, plain.gold) == ("suite-3", ())


@pytest.mark.parametrize(
    ("line", "code", "fact"),
    [
        ("r3k2r/8/8/8/8/8/8/R3K2R w KQkq - bm Nf3;", "game-illegal-move", "'Nf3' is"),
        ('r3k2r/8/8/8/8/8/8/R3K2R w KQkq - c8 "1 2"; c9 "e1g1";', "task-epd-scores", "2 scores"),
        ('r3k2r/8/8/8/8/8/8/R3K2R w KQkq - c8 "0"; c9 "e1g1";', "task-epd-scores", "above 0"),
    ],
)
def test_bad_epd_line_raises_with_its_number(tmp_path: Path, line: str, code: str, fact: str) -> None:
    with raises_code(code, DataError) as raised:
        read_examples(written(tmp_path, "bad.epd", line))
    assert str(raised.value).startswith(f"{tmp_path / 'bad.epd'}, line 1: ")
    assert fact in str(raised.value)


@pytest.mark.parametrize(
    ("name", "row"),
    [("a.csv", "8/8/8 w,h8g8 a1a8,900"), ("a.csv", f"{ROW}\n8/8/8 w,h8g8 a1a8,900"), ("a.epd", "nothing")],
)
def test_illegal_position_raises_with_its_line(tmp_path: Path, name: str, row: str) -> None:
    with pytest.raises(DataError) as raised:
        read_examples(written(tmp_path, name, row))
    assert f"{name}, line {len(row.splitlines())}: " in str(raised.value)


def test_every_pgn_move_is_an_example_with_history(tmp_path: Path) -> None:
    path = written(tmp_path, "two.pgn", "1. f3 e5 2. g4 Qh4# 0-1\n\n1. e4 *\n")
    found = read_examples(path)
    assert [one.id for one in found] == ["two-1-1", "two-1-2", "two-1-3", "two-1-4", "two-2-1"]
    assert (found[3].state.played, found[3].gold, found[3].group) == ("f2f3 e7e5 g2g4", ("d8h4",), "two-1")


def puzzle_row(**more: object) -> dict[str, object]:
    row: dict[str, object] = {
        "id": "p1",
        "game": "chess",
        "position": "6k1/5ppp/8/8/8/8/8/R3K3 w - - 1 2",
        "start": BEFORE,
        "played": ["h8g8"],
        "solutions": ["a1a8"],
        "difficulty": 3.5,
        "group": "g",
    }
    return row | more


def puzzles(folder: Path, *rows: dict[str, object]) -> Path:
    path = folder / "puzzles.parquet"
    pq.write_table(pa.Table.from_pylist(list(rows), schema=move_schema()), path)
    return path


def test_puzzles_are_read_with_their_history(tmp_path: Path) -> None:
    (found,) = read_examples(puzzles(tmp_path, puzzle_row()))
    assert (found.state.played, found.gold, found.difficulty, found.group) == ("h8g8", ("a1a8",), 3.5, "g")


def test_puzzle_needs_only_id_and_position(tmp_path: Path) -> None:
    path = tmp_path / "bare.parquet"
    pq.write_table(pa.table({"id": ["a"], "position": ["startpos"]}), path)
    (found,) = read_examples(path, game="othello")
    assert (found.state.game, found.gold, found.state.played) == ("othello", (), "")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"position": "6k1/5ppp/8/8/8/8/8/R3K3 b - - 1 2"}, "task-history-mismatch"),
        ({"solutions": ["a1h8"]}, "game-illegal-move"),
        ({"position": None}, "task-not-text"),
        ({"game": "go"}, "game-unknown"),
    ],
)
def test_bad_parquet_row_raises_with_its_number(tmp_path: Path, change: dict[str, object], code: str) -> None:
    with raises_code(code, DataError) as raised:
        read_examples(puzzles(tmp_path, puzzle_row(id="p0"), puzzle_row(**change)))
    assert "row 2" in str(raised.value)


def test_duplicate_id_is_refused(tmp_path: Path) -> None:
    with raises_code("task-duplicate-id", DataError) as raised:
        read_examples(puzzles(tmp_path, puzzle_row(), puzzle_row()))
    assert "'p1'" in str(raised.value)


def arena_row(ply: int, player: str, label: str, state: w2s.games.State, **more: object) -> dict[str, object]:
    row: dict[str, object] = {
        "id": f"chess-run-7-{ply}-{player}",
        "game": "chess",
        "match": 7,
        "ply": ply,
        "position": state.position,
        "label": label,
        "player": player,
        "legal": True,
        "played": False,
        "search_best": "e7e5",
    }
    return row | more


def test_arena_labels_give_one_example_per_position(tmp_path: Path) -> None:
    start = w2s.game("chess").state()
    after = start.play("e2e4")
    rows = [
        arena_row(1, "teacher", "c7c5", after, played=True),
        arena_row(0, "student", "e2e4", start, played=True, search_best=None, correct=True),
        arena_row(0, "teacher", "d2d4", start, search_best="d2d4", correct=False),
    ]
    path = tmp_path / "labels.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema=arena_labels_schema(["search"])), path)
    first, second = read_examples(tmp_path)
    assert (first.id, first.gold, first.group) == ("chess-7-0", ("d2d4", "e2e4"), "chess-7")
    assert (second.gold, second.state.played) == (("e7e5",), "e2e4")


def test_unreadable_files_are_refused(tmp_path: Path) -> None:
    with raises_code("task-unknown-format", UsageError):
        read_examples(written(tmp_path, "a.txt", "x"))
    with raises_code("task-file-missing", DataError):
        read_examples(tmp_path / "none.csv")
    with raises_code("task-no-examples", DataError):
        read_examples(written(tmp_path, "empty.csv", ""))
    with raises_code("task-missing-column", DataError) as raised:
        read_examples(written(tmp_path, "other.csv", "id,fen\n1,2\n"))
    assert "no column moves" in str(raised.value)
    with raises_code("task-file-unreadable", DataError):
        read_examples(written(tmp_path, "torn.parquet", "PAR1"))
    with raises_code("task-unknown", UsageError):
        read_examples(tmp_path, task="riddle")
    with raises_code("task-format-other-game", UsageError):
        read_examples(written(tmp_path, "b.csv", ROW), game="othello")


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize(
    ("file", "count"),
    [
        ("lichess-puzzles-10k/lichess_puzzles.csv", 10_000),
        ("lichess-puzzles-2020/puzzles.csv", 12_000),
        ("sts-rating/STS1-STS15_LAN_v3.epd", 1_500),
        ("sts-rating/STS1-STS15_LAN_v6.epd", 1_188),
        ("lichess-pgn-sample/lichess_db_1000k.pgn", 28_538),
    ],
)
def test_real_files_are_read_completely_and_their_gold_is_right(data: Path, file: str, count: int) -> None:
    found = read_examples(data / file)
    assert len(found) == count
    assert all(judge(one, one.gold[0]) for one in found)
    if file.startswith("lichess-puzzles"):
        assert all(one.state.ply == 1 and one.difficulty for one in found)
    if file.startswith("sts"):
        assert all(_best_grade(one) == 1.0 for one in found)


def _best_grade(one: MoveExample) -> float:
    return max(score for _, score in one.grades)
