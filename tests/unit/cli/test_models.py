"""``w2s models``: kinds with their options, bundled networks with their Elo, one kind alone."""

from __future__ import annotations

import json

import pytest

from w2s.cli.app import run


def test_list_names_options_of_each_kind_and_bundled_networks(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models"]) == 0
    said = capsys.readouterr().out
    for fact in ("noise_cp", "movetime", "batch_tokens", "cache", "Skill Level=3"):
        assert fact in said
    line = next(line for line in said.splitlines() if line.startswith("policy:chess-small"))
    assert line.split() == ["policy:chess-small", "chess", "-294", "-333", "to", "-256"]


def test_one_kind_is_shown_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "policy", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [kind["kind"] for kind in found["models"]] == ["policy"]
    assert {"device", "batch", "temperature", "think", "nodes"} <= set(found["models"][0]["options"])
    assert len(found["bundled"]) == 10
    assert "engines" not in found
    assert run(["models", "random"]) == 0
    assert capsys.readouterr().out.startswith("random ")


def test_unknown_kind_is_refused_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "polcy"]) == 2
    assert "did you mean policy?" in capsys.readouterr().err
