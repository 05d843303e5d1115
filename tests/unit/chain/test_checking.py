"""What makes no sense in a chain is said before anything of it is read."""

from __future__ import annotations

from typing import Any

import pytest

from w2s.chain import checking
from w2s.chain.checking import check_config
from w2s.chain.config import ChainConfig
from w2s.chain.estimate import estimate
from w2s.config import parse_config
from w2s.errors import MissingExtraError, UsageError

SPEAKS = {"teacher": "hf:a", "student": "hf:b", "task": "answer", "evidence": ["hidden"]}
GRPO = {"objective": "grpo", "batch": 16, "together": 8, "group": 8}
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
    ("tables", "said"),
    [
        ({"arms": ["trust", "base", "trust"]}, "arms have trust twice"),
        ({**SPEAKS, "evidence": ["samples:4", "samples:8"]}, "evidence have samples twice"),
        ({**SPEAKS, "teach": {"soft": "teacher"}}, r"leave teach\.soft out"),
        ({"regime": FOREIGN, "evidence": ["icl:4"]}, "icl:4 is asked of one teacher only"),
        ({"keep": {"top": "0%"}}, "keeps nothing"),
        ({**SPEAKS, "evidence": ["reward"]}, "name it, reward = "),
    ],
)
def test_contradictions_are_no_configuration(tables: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        chain(**tables)


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({"arms": ["trust", "gold>trust"]}, "no arm is called 'gold>trust'"),
        ({"trust": {"function": "neurall"}}, r"did you mean neural\?"),
        ({"train": {"epoch": 3}}, r"did you mean epochs\?"),
        ({**SPEAKS, "train": {"batch": 12, "together": 8}}, "batch=12 is not a whole number of passes"),
        ({**SPEAKS, "train": {**GRPO, "group": 6}}, "no whole number of groups"),
        ({**SPEAKS, "train": {**GRPO, "group": 1}}, "from 2 on"),
        ({**SPEAKS, "student": "openai:http://127.0.0.1:9/v1#m"}, "cannot be trained: a student is policy"),
        (
            {**SPEAKS, "arms": ["trust", "verbalised"]},
            "the arm verbalised reads verbalised, .* add it to evid",
        ),
        ({"arms": ["trust", "search_agreement"], "oracles": []}, "the arm search_agreement .* name oracles"),
        (
            {**SPEAKS, "trust": {"function": "logistic", "options": {"reads": ["afterstate"]}}},
            "trust reads afterstate",
        ),
        (
            {**SPEAKS, "teacher": "hf:a?shots=3", "examples": {"files": ["x"], "gold": 3}},
            "is to be shown 3 solved examples of 3 gold rows",
        ),
        ({**SPEAKS, "train": GRPO, "keep": {"power": 1}}, r"leave keep\.power out"),
    ],
)
def test_an_estimate_says_what_a_chain_would_say(tables: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        check_config(chain(**tables))
    with pytest.raises(UsageError, match=said):
        estimate(chain(**tables), None)


def test_a_library_that_rewards_need_is_asked_for_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match="grpo"):
        check_config(chain(**SPEAKS, train=GRPO))


def test_an_estimate_leaves_out_the_arms_that_a_chain_leaves_out() -> None:
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
