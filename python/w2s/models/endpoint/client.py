"""An HTTP client for chat completions: retries with back-off, ``Retry-After``, and a rate limit."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from w2s.models import keyed_random
from w2s.models.endpoint.chat_completions import ChatRequest, Completion, parse_completion
from w2s.models.endpoint.http_connection import HttpConnection, HttpConnectionPool, HttpReply, NoReplyError
from w2s.models.endpoint.key import KEY_VARIABLES, ApiKey
from w2s.models.endpoint.settings import EndpointSettings

BACKOFF_S = 0.5
"""The longest pause before the first retry; it doubles with every retry."""

MAX_PAUSE_S = 60.0
"""The longest pause, even if a server requests a longer one."""

_BODY_BYTES = 2**18
_BYTES_PER_TOKEN = 256
_BYTES_PER_LOGPROB = 4096  # twenty alternatives, each with its token as text and as bytes
_MAX_SHOWN = 200
_HEADERS = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "w2s"}
_RETRYABLE = (408, 409)
"""Request timeout and conflict: a retry may succeed."""
_REMEDIES = {
    401: f"it requires another key; set {KEY_VARIABLES[0]}",
    403: f"it refuses the key; set {KEY_VARIABLES[0]}",
    404: "it does not know the address or the model; see what it lists under /models",
}


class RateLimiter:
    """Assigns start times to requests, at least 60 / rpm seconds apart; shared by all threads.

    Args:
        rpm: requests per minute; None for no limit.
    """

    def __init__(self, rpm: int | None) -> None:
        self._interval_s = 60 / rpm if rpm else 0.0
        self._next = 0.0
        self._lock = threading.Lock()

    def reserve(self, now: float) -> float:
        """Reserve the next start time; the seconds to wait until then."""
        with self._lock:
            start = max(now, self._next)
            self._next = start + self._interval_s
            return start - now

    def pause_until(self, moment: float) -> None:
        """Assign no start time before this moment; times that are already reserved stay."""
        with self._lock:
            self._next = max(self._next, moment)


class ChatClient:
    """Sends requests to one endpoint; can be used by several threads at once.

    Args:
        settings: the address, limits and retries.
        key: the key that is sent.
        seed: random seed for the jitter of the back-off.
        backoff_s: the longest pause before the first retry.
    """

    def __init__(
        self, settings: EndpointSettings, key: ApiKey, seed: int, backoff_s: float = BACKOFF_S
    ) -> None:
        self._retries = settings.retries
        self._key = key
        self._seed = seed
        self._backoff_s = backoff_s
        self._rate_limiter = RateLimiter(settings.rpm)
        self._stop = threading.Event()
        self._connections = HttpConnectionPool(lambda: _open_connection(settings))

    def complete(self, request: ChatRequest) -> Completion:
        """The completion of one request.

        Raises:
            NoReplyError: there is none, after as many retries as the settings allow.
        """
        for attempt in range(self._retries + 1):
            self._wait(self._rate_limiter.reserve(time.monotonic()))
            try:
                return self._completion(self._connections.post(request.body(), self._headers()))
            except NoReplyError as error:
                if not error.retryable or attempt == self._retries:
                    raise
                self._back_off(request, attempt, error)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def close(self) -> None:
        """End all connections; active requests fail."""
        self._stop.set()
        self._connections.close()

    def _headers(self) -> dict[str, str]:
        return {**_HEADERS, **self._key.headers()}

    def _completion(self, reply: HttpReply) -> Completion:
        if reply.status != http.client.OK:
            raise self._refusal(reply)
        encoding = reply.headers.get("content-encoding", "identity")
        if encoding.lower() != "identity":
            raise NoReplyError("reply", "the reply is compressed, which was not requested")
        return parse_completion(reply.body, self._key.redact)

    def _refusal(self, reply: HttpReply) -> NoReplyError:
        """The failure for a status other than 200."""
        status = reply.status
        reason = f"the server replied with status {status}"
        if status in _REMEDIES:
            reason = f"{reason}; {_REMEDIES[status]}"
        elif 300 <= status < 400:
            reason = f"{reason}; redirects are not followed, so use the final address"
        else:
            reason = f"{reason}{_quote(self._key.redact(_error_message(reply.body)))}"
        wait_s = parse_retry_after(reply.headers)
        if status == 429:
            return NoReplyError("void", reason, retryable=True, wait_s=wait_s, status=status)
        if status >= 500 or status in _RETRYABLE:
            return NoReplyError("crash", reason, retryable=True, wait_s=wait_s, status=status)
        return NoReplyError("void" if status in _REMEDIES else "reply", reason, status=status)

    def _back_off(self, request: ChatRequest, attempt: int, error: NoReplyError) -> None:
        jitter = keyed_random.uniform(self._seed, "back-off", request.digest().hex(), attempt)
        pause_s = min(self._backoff_s * 2**attempt, MAX_PAUSE_S) * (1 + jitter) / 2
        if error.wait_s is not None:
            pause_s = max(pause_s, min(error.wait_s, MAX_PAUSE_S))  # the server may ask for 0 seconds
            self._rate_limiter.pause_until(time.monotonic() + pause_s)  # other threads wait as well
        self._wait(pause_s)

    def _wait(self, seconds: float) -> None:
        if self._stop.wait(seconds) if seconds > 0 else self._stop.is_set():
            raise NoReplyError("void", "the model was closed")


def parse_retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds in the header ``Retry-After``, a number or a date; None where it is missing or invalid."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    now = datetime.now(UTC)
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds())


def _open_connection(settings: EndpointSettings) -> HttpConnection:
    token_bytes = _BYTES_PER_TOKEN + (_BYTES_PER_LOGPROB if settings.logprobs else 0)
    return HttpConnection(
        settings.address,
        connect_s=settings.connect_s,
        timeout_s=settings.timeout_s,
        max_bytes=_BODY_BYTES + token_bytes * settings.max_tokens,
    )


def _error_message(body: bytes) -> str:
    """The message in the body of an error, in any of the common forms."""
    text = body.decode("utf-8", "replace")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    for name in ("error", "message", "detail"):
        if isinstance(found, dict) and name in found:
            found = found[name]
    return found if isinstance(found, str) else json.dumps(found)


def _quote(text: str) -> str:
    """The text after a colon, as one short printable line; empty for an empty text."""
    line = " ".join(text.encode("utf-8", "replace").decode().split())
    printable = "".join(letter if letter.isprintable() else "?" for letter in line[: _MAX_SHOWN + 1])
    return f": {printable if len(line) <= _MAX_SHOWN else printable[:_MAX_SHOWN] + '…'}" if line else ""
