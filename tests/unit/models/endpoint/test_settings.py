"""References to endpoints: addresses, options and refusals."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.doubles.errors import raises_code
from w2s.errors import UsageError
from w2s.models.endpoint.settings import EndpointSettings, parse_address
from w2s.models.reference import parse_reference
from w2s.models.registry import load_model


def settings(text: str) -> object:
    return EndpointSettings.from_reference(parse_reference(text))


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("http://127.0.0.1:8000/v1", "127.0.0.1", 8000, "/v1/chat/completions"),
        ("http://127.0.0.1:8000/v1/", "127.0.0.1", 8000, "/v1/chat/completions"),
        ("https://api.example.org/v1", "api.example.org", 443, "/v1/chat/completions"),
        ("http://localhost", "localhost", 80, "/chat/completions"),
        ("http://[::1]:9/v1", "::1", 9, "/v1/chat/completions"),
        ("https://h/a?api-version=3", "h", 443, "/a/chat/completions?api-version=3"),
    ],
)
def test_address_has_path_of_chat_completions(url: str, host: str, port: int, path: str) -> None:
    address = parse_address(url)
    assert (address.host, address.port, address.path) == (host, port, path)


def test_loopback_addresses_are_recognised() -> None:
    near = ["http://localhost", "http://127.0.0.1", "http://127.8.0.1:1", "http://[::1]:9"]
    far = [
        "http://localhost.example.org",
        "http://10.0.0.1",
        "http://127.0.0.1.example.org",
        "http://0.0.0.0",
    ]
    assert all(parse_address(url).is_loopback for url in near)
    assert not any(parse_address(url).is_loopback for url in far)


def test_options_are_parsed_and_have_defaults(tmp_path: Path) -> None:
    found = EndpointSettings.from_reference(
        parse_reference(
            "openai:http://127.0.0.1:8000/v1#Org/small-7B?temperature=0.7&top_p=0.9&samples=8&logprobs=true"
            f"&max_tokens=9&concurrency=3&timeout_s=2.5&connect_s=1&retries=0&rpm=60&cache={tmp_path}"
        )
    )
    assert (found.model, found.address.base) == ("Org/small-7B", "http://127.0.0.1:8000/v1")
    assert (found.temperature, found.top_p, found.samples, found.logprobs) == (0.7, 0.9, 8, True)
    assert (found.max_tokens, found.concurrency, found.retries, found.rpm) == (9, 3, 0, 60)
    assert (found.timeout_s, found.connect_s, found.cache) == (2.5, 1.0, tmp_path)
    plain = EndpointSettings.from_reference(parse_reference("openai:http://127.0.0.1/v1#m"))
    assert (plain.temperature, plain.samples, plain.logprobs, plain.concurrency) == (0.0, 0, False, 8)


def test_cache_folder_comes_from_option_then_from_caller(tmp_path: Path) -> None:
    def folder(options: str = "", default: Path | None = tmp_path) -> Path | None:
        reference = parse_reference(f"openai:http://127.0.0.1/v1#m{options}")
        return EndpointSettings.from_reference(reference, default).cache

    assert folder() == tmp_path
    assert folder("?cache=/elsewhere") == Path("/elsewhere")
    assert folder("?cache=off") is None
    assert folder(default=None) is None


@pytest.mark.parametrize(
    ("text", "code", "fact"),
    [
        ("openai", "endpoint-invalid-url", "write openai:http://"),
        ("openai:gpt-4", "endpoint-invalid-url", "write openai:http://"),
        ("openai:ftp://h/v1#m", "endpoint-invalid-url", "'ftp://h/v1'"),
        ("openai:http://h:99999/v1#m", "endpoint-invalid-url", "host or port"),
        ("openai:http://[::1/v1#m", "endpoint-invalid-url", "host or port"),
        (f"openai:http://{'x' * 70}.org/v1#m", "endpoint-invalid-url", "host or port"),
        ("openai:http://h /v1#m", "endpoint-invalid-url", "without spaces"),
        ("openai:http://h%0A/v1#m", "endpoint-invalid-url", "printable ASCII"),
        ("openai:http://hö/v1#m", "endpoint-invalid-url", "printable ASCII"),
        ("openai:http://127.0.0.1/v1", "endpoint-missing-model", "write openai:http://"),
        ("openai:http://127.0.0.1/v1#", "endpoint-missing-model", "write openai:http://"),
        ("openai:http://127.0.0.1/v1#m?temprature=1", "model-unknown-option", "did you mean temperature?"),
        ("openai:http://127.0.0.1/v1#m?top_p=1.5", "model-invalid-option", "at most 1"),
        ("openai:http://127.0.0.1/v1#m?samples=3", "endpoint-identical-samples", "add temperature=0.7"),
        ("openai:http://127.0.0.1/v1#m?logprobs=yes", "model-invalid-option", "true or false"),
        ("openai:http://127.0.0.1/v1#m?cache=", "model-invalid-option", "a folder, or off"),
        ("openai:http://127.0.0.1/v1#m?cache=/etc/passwd/none", "endpoint-cache-unusable", "not a folder"),
    ],
)
def test_invalid_reference_is_refused_in_one_line_with_the_remedy(text: str, code: str, fact: str) -> None:
    with raises_code(code, UsageError) as caught:
        load_model(text)
    assert fact in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("option", "name"),
    [("temperature=-1", "temperature"), ("retries=-1", "retries"), ("timeout_s=0", "timeout_s")],
)
def test_invalid_number_is_refused_in_one_line_with_its_option(option: str, name: str) -> None:
    with raises_code("model-invalid-option", UsageError) as caught:
        load_model(f"openai:http://127.0.0.1/v1#m?{option}")
    assert str(caught.value).startswith(f"{name} of ")
    assert "\n" not in str(caught.value)


def test_unknown_prompt_is_refused_in_one_line_with_its_name() -> None:
    with pytest.raises(UsageError) as caught:
        load_model("openai:http://127.0.0.1/v1#m?prompt=nothing")
    assert "'nothing'" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "openai:https://user:hunter2@h/v1#m",
        "openai:https://hunter2@h/v1#m",
        "openai:https://user:hunter2%40h/v1#m",
        "openai:https%3A//user:hunter2%40h/v1#m",
        "openai:https://user:hunter2@h/v1#m?nothing",
        "openai:https://user:hunter2@h/v1?a=1&a=2",
        "uci:engine --server=http://user:hunter2@h",
        "openai:https://h/v1#m?api_key=hunter2",
        "openai:https://h/v1?key=hunter2#m",
        "openai:https://h/v1%3FApi-Key=hunter2#m?nothing",
        "openai:https://h/v1#m?temperature=1&token=hunter2",
    ],
)
def test_password_in_address_is_refused_without_showing_it(text: str) -> None:
    with raises_code("model-reference-holds-secret", UsageError) as caught:
        parse_reference(text)
    assert "set W2S_API_KEY instead" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    with raises_code("endpoint-url-with-secret", UsageError) as caught_here:
        parse_address("https://user:hunter2@h/v1")
    assert "hunter2" not in str(caught_here.value)


def test_at_sign_elsewhere_is_not_a_password() -> None:
    assert parse_reference("openai:https://h/v1/@me#a@b").target == "https://h/v1/@me#a@b"
    assert parse_reference("uci:sf?Name=a@b://c").options == {"Name": "a@b://c"}
    assert parse_reference("uci:sf?Key=a").options == {"Key": "a"}


def test_long_reference_is_parsed_quickly() -> None:
    begin = time.monotonic()
    for piece in ("://", "://a", "?key", "@"):
        with suppress(UsageError):
            parse_reference("openai:" + piece * 300_000)
    assert time.monotonic() - begin < 5


def test_missing_jinja_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    from w2s.errors import MissingExtraError
    from w2s.models.endpoint import loading

    monkeypatch.setattr(loading, "find_spec", lambda name: None)
    with raises_code("missing-extra-models", MissingExtraError) as caught:
        load_model("openai:http://127.0.0.1/v1#m")
    assert "pip install jinja2 is enough" in str(caught.value)
