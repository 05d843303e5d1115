"""``w2s doctor`` says what can be done, and which missing packages matter."""

from __future__ import annotations

import importlib.util
import json
from typing import Any

import pytest

from w2s.cli.app import run


def without(modules: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let some modules look as if they were not installed, and all others as if they were."""
    find = importlib.util.find_spec
    extras = {"jinja2", "torch", "trl", "chess", "bitsandbytes", "vllm", "aiohttp", "ray"}

    def found(name: str, *more: Any) -> Any:
        return None if name in modules else object() if name in extras else find(name, *more)

    monkeypatch.setattr(importlib.util, "find_spec", found)


def test_the_light_install_is_told_what_it_can_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    without({"jinja2", "torch", "trl", "chess", "bitsandbytes", "vllm"}, monkeypatch)
    assert run(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "you can       filter and select tables, " in said
    assert "you cannot    label and play with endpoints (pip install jinja2)" in said
    assert "use policy nets and language models" in said
    assert "w2s[models]   missing; you need it to" in said
    assert "w2s[vllm]     not installed; you only need it to" in said


def test_packages_that_few_need_are_not_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    without({"bitsandbytes", "ray", "vllm"}, monkeypatch)
    assert run(["doctor", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["you cannot"] == []
    assert len(facts["you can"]) == 6
    assert "missing" not in facts["w2s[quant]"]
