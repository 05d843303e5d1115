"""Multiple choice from files: the paper's sets in their published shape, columns by name, and bad rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from w2s.config import parse_config
from w2s.errors import DataError, UsageError
from w2s.tasks import ChoiceExample, judge, read_examples
from w2s.tasks.columns import CHOICES, ChoiceColumns
from w2s.tasks.tables import SCHEMAS, row_of

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
def test_a_published_set_is_read_by_its_columns_and_by_its_name(
    tmp_path: Path, name: str, ending: str
) -> None:
    row, expected = PUBLISHED[name]
    path = written(tmp_path, f"rows.{ending}", row)
    assert read_examples(path, "choice") == [expected]
    assert read_examples(path, "choice", columns=name) == [expected]
    assert read_examples(path, "choice", columns=CHOICES[name].columns) == [expected]


def test_sciq_has_its_right_option_in_every_place(tmp_path: Path) -> None:
    rows = [SCIQ | {"question": f"Question {number}?"} for number in range(200)]
    found = read_examples(written(tmp_path, "rows.jsonl", *rows), "choice")
    places = [one.gold[0] for one in found]
    assert all(30 <= places.count(letter) <= 70 for letter in "ABCD")
    assert all(judge(one, "alpha decay") and not judge(one, "beta decay") for one in found)
    assert read_examples(tmp_path / "rows.jsonl", "choice", columns="sciq") == found


def test_columns_stand_in_toml(tmp_path: Path) -> None:
    table = {
        "question": "q.text",
        "context": "passage",
        "options": ["o1", "o2"],
        "answer": "key",
        "answer_is": "number",
        "difficulty": "level",
        "group": "passage",
        "id": "name",
    }
    row = {
        "q": {"text": "Why?"},
        "passage": "It rains.",
        "o1": "x",
        "o2": 7,
        "key": 2,
        "level": "3.5",
        "name": 9,
    }
    path = written(tmp_path, "rows.jsonl", row)
    expected = ChoiceExample("9", "It rains. Why?", ("x", "7"), ("B",), 3.5, "It rains.")
    assert read_examples(path, "choice", columns=table) == [expected]
    columns = parse_config(ChoiceColumns, table, "test")
    assert read_examples(path, "choice", columns=columns) == [expected]
    assert 'options = [\n    "o1",' in columns.to_toml()


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
def test_an_answer_is_a_letter_an_index_a_number_or_a_text(
    tmp_path: Path, answer: object, form: str | None, letter: str
) -> None:
    row = {"question": "Which?", "options": ["red", "blue", "green"], "answer": answer}
    columns = {} if form is None else {"answer_is": form}
    (found,) = read_examples(written(tmp_path, "rows.jsonl", row), "choice", columns=columns)
    assert found.gold == tuple(letter)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"options": []}, "there are no options"),
        ({"options": None}, "the options are None, not a list"),
        ({"options": "red"}, "the options are 'red', not a list"),
        ({"options": ["red", "red"]}, "the options A and B are equal: 'red'"),
        ({"options": ["red", " "]}, "option 2 is empty"),
        ({"options": [f"o{number}" for number in range(27)]}, "27 options are more than 26"),
        ({"options": ["red", ["blue"]]}, r"option 2 is \['blue'\], not text"),
        ({"answer": "D"}, "the answer 'D' is not among the 2 options"),
        ({"answer": 2}, "the answer '2' is not among the 2 options"),
        ({"answer": -1}, "the answer '-1' is not among the 2 options"),
        ({"answer": "green"}, r"the answer 'green' is not among the 2 options \('red', 'blue'\)"),
        ({"answer": "1"}, "say answer_is"),
        ({"answer": True}, "the answer 'True' is not among"),
        ({"question": ""}, "question is empty"),
        ({"question": None}, "question is None, not text"),
        ({"question": "a\0b"}, "question holds a null byte"),
        ({"question": "\ud800"}, "question is not valid Unicode"),
        ({"options": ["red", "b\0"]}, "option 2 holds a null byte"),
        ({"id": {"a": 1}}, "id is .* not text"),
    ],
)
@pytest.mark.parametrize("ending", ["jsonl", "json"])
def test_a_bad_row_is_an_error_that_names_its_place_or_is_counted(
    tmp_path: Path, change: dict[str, Any], reason: str, ending: str
) -> None:
    good = {"id": "q", "question": "Which?", "options": ["red", "blue"], "answer": "B"}
    path = written(tmp_path, f"rows.{ending}", good, good | {"id": "r"} | change)
    place = "line 2" if ending == "jsonl" else "row 2"
    with pytest.raises(DataError, match=rf"rows\.{ending}, {place}: .*{reason}") as raised:
        read_examples(path, "choice")
    assert "\n" not in str(raised.value)
    counted: list[str] = []
    assert [one.id for one in read_examples(path, "choice", bad_row=counted.append)] == ["q"]
    assert len(counted) == 1


def test_a_missing_column_names_those_that_are_there(tmp_path: Path) -> None:
    path = written(tmp_path, "rows.jsonl", {"prompt": "Which?", "endings": ["x", "y"]})
    with pytest.raises(DataError, match=r"no column question, options; it has: prompt, endings: say which"):
        read_examples(path, "choice")
    with pytest.raises(DataError, match=r"no column key, level; it has"):
        columns = {"question": "prompt", "options": "endings", "answer": "key", "difficulty": "level"}
        read_examples(path, "choice", columns=columns)
    assert read_examples(path, "choice", columns={"question": "prompt", "options": "endings"})[0].gold == ()


def test_columns_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "rows.jsonl", {"question": "Which?", "options": ["x", "y"]})
    with pytest.raises(UsageError, match="ready are: w2s, sciq, siqa, openbookqa"):
        read_examples(path, "choice", columns="hellaswag")
    with pytest.raises(UsageError, match="qestion is not a known key; did you mean 'question'"):
        read_examples(path, "choice", columns={"qestion": "q"})
    with pytest.raises(UsageError, match="not for this task"):
        read_examples(path, "answer", columns=CHOICES["mmlu"].columns)
    with pytest.raises(UsageError, match="columns are named for choice and answer"):
        read_examples(path, columns="mmlu")


def test_ids_that_stand_twice_are_refused(tmp_path: Path) -> None:
    row = {"id": "q", "question": "Which?", "options": ["x", "y"]}
    with pytest.raises(DataError, match="the id 'q' stands there twice"):
        read_examples(written(tmp_path, "rows.jsonl", row, row), "choice")


def test_files_of_one_name_in_two_folders_give_different_ids(tmp_path: Path) -> None:
    ids = []
    for folder in ("easy", "hard"):
        (tmp_path / folder).mkdir()
        row = {"question": "Which?", "options": ["x", "y"]}
        ids += [one.id for one in read_examples(written(tmp_path / folder, "train.jsonl", row), "choice")]
    assert ids == ["easy-train-1", "hard-train-1"]


def test_an_example_comes_back_out_of_its_row(tmp_path: Path) -> None:
    examples = [
        ChoiceExample("a", "Which?", ("x", "y"), ("B",), 2.5, "g"),
        ChoiceExample("b", "Which one?", ("x", "y", "z"), ("A", "C")),
        ChoiceExample("c", "What?", ("x",)),
    ]
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.Table.from_pylist([row_of(one) for one in examples], schema=SCHEMAS["choice"]), path)
    assert read_examples(path, "choice") == examples


def test_comma_separated_options_are_columns_or_a_list(tmp_path: Path) -> None:
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
def test_every_row_of_the_real_files_is_read_or_accounted_for(
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
def test_an_answer_that_could_be_two_options_is_not_guessed(
    tmp_path: Path, options: list[str], answer: object
) -> None:
    row = {"question": "Which?", "options": options, "answer": answer}
    with pytest.raises(DataError, match="say answer_is"):
        read_examples(written(tmp_path, "rows.jsonl", row), "choice")
