"""The registry: names, callables and entry points."""

from __future__ import annotations

from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

import w2s
from tests.doubles.errors import raises_code
from tests.doubles.labels import labels
from w2s.config import Config
from w2s.errors import UsageError
from w2s.trust import Function, function_names, load, registry, save, trust_function
from w2s.trust.zero_shot import ZeroShotScore, label_probability

OURS = "tests.unit.trust.test_registry:squared"


class Squaring(Config):
    power: float = 2.0


class Squared(ZeroShotScore):
    """A trust function of a user."""


def squared(power: float = 2.0) -> Function:
    method = Squared("squared", "confidence to a power", frozenset({"log_prob"}), label_probability, Squaring)  # type: ignore[arg-type]
    return Function(method, Squaring(power=power))


def test_unknown_name_lists_known_names() -> None:
    with raises_code("trust-unknown-function", UsageError) as caught:
        trust_function("neurl")
    assert "did you mean neural?" in str(caught.value)
    with raises_code("trust-unknown-function", UsageError) as caught:
        trust_function("zzz")
    assert "confidence, margin" in str(caught.value)


def test_public_function_uses_the_registry() -> None:
    assert w2s.trust_function("neural", features="hidden,student").needs == {"hidden", "student"}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("no_such_module:thing", "callable-module-missing"),
        ("json:nothing", "callable-missing"),
        ("json:dumps", "trust-function-bad-options"),
        ("sys:path", "callable-not-callable"),
        ("builtins:dict", "trust-function-incomplete"),
    ],
)
def test_callable_that_is_not_a_trust_function_is_refused(name: str, code: str) -> None:
    with raises_code(code, UsageError) as caught:
        trust_function(name)
    assert repr(name) in str(caught.value)


def test_entry_point_is_a_trust_function(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    installed = EntryPoints([EntryPoint("squared", OURS, registry.ENTRY_POINTS)])
    monkeypatch.setattr(registry, "entry_points", lambda group: installed.select(group=group))
    assert function_names()[-1] == "squared"
    save(trust_function("squared").fit(labels(40)), tmp_path)
    assert load(tmp_path).name == "squared"
