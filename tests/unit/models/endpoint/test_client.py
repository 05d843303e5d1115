"""Retries, pauses and the rate limit, against a real server on loopback."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tests.doubles.chat import ChatReply, ChatRequest, ChatServer
from tests.unit.models.endpoint.doubles import ask, choice, letters
from w2s.models.endpoint import client
from w2s.models.endpoint.client import RateLimiter, parse_retry_after


@pytest.mark.parametrize("status", [429, 500, 502, 503, 529])
def test_busy_or_broken_server_is_retried(status: int) -> None:
    with ChatServer(lambda heard: ChatReply(b"", status) if len(server.heard) < 4 else "B") as server:
        (answer,) = ask(server, [choice(1)], retries=5)
        assert (answer.label, answer.failure, len(server.heard)) == ("B", None, 4)


@pytest.mark.parametrize("status", [400, 401, 404, 413, 422])
def test_rejected_request_is_not_retried(status: int) -> None:
    with ChatServer(lambda heard: ChatReply(b"", status)) as server:
        assert ask(server, [choice(1)], retries=5)[0].failure is not None
        assert len(server.heard) == 1


def test_busy_server_is_void_after_last_retry() -> None:
    with ChatServer(lambda heard: ChatReply(b"busy", 429)) as server:
        (answer,) = ask(server, [choice(1)], retries=2)
        assert (answer.failure, len(server.heard)) == ("void", 3)
        assert answer.raw == "the server replied with status 429: busy"


def test_backoff_doubles_and_depends_on_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    def pauses(seed: int) -> list[float]:
        found: list[float] = []
        monkeypatch.setattr(client.ChatClient, "_wait", lambda self, seconds: found.append(seconds))
        with ChatServer(lambda heard: ChatReply(b"", 500)) as server:
            ask(server, [choice(1)], retries=9, backoff_s=1.0, seed=seed)
        return [pause for pause in found if pause > 0]

    first = pauses(1)
    assert len(first) == 9
    for attempt, pause in enumerate(first):
        most = min(2.0**attempt, 60.0)
        assert most / 2 < pause < most
    assert pauses(1) == first
    assert pauses(2) != first


@pytest.mark.slow
@pytest.mark.parametrize("as_date", [False, True])
def test_client_waits_for_retry_after(as_date: bool) -> None:
    def until() -> str:
        # a date has whole seconds: two from now is more than one away
        return format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True) if as_date else "1"

    times: list[float] = []

    def script(heard: ChatRequest) -> str | ChatReply:
        times.append(time.monotonic())
        return ChatReply(b"", 429, {"Retry-After": until()}) if len(times) == 1 else "B"

    with ChatServer(script) as server:
        assert ask(server, [choice(1)])[0].label == "B"
    assert 0.9 < times[1] - times[0] < 4


def test_retry_after_accepts_numbers_and_dates_and_is_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse_retry_after({}) is None
    for strange in ("soon", "-5", "1.5", "", "٣", "Mon, 99 Foo 2026"):
        assert parse_retry_after({"retry-after": strange}) is None
    assert parse_retry_after({"retry-after": "7"}) == 7
    assert parse_retry_after({"retry-after": "9" * 500}) == 999_999_999
    assert parse_retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    assert parse_retry_after({"retry-after": later}) == pytest.approx(99, abs=2)
    found: list[float] = []
    monkeypatch.setattr(client.ChatClient, "_wait", lambda self, seconds: found.append(seconds))
    with ChatServer(lambda heard: ChatReply(b"", 503, {"Retry-After": "86400"})) as server:
        ask(server, [choice(1)], retries=1)
    assert max(found) == pytest.approx(60, abs=0.1)


def test_pause_until_delays_later_reservations() -> None:
    limiter = RateLimiter(None)
    assert limiter.reserve(5.0) == 0
    limiter.pause_until(9.0)
    limiter.pause_until(7.0)
    assert [limiter.reserve(6.0), limiter.reserve(8.0), limiter.reserve(10.0)] == [3.0, 1.0, 0.0]


@pytest.mark.slow
def test_retry_after_pauses_other_threads() -> None:
    times: list[float] = []

    def script(heard: ChatRequest) -> str | ChatReply:
        times.append(time.monotonic())
        return ChatReply(b"", 429, {"Retry-After": "1"}) if len(times) == 1 else letters(heard)

    with ChatServer(script) as server:
        answers = ask(server, [choice(n) for n in range(12)], concurrency=3)
    assert {answer.failure for answer in answers} == {None}
    assert sum(moment - times[0] < 0.8 for moment in times) <= 6  # those that were on their way
    assert len(times) == 13


def test_rate_limiter_spaces_start_times() -> None:
    limiter = RateLimiter(60)
    assert [limiter.reserve(now) for now in (10.0, 10.0, 10.5, 20.0)] == [0.0, 1.0, 1.5, 0.0]


@pytest.mark.slow
@pytest.mark.parametrize("when", ["0", "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_retry_after_of_zero_uses_backoff(when: str) -> None:
    times: list[float] = []

    def script(heard: ChatRequest) -> ChatReply:
        times.append(time.monotonic())
        return ChatReply(b"", 429, {"Retry-After": when}) if times[-1] - times[0] < 0.5 else letters(heard)

    with ChatServer(script) as server:
        (answer,) = ask(server, [choice(1)], backoff_s=0.1)
    assert answer.failure is None
    assert len(times) <= 6


def test_rate_limit_spaces_requests() -> None:
    with ChatServer(letters) as server:
        begin = time.monotonic()
        ask(server, [choice(n) for n in range(6)], rpm=600)
        assert 0.5 <= time.monotonic() - begin < 3
