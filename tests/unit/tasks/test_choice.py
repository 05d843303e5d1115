"""The task ``choice``: labels, keys, and examples from files."""

from __future__ import annotations

import json
import string
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.doubles.errors import raises_code
from w2s.errors import DataError
from w2s.tasks import ChoiceExample, grade, judge, read_examples, task_for
from w2s.tasks.choice import check_choices, choice_row, choice_schema, shuffle_options
from w2s.tasks.column_mapping import CHOICE_COLUMNS

EXAMPLE = ChoiceExample("a", "Which is blue?", ("red", "the sky", "A", "grass"), ("B",))


@pytest.mark.parametrize(
    ("label", "right"),
    [
        ("B", True),
        ("b", True),
        (" (B) ", True),
        ("B.", True),
        ("The  Sky", True),
        ("A", False),
        ("E", False),
        ("the", False),
        ("", False),
        (None, False),
    ],
)
def test_label_is_judged_by_letter_or_text(label: str | None, right: bool) -> None:
    assert judge(EXAMPLE, label) is right
    assert grade(EXAMPLE, label) == float(right)


def test_example_without_gold_is_not_judged() -> None:
    assert judge(ChoiceExample("a", "Which?", ("x", "y")), "A") is None
    assert grade(ChoiceExample("a", "Which?", ("x", "y")), "A") is None


def test_several_options_can_be_gold() -> None:
    example = ChoiceExample("a", "Which?", ("x", "y", "z"), ("A", "C"))
    assert [judge(example, letter) for letter in "ABC"] == [True, False, True]


def test_letter_wins_over_an_option_whose_text_is_that_letter() -> None:
    example = ChoiceExample("a", "Which?", ("O", "A", "B", "AB"), ("B",))
    canonical = task_for(example).canonical
    assert [canonical(example, label) for label in ("A", "B", "C", "D", "ab")] == ["A", "B", "C", "D", "D"]
    assert [canonical(example, label) for label in ("AB", "BC", "ABCD")] == ["D", None, None]
    assert judge(example, "B")
    assert not judge(example, "A")


def test_labels_are_same_only_if_they_name_one_option() -> None:
    same = task_for(EXAMPLE).same
    assert same(EXAMPLE, "b", "the sky")
    assert not same(EXAMPLE, "B", "D")
    assert not same(EXAMPLE, "nonsense", "nonsense")


def test_key_ignores_option_order_case_and_spacing() -> None:
    key = task_for(EXAMPLE).key
    moved = ChoiceExample("b", " which is BLUE? ", ("grass", "A", "red", "the  sky"))
    assert key(moved) == key(EXAMPLE)
    assert key(ChoiceExample("b", "Which is blue?", ("red", "the sky", "A", "leaves"))) != key(EXAMPLE)
    assert key(ChoiceExample("b", "Which is red?", EXAMPLE.options)) != key(EXAMPLE)


@pytest.mark.parametrize(
    ("options", "code", "fact"),
    [
        ((), "task-no-options", ""),
        (tuple(map(str, range(27))), "task-too-many-options", "26"),
        (("x", "y", "x"), "task-equal-options", "A and C"),
        (("x  y", "x y"), "task-equal-options", "A and B"),
    ],
)
def test_invalid_options_are_refused(options: tuple[str, ...], code: str, fact: str) -> None:
    with raises_code(code, DataError) as raised:
        check_choices(options)
    assert fact in str(raised.value)
    check_choices(list(string.ascii_lowercase))


@pytest.mark.slow
@given(st.text(min_size=1, max_size=8), st.integers(1, 26), st.data())
def test_shuffling_keeps_gold_and_depends_on_id_only(name: str, count: int, data: st.DataObject) -> None:
    options = tuple(f"option {number}" for number in range(count))
    right = data.draw(st.sampled_from(string.ascii_uppercase[:count]))
    example = ChoiceExample(name, "Which?", options, (right,), 2.0, "g")
    found = shuffle_options(example)
    assert sorted(found.options) == sorted(options)
    assert (
        found.options[string.ascii_uppercase.index(found.gold[0])]
        == options[string.ascii_uppercase.index(right)]
    )
    assert (found.id, found.question, found.difficulty, found.group) == (name, "Which?", 2.0, "g")
    assert shuffle_options(example) == found


def test_shuffling_spreads_gold_over_all_places() -> None:
    places = [
        shuffle_options(ChoiceExample(f"q{number}", "?", ("x", "y", "z", "w"), ("D",))).gold[0]
        for number in range(400)
    ]
    assert all(70 <= places.count(letter) <= 130 for letter in "ABCD")


# Files ----------------------------------------------------------------------------------------------------


PUBLISHED: dict[str, tuple[dict[str, Any], ChoiceExample]] = {
    "openbookqa": (
        {
            "id": "7-980",
            "question_stem": "The sun is responsible for",
            "choices": {"text": ["puppies", "children", "flowers", "plants"], "label": ["A", "B", "C", "D"]},
            "answerKey": "D",
        },
        ChoiceExample(
            "7-980", "The sun is responsible for", ("puppies", "children", "flowers", "plants"), ("D",)
        ),
    ),
    "arc-challenge": (
        {
            "id": "NYSEDREGENTS_2013_4_1",
            "question": "Which is a mineral?",
            "choices": {"text": ["ice", "quartz", "wood", "coal"], "label": ["1", "2", "3", "4"]},
            "answerKey": "2",
        },
        ChoiceExample(
            "NYSEDREGENTS_2013_4_1", "Which is a mineral?", ("ice", "quartz", "wood", "coal"), ("B",)
        ),
    ),
    "arc-original": (
        {
            "id": "MCAS_1",
            "question": {
                "stem": "Which is hot?",
                "choices": [{"text": "ice", "label": "A"}, {"text": "fire", "label": "B"}],
            },
            "answerKey": "B",
        },
        ChoiceExample("MCAS_1", "Which is hot?", ("ice", "fire"), ("B",)),
    ),
    "siqa": (
        {
            "context": "Tracy went home.",
            "question": "Why did Tracy do this?",
            "answerA": "to rest",
            "answerB": "to run",
            "answerC": "to sing",
            "label": "1",
        },
        ChoiceExample(
            "rows-1",
            "Tracy went home. Why did Tracy do this?",
            ("to rest", "to run", "to sing"),
            ("A",),
            group="Tracy went home.",
        ),
    ),
    "mmlu": (
        {
            "question": "Find the degree.",
            "subject": "abstract_algebra",
            "choices": ["0", "4", "2", "6"],
            "answer": 1,
        },
        ChoiceExample("rows-1", "Find the degree.", ("0", "4", "2", "6"), ("B",)),
    ),
}
SCIQ = {
    "question": "What is the least dangerous radioactive decay?",
    "distractor3": "zeta decay",
    "distractor1": "beta decay",
    "distractor2": "gamma decay",
    "correct_answer": "alpha decay",
    "support": "All radioactive decay is dangerous.",
}


def written(folder: Path, name: str, *rows: object) -> Path:
    path = folder / name
    if name.endswith(".parquet"):
        pq.write_table(pa.Table.from_pylist(list(rows)), path)
    elif name.endswith(".json"):
        path.write_text(json.dumps(rows), encoding="utf-8")
    else:
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize("ending", ["jsonl", "json", "parquet"])
@pytest.mark.parametrize("name", PUBLISHED)
def test_published_dataset_is_detected_by_columns_and_read_by_name(
    tmp_path: Path, name: str, ending: str
) -> None:
    row, expected = PUBLISHED[name]
    path = written(tmp_path, f"rows.{ending}", row)
    assert read_examples(path, "choice") == [expected]
    assert read_examples(path, "choice", columns=name) == [expected]
    assert read_examples(path, "choice", columns=CHOICE_COLUMNS[name].columns) == [expected]


def test_sciq_gold_is_spread_over_all_places(tmp_path: Path) -> None:
    rows = [SCIQ | {"question": f"Question {number}?"} for number in range(200)]
    found = read_examples(written(tmp_path, "rows.jsonl", *rows), "choice")
    places = [one.gold[0] for one in found]
    assert all(30 <= places.count(letter) <= 70 for letter in "ABCD")
    assert all(judge(one, "alpha decay") and not judge(one, "beta decay") for one in found)
    assert read_examples(tmp_path / "rows.jsonl", "choice", columns="sciq") == found


@pytest.mark.parametrize(
    ("answer", "form", "letter"),
    [
        ("B", None, "B"),
        ("b", "letter", "B"),
        (1, None, "B"),
        ("1", "index", "B"),
        ("2", "number", "B"),
        ("blue", None, "B"),
        ("blue", "text", "B"),
        (["A", "C"], None, "AC"),
        ("", None, ""),
        (None, None, ""),
    ],
)
def test_answer_is_letter_index_number_or_text(
    tmp_path: Path, answer: object, form: str | None, letter: str
) -> None:
    row = {"question": "Which?", "options": ["red", "blue", "green"], "answer": answer}
    columns = {} if form is None else {"answer_is": form}
    (found,) = read_examples(written(tmp_path, "rows.jsonl", row), "choice", columns=columns)
    assert found.gold == tuple(letter)


@pytest.mark.parametrize(
    ("change", "code", "fact"),
    [
        ({"options": []}, "task-no-options", ""),
        ({"options": None}, "task-options-not-list", "None"),
        ({"options": "red"}, "task-options-not-list", "'red'"),
        ({"options": ["red", "red"]}, "task-equal-options", "A and B are equal: 'red'"),
        ({"options": ["red", " "]}, "task-empty-text", "option 2"),
        ({"options": [f"o{number}" for number in range(27)]}, "task-too-many-options", "27 options"),
        ({"options": ["red", ["blue"]]}, "task-not-text", "option 2 is ['blue']"),
        ({"answer": "D"}, "task-answer-not-option", "'D' is not among the 2 options"),
        ({"answer": 2}, "task-answer-not-option", "'2'"),
        ({"answer": -1}, "task-answer-not-option", "'-1'"),
        ({"answer": "green"}, "task-answer-not-option", "('red', 'blue')"),
        ({"answer": "1"}, "task-answer-ambiguous", "answer_is"),
        ({"answer": True}, "task-answer-not-option", "'True'"),
        ({"question": ""}, "task-empty-text", "question"),
        ({"question": None}, "task-not-text", "question is None"),
        ({"question": "a\0b"}, "task-null-byte", "question"),
        ({"question": "\ud800"}, "task-invalid-unicode", "question"),
        ({"options": ["red", "b\0"]}, "task-null-byte", "option 2"),
        ({"id": {"a": 1}}, "task-not-text", "id is "),
    ],
)
@pytest.mark.parametrize("ending", ["jsonl", "json"])
def test_bad_row_raises_with_its_place_or_is_reported(
    tmp_path: Path, change: dict[str, Any], code: str, fact: str, ending: str
) -> None:
    good = {"id": "q", "question": "Which?", "options": ["red", "blue"], "answer": "B"}
    path = written(tmp_path, f"rows.{ending}", good, good | {"id": "r"} | change)
    place = "line 2" if ending == "jsonl" else "row 2"
    with raises_code(code, DataError) as raised:
        read_examples(path, "choice")
    assert str(raised.value).startswith(f"{path}, {place}: ")
    assert fact in str(raised.value)
    assert "\n" not in str(raised.value)
    counted: list[str] = []
    assert [one.id for one in read_examples(path, "choice", bad_row=counted.append)] == ["q"]
    assert len(counted) == 1


def test_duplicate_ids_are_refused(tmp_path: Path) -> None:
    row = {"id": "q", "question": "Which?", "options": ["x", "y"]}
    with raises_code("task-duplicate-id", DataError) as raised:
        read_examples(written(tmp_path, "rows.jsonl", row, row), "choice")
    assert "'q'" in str(raised.value)


def test_ids_of_commonly_named_files_begin_with_the_folder(tmp_path: Path) -> None:
    ids = []
    for folder in ("easy", "hard"):
        (tmp_path / folder).mkdir()
        row = {"question": "Which?", "options": ["x", "y"]}
        ids += [one.id for one in read_examples(written(tmp_path / folder, "train.jsonl", row), "choice")]
    assert ids == ["easy-train-1", "hard-train-1"]


def test_example_survives_parquet(tmp_path: Path) -> None:
    examples = [
        ChoiceExample("a", "Which?", ("x", "y"), ("B",), 2.5, "g"),
        ChoiceExample("b", "Which one?", ("x", "y", "z"), ("A", "C")),
        ChoiceExample("c", "What?", ("x",)),
    ]
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.Table.from_pylist([choice_row(one) for one in examples], schema=choice_schema()), path)
    assert read_examples(path, "choice") == examples


def test_csv_options_are_columns_or_a_json_list(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text('question,o1,o2,answer\n"Which, then?",red,blue,B\nWhat?,x,y,A\n', encoding="utf-8")
    found = read_examples(path, "choice", columns={"options": ["o1", "o2"]})
    assert [(one.id, one.question, one.options, one.gold) for one in found] == [
        ("rows-2", "Which, then?", ("red", "blue"), ("B",)),
        ("rows-3", "What?", ("x", "y"), ("A",)),
    ]
    path = tmp_path / "rows.tsv"
    path.write_text('question\toptions\tanswer\nWhich?\t"[""red"", ""blue""]"\tB\n', encoding="utf-8")
    assert read_examples(path, "choice")[0].options == ("red", "blue")


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize(
    ("file", "count", "equal_options"),
    [
        ("ARC-Challenge/train.json", 1119, 0),
        ("ARC-Challenge/test.json", 1172, 0),
        ("ARC-Easy/train.json", 2251, 0),
        ("ARC-Easy/test.json", 2376, 0),
        ("openbookqa/train.json", 4957, 3),
        ("openbookqa/test.json", 500, 0),
        ("social_i_qa/test.json", 1954, 5),
    ],
)
def test_every_row_of_real_files_is_read_or_reported(
    data: Path, file: str, count: int, equal_options: int
) -> None:
    bad: list[str] = []
    path = data / "qa" / file
    rows = json.loads(path.read_text(encoding="utf-8"))
    found = read_examples(path, "choice", bad_row=bad.append)
    assert len(found) + len(bad) == len(rows) == count
    assert len(bad) == equal_options
    assert all("are equal" in complaint for complaint in bad)
    for one in found:
        row = rows[int(one.id.rpartition("-")[2]) - 1]
        number = ord(one.gold[0]) - ord("A") + 1
        assert row["answer"] == f"answer{number}"
        assert f"Answer{number}: {one.options[number - 1]}" in row["instruction"]
        assert one.question in row["instruction"]
        assert "Answer1" not in one.question
        assert len(one.options) == row["instruction"].rpartition("\n")[2].count("/") + 1


@pytest.mark.parametrize(("options", "answer"), [(["O", "A", "B", "AB"], "A"), (["1", "2", "3"], 2)])
def test_ambiguous_answer_is_refused(tmp_path: Path, options: list[str], answer: object) -> None:
    row = {"question": "Which?", "options": options, "answer": answer}
    with raises_code("task-answer-ambiguous", DataError):
        read_examples(written(tmp_path, "rows.jsonl", row), "choice")
