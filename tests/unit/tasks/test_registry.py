"""The registry of tasks, and labels judged by the solution set of their examples."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import w2s
from tests.doubles.errors import raises_code
from w2s.errors import UsageError
from w2s.tasks import (
    TASKS,
    AnswerExample,
    ChoiceExample,
    MoveExample,
    get_task,
    grade,
    judge,
    read_examples,
    task_for,
)

CHESS = w2s.game("chess").state(moves=["e2e4", "e7e5"])
EXAMPLES: dict[str, list[Any]] = {
    "move": [
        MoveExample("a", CHESS, ("g1f3",), difficulty=3.0, group="g"),
        MoveExample("b", w2s.game("othello").state(), ("d3",)),
    ],
    "choice": [
        ChoiceExample("a", "Which?", ("x", "y"), ("B",), 3.0, "g"),
        ChoiceExample("b", "What?", ("x",), ("A",)),
    ],
    "answer": [
        AnswerExample("a", "How many?", ("1/2",), "Halve it.", 3.0, "g"),
        AnswerExample("b", "Why?", ("5",)),
    ],
}
SAME = {"move": ("Nf3", "g1f3"), "choice": ("b", "(B)"), "answer": ("0.5", "1/2")}


def test_every_task_has_examples_here() -> None:
    assert list(TASKS) == ["move", "choice", "answer"] == list(EXAMPLES)


@pytest.mark.parametrize("name", TASKS)
def test_example_has_a_task_and_survives_parquet(name: str, tmp_path: Path) -> None:
    task, examples = get_task(name), EXAMPLES[name]
    assert all(task_for(one) is task for one in examples)
    assert all(set(task.row(one)) == set(task.schema().names) for one in examples)
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.Table.from_pylist([task.row(one) for one in examples], schema=task.schema()), path)
    again = read_examples(path, name)
    assert [(one.id, one.gold, one.difficulty, one.group) for one in again] == [
        (one.id, one.gold, one.difficulty, one.group) for one in examples
    ]
    assert [task.key(one) for one in again] == [task.key(one) for one in examples]
    assert [task.row(one) for one in again] == [task.row(one) for one in examples]


@pytest.mark.parametrize("name", TASKS)
def test_equivalent_labels_are_same_and_right(name: str) -> None:
    task, example = get_task(name), EXAMPLES[name][0]
    left, right = SAME[name]
    assert task.same(example, left, right)
    assert task.same(example, right, left)
    assert judge(example, left) is judge(example, right) is task.judge(example, left) is True
    assert task.canonical(example, right) is not None


@pytest.mark.parametrize("name", TASKS)
def test_different_examples_have_different_keys(name: str) -> None:
    task, (first, second) = get_task(name), EXAMPLES[name]
    assert task.key(first) != task.key(second)


def test_move_key_ignores_history() -> None:
    task = get_task("move")
    left = MoveExample("a", w2s.game("chess").state(moves=["g1f3", "g8f6", "b1c3"]))
    right = MoveExample("b", w2s.game("chess").state(moves=["b1c3", "g8f6", "g1f3"]))
    assert task.key(left) == task.key(right)
    assert not task.same(left, "nonsense", "nonsense")


def test_unknown_task_error_lists_tasks() -> None:
    with raises_code("task-unknown", UsageError) as raised:
        get_task("riddle")
    assert "move, choice, answer" in str(raised.value)


def test_importing_tasks_loads_no_heavy_package() -> None:
    code = "import sys, w2s.tasks, w2s.tasks.prompts; print([m for m in %r if m in sys.modules])"
    heavy = ("pyarrow", "pydantic", "jinja2", "math_verify", "sympy", "datasets", "torch")
    found = subprocess.run(
        [sys.executable, "-c", code % (heavy,)], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"


TWO_MATES = "6k1/5ppp/8/8/8/8/8/RR2K3 w - - 0 1"
STALEMATE = "7k/8/6K1/8/8/8/8/5Q2 w - - 0 1"


def example(position: str, *gold: str, game: str = "chess") -> MoveExample:
    return MoveExample("a", w2s.game(game).state(position), gold=gold)


@pytest.mark.parametrize(
    ("label", "right"),
    [("a1a8", True), ("Ra8#", True), ("b1b8", True), ("a1a7", False), ("", False), ("a8a1", False)],
)
def test_every_mate_is_right_if_gold_mates(label: str, right: bool) -> None:
    assert judge(example(TWO_MATES, "a1a8"), label) is right


def test_mate_is_wrong_if_gold_does_not_mate() -> None:
    assert judge(example(TWO_MATES, "a1a7"), "a1a8") is False


def test_stalemate_is_not_a_win() -> None:
    assert judge(example(STALEMATE, "f1f8"), "f1f7") is False


def test_example_without_gold_is_not_judged() -> None:
    assert judge(example(TWO_MATES), "a1a8") is None
    assert grade(example(TWO_MATES), "a1a8") is None


def test_missing_label_is_wrong() -> None:
    assert judge(example(TWO_MATES, "a1a8"), None) is False


def test_immediate_win_is_right_in_every_game() -> None:
    position = w2s.game("connect_four").state(moves=list("44141")).play("4").play("1").position
    state = w2s.game("connect_four").state(position)
    wins = [
        move for move in state.legal_moves() if (end := state.play(move).outcome()) and end.winner is not None
    ]
    assert wins
    assert all(judge(MoveExample("a", state, gold=(wins[0],)), move) for move in wins)


def test_grade_is_the_score_of_the_move_or_zero() -> None:
    graded = MoveExample(
        "a", w2s.game("chess").state(TWO_MATES), gold=("a1a8",), grades=(("a1a8", 1.0), ("a1a7", 0.25))
    )
    assert [grade(graded, move) for move in ("Ra8#", "Ra7", "Ra6", "nonsense")] == [1.0, 0.25, 0.0, 0.0]
    assert grade(example(TWO_MATES, "a1a8"), "Rb8#") == 1.0
