"""``openai:`` references against a server of another project: ``transformers serve`` with a tiny model."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import pytest

from w2s.games import game
from w2s.models import Answer, SupportsSampling, Want, load_model
from w2s.tasks import MoveExample
from w2s.tasks.answer import AnswerExample
from w2s.tasks.choice import ChoiceExample

NEEDED = ("torch", "transformers", "fastapi", "uvicorn", "openai", "jinja2")
MISSING = [name for name in NEEDED if find_spec(name) is None]
START_S = 240

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING), reason=f"transformers serve needs {', '.join(MISSING)}"),
]

EXAMPLES = [
    ChoiceExample("c", "What is red?", ("a rose", "the sea", "grass")),
    AnswerExample("a", "What is 3 + 4?"),
    MoveExample("m", game("chess").state()),
    ChoiceExample("d", "What is blue?", ("a rose", "the sea", "grass")),
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_up(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The reference of the model of a running server."""
    from tests.doubles.speakers import write_speaker

    folder = write_speaker(tmp_path_factory.mktemp("speaker") / "tiny")
    log = folder.parent / "log.txt"
    port = free_port()
    program = Path(sys.executable).with_name("transformers")
    command = [program, "serve", folder, "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    environment = {
        **os.environ,
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    with (
        log.open("wb") as out,
        subprocess.Popen(command, env=environment, stdout=out, stderr=out, start_new_session=True) as server,
    ):
        try:
            until = time.monotonic() + START_S
            while not is_up(port):
                assert server.poll() is None, log.read_text()
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.5)
            yield f"openai:http://127.0.0.1:{port}/v1#{folder}"
        finally:
            os.killpg(server.pid, signal.SIGKILL)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("W2S_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def ask(reference: str, want: Want, **options: object) -> list[Answer]:
    text = f"{reference}?{'&'.join(f'{name}={value}' for name, value in options.items())}"
    model = load_model(text, cache="replies")
    try:
        return model.answer(EXAMPLES, want)  # type: ignore[arg-type]
    finally:
        model.close()


def test_real_server_answers_every_task(served: str) -> None:
    answers = ask(served, Want(), max_tokens=12)
    assert [answer.failure for answer in answers] == [None] * 4
    assert all(answer.raw for answer in answers)
    assert [answer.raw for answer in ask(served, Want(), max_tokens=12)] == [answer.raw for answer in answers]
    greedy = ask(served, Want(), max_tokens=12, cache="off", concurrency=1)
    assert [answer.raw for answer in greedy] == [answer.raw for answer in answers]


def test_reply_without_label_is_a_failure_with_mask(served: str) -> None:
    answers = ask(served, Want(mask=True), max_tokens=12)
    for answer in answers:
        assert (answer.failure, bool(answer.label)) in {("reply", False), (None, True)}


def test_missing_log_probs_are_unknown(served: str, caplog: pytest.LogCaptureFixture) -> None:
    answers = ask(served, Want(evidence=True), max_tokens=12, logprobs="true")
    assert [answer.failure for answer in answers] == [None] * 4
    known = [answer.log_prob is not None for answer in answers]
    notes = [record.message for record in caplog.records if "log-probabilities" in record.message]
    assert all(known) or (not any(known) and len(notes) == 1)
    assert [answer.n_options for answer in answers] == [3, None, 20, 3]


def test_unknown_model_at_real_server_is_a_failure(served: str) -> None:
    (first, *_) = ask(f"{served}-not", Want(), retries=0)
    assert first.failure == "reply"
    assert "status 400" in (first.raw or "")


def test_samples_of_real_server_are_cached(served: str) -> None:
    with closing(load_model(f"{served}?max_tokens=12", cache="replies")) as model:
        assert isinstance(model, SupportsSampling)
        first = model.sample(EXAMPLES, 3)
        assert [len(samples) for samples in first] == [3] * 4
        assert model.sample(EXAMPLES, 3) == first
    assert any(len(set(samples)) > 1 for samples in first)
