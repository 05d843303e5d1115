"""Cached requests: each is sent once, and an unavailable endpoint ends the work."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from tests.doubles.chat import ChatReply, ChatRequest, ChatServer
from tests.doubles.errors import raises_code
from tests.unit.models.endpoint.doubles import ask, choice, letters, model, number_of
from w2s.errors import DataError, ModelError
from w2s.models import Want, load_model
from w2s.models.endpoint import cache as cache_file


def drawn(heard: ChatRequest) -> str:
    """One of three letters, by the seed of the request."""
    return "ABC"[heard.body["seed"] % 3]


def test_samples_share_cache_with_evidence_of_answers() -> None:
    want = Want(evidence=True)
    with ChatServer(drawn) as server:
        (answer,) = ask(server, [choice(1)], want, temperature=0.7, samples=4)
        assert len(server.heard) == 5
        with model(server, temperature=0.7) as asked:
            assert asked.sample([choice(1)], 4) == [answer.samples]
            assert len(server.heard) == 5
            (six,) = asked.sample([choice(1)], 6)
        assert (len(six), six[:4], len(server.heard)) == (6, answer.samples, 7)
        assert ask(server, [choice(1)], want, temperature=0.7)[0].label == answer.label
        assert len(server.heard) == 7


def test_refused_sampling_ends_the_work() -> None:
    with ChatServer(lambda heard: ChatReply(b"", 401)) as server, model(server, concurrency=1) as asked:
        with raises_code("endpoint-unavailable", ModelError) as caught:
            asked.sample([choice(number) for number in range(50)], 8)
        assert "8 times in a row" in str(caught.value)
        assert "status 401" in str(caught.value)
        assert len(server.heard) < 20


def test_equal_requests_are_sent_once() -> None:
    with ChatServer(lambda heard: "B") as server:
        answers = ask(server, [choice(1)] * 10, cache="off")
    assert [answer.label for answer in answers] == ["B"] * 10
    assert len(server.heard) == 1


def test_cached_replies_are_shared_between_models(cache: Path) -> None:
    with ChatServer(letters) as server:
        first = ask(server, [choice(n) for n in range(6)])
        assert len(server.heard) == 6
        again = ask(server, [choice(n) for n in range(8)])
        assert [answer.label for answer in again[:6]] == [answer.label for answer in first]
        assert len(server.heard) == 8
        ask(server, [choice(0)], max_tokens=5)
        ask(server, [choice(0)], temperature=1)
        ask(server, [choice(0)], temperature=1, seed=1)
        assert len(server.heard) == 11
        ask(server, [choice(0)], cache="off")
        assert len(server.heard) == 12
    assert len(list(cache.iterdir())) == 1


def test_failures_are_not_cached(cache: Path) -> None:
    bad = [ChatReply(b"{", 200), ChatReply(b"", 400)]
    with ChatServer(lambda heard: bad.pop() if bad else "B") as server:
        assert [ask(server, [choice(1)])[0].failure for _ in range(3)] == ["reply", "reply", None]
        assert len(server.heard) == 3


RUN = """
import sys
from w2s.models import Want, load_model
from w2s.tasks.choice import ChoiceExample
examples = [ChoiceExample(str(n), f"Question {n}?", ("one", "two", "three")) for n in range(30)]
model = load_model(sys.argv[1])
print(*(answer.label for answer in model.answer(examples, Want())))
model.close()
"""


@pytest.mark.slow
def test_killed_run_continues_from_cache(tmp_path: Path) -> None:
    victim: list[subprocess.Popen[str]] = []

    def kill_in_the_middle(heard: ChatRequest) -> str:
        if len(server.heard) == 15 and victim:
            os.kill(victim.pop().pid, signal.SIGKILL)
            time.sleep(0.2)
        return letters(heard)

    def start() -> subprocess.Popen[str]:
        command = [sys.executable, "-c", RUN, server.reference(concurrency=1, cache=tmp_path / "c")]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    with ChatServer(kill_in_the_middle) as server:
        victim.append(start())
        with victim[0] as killed:
            assert killed.wait(60) == -signal.SIGKILL
        paid = len(server.heard)
        assert paid == 15
        with start() as second:
            labels = second.communicate(timeout=60)[0].split()
    assert labels == ["ABC"[n % 3] for n in range(30)]
    answered_before = [number_of(heard) for heard in server.heard[: paid - 1]]
    asked_after = [number_of(heard) for heard in server.heard[paid:]]
    assert sorted(answered_before + asked_after) == list(range(30))


@pytest.mark.parametrize("status", [400, 422])
def test_refused_log_probs_are_no_longer_requested(status: int, caplog: pytest.LogCaptureFixture) -> None:
    def refuses(heard: ChatRequest) -> str | ChatReply:
        return ChatReply(b'{"detail": "logprobs"}', status) if "logprobs" in heard.body else letters(heard)

    with ChatServer(refuses) as server, caplog.at_level(logging.WARNING):
        examples = [choice(n) for n in range(6)]
        answers = ask(server, list(examples), Want(evidence=True), logprobs="true", concurrency=1)
    assert [answer.label for answer in answers] == ["ABC"[n % 3] for n in range(6)]
    assert {(answer.log_prob, answer.margin, answer.n_options) for answer in answers} == {(None, None, 3)}
    assert len(server.heard) == 7
    assert [record.message for record in caplog.records] == [
        f"http://127.0.0.1:{server.port}/v1#small refuses log-probabilities: labels have no evidence from "
        "them"
    ]


def test_missing_log_probs_are_warned_about_once(caplog: pytest.LogCaptureFixture) -> None:
    with ChatServer(letters) as server, caplog.at_level(logging.WARNING):
        answers = ask(server, [choice(n) for n in range(6)], Want(evidence=True), logprobs="true")
    assert {answer.log_prob for answer in answers} == {None}
    assert ["returns no log-probabilities" in record.message for record in caplog.records] == [True]


def test_bad_request_with_log_probs_is_a_failure() -> None:
    with ChatServer(lambda heard: ChatReply(b'{"error": {"message": "too long"}}', 400)) as server:
        (answer,) = ask(server, [choice(1)], logprobs="true")
    assert (answer.failure, answer.raw) == ("reply", "the server replied with status 400: too long")
    assert len(server.heard) == 2


def test_unreachable_server_is_void_and_then_an_error() -> None:
    with ChatServer(letters) as server:
        port = server.port
    asked = load_model(f"openai:http://127.0.0.1:{port}/v1#m?retries=0&concurrency=1")
    answers = asked.answer([choice(n) for n in range(7)], Want())
    assert {answer.failure for answer in answers} == {"void"}
    assert "cannot connect" in (answers[0].raw or "")
    with raises_code("endpoint-unavailable", ModelError) as caught:
        asked.answer([choice(8)], Want())
    assert "8 times in a row" in str(caught.value)
    assert f"127.0.0.1:{port}" in str(caught.value)
    asked.close()


@pytest.mark.parametrize(
    ("status", "remedy"), [(401, "set W2S_API_KEY"), (403, "W2S_API_KEY"), (404, "/models")]
)
def test_wrong_key_or_model_ends_run_with_remedy(status: int, remedy: str) -> None:
    with ChatServer(lambda heard: ChatReply(b"no", status)) as server:
        (answer,) = ask(server, [choice(1)])
        assert answer.failure == "void"
        assert len(server.heard) == 1
        with raises_code("endpoint-unavailable", ModelError) as caught:
            ask(server, [choice(n) for n in range(100)], concurrency=2)
        assert remedy in str(caught.value)
        assert len(server.heard) < 20


def test_full_disk_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with ChatServer(letters) as server, model(server) as asked:
        monkeypatch.setattr(cache_file.os, "write", lambda file, line: 3)
        with raises_code("endpoint-cache-write-failed", DataError) as caught:
            asked.answer([choice(1)], Want())
        assert "the disk is full" in str(caught.value)
        assert "cache=off" in str(caught.value)


def test_replies_of_an_earlier_run_are_reported_with_their_date(
    cache: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_file.time, "time", lambda: datetime(2026, 11, 30, 15, 20).timestamp())
    with ChatServer(letters) as server:
        with caplog.at_level(logging.WARNING):
            ask(server, [choice(1), choice(2), choice(1)])
        assert caplog.records == []
        ask(server, [choice(1), choice(2), choice(3)])
        (path,) = cache.iterdir()
        assert [record.message for record in caplog.records] == [
            f"http://127.0.0.1:{server.port}/v1#small: 2 of 3 replies came from the cache {path}, written "
            "2026-11-30 15:20; delete the file, or add cache=off, to request them again"
        ]


def test_nothing_is_cached_without_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with ChatServer(letters) as server:
        for _ in range(2):
            with closing(load_model(server.reference())) as asked:
                asked.answer([choice(1)], Want())
        assert len(server.heard) == 2
    assert list(tmp_path.iterdir()) == []


def test_cache_creates_nothing_before_the_first_reply(cache: Path) -> None:
    with ChatServer(letters) as server, model(server) as asked:
        assert not cache.exists()
        asked.answer([choice(1)], Want())
        assert cache.exists()
