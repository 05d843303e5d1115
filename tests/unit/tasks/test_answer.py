"""Questions with a final answer: published shapes, columns by name, bad rows, and the way back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.doubles.errors import raises_code
from w2s.errors import DataError
from w2s.tasks import AnswerExample, judge, read_examples, task_for
from w2s.tasks.answer import answer_row, answer_schema

MATHS = r"We find $x$ so that \boxed{1} is wrong, hence \boxed{\frac{1}{2}}."
PUBLISHED: dict[str, tuple[dict[str, Any], AnswerExample]] = {
    "gsm8k": (
        {"question": "How many?", "answer": "48/2 = <<48/2=24>>24 clips.\n24+48 = <<24+48=72>>72.\n#### 72"},
        AnswerExample("rows-1", "How many?", ("72",), "48/2 = 24 clips.\n24+48 = 72."),
    ),
    "math": (
        {"problem": "Half?", "level": "Level 5", "type": "Algebra", "solution": MATHS},
        AnswerExample("rows-1", "Half?", (r"\frac{1}{2}",), MATHS, 5.0),
    ),
    "math-500": (
        {
            "problem": "Half?",
            "solution": MATHS,
            "answer": r"\frac{1}{2}",
            "subject": "Algebra",
            "level": 3,
            "unique_id": "test/algebra/1.json",
        },
        AnswerExample("test/algebra/1.json", "Half?", (r"\frac{1}{2}",), MATHS, 3.0),
    ),
    "omni-math": (
        {
            "domain": ["Mathematics"],
            "difficulty": 8.5,
            "problem": "How many?",
            "solution": "Count.",
            "answer": "2^{n}-2",
            "source": "imo",
        },
        AnswerExample("rows-1", "How many?", ("2^{n}-2",), "Count.", 8.5),
    ),
    "aime": (
        {"id": 60, "problem": "How many?", "solution": "Count.", "answer": "204", "url": "", "year": "2024"},
        AnswerExample("60", "How many?", ("204",), "Count."),
    ),
}


def written(folder: Path, name: str, *rows: object) -> Path:
    path = folder / name
    if name.endswith(".parquet"):
        pq.write_table(pa.Table.from_pylist(list(rows)), path)
    else:
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
@pytest.mark.parametrize("name", PUBLISHED)
def test_published_dataset_is_detected_by_columns_and_read_by_name(
    tmp_path: Path, name: str, ending: str
) -> None:
    row, expected = PUBLISHED[name]
    path = written(tmp_path, f"rows.{ending}", row)
    assert read_examples(path, "answer") == [expected]
    assert read_examples(path, "answer", columns=name) == [expected]


@pytest.mark.parametrize(
    ("answer", "gold"),
    [
        ("72", ("72",)),
        (72, ("72",)),
        (0.5, ("0.5",)),
        (["1/2", "0.5", "1/2"], ("1/2", "0.5")),
        ("So \\boxed{3}", ("3",)),
        ("#### 1,234", ("1,234",)),
        ("", ()),
        (None, ()),
        ([], ()),
    ],
)
def test_gold_is_read_from_a_value_a_list_or_a_text(
    tmp_path: Path, answer: object, gold: tuple[str, ...]
) -> None:
    path = written(tmp_path, "rows.jsonl", {"question": "How many?", "answer": answer})
    assert read_examples(path, "answer")[0].gold == gold


@pytest.mark.parametrize(
    ("row", "columns", "code"),
    [
        ({"question": "", "answer": "5"}, None, "task-empty-text"),
        ({"question": "a\0", "answer": "5"}, None, "task-null-byte"),
        ({"question": "Q", "answer": "5\0"}, None, "task-null-byte"),
        ({"question": "Q", "answer": {"a": 1}}, None, "task-not-text"),
        ({"question": "Q", "answer": "it is 5"}, "gsm8k", "task-no-final-answer"),
        ({"question": "Q", "answer": "it is 5"}, {"answer_is": "boxed"}, "task-no-final-answer"),
        (
            {"question": "Q", "answer": "5", "level": "hard"},
            {"difficulty": "level"},
            "task-not-number",
        ),
    ],
)
def test_bad_row_raises_with_its_line_or_is_reported(
    tmp_path: Path, row: dict[str, Any], columns: Any, code: str
) -> None:
    good = {"question": "How many?", "answer": "#### 5 \\boxed{5}", "level": 1}
    path = written(tmp_path, "rows.jsonl", good, row)
    with raises_code(code, DataError) as raised:
        read_examples(path, "answer", columns=columns)
    assert str(raised.value).startswith(f"{path}, line 2: ")
    counted: list[str] = []
    assert len(read_examples(path, "answer", columns=columns, bad_row=counted.append)) == len(counted) == 1


def test_example_survives_parquet(tmp_path: Path) -> None:
    examples = [
        AnswerExample("a", "How many?", ("5", "five"), "Count to #### 5.", 2.5, "g"),
        AnswerExample("b", "How much?", ("\\boxed{5}",)),
        AnswerExample("c", "Why?"),
    ]
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.Table.from_pylist([answer_row(one) for one in examples], schema=answer_schema()), path)
    assert read_examples(path, "answer") == examples


def test_label_is_judged_by_its_value() -> None:
    example = AnswerExample("a", "How many?", ("1/2", "none"))
    right = [judge(example, label) for label in ("0.5", "\\frac{1}{2}", "None", "2", "", None)]
    assert right == [True, True, True, False, False, False]
    assert judge(AnswerExample("a", "How many?"), "5") is None


def test_labels_are_compared_and_normalized_and_questions_keyed() -> None:
    example = AnswerExample("a", "How  many?", ("5",))
    task = task_for(example)
    assert task.same(example, "50%", "1/2")
    assert not task.same(example, "5", "6")
    assert task.canonical(example, " $5.0$. ") == "5.0"
    assert task.canonical(example, " . ") is None
    assert task.key(example) == task.key(AnswerExample("b", "how many?", ("6",)))
    assert task.key(example) != task.key(AnswerExample("a", "How few?", ("5",)))


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize(("file", "count"), [("train.jsonl", 7473), ("test.jsonl", 1319)])
def test_real_files_are_read_and_their_gold_is_judged_right(data: Path, file: str, count: int) -> None:
    path = data / "gsm8k" / file
    found = read_examples(path, "answer")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert len(found) == len(rows) == count
    for one, row in zip(found, rows, strict=True):
        final = row["answer"].rpartition("#### ")[2]
        assert one.gold == (final,)
        assert one.question == row["question"].strip()
        assert "<<" not in str(one.solution)
        assert "####" not in str(one.solution)
    for one in found[::20]:
        assert judge(one, one.gold[0].replace(",", "") + ".0")
        assert not judge(one, one.gold[0] + "1")
