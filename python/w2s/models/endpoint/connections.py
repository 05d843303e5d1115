"""The connections of a model, used again and again by its threads.

Knows nothing about requests.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from w2s.models.endpoint.connection import Connection, Reply
from w2s.models.endpoint.trouble import NoReplyError


class Connections:
    """As many connections as threads ask at once; the one that was used last is used next."""

    def __init__(self, open_one: Callable[[], Connection]) -> None:
        self._open_one = open_one
        self._idle: list[Connection] = []
        self._busy: set[Connection] = set()
        self._lock = threading.Lock()
        self._is_closed = False

    def post(self, body: bytes, headers: Mapping[str, str]) -> Reply:
        """The reply to one request.

        A server may drop an idle connection just as it is used again; then a new one is tried at once.

        Raises:
            NoReplyError: there is none.
        """
        connection = self._take()
        try:
            return self._post(connection, body, headers)
        except NoReplyError as error:
            if not (error.failure == "crash" and connection.was_used):
                raise
        return self._post(self._new(), body, headers)

    def close(self) -> None:
        """End all connections; requests that are under way fail."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
            for connection in self._busy:
                connection.interrupt()
        for connection in idle:
            connection.close()

    def _post(self, connection: Connection, body: bytes, headers: Mapping[str, str]) -> Reply:
        is_whole = False
        try:
            reply = connection.post(body, headers)
            is_whole = True
            return reply
        finally:
            self._give_back(connection, again=is_whole)

    def _take(self) -> Connection:
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                return self._new()
            if connection.is_fresh():
                return self._keep(connection)
            connection.close()

    def _new(self) -> Connection:
        return self._keep(self._open_one())

    def _keep(self, connection: Connection) -> Connection:
        with self._lock:
            if self._is_closed:
                connection.close()
                raise NoReplyError("void", "the model was closed")
            self._busy.add(connection)
        return connection

    def _give_back(self, connection: Connection, *, again: bool) -> None:
        with self._lock:
            self._busy.discard(connection)
            again = again and not self._is_closed
            if again:
                self._idle.append(connection)
        if not again:
            connection.close()
