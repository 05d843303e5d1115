"""HTTP connections to an endpoint: a socket with a deadline, one connection, and a pool of them.

Redirects are not followed and proxies are not used.
"""

from __future__ import annotations

import http.client
import io
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from w2s.models.endpoint.settings import EndpointAddress
from w2s.models.model import Failure


class NoReplyError(Exception):
    """A request got no usable reply.

    Args:
        failure: ``void`` (the server cannot be reached, refuses the request or is too busy: not the fault of
            the model), ``crash`` (the server or the connection broke), ``stall`` (it took too long) or
            ``reply`` (the reply cannot be used).
        reason: one line, without secrets.
        retryable: whether the same request may succeed a moment later.
        wait_s: seconds that the server requests to wait before a retry; None if it names none.
        status: the HTTP status; None where there was none.
    """

    def __init__(
        self,
        failure: Failure,
        reason: str,
        *,
        retryable: bool = False,
        wait_s: float | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(reason)
        self.failure: Failure = failure
        self.reason = reason
        self.retryable = retryable
        self.wait_s = wait_s
        self.status = status


if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_MAX_ERROR_BYTES = 65_536
_MAX_SHOWN = 120


class DeadlineSocket:
    """The part of a socket that :mod:`http.client` uses, with one deadline for everything together.

    The timeout of a socket starts anew with every byte, so that a slow server could take forever; the
    deadline does not. ``close`` does nothing, because http.client calls it as soon as a server announces
    that it will close, while the reply is still to be read; the owner calls :meth:`hang_up`.

    Attributes:
        deadline: in seconds of the monotonic clock.
    """

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self.deadline = time.monotonic()

    def sendall(self, data: bytes) -> None:
        """Send everything.

        Raises:
            TimeoutError: the deadline passed.
        """
        left = memoryview(data)
        while left:
            self._set_timeout()
            left = left[self._socket.send(left) :]

    def recv_into(self, buffer: memoryview) -> int:
        """Receive at least one byte; 0 at the end.

        Raises:
            TimeoutError: the deadline passed.
        """
        self._set_timeout()
        return self._socket.recv_into(buffer)

    def makefile(self, mode: str = "rb") -> io.BufferedReader:
        """A file to read what is received."""
        del mode
        return io.BufferedReader(_SocketFile(self))

    def fileno(self) -> int:
        """The file descriptor of the socket."""
        return self._socket.fileno()

    def close(self) -> None:
        """Do nothing; see :meth:`hang_up`."""

    def interrupt(self) -> None:
        """Make a thread that waits on the socket continue with an error; that thread hangs up."""
        with suppress(OSError):  # the other side was faster
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def hang_up(self) -> None:
        """End the connection."""
        self.interrupt()
        self._socket.close()

    def _set_timeout(self) -> None:
        left_s = self.deadline - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        self._socket.settimeout(left_s)


class _SocketFile(io.RawIOBase):
    def __init__(self, source: DeadlineSocket) -> None:
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        return self._source.recv_into(memoryview(buffer))


@dataclass(frozen=True, slots=True)
class HttpReply:
    """Status, headers by lower-case name, and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpConnection:
    """One connection, opened by its first request; each request is limited in time and in bytes.

    Args:
        address: the endpoint.
        connect_s: seconds to connect.
        timeout_s: seconds from sending a request to the last byte of its reply.
        max_bytes: the longest body that is read.

    Attributes:
        was_used: whether a request succeeded on this connection.
    """

    def __init__(
        self, address: EndpointAddress, *, connect_s: float, timeout_s: float, max_bytes: int
    ) -> None:
        self._address = address
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes
        self._socket: DeadlineSocket | None = None
        self._http = _http_client(address, connect_s)
        self._is_spent = False
        self.was_used = False

    def post(self, body: bytes, headers: Mapping[str, str]) -> HttpReply:
        """The reply to one request.

        Raises:
            NoReplyError: there is none, or it is too long. The connection cannot be used again.
        """
        connected = self._socket or self._connect()
        connected.deadline = time.monotonic() + self._timeout_s
        try:
            self._http.request("POST", self._address.path, body, dict(headers))
            reply = self._read(self._http.getresponse())
        except TimeoutError:
            raise NoReplyError("stall", f"the reply was not complete within {self._timeout_s:g} s") from None
        except (OSError, ValueError, http.client.HTTPException) as error:  # ssl raises ValueError
            reason = f"the connection broke: {_error_name(error)}"
            raise NoReplyError("crash", reason, retryable=True) from None
        self.was_used = True
        return reply

    def is_reusable(self) -> bool:
        """Whether the connection is open and has nothing to read, which would be its end or a stray reply."""
        if self._is_spent or self._socket is None or self._http.sock is None:
            return False
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            return not selector.select(0)

    def interrupt(self) -> None:
        """Make a thread that waits on the connection continue with an error."""
        if self._socket is not None:
            self._socket.interrupt()

    def close(self) -> None:
        """End the connection."""
        if self._socket is not None:
            self._socket.hang_up()
        self._http.close()

    def _connect(self) -> DeadlineSocket:
        where = f"{self._address.host}:{self._address.port}"
        try:
            self._http.connect()
        except ssl.SSLCertVerificationError as error:
            reason = f"the certificate of {where} is not valid: {error.verify_message}"
            raise NoReplyError("void", reason) from None
        except OSError as error:
            reason = f"cannot connect to {where}: {_error_name(error)}"
            raise NoReplyError("void", reason, retryable=True) from None
        connected = self._http.sock
        if not isinstance(connected, socket.socket):
            raise NoReplyError("void", f"cannot connect to {where}")
        self._socket = DeadlineSocket(connected)
        self._http.sock = self._socket
        return self._socket

    def _read(self, response: http.client.HTTPResponse) -> HttpReply:
        status = response.status
        headers = {name.lower(): value for name, value in response.getheaders()}
        limit = self._max_bytes if status == http.client.OK else _MAX_ERROR_BYTES
        body = response.read(limit + 1)
        self._is_spent = not response.isclosed()
        if len(body) > limit:
            if status != http.client.OK:
                return HttpReply(status, headers, body[:limit])
            raise NoReplyError("reply", f"the reply has more than {limit:,} bytes")
        if response.length:
            raise http.client.IncompleteRead(body, response.length)
        return HttpReply(status, headers, body)


def _http_client(address: EndpointAddress, connect_s: float) -> http.client.HTTPConnection:
    client: http.client.HTTPConnection
    if address.is_encrypted:
        context = ssl.create_default_context()
        client = http.client.HTTPSConnection(address.host, address.port, timeout=connect_s, context=context)
    else:
        client = http.client.HTTPConnection(address.host, address.port, timeout=connect_s)
    client.auto_open = 0  # otherwise it would reconnect by itself, without a deadline
    return client


def _error_name(error: Exception) -> str:
    """The error without any text from the server."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    return text[:_MAX_SHOWN]


class HttpConnectionPool:
    """One connection per concurrent thread; the connection that was used last is reused first."""

    def __init__(self, open_connection: Callable[[], HttpConnection]) -> None:
        self._open_connection = open_connection
        self._idle: list[HttpConnection] = []
        self._busy: set[HttpConnection] = set()
        self._lock = threading.Lock()
        self._is_closed = False

    def post(self, body: bytes, headers: Mapping[str, str]) -> HttpReply:
        """The reply to one request.

        A server may drop an idle connection just when it is reused; then a new one is tried at once.

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
        """End all connections; active requests fail."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
            for connection in self._busy:
                connection.interrupt()
        for connection in idle:
            connection.close()

    def _post(self, connection: HttpConnection, body: bytes, headers: Mapping[str, str]) -> HttpReply:
        is_complete = False
        try:
            reply = connection.post(body, headers)
            is_complete = True
            return reply
        finally:
            self._give_back(connection, reuse=is_complete)

    def _take(self) -> HttpConnection:
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                return self._new()
            if connection.is_reusable():
                return self._register(connection)
            connection.close()

    def _new(self) -> HttpConnection:
        return self._register(self._open_connection())

    def _register(self, connection: HttpConnection) -> HttpConnection:
        with self._lock:
            if self._is_closed:
                connection.close()
                raise NoReplyError("void", "the model was closed")
            self._busy.add(connection)
        return connection

    def _give_back(self, connection: HttpConnection, *, reuse: bool) -> None:
        with self._lock:
            self._busy.discard(connection)
            reuse = reuse and not self._is_closed
            if reuse:
                self._idle.append(connection)
        if not reuse:
            connection.close()
