"""Conditions: what a text may say, what it means, and that nothing else is read or executed."""

from __future__ import annotations

import datetime
import decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import w2s
from tests.doubles.errors import raises_code
from tests.unit.tables.conftest import best, everything
from tests.unit.tables.test_select_rows import RULES, known_in_part
from w2s.errors import DataError, UsageError
from w2s.tables import score_columns, select_rows
from w2s.tables.predicate import Predicate, rows_where

DAYS = [datetime.datetime(2024, 1, day) for day in (1, 2, 3, 4)]
TABLE = pa.table(
    {
        "trust": pa.array([0.1, 0.2, 0.3, 0.4], pa.float32()),
        "lang": pa.array(["en", "de", None, "en"]).dictionary_encode(),
        "day": pa.array(DAYS, pa.date32()),
        "time": pa.array(DAYS, pa.timestamp("ns", "Europe/Berlin")),
        "clock": pa.array([1, 2, 3, 4], pa.time32("s")),
        "x": [1, 2, None, 4],
        "price": pa.array([decimal.Decimal(i) for i in (1, 2, 3, 4)]),
        "ok": [True, False, None, True],
        "meta": [{"n": i, "in": {"k": str(i)}} for i in range(4)],
        "odd name": [1, 2, 3, 4],
        "nothing": pa.nulls(4),
    }
)


def rows(where: Any, table: pa.Table = TABLE) -> list[int]:
    """Positions of the rows that a filter considers."""
    numbered = table.append_column("row", pa.array(range(len(table))))
    kept = w2s.filter(numbered, score="trust", threshold=-1, where=where, nulls="drop").read_all()
    return list(kept["row"].to_pylist())


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("trust > 0.1", [1, 2, 3]),  # the column has single precision, and so has the constant
        ("trust == 0.1", [0]),
        ("trust in [0.1, 0.3]", [0, 2]),
        ("lang == 'en'", [0, 3]),
        ("'en' == lang", [0, 3]),
        ("lang != 'en'", [1]),  # a null is neither equal nor different
        ("lang in ('en', \"de\") and x >= 2", [1, 3]),
        ("lang not in ['en', 'fr']", [1]),
        ("not lang in ['en', 'fr']", [1]),
        ("lang is None", [2]),
        ("lang is not None", [0, 1, 3]),
        ("ok", [0, 3]),
        ("not ok", [1]),
        ("ok == False or x == 4", [1, 3]),
        ("1 < x <= 4", [1, 3]),
        ("x in [1, 2.5, 4]", [0, 3]),
        ("x == -1 or x == +1", [0]),
        ("x > trust and x < `odd name`", []),
        ("`odd name` > 2", [2, 3]),
        ("lang == '`odd name`'", []),
        ("meta.n >= 2", [2, 3]),
        ("meta.`in`.k == '3'", [3]),
        ("day >= '2024-01-03'", [2, 3]),
        ("day in ['2024-01-02']", [1]),
        ("time > '2024-01-02T12:00:00'", [2, 3]),
        ("time >= '2024-01-03T02:00:00+02:00'", [2, 3]),
        ("time in ['2024-01-02']", [1]),
        ("clock >= '00:00:03'", [2, 3]),
        ("price > 2", [2, 3]),
        ("price >= 2.0", [1, 2, 3]),
        ("nothing is None", [0, 1, 2, 3]),
        ("nothing > 5", []),
        ("  (x > 1\n or x < 0)", [1, 3]),
        (pc.field("x") > 1, [1, 3]),
        (pc.field("meta", "n") > 2, [3]),
        ((pc.field("lang") == "en") & ~(pc.field("trust") > 0.2), [0]),
        (pc.field("lang").isin(["de"]) | pc.field("x").is_null(), [1, 2]),
    ],
    ids=str,
)
def test_a_condition_selects_rows(where: Any, expected: list[int]) -> None:
    assert rows(where) == expected


@pytest.mark.parametrize(
    ("where", "named"),
    [
        ("__import__('os').system('true')", "cannot use"),
        ("open('x')", "cannot use"),
        ("lang == str(5)", "cannot use 'str(5)'"),
        ("x + 1 > 2", "cannot use 'x + 1'"),
        ("x > 10 ** 9", "cannot use '10 ** 9'"),
        ("lambda: x", "cannot use"),
        ("[y for y in x]", "cannot use"),
        ("x if ok else x", "cannot use"),
        ("(y := x) > 1", "cannot use"),
        ("x > meta['n']", "cannot use"),
        ("lang == f'{x}'", "cannot use"),
        ("lang == b'en'", "cannot use"),
        ("x == None", "`is None`"),
        ("x is 1", "compare values with =="),
        ("x in 5", "a list of constants"),
        ("x in []", "a list of constants"),
        ("x in [None]", "`is None`"),
        ("1 < 2", "a comparison needs a column"),
        ("True", "cannot use 'True'"),
        ("x = 1", "write it as in Python"),
        ("x > 1 AND ok", "write it as in Python"),
        ("x > 1; ok", "write it as in Python"),
        ("", "write it as in Python"),
        ("`x", "write it as in Python"),
        ("x > '\0'", "write it as in Python"),
        ("(" * 900 + "x > 1" + ")" * 900, "write it as in Python"),
        ("not " * 2_000 + "ok", "filter"),
        ("ok" + " and ok" * 3_000, "10,000 characters"),
        ("x > 99999999999999999999", "too large"),
        (7, "is a int"),
        (["x > 1"], "is a list"),
        (pc.field(0) > 1, "name columns"),
        (pc.scalar(True), "names no column"),
        (pc.field("lang"), "instead of true or false"),
        (pc.field("zz") > 1, "FieldRef.Name(zz)"),
        ("lang", "instead of true or false"),
        ("lang == 5", "no kernel"),
        ("x > '5'", "no kernel"),
        ("ok and x", "no kernel"),
        ("x in [1, 'a']", "Could not convert"),
        ("day > 'soon'", "Failed to parse"),
        ("time > 'soon'", "'soon' is not a time"),
        ("clock > 'soon'", "Invalid isoformat"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_anything_else_is_refused_before_a_row_is_read(where: Any, named: str) -> None:
    with raises_code("filter-invalid-where", UsageError) as caught:
        rows(where)
    assert named in str(caught.value) or named == "filter"
    assert len(str(caught.value)) < 500
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("where", ["zz > 1", "lang == en", "meta.zz > 1", "x.__class__ == 1"])
def test_unknown_columns_are_refused(where: str) -> None:
    with raises_code("table-unknown-column", UsageError):
        rows(where)


def test_a_given_expression_reads_only_its_columns() -> None:
    names = [f"c{i}" for i in range(300)]
    schema = pa.schema([(name, pa.int64()) for name in names])
    expression = (pc.field("c7") > pc.field("c150")) | (pc.field("c299") == 3)
    assert sorted(Predicate.parse(expression).names(schema)) == ["c150", "c299", "c7"]


def test_rows_stay_in_their_order_in_large_tables() -> None:
    table = pa.table({"x": np.arange(300_000)})
    chunked = pa.concat_tables([table.slice(0, 7), table.slice(7, 120_000), table.slice(120_007)])
    assert np.array_equal(rows_where(pc.field("x") >= 150_000, chunked), np.arange(300_000) >= 150_000)


# Together with rules ----------------------------------------------------------------------------------------


@pytest.fixture(params=["score_columns", "narrowed"])
def passes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "narrowed":

        def too_large(*_: object, **__: object) -> score_columns.ScoreColumns:
            raise score_columns.ColumnsTooLargeError

        monkeypatch.setattr(select_rows, "read_score_columns", too_large)
    return str(request.param)


@pytest.mark.parametrize(
    "rule", [*RULES, {"purity": 0.6, "gold": "correct"}, {"fdr": 0.35, "gold": "correct"}], ids=str
)
def test_every_rule_sees_only_the_rows_of_the_condition(
    tmp_path: Path, passes: str, rule: dict[str, Any]
) -> None:
    table = everything(3_000)
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=700)
    condition = (pc.field("cost") > 3) & (pc.field("language") != "fr") & (pc.field("id") < 2_700)
    left = table.filter(condition)
    expected = w2s.filter(left, score="trust", **rule)
    text = "cost > 3 and language != 'fr' and id < 2700"
    for where in (text, condition):
        assert w2s.filter(tmp_path / "in.parquet", score="trust", where=where, **rule).read_all() == (
            expected.read_all() if where is text else w2s.filter(left, score="trust", **rule).read_all()
        )
    alone = w2s.filter(left, score="trust", explain=True, **rule)
    found = w2s.filter(tmp_path / "in.parquet", score="trust", where=text, explain=True, **rule)
    assert (found.pop("rows_in"), found.pop("rows_where")) == (3_000, alone.pop("rows_in"))
    assert found.pop("share_kept") == found["rows_kept"] / 3_000
    for summary in (found, alone):
        for key in ("seconds", "rows_per_s", "share_kept"):
            summary.pop(key, None)
    assert found == alone


def test_calibration_rows_meet_the_condition_too() -> None:
    table = known_in_part()
    left = table.filter(pc.field("language") == "en")
    options: dict[str, Any] = {"score": "trust", "gold": "correct", "fdr": 0.15, "nulls": "drop"}
    expected = w2s.filter(left, explain=True, **options)["certificate"]
    assert w2s.filter(table, explain=True, where="language == 'en'", **options)["certificate"] == expected


def test_rows_outside_are_not_checked_and_errors_name_the_row_of_the_table() -> None:
    table = pa.table({"trust": [None, 0.5, float("nan"), 0.7], "x": [1, 2, 3, 4], "id": [5, 5, 5, 6]})
    kept = w2s.filter(table, score="trust", top=2, where="x == 2 or x == 4", id="id").read_all()
    assert kept["x"].to_pylist() == [2, 4]
    with raises_code("filter-nan-score", DataError) as caught:
        w2s.filter(table, score="trust", top=2, where="x >= 2")
    assert str(caught.value).startswith("row 2 of the table: trust is NaN")


def test_random_rows_are_drawn_among_the_rows_of_the_condition() -> None:
    table = pa.table({"x": np.arange(1_000)})
    kept = w2s.filter(table, random="10%", seed=3, where="x >= 900").read_all()["x"].to_pylist()
    assert len(kept) == 10
    assert min(kept) >= 900


def test_a_condition_that_no_row_meets_keeps_nothing(tmp_path: Path) -> None:
    summary = w2s.filter(TABLE, tmp_path / "out.parquet", score="trust", top="50%", where="x > 100")
    assert (summary["rows_kept"], summary["rows_where"], summary["rows_in"]) == (0, 0, 4)
    assert pq.read_table(tmp_path / "out.parquet").num_rows == 0


@pytest.mark.parametrize("ending", ["jsonl", "jsonl.gz", "csv", "arrow", "parquet"])
def test_conditions_on_every_format(tmp_path: Path, ending: str) -> None:
    table = pa.table(
        {
            "trust": np.arange(3_000) % 97 / 97,
            "n": np.arange(3_000),
            "lang": ["en", "de", "fr"] * 1_000,
            "day": [str(day) for day in np.arange("2020-01-01", "2028-03-19", dtype="datetime64[D]")],
        }
    )
    w2s.filter(table, tmp_path / f"in.{ending}", score="trust", top="100%")
    out = tmp_path / f"out.{ending}"
    w2s.filter(tmp_path / f"in.{ending}", out, score="trust", top=20, where="lang == 'en' and n < 900")
    found = w2s.filter(out, score="trust", top="100%").read_all()["n"].to_pylist()
    left = table.filter((pc.field("lang") == "en") & (pc.field("n") < 900))
    assert found == left.take(best(left["trust"].to_numpy(), 20))["n"].to_pylist()
    # Text formats give days as dates or times, Parquet as the texts they were.
    kept = w2s.filter(tmp_path / f"in.{ending}", score="trust", top="100%", where="day >= '2028-03-18'")
    assert kept.read_all()["n"].to_pylist() == [2_999]


def test_columns_of_folders_can_be_used(tmp_path: Path) -> None:
    for language in ("en", "de"):
        (tmp_path / "in" / f"lang={language}").mkdir(parents=True)
        pq.write_table(pa.table({"trust": [0.5, 0.7]}), tmp_path / "in" / f"lang={language}" / "a.parquet")
    found = w2s.filter(tmp_path / "in", score="trust", top=1, where="lang == 'en'").read_all()
    assert found.to_pylist() == [{"trust": 0.7, "lang": "en"}]


def test_a_value_that_changes_its_type_is_an_error_of_the_data(tmp_path: Path) -> None:
    lines = ['{"trust": 0.5, "n": 1}'] * 3 + ['{"trust": 0.6, "n": "x"}']
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    with raises_code("table-mixed-types", DataError) as caught:
        w2s.filter(tmp_path / "in.jsonl", score="trust", top=1, where="n > 0")
    assert "line 4" in str(caught.value)


def test_the_record_of_an_output_knows_the_condition(tmp_path: Path) -> None:
    pq.write_table(TABLE.select(["trust", "x"]), tmp_path / "in.parquet")
    options: dict[str, Any] = {"score": "trust", "top": 1}
    w2s.filter(tmp_path / "in.parquet", tmp_path / "out.parquet", where="x > 1", **options)
    again = w2s.filter(tmp_path / "in.parquet", tmp_path / "out.parquet", where="x > 1", **options)
    assert again["done_before"]
    with raises_code("output-exists", UsageError):
        w2s.filter(tmp_path / "in.parquet", tmp_path / "out.parquet", where="x > 0", **options)


def test_expressions_with_equal_texts_are_different_conditions() -> None:
    values = [list(range(100)), [*range(50), 777, *range(51, 100)]]
    one, two = (Predicate.parse(pc.field("x").isin(numbers)) for numbers in values)
    assert one.text == two.text
    assert one != two
    assert repr(one) != repr(two)
    assert one == Predicate.parse(pc.field("x").isin(values[0]))


@pytest.mark.parametrize(
    "where",
    ["x > " + "-" * 9_000 + "1", "x" + ".a" * 4_900 + " > 1", "x > 1" + " or (x > 1" * 900 + ")" * 900,
     "not " * 2_490 + "ok", "x < " * 2_000 + "x", "x in [" + "1," * 4_900 + "]", "[" * 4_000 + "]" * 4_000],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_deep_and_long_conditions_end_in_an_answer_or_an_error(where: str) -> None:
    try:
        rows(where)
    except UsageError as error:
        assert error.code in {"filter-invalid-where", "table-unknown-column"}
