"""Requests through the cache: what was answered once is not asked again.

Knows nothing about examples or labels.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from w2s.errors import ModelError
from w2s.models.endpoint.completion import Completion
from w2s.models.endpoint.request import Request
from w2s.models.endpoint.trouble import NoReplyError

FAILURES_IN_A_ROW = 8
_TRIED_WITHOUT = frozenset((400, 422, 501))
_LOG = logging.getLogger(__name__)


class Asks(Protocol):
    """Whoever sends a request."""

    def ask(self, request: Request) -> Completion:
        """The reply, or NoReplyError."""
        ...


class Keeps(Protocol):
    """Whoever keeps replies."""

    def get(self, digest: bytes) -> Completion | None:
        """A reply that was kept."""
        ...

    def put(self, digest: bytes, completion: Completion) -> None:
        """Keep a reply."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a request, and the seconds that it took, retries and pauses included."""

    reply: Completion | NoReplyError
    seconds: float


class Paid:
    """Many requests side by side, each distinct one once.

    Args:
        asking: sends.
        cache: keeps, None for no cache.
        concurrency: how many threads send.
        name: of the endpoint, for messages.
    """

    def __init__(self, asking: Asks, cache: Keeps | None, concurrency: int, name: str) -> None:
        self._asking = asking
        self._cache = cache
        self._name = name
        self._threads = ThreadPoolExecutor(concurrency, "w2s-endpoint")
        self._lock = threading.Lock()
        self._out_of_reach = 0
        self._has_logprobs = True
        self._said: set[str] = set()

    def ask_all(self, requests: Iterable[Request]) -> dict[bytes, Outcome]:
        """The outcome of every request, by its digest; equal requests are sent once.

        Raises:
            ModelError: the endpoint was out of reach so often that there is no point in going on.
        """
        distinct = {request.digest(): request for request in requests}
        over = threading.Event()
        jobs = {
            digest: self._threads.submit(self._unless, over, request) for digest, request in distinct.items()
        }
        try:
            return {digest: job.result() for digest, job in jobs.items()}
        except BaseException:
            for job in jobs.values():
                job.cancel()
            raise

    def close(self) -> None:
        """Start nothing any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _unless(self, over: threading.Event, request: Request) -> Outcome:
        """The outcome, unless a request before it has ended them all: nothing is sent any more then."""
        if over.is_set():
            raise CancelledError
        try:
            return self._timed(request)
        except ModelError:
            over.set()
            raise

    def _timed(self, request: Request) -> Outcome:
        begin = time.monotonic()
        reply: Completion | NoReplyError
        try:
            reply = self._reply(request)
        except NoReplyError as error:
            self._count(error)
            reply = error
        else:
            self._count(None)
        return Outcome(reply, time.monotonic() - begin)

    def _reply(self, request: Request) -> Completion:
        """The reply; a server that has no log-probabilities is asked for the text alone."""
        if not (request.logprobs and not self._has_logprobs):
            try:
                return self._with_note(request, self._kept(request))
            except NoReplyError as error:
                if not request.logprobs or error.status not in _TRIED_WITHOUT:
                    raise
        reply = self._kept(request.without_logprobs())
        self._has_logprobs = False
        self._note("refuses log-probabilities: labels have no evidence from them")
        return reply

    def _kept(self, request: Request) -> Completion:
        if self._cache is None:
            return self._asking.ask(request)
        digest = request.digest()
        kept = self._cache.get(digest)
        if kept is None:
            kept = self._asking.ask(request)
            self._cache.put(digest, kept)
        return kept

    def _with_note(self, request: Request, reply: Completion) -> Completion:
        if request.logprobs and reply.log_prob is None:
            self._note("gives no log-probabilities: labels have no evidence from them")
        return reply

    def _note(self, text: str) -> None:
        with self._lock:
            is_new = text not in self._said
            self._said.add(text)
        if is_new:
            _LOG.warning("%s %s", self._name, text)

    def _count(self, error: NoReplyError | None) -> None:
        with self._lock:
            self._out_of_reach = self._out_of_reach + 1 if error and error.failure == "void" else 0
            if error and self._out_of_reach >= FAILURES_IN_A_ROW:
                raise ModelError(
                    "endpoint-unavailable",
                    f"{self._name} was unavailable {self._out_of_reach} times in a row (last time: "
                    f"{error.why}); check that the server is running",
                )
