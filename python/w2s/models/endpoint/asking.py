"""One request until it has a reply or none is to be had: back-off, ``Retry-After``, the rate limit.

Knows nothing about examples or caches.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from w2s.models import draws
from w2s.models.endpoint.completion import Completion, read_completion
from w2s.models.endpoint.connection import Connection, Reply
from w2s.models.endpoint.connections import Connections
from w2s.models.endpoint.gate import Gate
from w2s.models.endpoint.key import VARIABLES, Key
from w2s.models.endpoint.request import Request
from w2s.models.endpoint.settings import Settings
from w2s.models.endpoint.trouble import NoReplyError

BACKOFF_S = 0.5
"""The pause before the first retry, at most; it doubles with every one."""

LONGEST_PAUSE_S = 60.0
"""No pause is longer, whatever a server asks for."""

_BODY_BYTES = 2**18
_BYTES_A_TOKEN = 256
_BYTES_A_LOGPROB = 4096  # twenty alternatives, each with its token as text and as bytes
_SHOWN = 200
_HEADERS = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "w2s"}
_PASSING = (408, 409)
"""A request that came too slowly, or beside another: the next one may do."""
_REMEDIES = {
    401: f"the server wants another key: set {VARIABLES[0]}",
    403: f"the server refuses the key: set {VARIABLES[0]}",
    404: "the server knows no such address or model: see what it lists under /models",
}


class Asking:
    """Sends requests to one endpoint; used by several threads at once.

    Args:
        settings: where, and with how much patience.
        key: what the server is shown.
        seed: decides the jitter of the back-off.
        backoff_s: the longest first pause.
    """

    def __init__(self, settings: Settings, key: Key, seed: int, backoff_s: float = BACKOFF_S) -> None:
        self._retries = settings.retries
        self._key = key
        self._seed = seed
        self._backoff_s = backoff_s
        self._gate = Gate(settings.rpm)
        self._stop = threading.Event()
        self._connections = Connections(lambda: _connection(settings))

    def ask(self, request: Request) -> Completion:
        """The reply to one request.

        Raises:
            NoReplyError: there is none; everything was tried that ``retries`` allows.
        """
        for attempt in range(self._retries + 1):
            self._wait(self._gate.reserve(time.monotonic()))
            try:
                return self._completion(self._connections.post(request.body(), self._headers()))
            except NoReplyError as error:
                if not error.again or attempt == self._retries:
                    raise
                self._pause(request, attempt, error)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def close(self) -> None:
        """End all connections; what is under way fails."""
        self._stop.set()
        self._connections.close()

    def _headers(self) -> dict[str, str]:
        return {**_HEADERS, **self._key.headers()}

    def _completion(self, reply: Reply) -> Completion:
        if reply.status != http.client.OK:
            raise self._refusal(reply)
        coding = reply.headers.get("content-encoding", "identity")
        if coding.lower() != "identity":
            raise NoReplyError("reply", "the answer is compressed, which was not asked for")
        return read_completion(reply.body, self._key.scrubbed)

    def _refusal(self, reply: Reply) -> NoReplyError:
        """What a status other than 200 comes to."""
        status = reply.status
        why = f"the server says {status}"
        if status in _REMEDIES:
            why = f"{why}; {_REMEDIES[status]}"
        elif 300 <= status < 400:
            why = f"{why}: redirects are not followed; name the address itself"
        else:
            why = f"{why}{_said(self._key.scrubbed(_message(reply.body)))}"
        if status == 429:
            return NoReplyError("void", why, again=True, wait_s=retry_after_s(reply.headers), status=status)
        if status >= 500 or status in _PASSING:
            return NoReplyError("crash", why, again=True, wait_s=retry_after_s(reply.headers), status=status)
        return NoReplyError("void" if status in _REMEDIES else "reply", why, status=status)

    def _pause(self, request: Request, attempt: int, error: NoReplyError) -> None:
        drawn = draws.uniform(self._seed, "back-off", request.digest().hex(), attempt)
        pause_s = min(self._backoff_s * 2**attempt, LONGEST_PAUSE_S) * (1 + drawn) / 2
        if error.wait_s is not None:
            pause_s = max(pause_s, min(error.wait_s, LONGEST_PAUSE_S))  # 0, or a moment gone by, is no rest
            self._gate.hold(time.monotonic() + pause_s)  # the others need not ask to be told the same
        self._wait(pause_s)

    def _wait(self, seconds: float) -> None:
        if self._stop.wait(seconds) if seconds > 0 else self._stop.is_set():
            raise NoReplyError("void", "the model was closed")


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds that a server asks to wait, written as a number or as a date; None where it does not say."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    now = datetime.now(UTC)
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds())


def _connection(settings: Settings) -> Connection:
    token_bytes = _BYTES_A_TOKEN + (_BYTES_A_LOGPROB if settings.logprobs else 0)
    return Connection(
        settings.address,
        connect_s=settings.connect_s,
        timeout_s=settings.timeout_s,
        most_bytes=_BODY_BYTES + token_bytes * settings.max_tokens,
    )


def _message(body: bytes) -> str:
    """What the body of an error says, in any of the common forms."""
    text = body.decode("utf-8", "replace")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    for name in ("error", "message", "detail"):
        if isinstance(found, dict) and name in found:
            found = found[name]
    return found if isinstance(found, str) else json.dumps(found)


def _said(text: str) -> str:
    """One short line."""
    words = " ".join(text.encode("utf-8", "replace").decode().split())
    printable = "".join(letter if letter.isprintable() else "?" for letter in words[: _SHOWN + 1])
    return f": {printable if len(words) <= _SHOWN else printable[:_SHOWN] + '…'}" if words else ""
