"""Connections: certificates, deadlines, hostile servers, reuse, and interruption."""

from __future__ import annotations

import gzip
import shutil
import signal
import ssl
import subprocess
import sys
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.doubles.chat import ChatReply, ChatRequest, ChatServer, completion
from tests.doubles.signals import hears_ctrl_c
from tests.unit.models.endpoint.doubles import ask, choice, letters, model, number_of
from w2s.models import Want, load_model
from w2s.models.endpoint.http_connection import HttpConnection


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """An untrusted certificate for 127.0.0.1, with its private key in the same file."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("needs openssl to make a certificate")
    path = tmp_path / "certificate.pem"
    new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    name = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", tmp_path / "key.pem", "-out", path]
    subprocess.run([program, *new, *name, *files], check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + (tmp_path / "key.pem").read_bytes())
    return path


def secured(server: ChatServer, certificate: Path) -> ChatServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.wrap(context)
    return server


def test_untrusted_certificate_is_refused(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("W2S_API_KEY", "sk-hunter2")
    with secured(ChatServer(lambda heard: "B"), certificate) as server:
        loaded = load_model(server.reference().replace("http:", "https:"))
        (answer,) = loaded.answer([choice(1)], Want())  # type: ignore[list-item]
        loaded.close()
        assert answer.failure == "void"
        assert "the certificate of 127.0.0.1" in (answer.raw or "")
        assert server.heard == []


def test_trusted_certificate_is_accepted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("W2S_API_KEY", "sk-hunter2")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with secured(ChatServer(letters), certificate) as server:
        loaded = load_model(server.reference(concurrency=2).replace("http:", "https:"))
        for _ in range(2):
            answers = loaded.answer([choice(n) for n in range(6)], Want())  # type: ignore[misc]
            assert [answer.label for answer in answers] == ["A", "B", "C"] * 2
        loaded.close()
    assert len(server.heard) == 12
    assert {heard.headers["authorization"] for heard in server.heard} == {"Bearer sk-hunter2"}
    assert len({heard.line for heard in server.heard}) <= 2


def test_deadline_applies_to_slow_https_reply(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def drip(handler: object) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")  # type: ignore[attr-defined]
        for _ in range(20):
            time.sleep(0.05)
            handler.wfile.write(b" ")  # type: ignore[attr-defined]

    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with secured(ChatServer(lambda heard: drip), certificate) as server:
        loaded = load_model(server.reference(timeout_s=0.3).replace("http:", "https:"))
        (answer,) = loaded.answer([choice(1)], Want())  # type: ignore[list-item]
        loaded.close()
    assert (answer.failure, answer.raw) == ("stall", "the reply was not complete within 0.3 s")


RUN = """
import sys
from w2s.models import Want, load_model
from w2s.tasks.choice import ChoiceExample
model = load_model(sys.argv[1])
model.answer([ChoiceExample(str(n), f"Question {n}?", ("one", "two")) for n in range(30)], Want())
"""


@pytest.mark.slow
@pytest.mark.parametrize("manner", ["hang", "busy"])
def test_interrupted_run_ends_at_once(manner: str) -> None:
    def script(heard: ChatRequest) -> ChatReply:
        if manner == "busy":
            return ChatReply(b"", 429, {"Retry-After": "50"})
        time.sleep(8)
        return completion("A")

    with ChatServer(script) as server:
        with subprocess.Popen(
            [sys.executable, "-c", RUN, server.reference(concurrency=4)],
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=hears_ctrl_c,
        ) as asker:
            until = time.monotonic() + 30
            while len(server.heard) < 4 and time.monotonic() < until:
                time.sleep(0.02)
            time.sleep(0.1)
            begin = time.monotonic()
            asker.send_signal(signal.SIGINT)
            said = asker.communicate(timeout=30)[1]
            assert time.monotonic() - begin < 5
        assert "KeyboardInterrupt" in said
        assert len(server.heard) <= 4


GOOD = completion("B").body


def hang(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(2.5)


def drip(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
    for _ in range(50):
        time.sleep(0.05)
        handler.wfile.write(b" ")


def drip_headers(handler: BaseHTTPRequestHandler) -> None:
    for letter in b"HTTP/1.1 200 OK\r\nX: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy":
        time.sleep(0.05)
        handler.wfile.write(bytes([letter]))


def go_on_forever(handler: BaseHTTPRequestHandler) -> None:
    while True:
        handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.005)


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True


def no_http(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")
    handler.close_connection = True


def endless_headers(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000)
    handler.close_connection = True


def torn_chunks(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n{}")
    handler.close_connection = True


HOSTILE = {
    "empty": (ChatReply(), "reply", "is empty"),
    "truncated JSON": (ChatReply(GOOD[:-9]), "reply", "not JSON"),
    "no choices": (ChatReply(b'{"object": "chat.completion"}'), "reply", "no choices"),
    "null content": (completion(None), "reply", "no text"),
    "content a list": (completion([{"type": "text", "text": "B"}]), "reply", "no text"),
    "invalid UTF-8": (ChatReply(b'{"choices": "\xff\xfe"}'), "reply", "not JSON"),
    "a page": (ChatReply(b"<html>B</html>", headers={"Content-Type": "text/html"}), "reply", "not JSON"),
    "gzip": (ChatReply(gzip.compress(GOOD), headers={"Content-Encoding": "gzip"}), "reply", "compressed"),
    "10 MB": (ChatReply(b" " * 10_000_000 + GOOD), "reply", "more than 524,288 bytes"),
    "10 MB of text": (completion("B" * 10_000_000), "reply", "more than 524,288 bytes"),
    "10 MB without a length": (ChatReply(b" " * 10_000_000, length=-1), "reply", "more than"),
    "deep": (ChatReply(b"[" * 100_000), "reply", "not JSON"),
    "length too great": (ChatReply(GOOD, length=len(GOOD) + 50), "crash", "the connection broke"),
    "length too small": (ChatReply(GOOD, length=len(GOOD) - 5), "reply", "not JSON"),
    "length no number": (ChatReply(GOOD, length=-1, headers={"Content-Length": "many"}), None, ""),
    "500": (ChatReply(b"oops\n\x00 trace", 500), "crash", "the server replied with status 500: oops ? trace"),
    "503 of 10 MB": (ChatReply(b"x" * 10_000_000, 503), "crash", "the server replied with status 503: xxx"),
    "302": (ChatReply(b"", 302, {"Location": "http://127.0.0.1:1/"}), "reply", "redirects are not followed"),
    "400": (
        ChatReply(b'{"error": {"message": "no"}}', 400),
        "reply",
        "the server replied with status 400: no",
    ),
    "204": (ChatReply(b"", 204), "reply", "the server replied with status 204"),
    "hang": (hang, "stall", "the reply was not complete within 0.6 s"),
    "drip": (drip, "stall", "the reply was not complete within 0.6 s"),
    "drip of headers": (drip_headers, "stall", "the reply was not complete within 0.6 s"),
    "100 for ever": (go_on_forever, "stall", "the reply was not complete within 0.6 s"),
    "hang up": (hang_up, "crash", "the connection broke"),
    "no HTTP": (no_http, "crash", "the connection broke"),
    "endless headers": (endless_headers, "crash", "the connection broke"),
    "torn chunks": (torn_chunks, "crash", "the connection broke"),
}


STALLS = {name for name, (_, kind, _) in HOSTILE.items() if kind == "stall"}
"""Replies that take as long as a reply may take."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name in STALLS else []) for name in HOSTILE]
)
def test_hostile_reply_fails_only_its_own_answer(name: str) -> None:
    said, failure, why = HOSTILE[name]

    def script(heard: ChatRequest) -> object:
        return said if number_of(heard) % 2 else letters(heard)

    with ChatServer(script) as server:  # type: ignore[arg-type]
        begin = time.monotonic()
        answers = ask(server, [choice(n) for n in range(6)], timeout_s=0.6, retries=1, concurrency=2)
        assert time.monotonic() - begin < 8
    assert [answer.label for answer in answers[::2]] == ["A", "C", "B"]
    assert [answer.failure for answer in answers] == [None, failure] * 3
    if failure is not None:
        assert {answer.label for answer in answers[1::2]} == {""}
        for answer in answers[1::2]:
            assert why in (answer.raw or "")
            assert failure != "stall" or answer.seconds < 1.8
            assert len(answer.raw or "") < 300
            assert (answer.raw or "").isprintable()


def test_hostile_replies_fail_with_expected_kinds() -> None:
    names = list(HOSTILE)

    def script(heard: ChatRequest) -> object:
        return HOSTILE[names[number_of(heard)]][0]

    with ChatServer(script) as server:  # type: ignore[arg-type]
        answers = ask(server, [choice(n) for n in range(len(names))], timeout_s=0.6, retries=0)
    expected = Counter(failure for _, failure, _ in HOSTILE.values())
    assert Counter(answer.failure for answer in answers) == expected


def test_stray_reply_is_not_used_for_next_request() -> None:
    stray = (
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(completion("C").body) + completion("C").body
    )

    def script(heard: ChatRequest) -> object:
        def say(handler: BaseHTTPRequestHandler) -> None:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(GOOD) + GOOD)
            handler.wfile.flush()
            time.sleep(0.05)
            handler.wfile.write(stray)

        return say

    with ChatServer(script) as server, model(server, concurrency=1) as asked:  # type: ignore[arg-type]
        for number in range(4):
            assert asked.answer([choice(number)], Want())[0].label == "B"
            time.sleep(0.1)


def test_connections_are_reused_across_calls() -> None:
    with ChatServer(letters) as server, model(server, concurrency=1) as asked:
        for number in range(5):
            asked.answer([choice(number)], Want())
    assert len({heard.line for heard in server.heard}) == 1


def test_closed_connection_is_reopened_without_a_retry() -> None:
    def and_hang_up(heard: ChatRequest) -> ChatReply:
        return ChatReply(completion(letters(heard)).body, headers={"Connection": "close"})

    with ChatServer(and_hang_up) as server, model(server, concurrency=1, retries=0) as asked:
        found = [asked.answer([choice(number)], Want())[0] for number in range(4)]
    assert [answer.label for answer in found] == ["A", "B", "C", "A"]
    assert len({heard.line for heard in server.heard}) == 4


@pytest.mark.parametrize("is_seen", [True, False])
def test_dropped_idle_connection_costs_no_retry(is_seen: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not is_seen:  # it dies between our look at it and the request
        monkeypatch.setattr(HttpConnection, "is_reusable", lambda self: True)

    def quietly_hang_up(heard: ChatRequest) -> object:
        def say(handler: object) -> None:
            handler._say(completion(letters(heard)))  # type: ignore[attr-defined]
            handler.close_connection = True  # type: ignore[attr-defined]

        return say

    with ChatServer(quietly_hang_up) as server, model(server, concurrency=1, retries=0) as asked:  # type: ignore[arg-type]
        for number in range(4):
            (answer,) = asked.answer([choice(number)], Want())
            assert answer.label == "ABC"[number % 3]
            time.sleep(0.05)
