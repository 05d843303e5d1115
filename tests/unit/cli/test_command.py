"""What all commands have in common: options are given once, errors name options, and --quiet is quiet."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from w2s.cli import output
from w2s.cli.app import run
from w2s.cli.command import name_options


@pytest.fixture(autouse=True)
def usual_log_level() -> Iterator[None]:
    yield
    logging.getLogger("w2s").setLevel(logging.NOTSET)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.parquet"
    pq.write_table(pa.table({"trust": [0.1, 0.9, None], "a": [1, 1, 2], "b": ["x", "y", "y"]}), path)
    return path


def refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line of a command that fails because of its options."""
    assert run(words) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    return error


@pytest.mark.parametrize(
    "words",
    [
        ["filter", "in.parquet", "--score", "a", "--top", "1", "--top", "2", "--out", "-"],
        ["filter", "in.parquet", "--score", "a", "--out=x", "--top", "1", "--out", "y"],
        ["trust", "votes", "x", "--item", "a", "--item", "b", "--worker", "c", "--vote", "d", "--out", "e"],
        ["agree", "a", "b", "--game", "chess", "--game", "othello"],
    ],
)
def test_an_option_with_one_value_is_given_once(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    error = refused(words, capsys)
    assert "is given 2 times" in error
    assert "[cli-repeated-option]" in error


def test_several_columns_of_groups_are_all_used(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["filter", str(source), "--score", "trust", "--top", "1", "--nulls", "drop", "--explain"]
    assert run([*words, "--by", "a", "--by", "b"]) == 0
    assert "a, b" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--top", "0.1"], "--top is '0.1'; give a count such as 1000 or 1e6, or a share such as \"10%\""),
        (
            [],
            "give exactly one of --top, --threshold, --between, --budget, --random, --purity and --fdr;",
        ),
        (["--top", "1", "--threshold", "2"], "given: --top and --threshold"),
        (["--budget", "1"], "--budget needs --cost too"),
        (["--purity", "0.9"], "--purity needs rows whose answer is known; name their column with --gold"),
        (
            ["--top", "1", "--min-per-group", "1"],
            "--max-per-group need --by or --stratify",
        ),
        (["--top", "1", "--shards", "2"], "--shards are written into a folder"),
        (["--top", "1", "--memory", "1"], "--memory is 1"),
        (["--top", "1", "--aggregate", "mean"], "--aggregate and --weights need several columns in --score"),
    ],
)
def test_errors_name_options_as_typed(
    source: Path, tmp_path: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "out.parquet")
    assert said in refused(["filter", str(source), "--score", "trust", "--out", out, *words], capsys)


def test_errors_of_the_work_name_options_too(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["filter", str(source), "--score", "trust", "--top", "1", "--explain"]
    assert run(words) == 3
    assert "leave such rows out with --nulls drop [" in capsys.readouterr().err
    assert run([*words[:4], "--top", "1", "--out", str(source), "--overwrite"]) == 2
    assert "choose another --out [output-is-input]" in capsys.readouterr().err


def test_values_of_options_are_not_blamed_on_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert "'--pairs'" in refused(["arena", "--game", "othello", "--pairs", "0"], capsys)
    error = refused(["arena", "--game", "othello", "--order", "backwards"], capsys)
    assert error.startswith("error: --order: Input should be")


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("`top` is 3", "--top is 3"),
        ("use `overwrite=True`", "use --overwrite"),
        ('`nulls="drop"`', "--nulls drop"),
        ("`verify.share`", "--verify-share"),
        ("`limits.top`", "--top"),
        ("`grid` or `x=1`", "grid or x=1"),
        ("no names", "no names"),
    ],
)
def test_arguments_become_options(message: str, said: str) -> None:
    options = {name: f"--{name.replace('_', '-')}" for name in ("top", "overwrite", "nulls", "verify_share")}
    assert name_options(message, options) == said


def test_no_command_shows_the_help_without_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["trust"]):
        assert run(words) == 2
        said = capsys.readouterr()
        assert "Usage: w2s" in said.out
        assert said.err == ""


def test_the_help_has_exit_codes_documentation_and_completion(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    said = capsys.readouterr().out
    for text in ("Exit codes: 0 done", "130 interrupted", "https://", "--install-completion", "--quiet"):
        assert text in said


def test_an_unknown_command_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert "No such command 'version'. Did you mean w2s --version? See w2s --help" in refused(
        ["version"], capsys
    )
    assert "No such command 'vversionn'; see w2s --help" in refused(["vversionn"], capsys)


def test_quiet_leaves_results_and_errors(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["filter", str(source), "--score", "trust", "--top", "1", "--nulls", "drop", "--out", "-"]
    words += ["--output-format", "jsonl"]
    assert run(words) == 0
    assert "1 of 3 rows kept" in capsys.readouterr().err
    for quiet in (["--quiet", *words], [*words, "--quiet"], ["-q", *words]):
        assert run(quiet) == 0
        said = capsys.readouterr()
        assert (said.out.count("\n"), said.err) == (1, "")
        assert output.is_quiet()
    assert run(["--quiet", "filter", "none.parquet", "--score", "a", "--top", "1", "--explain"]) == 3
    assert capsys.readouterr().err.startswith("error: none.parquet does not exist")


def test_verbose_logs_the_steps(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["filter", str(source), "--score", "trust", "--top", "1", "--nulls", "drop", "--explain"]
    assert run(words) == 0
    assert "reading scores" not in capsys.readouterr().err
    assert run([*words, "--verbose"]) == 0
    assert "reading scores: 3 rows in" in capsys.readouterr().err
    assert "[cli-quiet-and-verbose]" in refused([*words, "--verbose", "--quiet"], capsys)


def test_the_rate_of_a_short_filter_is_not_told(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["filter", str(source), "--score", "trust", "--top", "1", "--nulls", "drop", "--explain"]
    assert run(words) == 0
    assert "rows/s" not in capsys.readouterr().out
