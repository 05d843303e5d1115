"""A whole estimate: models on this machine are measured, others assumed, and what is not known is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

from typer.testing import CliRunner

from tests.doubles import language
from tests.doubles.errors import raises_code
from w2s.chain.config import ChainConfig
from w2s.chain.config_file import load_config, paper_folder
from w2s.chain.estimate import MACHINES, estimate, machine_named, this_machine
from w2s.cli.app import app
from w2s.cli.chain_text import estimate_table
from w2s.config import parse_config
from w2s.errors import DataError, UsageError

H100 = MACHINES["h100"]


def model(folder: Path, seed: int) -> str:
    words = language.tokenizer(chat=True)
    network = language.network("llama", len(words), seed)
    network.config.architectures = ["LlamaForCausalLM"]
    network.config.save_pretrained(folder)
    words.save_pretrained(folder)
    return f"hf:{folder}"


def chain(folder: Path, **given: Any) -> ChainConfig:
    rows = [
        {"id": f"q{n}", "question": f"Is it {n}?", "options": ["yes", "no"], "answer": "A"} for n in range(40)
    ]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    tables: dict[str, Any] = {
        "task": "choice",
        "teacher": model(folder / "teacher", 0),
        "student": model(folder / "student", 1),
        "rounds": 1,
        "evidence": ["hidden"],
        "arms": ["base", "trust"],
        "keep": {"top": "50%"},
        "examples": {"files": [str(folder / "rows.jsonl")], "gold": 10, "pool": 20, "test": 10},
    }
    return parse_config(ChainConfig, {**tables, **given}, "it")


def test_local_models_are_measured_and_steps_add_up(tmp_path: Path) -> None:
    found = estimate(chain(tmp_path), H100)
    assert found["rows"] == {"gold": 10, "pool": 20, "test": 10}
    assert found["not_known"] == []
    for about in found["models"]:
        assert about["size_from"].startswith("config.json of")
        assert about["tokens_from"] == "measured on 40 examples"
    train = next(step for step in found["steps"] if step["step"] == "train")
    prompt, reply = (found["models"][1][name] for name in ("prompt", "reply"))
    assert train["tokens"]["learned"] == round(10 * 2 * (prompt + reply))
    assert train["optimizer_steps"] == 2
    assert found["total"]["hours"] == pytest.approx(sum(step["hours"] for step in found["steps"]))
    assert found["total"]["fits"] is True
    trust = next(arm for arm in found["arms"] if arm["arm"] == "trust")
    assert (trust["labels"], trust["learned_rows"], trust["optimizer_steps"]) == (10, 10, 2)
    assert trust["hours"] == pytest.approx(
        sum(step["hours"] for step in found["steps"] if step["arm"] == "trust")
    )


def test_more_rows_than_the_files_hold_are_refused(tmp_path: Path) -> None:
    config = chain(tmp_path, examples={"files": [str(tmp_path / "rows.jsonl")], "gold": 10, "pool": 90})
    with raises_code("chain-too-few-examples", DataError) as caught:
        estimate(config, None)
    assert "hold 40 examples but gold, pool and test need 2100" in str(caught.value)


def test_estimate_loads_no_weights_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = chain(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    assert not [path for path in before if path.suffix == ".safetensors"]
    monkeypatch.chdir(tmp_path)
    estimate(config, H100)
    assert sorted(tmp_path.rglob("*")) == before


def test_unknown_sizes_are_listed(tmp_path: Path) -> None:
    given = {
        "teacher": "search:depth=1",
        "student": "policy:nowhere",
        "task": "move",
        "examples": {"files": ["nowhere.csv"], "gold": 5, "pool": 5, "test": {"files": ["gone.csv"]}},
        "oracles": ["search:depth=2"],
    }
    found = estimate(chain(tmp_path, **given), H100)
    assert found["rows"]["test"] == 1000
    assert found["not_known"] == [
        "test of gone.csv is not on this machine: 1,000 rows are assumed",
        "nowhere.csv: not read for an estimate, or not on this machine",
        "size and speed of policy:nowhere",
        "size and speed of search:depth=1",
        "duration of search:depth=2",
    ]
    total = found["total"]
    assert (total["hours"], total["peak_gib"], total["fits"]) == (None, None, None)
    assert "not known:" in estimate_table(found)


def test_chain_that_does_not_fit_is_reported(tmp_path: Path) -> None:
    config = chain(tmp_path, student="hf:Nobody/Never-70B?dtype=bfloat16")
    found = estimate(config, machine_named("rtx4090"))
    assert found["total"]["fits"] is False
    assert "which is too little" in estimate_table(found)
    with raises_code("chain-unknown-machine", UsageError) as caught:
        machine_named("abacus")
    assert "h100, a100, rtx4090" in str(caught.value)


@pytest.mark.parametrize("name", sorted(path.name for path in paper_folder().glob("*.toml")))
def test_every_table_of_the_paper_can_be_estimated_and_fits_on_one_h100(name: str) -> None:
    found = estimate(load_config(file=Path(name)), H100)
    assert found["total"]["fits"] is True
    assert 0 < found["total"]["hours"] < 100
    assert all(about["parameters"] for about in found["models"])


def test_this_machine_is_measured() -> None:
    machine = this_machine()
    assert machine is not None
    assert machine.flops > 1e9
    assert machine.bandwidth > 1e8
    assert machine.memory > 1e9
    assert machine.source.startswith("measured here in ")


def test_the_command_prints_a_table_and_json_and_starts_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = chain(tmp_path)
    (tmp_path / "chain.toml").write_text(config.to_toml())
    monkeypatch.chdir(tmp_path)
    shown = CliRunner().invoke(app, ["chain", "chain.toml", "--estimate", "--hardware", "h100"])
    assert shown.exit_code == 0, shown.output
    first, *_, hint, _, last = shown.output.strip().splitlines()
    assert first.startswith(
        "in all: less than a minute on one H100 SXM, at most 0.0 of its 80 GiB; 60 labels"
    )
    assert (hint, last) == ("6 assumptions: --verbose prints them", first)
    full = CliRunner().invoke(app, ["--verbose", "chain", "chain.toml", "--estimate", "--hardware", "h100"])
    assert full.output.startswith(first)
    assert "operations per token" in full.output
    assert "operations per token" not in shown.output
    plain = CliRunner().invoke(app, ["chain", "chain.toml", "--estimate", "--hardware", "a100", "--json"])
    assert json.loads(plain.stdout)["machine"]["name"] == "one A100 SXM 80 GB"
    assert not (tmp_path / "runs").exists()
