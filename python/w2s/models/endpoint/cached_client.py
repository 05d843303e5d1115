"""Requests through the cache: concurrent, each distinct request once, with a limit on failures in a row."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass

from w2s.errors import ModelError
from w2s.models.endpoint.cache import ReplyCache
from w2s.models.endpoint.chat_completions import ChatRequest, Completion
from w2s.models.endpoint.client import ChatClient
from w2s.models.endpoint.http_connection import NoReplyError

MAX_UNAVAILABLE = 8
"""This many ``void`` failures in a row end the work."""

_RETRY_WITHOUT_LOGPROBS = frozenset((400, 422, 501))
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RequestOutcome:
    """The completion of a request or its failure, and the seconds it took, retries and pauses included."""

    reply: Completion | NoReplyError
    seconds: float


class CachedClient:
    """Sends many requests at once; replies are cached, and equal requests are sent once.

    Args:
        client: sends the requests.
        cache: stores the replies; None for no cache.
        concurrency: how many threads send requests.
        name: name of the endpoint, for messages.

    Attributes:
        sent: number of replies that came from the endpoint.
    """

    def __init__(self, client: ChatClient, cache: ReplyCache | None, concurrency: int, name: str) -> None:
        self._client = client
        self._cache = cache
        self._name = name
        self.sent = 0
        self._threads = ThreadPoolExecutor(concurrency, "w2s-endpoint")
        self._lock = threading.Lock()
        self._unavailable = 0
        self._has_logprobs = True
        self._warned: set[str] = set()

    def complete_all(self, requests: Iterable[ChatRequest]) -> dict[bytes, RequestOutcome]:
        """The outcome of every request, by its digest.

        Raises:
            ModelError: the endpoint was unavailable too often in a row.
        """
        distinct = {request.digest(): request for request in requests}
        stop = threading.Event()
        jobs = {
            digest: self._threads.submit(self._unless_stopped, stop, request)
            for digest, request in distinct.items()
        }
        try:
            return {digest: job.result() for digest, job in jobs.items()}
        except BaseException:
            for job in jobs.values():
                job.cancel()
            raise

    def close(self) -> None:
        """Start no more requests, and log how many replies of an earlier process were used again."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        reuse = None if self._cache is None else self._cache.reuse(self.sent)
        if reuse is not None:
            _LOG.warning("%s: %s", self._name, reuse)

    def _unless_stopped(self, stop: threading.Event, request: ChatRequest) -> RequestOutcome:
        """The outcome of a request; nothing is sent once another request has ended the work."""
        if stop.is_set():
            raise CancelledError
        try:
            return self._outcome(request)
        except ModelError:
            stop.set()
            raise

    def _outcome(self, request: ChatRequest) -> RequestOutcome:
        begin = time.monotonic()
        reply: Completion | NoReplyError
        try:
            reply = self._complete(request)
        except NoReplyError as error:
            self._count(error)
            reply = error
        else:
            self._count(None)
        return RequestOutcome(reply, time.monotonic() - begin)

    def _complete(self, request: ChatRequest) -> Completion:
        """The completion; from a server without log-probabilities, only the text is requested."""
        if not (request.logprobs and not self._has_logprobs):
            try:
                reply = self._complete_cached(request)
            except NoReplyError as error:
                if not request.logprobs or error.status not in _RETRY_WITHOUT_LOGPROBS:
                    raise
            else:
                if request.logprobs and reply.log_prob is None:
                    self._warn_once("returns no log-probabilities: labels have no evidence from them")
                return reply
        reply = self._complete_cached(request.without_logprobs())
        self._has_logprobs = False
        self._warn_once("refuses log-probabilities: labels have no evidence from them")
        return reply

    def _complete_cached(self, request: ChatRequest) -> Completion:
        digest = request.digest()
        reply = None if self._cache is None else self._cache.get(digest)
        if reply is None:
            reply = self._client.complete(request)
            with self._lock:
                self.sent += 1
            if self._cache is not None:
                self._cache.put(digest, reply)
        return reply

    def _warn_once(self, text: str) -> None:
        with self._lock:
            is_new = text not in self._warned
            self._warned.add(text)
        if is_new:
            _LOG.warning("%s %s", self._name, text)

    def _count(self, error: NoReplyError | None) -> None:
        with self._lock:
            self._unavailable = self._unavailable + 1 if error and error.failure == "void" else 0
            if error and self._unavailable >= MAX_UNAVAILABLE:
                raise ModelError(
                    "endpoint-unavailable",
                    f"{self._name} was unavailable {self._unavailable} times in a row (last time: "
                    f"{error.reason}); check that the server is running",
                )
