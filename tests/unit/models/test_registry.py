"""The registry: what can be named, and one line for what cannot."""

from __future__ import annotations

import pytest

import w2s
from tests.doubles.errors import raises_code
from w2s.errors import UsageError
from w2s.models.reference import parse_reference
from w2s.models.registry import load_model, model_kinds


def test_every_kind_has_a_description_and_an_example() -> None:
    assert [kind.name for kind in model_kinds()] == [
        "random",
        "search",
        "uci",
        "policy",
        "lc0",
        "hf",
        "openai",
    ]
    for kind in model_kinds():
        assert parse_reference(kind.example).kind == kind.name
        assert kind.about
        assert "\n" not in kind.about


def test_listed_options_are_exactly_those_that_a_reference_takes() -> None:
    for kind in model_kinds():
        target = {"uci": "uci:cat", "openai": "openai:http://127.0.0.1/v1#m"}.get(kind.name, f"{kind.name}:x")
        target = kind.name if kind.name in ("random", "search") else target
        mark = ":" if target == kind.name else "?"
        if kind.name != "uci":  # an engine has further options
            with raises_code(UNKNOWN) as caught:
                load_model(f"{target}{mark}no_such_option=1")
            listed = str(caught.value).partition("options are: ")[2]
            assert [name for name in listed.split(", ") if name] == list(kind.options)
        for about in kind.options.values():
            assert "\n" not in about


@pytest.mark.parametrize("text", ["random", "search:depth=2", "openai:http://127.0.0.1/v1#m"])
def test_repr_of_a_model_is_how_it_is_loaded(text: str) -> None:
    assert repr(load_model(text)) == f"load_model({text!r})"


def test_public_load_model_is_that_of_the_registry() -> None:
    assert w2s.load_model is load_model


@pytest.mark.parametrize("text", ["random", "search:depth=2", "search:nodes=500&noise_cp=3.5"])
def test_reference_of_a_model_loads_it_again(text: str) -> None:
    model = load_model(text)
    assert model.reference == text
    assert load_model(model.reference).reference == text


KINDS = "the kinds are: random, search, uci, policy, lc0, hf, openai"
INVALID, UNKNOWN, TARGET = "model-invalid-option", "model-unknown-option", "model-target-not-allowed"


@pytest.mark.parametrize(
    ("text", "code", "fact"),
    [
        ("serch:depth=3", "model-unknown-kind", f"did you mean search? {KINDS}"),
        ("gpt", "model-unknown-kind", KINDS),
        ("x" * 100_000, "model-unknown-kind", KINDS),
        ("exact:nodes=5", "model-unknown-kind", KINDS),
        ("random:7", TARGET, "write random"),
        ("random:seed=1", UNKNOWN, "it has no options"),
        ("search", "model-search-no-limit", "write search:depth=3"),
        ("search:3", TARGET, "write search:depth="),
        ("search:dept=3", UNKNOWN, "did you mean depth?"),
        ("search:depth=0", INVALID, "whole number from 1 to 128, not '0'"),
        ("search:depth=129", INVALID, "from 1 to 128"),
        ("search:depth=٣", INVALID, "from 1 to 128"),
        ("search:depth=", INVALID, "from 1 to 128"),
        ("search:nodes=1e3", INVALID, "whole number of at least 1"),
        ("search:nodes=99999999999999999999", INVALID, "whole number of at least 1"),
        ("search:depth=1&noise_cp=-1", INVALID, "at least 0"),
        ("search:depth=1&noise_cp=inf", INVALID, "at least 0"),
        ("search:depth=1&temperature_cp=0", INVALID, "above 0"),
        ("search:depth=1&temperature_cp=nan", INVALID, "above 0"),
        ("uci:", "model-reference-incomplete", "remove the colon"),
        ("uci", "uci-invalid-command", "write uci:stockfish?nodes=1000"),
        ("uci:'stockfish", "uci-invalid-command", "cannot be read"),
        ("uci:stockfish?nodes=0", INVALID, "at least 1"),
        ("policy", "model-missing-target", "policy:NAME or policy:DIR"),
        ("policy:x?devise=cpu", UNKNOWN, "did you mean device?"),
        ("policy:x?device=tpu", INVALID, "auto, cpu, cuda"),
        ("policy:x?batch=0", INVALID, "from 1 to 65536"),
        ("policy:x?temperature=-1", INVALID, "at least 0"),
        ("lc0", "model-missing-target", "lc0:maia-1100.pb.gz"),
        ("lc0:x?depth=3", UNKNOWN, "'depth' is not an option of lc0"),
    ],
)
def test_invalid_reference_is_refused_in_one_line(text: str, code: str, fact: str) -> None:
    with raises_code(code, UsageError) as caught:
        load_model(text)
    message = str(caught.value)
    assert fact in message
    assert "\n" not in message
    assert len(message) < 600


@pytest.mark.parametrize(
    ("seed", "concurrency", "code"),
    [
        (-1, 1, "model-negative-seed"),
        (0, 0, "model-concurrency-too-small"),
        (0, -3, "model-concurrency-too-small"),
    ],
)
def test_negative_seed_and_concurrency_below_one_are_refused(seed: int, concurrency: int, code: str) -> None:
    with raises_code(code, UsageError):
        load_model("random", seed=seed, concurrency=concurrency)
