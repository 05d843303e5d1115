"""Over https: certificates are verified, and a request that is interrupted ends at once."""

from __future__ import annotations

import shutil
import signal
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.doubles.chat import ChatServer, Heard, Said, completion
from tests.doubles.signals import hears_ctrl_c
from tests.unit.models.endpoint.doubles import choice, letters
from w2s.models import Want, load_model


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """One for 127.0.0.1 that nobody trusts, with its private key in the same file."""
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


def test_a_certificate_that_nobody_vouches_for_is_refused(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("W2S_API_KEY", "sk-hunter2")
    with secured(ChatServer(lambda heard: "B"), certificate) as server:
        model = load_model(server.reference().replace("http:", "https:"))
        (answer,) = model.answer([choice(1)], Want())  # type: ignore[list-item]
        model.close()
        assert answer.failure == "void"
        assert "the certificate of 127.0.0.1" in (answer.raw or "")
        assert server.heard == []


def test_one_that_the_machine_trusts_is_accepted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("W2S_API_KEY", "sk-hunter2")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with secured(ChatServer(letters), certificate) as server:
        model = load_model(server.reference(concurrency=2).replace("http:", "https:"))
        for _ in range(2):
            answers = model.answer([choice(n) for n in range(6)], Want())  # type: ignore[misc]
            assert [answer.label for answer in answers] == ["A", "B", "C"] * 2
        model.close()
    assert len(server.heard) == 6
    assert {heard.headers["authorization"] for heard in server.heard} == {"Bearer sk-hunter2"}
    assert len({heard.line for heard in server.heard}) <= 2


def test_a_slow_drip_ends_over_https_too(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def drip(handler: object) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")  # type: ignore[attr-defined]
        for _ in range(20):
            time.sleep(0.05)
            handler.wfile.write(b" ")  # type: ignore[attr-defined]

    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with secured(ChatServer(lambda heard: drip), certificate) as server:
        model = load_model(server.reference(timeout_s=0.3).replace("http:", "https:"))
        (answer,) = model.answer([choice(1)], Want())  # type: ignore[list-item]
        model.close()
    assert (answer.failure, answer.raw) == ("stall", "no whole answer within 0.3 s")


RUN = """
import sys
from w2s.models import Want, load_model
from w2s.tasks.choice import ChoiceExample
model = load_model(sys.argv[1])
model.answer([ChoiceExample(str(n), f"Question {n}?", ("one", "two")) for n in range(30)], Want())
"""


@pytest.mark.parametrize("manner", ["hang", "busy"])
def test_an_interrupted_run_ends_at_once(manner: str) -> None:
    def script(heard: Heard) -> Said:
        if manner == "busy":
            return Said(b"", 429, {"Retry-After": "50"})
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
