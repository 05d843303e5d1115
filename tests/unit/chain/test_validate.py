"""What makes no sense in a chain is said before anything of it is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.doubles.errors import raises_code
from w2s.chain import validate
from w2s.chain.config import ChainConfig
from w2s.chain.estimate import estimate
from w2s.chain.run import run
from w2s.chain.validate import check_config
from w2s.config import parse_config
from w2s.errors import MissingExtraError, UsageError
from w2s.models.policy import loading

SPEAKS = {"teacher": "hf:a", "student": "hf:b", "task": "answer", "evidence": ["hidden"]}
GRPO = {"objective": "grpo", "batch": 16, "micro_batch": 8, "group_size": 8}
FOREIGN = {
    "name": "ood_domain",
    "gold_examples": ["o.parquet"],
    "gold_game": "othello",
    "gold_teacher": "policy:c",
}


def chain(**tables: Any) -> ChainConfig:
    usual = {"teacher": "policy:a", "student": "policy:b", "examples": {"files": ["x.csv"]}}
    return parse_config(ChainConfig, {**usual, **tables}, "the chain")


@pytest.mark.parametrize(
    ("tables", "code"),
    [
        ({"arms": ["trust", "base", "trust"]}, "chain-duplicate-name"),
        ({**SPEAKS, "evidence": ["samples:4", "samples:8"]}, "chain-duplicate-name"),
        ({**SPEAKS, "teach": {"soft": "teacher"}}, "chain-answer-without-options"),
        ({**SPEAKS, "arms": ["trust", "self-labels"]}, "chain-answer-without-options"),
        ({"teach": {"soft": "improved"}}, "chain-improved-needs-lookahead"),
        ({"source": "matches", "matches": {"games": 2}}, "chain-matches-with-files"),
        (
            {"source": "matches", "examples": {}, "matches": {"positions": 9}},
            "chain-positions-without-files",
        ),
        ({"teach": {"gain": 3.0}}, "chain-gain-without-improved"),
        ({"regime": FOREIGN, "evidence": ["icl:4"]}, "chain-evidence-two-teachers"),
        ({"keep": {"top": "0%"}}, "chain-keep-nothing"),
        ({**SPEAKS, "evidence": ["reward"]}, "chain-missing-reward-model"),
        ({"arms": ["trust", "gold>trust"]}, "chain-unknown-arm"),
    ],
)
def test_contradictory_settings_are_refused(tables: dict[str, Any], code: str) -> None:
    with raises_code(code, UsageError):
        chain(**tables)


def test_misspelled_arm_is_named_before_the_arm_that_it_leaves_out() -> None:
    with raises_code("chain-unknown-arm", UsageError) as caught:
        chain(arms=["trsut"])
    assert "'trsut'; did you mean trust?" in str(caught.value)


@pytest.mark.parametrize(
    ("tables", "code"),
    [
        ({"trust": {"function": "neurall"}}, "neural"),
        ({"train": {"epoch": 3}}, "epochs"),
        ({**SPEAKS, "train": {"batch": 12, "micro_batch": 8}}, "batch=12"),
        ({**SPEAKS, "train": {**GRPO, "group_size": 6}}, "group"),
        ({**SPEAKS, "train": {**GRPO, "group_size": 1}}, "group"),
        ({**SPEAKS, "student": "openai:http://127.0.0.1:9/v1#m"}, "openai:http://127.0.0.1:9/v1#m"),
        (
            {**SPEAKS, "arms": ["trust", "verbalised"]},
            "chain-missing-evidence",
        ),
        ({"arms": ["trust", "search_agreement"], "oracles": []}, "chain-missing-evidence"),
        ({**SPEAKS, "arms": ["trust", "majority"]}, "add samples:8 to evidence"),
        (
            {**SPEAKS, "trust": {"function": "logistic", "options": {"features": ["afterstate"]}}},
            "chain-missing-evidence",
        ),
        (
            {**SPEAKS, "teacher": "hf:a?shots=3", "examples": {"files": ["x"], "gold": 3}},
            "chain-too-few-shots",
        ),
        ({**SPEAKS, "train": GRPO, "keep": {"power": 1}}, "chain-grpo-weights"),
    ],
)
def test_run_and_estimate_refuse_the_same_settings(tables: dict[str, Any], code: str) -> None:
    for refuse in (check_config, lambda config: estimate(config, None)):
        with pytest.raises(UsageError) as caught:
            refuse(chain(**tables))
        assert code in f"{caught.value} [{caught.value.code}]"


def test_missing_library_of_grpo_is_refused_by_a_run_and_not_by_an_estimate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validate, "find_spec", lambda _: None)
    config = chain(**SPEAKS, train=GRPO)
    with pytest.raises(MissingExtraError, match="grpo"):
        run(config, tmp_path / "run")
    assert not (tmp_path / "run").exists()
    assert estimate(config, None)["total"]["labels"] > 0


def test_missing_torch_is_refused_before_a_folder_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match="a chain needs"):
        run(chain(), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_one_model_is_teacher_and_student_only_by_request() -> None:
    same = {"teacher": "policy:a", "student": ["policy:b", "policy:a"]}
    with raises_code("chain-student-is-teacher", UsageError) as caught:
        chain(**same)
    assert "`self_training=True`" in str(caught.value)
    assert chain(**same, self_training=True).self_training
    with raises_code("chain-self-training-two-models", UsageError):
        chain(self_training=True)


def test_estimate_leaves_out_the_arms_that_a_run_leaves_out() -> None:
    arms = ["base", "gold", "naive", "trust", "gold+trust", "ceiling"]
    other = {"name": "ood_domain", "gold_examples": ["a.jsonl"], "gold_task": "choice"}
    found = estimate(chain(**SPEAKS, arms=arms, regime=other), None)
    planned = {arm["arm"] for arm in found["arms"]}
    assert planned >= {"base", "naive", "trust", "ceiling"}
    assert not planned & {"gold", "gold+trust"}
    played = {"source": "matches", "examples": {}, "arms": ["base", "trust", "ceiling"]}
    assert "ceiling" not in {arm["arm"] for arm in estimate(chain(**played), None)["arms"]}
    verified = {**played, "matches": {"verify_pool": True}}
    assert "ceiling" in {arm["arm"] for arm in estimate(chain(**verified), None)["arms"]}


def test_arm_that_reads_states_is_refused_across_games() -> None:
    arms = {"arms": ["trust", "confidence", "knn"], "oracles": []}
    check_config(chain(**arms, regime={"name": "ood_dist", "gold_examples": ["sts.epd"]}))
    with raises_code("chain-arm-not-shared", UsageError):
        check_config(chain(**arms, regime=FOREIGN))
