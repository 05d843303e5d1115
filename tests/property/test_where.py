"""A filter with a condition equals Arrow's own filter followed by a selection."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given, settings
from hypothesis import strategies as st

import w2s

ROW = st.fixed_dictionaries(
    {
        "trust": st.integers(0, 4).map(lambda n: n / 4),
        "n": st.none() | st.integers(-3, 3),
        "f": st.none() | st.sampled_from([-0.5, 0.0, 1.5, float("nan")]),
        "s": st.none() | st.sampled_from(["", "a", "b", "`", "it's"]),
        "b": st.none() | st.booleans(),
    }
)
SCHEMA = pa.schema(
    [("trust", pa.float64()), ("n", pa.int64()), ("f", pa.float64()), ("s", pa.string()), ("b", pa.bool_())]
)
_VALUES: dict[str, Any] = {
    "n": st.integers(-3, 3),
    "f": st.sampled_from([-0.5, 0.0, 1.5]),
    "s": st.sampled_from(["", "a", "b", "`", "it's"]),
}


@st.composite
def leaves(draw: st.DrawFn) -> tuple[str, pc.Expression]:
    """A text, and the expression that it means."""
    name = draw(st.sampled_from(["n", "f", "s", "b", "null", "in"]))
    if name == "b":
        return "b", pc.field("b")
    if name == "null":
        column, yes = draw(st.sampled_from("nfsb")), draw(st.booleans())
        field = pc.field(column)
        return (f"{column} is None", field.is_null()) if yes else (f"{column} is not None", field.is_valid())
    if name == "in":
        column = draw(st.sampled_from("ns"))
        values = draw(st.lists(_VALUES[column], min_size=1, max_size=3))
        field = pc.field(column)
        known = pc.if_else(field.is_valid(), field.isin(values), pa.scalar(None, pa.bool_()))
        return f"{column} in {values!r}", known
    sign, value = draw(st.sampled_from(["==", "!=", "<", "<=", ">", ">="])), draw(_VALUES[name])
    calls = {
        "==": pc.equal,
        "!=": pc.not_equal,
        "<": pc.less,
        "<=": pc.less_equal,
        ">": pc.greater,
        ">=": pc.greater_equal,
    }
    return f"{name} {sign} {value!r}", calls[sign](pc.field(name), pc.scalar(value))


CONDITIONS = st.recursive(
    leaves(),
    lambda inner: st.one_of(
        inner.map(lambda one: (f"not ({one[0]})", ~one[1])),
        st.tuples(inner, inner).map(lambda two: (f"({two[0][0]}) and ({two[1][0]})", two[0][1] & two[1][1])),
        st.tuples(inner, inner).map(lambda two: (f"({two[0][0]}) or ({two[1][0]})", two[0][1] | two[1][1])),
    ),
    max_leaves=6,
)
RULES = st.sampled_from(
    [{"top": 3}, {"top": "50%"}, {"threshold": 0.5}, {"top": 1, "by": "s"}, {"random": 2, "seed": 1}]
)


@given(st.lists(ROW, max_size=20), CONDITIONS, RULES, st.booleans())
@settings(max_examples=300, deadline=None)
def test_a_condition_is_a_filter_before_the_selection(
    rows: list[dict[str, Any]], condition: tuple[str, pc.Expression], rule: dict[str, Any], as_text: bool
) -> None:
    table = pa.Table.from_pylist(rows, SCHEMA).append_column("row", pa.array(range(len(rows)), pa.int64()))
    text, expression = condition
    expected = w2s.filter(table.filter(expression), score="trust", **rule).read_all()
    found = w2s.filter(table, score="trust", where=text if as_text else expression, **rule).read_all()
    assert found["row"].to_pylist() == expected["row"].to_pylist()
