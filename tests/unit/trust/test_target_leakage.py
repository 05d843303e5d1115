"""Evidence that contains the answer of gold is refused by name; good evidence and few rows are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from tests.doubles.errors import raises_code
from w2s.errors import DataError
from w2s.evidence import Labels, write_table
from w2s.metrics import auc
from w2s.trust import trust_function
from w2s.trust.file_commands import fit_file
from w2s.trust.target_leakage import auc_lower_bound, evidence_read, find_leaks, refuse_leaks

ROWS = 400
DRAW = np.random.default_rng(5)
RIGHT: npt.NDArray[np.bool_] = DRAW.random(ROWS) < 0.6
NOISE = DRAW.normal(size=ROWS)
GOOD = NOISE + 2.0 * RIGHT
"""Evidence with an AUC of about 0.92."""


def labels(rows: int = ROWS, **columns: object) -> Labels:
    table = {
        "id": [f"i{row}" for row in range(ROWS)],
        "label": ["A"] * ROWS,
        "log_prob": -np.abs(NOISE),
        "hint": GOOD,
        **columns,
    }
    vectors = {name: table.pop(name) for name in ("hidden",) if name in table}
    found = Labels(pa.table(table), {name: np.asarray(one, np.float32) for name, one in vectors.items()})
    return found.take(np.arange(rows))


def leaks(found: Labels, *evidence: str) -> list[tuple[str, str]]:
    right = RIGHT[: len(found)]
    return [(leak.name, leak.where) for leak in find_leaks(found, right, evidence)]


def test_good_evidence_is_no_leak() -> None:
    hidden = DRAW.normal(size=(ROWS, 300)) + GOOD[:, None]
    assert auc(GOOD, RIGHT) > 0.85
    assert leaks(labels(hidden=hidden), "hint", "hidden", "absent") == []


@pytest.mark.parametrize(
    ("column", "where"),
    [
        (RIGHT.astype(float), "values"),
        (-5.0 * RIGHT + 0.1 * NOISE, "values"),
        (RIGHT, "values"),
        (np.where(RIGHT, 0.5, NOISE), "one value"),
        (np.where(RIGHT, NOISE, 0.5), "one value"),
        (np.where(RIGHT, NOISE, np.nan), "missing values"),
        (np.where(RIGHT, "A", "B"), "values"),
        (np.where(DRAW.random(ROWS) < 0.002, ~RIGHT, RIGHT), "values"),
    ],
)
def test_column_made_from_the_answer_is_found(column: npt.NDArray[np.generic], where: str) -> None:
    assert ("hint", where) in leaks(labels(hint=column), "hint")
    assert leaks(labels(hint=column)) == []  # evidence that is not read


def test_entry_of_a_vector_is_named() -> None:
    hidden = DRAW.normal(size=(ROWS, 40))
    hidden[:, 17] = RIGHT + 0.05 * NOISE
    hidden[3] = np.nan
    assert leaks(labels(hidden=hidden), "hidden") == [("hidden[17]", "values")]
    absent = np.where(RIGHT[:, None], hidden, np.nan)
    assert leaks(labels(hidden=absent), "hidden") == [("hidden", "missing values")]


def test_columns_of_a_kind_or_a_group_are_checked() -> None:
    found = labels(student_rank=1 - RIGHT, search_depth2_regret_cp=100 * ~RIGHT, log_prob=-1.0 * ~RIGHT)
    assert {name for name, _ in leaks(found, "student", "search")} == {
        "student_rank",
        "search_depth2_regret_cp",
        "log_prob",
    }


@pytest.mark.parametrize("rows", [2, 20, 60])
def test_few_rows_raise_no_alarm(rows: int) -> None:
    assert leaks(labels(rows, hint=RIGHT), "hint") == []


def test_gold_of_one_class_raises_no_alarm() -> None:
    found = labels(hint=np.where(RIGHT, NOISE, np.nan))
    assert find_leaks(found, np.ones(ROWS, bool), ["hint"]) == []


def test_bound_is_below_the_measured_area_and_grows_with_the_rows() -> None:
    bounds = [auc_lower_bound(1.0, rows, rows) for rows in (5, 60, 1000)]
    assert bounds == sorted(bounds)
    assert bounds[0] < 0.8 < 0.95 < bounds[1] < bounds[2] < 1
    assert auc_lower_bound(0.9, 100, 100) < 0.9


def test_alarms_at_a_true_area_of_098_are_rare() -> None:
    draw, alarms = np.random.default_rng(0), 0
    right = np.arange(200) % 2 == 0
    for _ in range(100):
        values = draw.normal(size=200) + 2.904 * right
        table = Labels(pa.table({"id": [str(row) for row in range(200)], "hint": values}))
        alarms += bool(find_leaks(table, right, ["hint"]))
    assert alarms <= 3


def test_refusal_names_the_column_and_is_lifted_by_its_name() -> None:
    found = labels(hint=RIGHT)
    with raises_code("trust-target-leakage", DataError) as refused:
        refuse_leaks(found, RIGHT, ["hint"])
    assert "hint" in str(refused.value)
    assert "AUC 1.000" in str(refused.value)
    refuse_leaks(found, RIGHT, ["hint"], ["hint"])


def test_function_says_what_it_reads() -> None:
    assert evidence_read(trust_function("logistic", features="hidden,hint")) == {"hidden", "hint"}
    assert "search" in evidence_read(trust_function(lambda labels: labels.numbers("hint")))


def test_trust_fit_refuses_before_anything_is_written(tmp_path: Path) -> None:

    folder = tmp_path
    table = labels(hint=RIGHT.astype(float)).table.append_column("gold", pa.array(RIGHT))
    write_table(table, folder / "labels.parquet")
    settings = {"gold": "gold", "function": "logistic", "options": {"features": "hint"}}
    with raises_code("trust-target-leakage", DataError):
        fit_file(str(folder / "labels.parquet"), str(folder / "trust"), **settings)
    assert not (folder / "trust").exists()
    fit_file(str(folder / "labels.parquet"), str(folder / "trust"), **settings, allow_leakage=["hint"])
    assert (folder / "trust" / "gold.parquet").exists()
