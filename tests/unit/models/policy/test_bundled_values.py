"""The value heads of the bundled networks: they look ahead, and the policies are unchanged."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from w2s.games import game
from w2s.models import Want
from w2s.models.policy.model_card import policies_folder
from w2s.models.registry import load_model
from w2s.tasks import MoveExample

torch = pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")

from w2s.models.policy.files import from_pretrained, save_pretrained  # noqa: E402
from w2s.models.policy.nets import PolicyNet, build_net, weights_digest  # noqa: E402

DIGESTS = {
    "chess-greedy": "990c9cfc77eb667b",
    "chess-large": "a30b1d8c191688db",
    "chess-medium": "5073cbc7f9e681f6",
    "chess-small": "db32822a4bafa999",
    "connect_four-large": "11d23b9876c7bf33",
    "connect_four-small": "3c6b92296816e683",
    "othello-large": "bb9852babc055c76",
    "othello-small": "1af1a131f916b9fd",
}
"""The tensors of each policy before it had a value head."""
NAMES = list(DIGESTS)
INTERVAL = r"([+-]?\d+(?:\.\d+)?) \(([+-]?\d+(?:\.\d+)?) to ([+-]?\d+(?:\.\d+)?)\)"


def position(name: str) -> MoveExample:
    state = game(name.split("-")[0]).state()
    return MoveExample("after one move", state.play(state.legal_moves()[0]))


def without_values(net: PolicyNet) -> PolicyNet:
    found = build_net(replace(net.config, value="none", value_channels=0, value_width=0))
    found.load_state_dict(
        {name: tensor for name, tensor in net.state_dict().items() if not name.startswith("value_head.")}
    )
    return found


def card(name: str) -> str:
    text = (policies_folder() / name / "README.md").read_text(encoding="utf-8")
    assert text.count("## Values") == 1
    return text.partition("## Values")[2]


def interval(name: str, row: str, place: int = 0) -> tuple[float, float, float]:
    """An interval in the row of the card that begins like this."""
    lines = [line for line in card(name).splitlines() if line.startswith(f"| {row}")]
    assert len(lines) == 1, (name, row)
    value, low, high = map(float, re.findall(INTERVAL, lines[0])[place])
    assert low <= value <= high
    return value, low, high


@pytest.mark.parametrize("name", DIGESTS)
def test_the_policy_is_that_of_before(name: str) -> None:
    assert weights_digest(from_pretrained(policies_folder() / name)) == DIGESTS[name]


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith("small")])
def test_the_value_head_does_not_change_the_answers_of_the_policy(name: str, tmp_path: Path) -> None:
    net = from_pretrained(policies_folder() / name)
    assert net.value_head is not None
    save_pretrained(without_values(net), tmp_path / name)
    want = Want(evidence=True, hidden=True)
    (one,), (other,) = (
        load_model(reference).answer([position(name)], want)
        for reference in (f"policy:{name}", f"policy:{tmp_path / name}")
    )
    assert (one.label, one.log_prob, one.margin, one.value_cp) == (
        other.label,
        other.log_prob,
        other.margin,
        other.value_cp,
    )
    assert np.array_equal(one.hidden, other.hidden)


@pytest.mark.parametrize("name", [*NAMES, "connect_four-greedy", "othello-greedy"])
def test_every_bundled_network_looks_ahead(name: str) -> None:
    example = position(name)
    (answer,) = load_model(f"policy:{name}?nodes=16&batch=8").answer([example], Want(deliberation=True))
    assert answer.label in example.state.legal_moves()
    assert answer.value_cp is not None
    assert np.isfinite(answer.deliberation).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_card_says_how_good_the_values_are(name: str) -> None:
    error, *_ = interval(name, "mean squared error")
    constant, *_ = interval(name, "the same of the mean result")
    assert 0 < error < constant
    assert -1 <= interval(name, "correlation")[0] <= 1
    alone = interval(name, "the policy alone |")[0]
    for plan in ("`think=6,6` |", "`nodes=64` |", "`nodes=64`, all values 0 |"):
        assert interval(name, plan)[0] - alone == pytest.approx(interval(name, plan, 1)[0], abs=0.11)


@pytest.mark.parametrize("name", NAMES)
def test_the_card_counts_the_match_and_says_what_its_interval_allows(name: str) -> None:
    matches = [line for line in card(name).splitlines() if "against the policy alone" in line]
    if not matches:
        assert "No match was played." in card(name)
        return
    games, won, drawn, lost = map(int, re.findall(r"\| (\d+)(?= \|)", matches[0]))
    assert games == won + drawn + lost >= 200
    score, elo = re.findall(INTERVAL, matches[0])
    assert float(score[0]) == pytest.approx(100 * (won + drawn / 2) / games, abs=0.06)
    says = "gains" if float(elo[1]) > 0 else "loses" if float(elo[2]) < 0 else "shows neither gain nor loss"
    assert re.search(rf"In matches, `nodes=\d+` {says}\.", " ".join(card(name).split()))
