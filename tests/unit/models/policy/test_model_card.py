"""The bundled policy networks: every one has a game and a rating on the card of all."""

from __future__ import annotations

from w2s.kernels import game_names
from w2s.models.policy.model_card import bundled_policies, policies_folder


def test_every_bundled_network_has_a_game_and_an_elo_inside_its_interval() -> None:
    nets = bundled_policies()
    assert {net.game for net in nets} == set(game_names())
    for net in nets:
        assert net.elo is not None and net.low is not None and net.high is not None
        assert net.low < net.elo < net.high
        assert f"| {net.name} | {net.elo:+} |" in (policies_folder() / "README.md").read_text()
