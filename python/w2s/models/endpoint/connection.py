"""One connection to an endpoint: requests one after another, each with a bound on time and on bytes.

Knows nothing about what is sent or what a reply means. Redirects are not followed, proxies are not used.
"""

from __future__ import annotations

import http.client
import selectors
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass

from w2s.models.endpoint.address import Address
from w2s.models.endpoint.deadline import DeadlineSocket
from w2s.models.endpoint.trouble import NoReplyError

_ERROR_BYTES = 65_536
_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, headers by name in small letters, and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connection:
    """Connected by the first request.

    Args:
        address: of the endpoint.
        connect_s: seconds to connect.
        timeout_s: seconds from sending a request to the last byte of its reply.
        most_bytes: the longest body that is read.
    """

    def __init__(self, address: Address, *, connect_s: float, timeout_s: float, most_bytes: int) -> None:
        self._address = address
        self._timeout_s = timeout_s
        self._most_bytes = most_bytes
        self._socket: DeadlineSocket | None = None
        self._http = _http(address, connect_s)
        self._is_spent = False
        self.was_used = False

    def post(self, body: bytes, headers: Mapping[str, str]) -> Reply:
        """The reply to one request.

        Raises:
            NoReplyError: there is none, or it is too long. The connection is of no more use.
        """
        line = self._socket or self._connect()
        line.until = time.monotonic() + self._timeout_s
        try:
            self._http.request("POST", self._address.path, body, dict(headers))
            reply = self._read(self._http.getresponse())
        except TimeoutError:
            raise NoReplyError("stall", f"no whole answer within {self._timeout_s:g} s") from None
        except (OSError, ValueError, http.client.HTTPException) as error:  # ssl's own word is ValueError
            why = f"the connection broke: {_name(error)}"
            raise NoReplyError("crash", why, again=True) from None
        self.was_used = True
        return reply

    def is_fresh(self) -> bool:
        """Whether it can be used again: nothing waits to be read, neither an end nor more than was asked."""
        if self._is_spent or self._socket is None or self._http.sock is None:
            return False
        with selectors.DefaultSelector() as watch:
            watch.register(self._socket, selectors.EVENT_READ)
            return not watch.select(0)

    def interrupt(self) -> None:
        """Let a thread that waits on it go on with an error."""
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
            why = f"the certificate of {where} is not valid: {error.verify_message}"
            raise NoReplyError("void", why) from None
        except OSError as error:
            why = f"{where} is out of reach: {_name(error)}"
            raise NoReplyError("void", why, again=True) from None
        connected = self._http.sock
        if not isinstance(connected, socket.socket):
            raise NoReplyError("void", f"{where} is out of reach")
        self._socket = DeadlineSocket(connected)
        self._http.sock = self._socket
        return self._socket

    def _read(self, response: http.client.HTTPResponse) -> Reply:
        status = response.status
        headers = {name.lower(): value for name, value in response.getheaders()}
        most = self._most_bytes if status == http.client.OK else _ERROR_BYTES
        body = response.read(most + 1)
        self._is_spent = not response.isclosed()
        if len(body) > most:
            if status != http.client.OK:
                return Reply(status, headers, body[:most])
            raise NoReplyError("reply", f"the answer has more than {most:,} bytes")
        if response.length:
            raise http.client.IncompleteRead(body, response.length)
        return Reply(status, headers, body)


def _http(address: Address, connect_s: float) -> http.client.HTTPConnection:
    made: http.client.HTTPConnection
    if address.is_encrypted:
        context = ssl.create_default_context()
        made = http.client.HTTPSConnection(address.host, address.port, timeout=connect_s, context=context)
    else:
        made = http.client.HTTPConnection(address.host, address.port, timeout=connect_s)
    made.auto_open = 0  # else it would connect again by itself, without a deadline
    return made


def _name(error: Exception) -> str:
    """The error without anything that the server sent."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    return text[:_SHOWN]
