"""A round whose student is worse than its teacher is rejected, by gold that nothing else has used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.doubles.chains import chain_run, chain_tables, metrics, numbers, recorded_steps, write_chain
from tests.doubles.errors import raises_code
from tests.integration.test_chain_plan import results_page
from w2s.chain import ChainConfig, weak_labels
from w2s.cli.app import run
from w2s.config import parse_config
from w2s.errors import UsageError

pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")

STOP = {"collapse": False, "decline": True, "audit": 0.4}
STRONG = {
    "teacher": "search:depth=2",
    "evidence": [],
    "oracles": ["search:depth=1"],
    "trust": {"function": "search_agreement", "folds": 2},
}
"""A teacher that is far better than any student of a few random rows."""


def tables(nets: Path, **overrides: Any) -> dict[str, Any]:
    usual = {"rounds": 3, "arms": ["base", "gold", "naive", "trust"], "stop": STOP}
    return chain_tables(nets, **{**usual, **overrides})


@pytest.fixture(scope="module")
def rejected(nets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return chain_run(tmp_path_factory.mktemp("rejected") / "run", tables(nets, **STRONG))


@pytest.fixture(scope="module")
def kept(nets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Teacher and student are equally bad."""
    return chain_run(tmp_path_factory.mktemp("kept") / "run", tables(nets, seeds=2))


def ids(path: Path, role: str) -> set[str]:
    table = pq.read_table(path).to_pydict()
    return {id_ for id_, its in zip(table["id"], table["role"], strict=True) if its == role}


def test_worse_student_ends_the_chain_and_its_round_is_no_best_round(
    root: Path, rejected: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = metrics(rejected)
    assert [one["round"] for one in found["rounds"]] == [1]
    audit = found["rounds"][0]["audit"]
    assert audit["gain"]["high"] < 0
    assert audit["rows"] == 40
    assert found["stopped"] == {"round": 1, "why": audit["rejected"]}
    assert "worse than its teacher" in audit["rejected"]
    assert found["best_round"] is None
    assert found["complete"] is True
    assert run(["chain", "--resume", str(rejected)]) == 0
    shown = capsys.readouterr().out
    assert "round 1, rejected" in shown
    assert "stopped in round 1: the student of trust is worse" in shown
    assert "| round 1, rejected | 40 |" in results_page(root, rejected)


def test_student_that_is_not_worse_teaches_on(kept: Path) -> None:
    found = metrics(kept)
    assert [one["round"] for one in found["rounds"]] == [1, 2, 3]
    assert "stopped" not in found
    assert found["best_round"] is not None
    first, second, _ = (one["audit"] for one in found["rounds"])
    assert "rejected" not in first
    assert (first["teacher"]["seeds"], second["teacher"]["seeds"]) == (1, 2)
    assert second["teacher"]["mean"] == first["student"]["mean"]


def test_audit_is_gold_that_nothing_else_has_used(kept: Path) -> None:
    splits = kept / "splits.parquet"
    gold, audit = ids(splits, "gold"), ids(splits, "audit")
    assert (len(gold), len(audit)) == (60, 40)
    assert not audit & (gold | ids(splits, "pool") | ids(splits, "test"))
    for number in (1, 2, 3):
        assert ids(kept / f"round-{number}/seed-0/trust/scores.parquet", "gold") == gold
    for path in kept.rglob("labels.parquet"):
        assert not audit & set(pq.read_table(path).column("id").to_pylist())
    assert metrics(kept)["gold"]["rows"]["mean"] == 60
    answers = pq.read_table(kept / "round-2/seed-1/audit/answers.parquet")
    assert set(answers.column("id").to_pylist()) == audit


def test_chain_without_audit_has_all_gold_and_no_steps_of_it(nets: Path, tmp_path: Path) -> None:
    out = chain_run(tmp_path / "run", tables(nets, rounds=1, stop={"collapse": False}))
    assert not [step for step in recorded_steps(out) if "audit" in step]
    assert len(ids(out / "splits.parquet", "gold")) == 100
    assert "audit" not in metrics(out)["rounds"][0]


def test_interrupted_audit_continues_with_the_same_numbers(
    nets: Path, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, label_file = tmp_path / "run", weak_labels.label_file
    setting = write_chain(tmp_path / "run.toml", tables(nets, seeds=2))

    def interrupt(examples: Any, spec: Any, path: Path, **options: Any) -> bool:
        if path.parent == out / "round-2/seed-1/labels":
            raise KeyboardInterrupt
        return label_file(examples, spec, path, **options)

    with monkeypatch.context() as patch:
        patch.setattr(weak_labels, "label_file", interrupt)
        assert run(["chain", str(setting), "--out", str(out)]) == 130
    assert json.loads((out / "metrics.json").read_text())["complete"] is False
    assert run(["chain", "--resume", str(out)]) == 0
    assert numbers(out) == numbers(kept)


def test_gold_of_another_game_cannot_be_audited() -> None:
    regime = {
        "name": "ood_domain",
        "gold_game": "othello",
        "gold_teacher": "policy:c",
        "gold_examples": ["o"],
    }
    chain = {"teacher": "policy:a", "student": "policy:b", "examples": {"files": ["a.csv"]}, "regime": regime}
    with raises_code("chain-decline-other-gold", UsageError):
        parse_config(ChainConfig, {**chain, "stop": {"decline": True}}, "it")
