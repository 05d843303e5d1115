"""The key reaches the endpoint and nothing else."""

from __future__ import annotations

import copy
import gzip
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from tests.doubles.chat import ChatReply, ChatRequest, ChatServer, completion, plays, token
from tests.doubles.errors import raises_code
from tests.unit.models.endpoint.doubles import choice
from w2s.errors import ModelError, UsageError
from w2s.models import Want, load_model
from w2s.models.endpoint.key import ApiKey, read_api_key
from w2s.models.endpoint.settings import parse_address

SECRET = "sk-hunter2-0123456789"
HERE = parse_address("http://127.0.0.1:8000/v1")


@pytest.mark.parametrize(
    ("variables", "sent"),
    [
        ({}, None),
        ({"W2S_API_KEY": "", "OPENAI_API_KEY": " "}, None),
        ({"W2S_API_KEY": "one", "OPENAI_API_KEY": "two"}, "Bearer one"),
        ({"W2S_API_KEY": "", "OPENAI_API_KEY": "two\n"}, "Bearer two"),
    ],
)
def test_key_is_sent_as_bearer_header(
    variables: dict[str, str], sent: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with ChatServer(lambda heard: "A") as server:
        model = load_model(server.reference())
        model.answer([choice(1)], Want())  # type: ignore[list-item]
        model.close()
    assert server.heard[0].headers.get("authorization") == sent


@pytest.mark.parametrize(
    "url", ["http://10.1.2.3/v1", "http://gpu-box:8000/v1", "http://localhost.example/v1"]
)
def test_key_is_not_sent_unencrypted(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    load_model(f"openai:{url}#m").close()
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    with raises_code("endpoint-unencrypted-key", UsageError) as caught:
        load_model(f"openai:{url}#m")
    assert "env -u OPENAI_API_KEY" in str(caught.value)
    assert SECRET not in str(caught.value)
    load_model("openai:https://gpu-box/v1#m").close()
    load_model("openai:http://[::1]:8000/v1#m").close()


@pytest.mark.parametrize("bad", ["sk-hunter2\nX-Other: 1", "sk hunter2", "sk-hunter2é", "sk-hunter2\x7f"])
def test_invalid_key_is_refused_without_showing_it(bad: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("W2S_API_KEY", bad)
    with raises_code("endpoint-invalid-key", UsageError) as caught:
        read_api_key(HERE)
    assert "W2S_API_KEY" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_key_cannot_be_printed_or_pickled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("W2S_API_KEY", SECRET)
    key = read_api_key(HERE)
    model = load_model("openai:http://127.0.0.1:8000/v1#m")
    for shown in (repr(key), str(key), f"{key}", f"{[key]}", repr(ApiKey()), repr(model), model.reference):
        assert SECRET not in shown
    for store in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="API key"):
            store(key)
    model.close()


class Echo:
    """Repeats the key in many forms, between good moves."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, heard: ChatRequest) -> str | ChatReply:
        self.count += 1
        key = heard.headers["authorization"].removeprefix("Bearer ")
        escaped = "".join(f"\\u{ord(letter):04x}" for letter in key)
        ways = [
            completion(f"my key is {key}", [token(key, -0.1, **{f" {key}": -1.0})]),
            ChatReply(f'{{"choices": [{{"message": {{"content": "{escaped}"}}}}]}}'.encode()),
            ChatReply(f'{{"error": {{"message": "Incorrect API key: {key}"}}}}'.encode(), 400),
            ChatReply(key.encode(), 500, {"X-Key": key}),
            ChatReply(b"", 307, {"Location": f"http://127.0.0.1:1/{key}"}),
            ChatReply(f'{{"choices": [{{"finish_reason": "{key}"}}]}}'.encode()),
        ]
        return ways[self.count // 3 % len(ways)] if self.count % 3 == 0 else plays(heard)


def files_with(folder: Path, text: str) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


@pytest.mark.slow
def test_repeated_key_is_redacted_everywhere(tmp_path: Path) -> None:
    echo = Echo()
    with ChatServer(echo) as server:
        reference = server.reference(logprobs="true", temperature=1, samples=1, retries=1)
        command = [sys.executable, "-m", "w2s", "--debug", "arena", "--game", "connect_four", "--pairs", "3"]
        players = ["--teacher", reference, "--student", "search:depth=1", "--illegal", "retry:2"]
        found = subprocess.run(
            [*command, *players, "--out", "run", "--oracle", "search:depth=1", "--json"],
            cwd=tmp_path,
            env={**os.environ, "W2S_API_KEY": SECRET},
            capture_output=True,
            text=True,
            check=False,
        )
    assert found.returncode == 0, found.stderr
    assert echo.count > 30
    assert all(heard.headers["authorization"] == f"Bearer {SECRET}" for heard in server.heard)
    assert SECRET not in found.stdout + found.stderr
    assert files_with(tmp_path, "connect_four")
    assert files_with(tmp_path / "run" / "replies", "[key]")
    assert SECRET.encode() not in gzip.decompress((tmp_path / "run" / "journal.jsonl.gz").read_bytes())
    assert files_with(tmp_path, SECRET) == []


def test_exceptions_do_not_contain_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("W2S_API_KEY", SECRET)
    with ChatServer(lambda heard: ChatReply(heard.headers["authorization"].encode(), 401)) as server:
        model = load_model(server.reference())
        with raises_code("endpoint-unavailable", ModelError) as caught:
            model.answer([choice(n) for n in range(20)], Want())  # type: ignore[list-item]
        model.close()
    error: BaseException | None = caught.value
    while error is not None:
        assert SECRET not in f"{error!r} {error.__dict__}"
        error = error.__cause__ or error.__context__


def test_password_in_reference_reaches_no_file(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "w2s", "arena", "--game", "chess", "--out", "run"]
    found = subprocess.run(
        [*command, "--teacher", f"openai:https://me:{SECRET}@h/v1#m", "--student", "random"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 2
    assert "set W2S_API_KEY" in found.stderr
    assert SECRET not in found.stdout + found.stderr
    assert files_with(tmp_path, SECRET) == []
