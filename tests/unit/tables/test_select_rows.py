"""Every rule keeps the rows that the selection over arrays keeps, in memory or narrowed in passes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import w2s
from tests.doubles.errors import raises_code
from tests.unit.tables.conftest import everything
from w2s.errors import DataError, UsageError, W2sError
from w2s.tables import score_columns, select_rows
from w2s.tables.executor import ThreadExecutor

RULES: list[dict[str, Any]] = [
    {"top": 137},
    {"top": "10%"},
    {"top": 0},
    {"top": 10**9},
    {"threshold": 0.5},
    {"threshold": 7.0},
    {"between": (0.25, 0.375)},
    {"random": "7%", "seed": 3},
    {"budget": 1000.0, "cost": "cost"},
    {"budget": 0.0, "cost": "cost"},
    {"top": 20, "by": "language"},
    {"top": "5%", "by": "word"},
    {"top": 5, "by": "cost"},
    {"threshold": 0.7, "by": "language", "min_per_group": 400, "max_per_group": 410},
    {"threshold": 0.5, "by": "language"},
    {"top": "10%", "stratify": "language"},
    {"top": 301, "stratify": "cost", "min_per_group": 50},
]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rules") / "in.parquet"
    pq.write_table(everything(3_000), path, row_group_size=700)
    return path


@pytest.fixture(params=["score_columns", "narrowed"])
def passes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "narrowed":

        def too_large(*_: object, **__: object) -> score_columns.ScoreColumns:
            raise score_columns.ColumnsTooLargeError

        monkeypatch.setattr(select_rows, "read_score_columns", too_large)
    return str(request.param)


def ids(path: Path) -> list[int]:
    return pq.read_table(path, columns=["id"]).column("id").to_pylist()


@pytest.mark.parametrize(
    "rule", RULES, ids=lambda rule: "-".join(f"{key}={value}" for key, value in rule.items())
)
def test_files_keep_what_arrays_keep(source: Path, tmp_path: Path, passes: str, rule: dict[str, Any]) -> None:
    table = pq.read_table(source)
    arrays = {
        key: table.column(value) if key in {"by", "stratify", "cost"} else value
        for key, value in rule.items()
    }
    expected = w2s.select(table.column("trust"), **arrays).tolist()
    summary = w2s.filter(source, tmp_path / "out.parquet", score="trust", **rule)
    assert ids(tmp_path / "out.parquet") == expected
    assert (summary["passes"] > 1) == (passes == "narrowed")


@pytest.mark.slow
def test_both_ways_say_the_same(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, rule in enumerate(RULES):
        said = []
        for way in ("score_columns", "narrowed"):
            with monkeypatch.context() as patch:
                if way == "narrowed":
                    patch.setattr(select_rows, "read_score_columns", _too_large)
                out = tmp_path / f"{number}-{way}.parquet"
                found = w2s.filter(source, out, score="trust", gold="correct", **rule)
                said.append(
                    {k: v for k, v in found.items() if k not in {"passes", "out", "seconds", "rows_per_s"}}
                )
        assert said[0] == said[1], rule


def _too_large(*_: object, **__: object) -> score_columns.ScoreColumns:
    raise score_columns.ColumnsTooLargeError


@pytest.mark.parametrize(
    "rule", [{"top": "10%"}, {"budget": 500.0, "cost": "price"}, {"random": 100}, {"threshold": 0.3}]
)
def test_rows_with_a_null_are_left_out_on_request(tmp_path: Path, passes: str, rule: dict[str, Any]) -> None:
    table = everything(1_000)
    trust = pa.array([None if i % 3 == 1 else i % 17 / 17 for i in range(1000)])
    price = pa.array([None if i % 10 == 0 else float(i % 5) for i in range(1000)])
    table = table.select(["id"]).append_column("trust", trust).append_column("price", price)
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=300)
    arrays = {key: table.column(value) if key == "cost" else value for key, value in rule.items()}
    expected = w2s.select(trust, nulls="drop", **arrays).tolist()
    summary = w2s.filter(
        tmp_path / "in.parquet", tmp_path / "out.parquet", score="trust", nulls="drop", **rule
    )
    assert ids(tmp_path / "out.parquet") == expected
    dropped = sum(i % 3 == 1 or ("cost" in rule and i % 10 == 0) for i in range(1000))
    assert summary["rows_dropped_for_null"] == dropped


@pytest.mark.parametrize("method", ["log-odds", "mean", "min", "product", "mean-rank", "borda"])
def test_several_scores_are_combined(source: Path, tmp_path: Path, method: str) -> None:
    table = pq.read_table(source)
    both = [table.column("trust"), table.column("other")]
    combined = w2s.aggregate(both, method=method)
    w2s.filter(source, tmp_path / "out.parquet", score=["trust", "other"], aggregate=method, top=200)
    assert ids(tmp_path / "out.parquet") == w2s.select(combined, top=200).tolist()


def test_weights_go_to_their_columns(source: Path, tmp_path: Path) -> None:
    table = pq.read_table(source)
    combined = w2s.aggregate([table.column("other"), table.column("trust")], weights=[3, 1])
    w2s.filter(
        source, tmp_path / "o.parquet", score=["other", "trust"], aggregate="log-odds", weights=[3, 1], top=99
    )
    assert ids(tmp_path / "o.parquet") == w2s.select(combined, top=99).tolist()


def certifiable(path: Path, rows: int = 4_000) -> pa.Table:
    rng = np.random.default_rng(1)
    trust = rng.random(rows)
    right = rng.random(rows) < trust
    table = pa.table(
        {"id": np.arange(rows), "trust": trust, "correct": pa.array(right, mask=rng.random(rows) < 0.5)}
    )
    pq.write_table(table, path, row_group_size=900)
    return table


def test_a_purity_is_certified_on_the_known_answers(tmp_path: Path, passes: str) -> None:
    table = certifiable(tmp_path / "in.parquet")
    known = table.filter(table.column("correct").is_valid())
    certificate = w2s.certify(known.column("trust"), known.column("correct"), purity=0.9)
    summary = w2s.filter(
        tmp_path / "in.parquet", tmp_path / "out.parquet", score="trust", purity=0.9, gold="correct"
    )
    assert (
        ids(tmp_path / "out.parquet")
        == w2s.select(table.column("trust"), threshold=certificate.threshold).tolist()
    )
    assert summary["certificate"]["threshold"] == certificate.threshold
    assert summary["certificate"]["bound"] >= 0.9
    kept = known.filter(pa.compute.greater_equal(known.column("trust"), certificate.threshold))
    assert summary["purity"]["known"] == kept.num_rows
    assert summary["purity"]["value"] == pytest.approx(
        np.mean(kept.column("correct").to_numpy(zero_copy_only=False))
    )


def test_a_purity_out_of_reach_writes_nothing(tmp_path: Path, passes: str) -> None:
    certifiable(tmp_path / "in.parquet")
    with raises_code("filter-purity-not-reached"):
        w2s.filter(
            tmp_path / "in.parquet", tmp_path / "o.parquet", score="trust", purity=0.9999, gold="correct"
        )
    assert not (tmp_path / "o.parquet").exists()


@pytest.mark.parametrize("value", [True, False])
def test_gold_that_is_all_alike_cannot_certify(tmp_path: Path, passes: str, value: bool) -> None:
    table = pa.table({"trust": np.linspace(0, 1, 100), "correct": [value] * 100})
    pq.write_table(table, tmp_path / "in.parquet")
    with pytest.raises(DataError):
        w2s.filter(tmp_path / "in.parquet", tmp_path / "o.parquet", score="trust", purity=0.9, gold="correct")


def test_the_bound_of_a_measured_purity_holds_at_both_ends(tmp_path: Path) -> None:
    table = pa.table({"trust": [1.0] * 50 + [0.0] * 50, "correct": [True] * 50 + [False] * 50})
    pq.write_table(table, tmp_path / "in.parquet")
    best = w2s.filter(tmp_path / "in.parquet", tmp_path / "a.parquet", score="trust", top=50, gold="correct")
    assert best["purity"] == {
        "value": 1.0,
        "known": 50,
        "right": 50,
        "bound": 0.05 ** (1 / 50),
        "delta": 0.05,
    }
    worst = w2s.filter(
        tmp_path / "in.parquet", tmp_path / "b.parquet", score="trust", between=(0, 0.5), gold="correct"
    )
    assert worst["purity"]["bound"] == 0


def test_ranks_need_whole_columns(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(select_rows, "read_score_columns", _too_large)
    with raises_code("filter-memory-too-small"):
        w2s.filter(source, tmp_path / "o.parquet", score=["trust", "other"], aggregate="borda", top=1)


def test_the_memory_given_decides_how_often_scores_are_read(source: Path) -> None:
    from w2s.selection import Rule
    from w2s.tables.inputs import find_inputs
    from w2s.tables.progress import ProgressCounter
    from w2s.tables.source import open_source
    from w2s.tables.spec import FilterSpec, parse_scores

    partitions = open_source(find_inputs([str(source)])).partitions
    asked = FilterSpec(Rule.parse(top=10), parse_scores("trust", None, None))
    found = [
        select_rows.select_rows(
            partitions, asked, memory=m, executor=ThreadExecutor(2), steps=ProgressCounter(None)
        )
        for m in (3_000, 1 << 20)
    ]
    assert found[0].passes > 1
    assert found[1].passes == 1
    assert [found[0].kept.mask(i).tolist() for i in range(5)] == [
        found[1].kept.mask(i).tolist() for i in range(5)
    ]


def known_in_part(rows: int = 4_000) -> pa.Table:
    """Scores with ties, some null; one answer in five is known, and better scores are right more often."""
    random = np.random.default_rng(5)
    trust = random.integers(0, 60, rows) / 64
    return pa.table(
        {
            "id": np.arange(rows),
            "trust": pa.array(trust, pa.float32(), mask=random.random(rows) < 0.1),
            "correct": pa.array(random.random(rows) < 0.5 + trust / 2, mask=random.random(rows) < 0.8),
            "language": random.choice(["en", "de"], rows),
        }
    )


def test_a_false_discovery_rate_keeps_the_rows_above_the_certified_cut(tmp_path: Path, passes: str) -> None:
    table = known_in_part()
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=700)
    present = table.filter(pc.is_valid(table["trust"]))
    known = present.filter(pc.is_valid(present["correct"]))
    pool = present.filter(pc.is_null(present["correct"]))
    expected = w2s.certify(known["trust"], known["correct"], fdr=0.15, pool=pool["trust"])
    assert expected.threshold is not None
    assert 0 < expected.coverage < 1
    summary = w2s.filter(
        tmp_path / "in.parquet",
        tmp_path / "out.parquet",
        score="trust",
        gold="correct",
        fdr=0.15,
        nulls="drop",
        by="language",
    )
    rows = np.flatnonzero(table["trust"].fill_null(-1).to_numpy() >= expected.threshold)
    assert ids(tmp_path / "out.parquet") == rows.tolist()
    assert summary["rule"] == "fdr"
    found = summary["certificate"]
    assert (found["fdr"], found["threshold"], found["kept"]) == (0.15, expected.threshold, expected.kept)
    assert (found["rows"], found["wrong"], found["pool"]) == (len(known), expected.wrong, len(pool))
    assert sum(group["kept"] for group in summary["groups"]["counts"]) == len(rows)


def test_a_false_discovery_rate_that_cannot_be_reached_says_which_can(tmp_path: Path, passes: str) -> None:
    pq.write_table(known_in_part(), tmp_path / "in.parquet")
    with raises_code("filter-fdr-not-reached", W2sError) as caught:
        w2s.filter(
            tmp_path / "in.parquet", explain=True, score="trust", gold="correct", fdr=1e-4, nulls="drop"
        )
    assert "the lowest level at which a row is kept is 0." in str(caught.value)


@pytest.mark.parametrize(
    ("answers", "code"),
    [(pa.nulls(2, pa.bool_()), "filter-no-known-gold"), ([True, False], "certify-no-pool")],
)
def test_a_false_discovery_rate_needs_known_and_unknown_answers(passes: str, answers: Any, code: str) -> None:
    with raises_code(code, DataError) as caught:
        w2s.filter(pa.table({"trust": [0.1, 0.2], "g": answers}), score="trust", gold="g", fdr=0.1)
    assert "column 'g'" in str(caught.value)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"fdr": 0.1}, "filter-purity-without-gold"),
        ({"fdr": 1.5, "gold": "g"}, "select-bad-number"),
        ({"fdr": 0.1, "gold": "g", "top": 1}, "select-not-one-rule"),
        ({"fdr": 0.1, "gold": "g", "grid": [0.5]}, "filter-grid-without-purity"),
        ({"fdr": 0.1, "gold": "g", "stratify": "g"}, "select-stratify-without-top"),
        ({"fdr": 0.1, "gold": "g", "by": "g", "min_per_group": 2}, "select-limits-without-top"),
    ],
)
def test_options_of_a_false_discovery_rate_are_checked(options: dict[str, Any], code: str) -> None:
    with raises_code(code, UsageError):
        w2s.filter(pa.table({"trust": [0.1], "g": [True]}), score="trust", **options)
