"""A socket on which everything together has to be done by one moment, however slowly bytes drip in.

Knows nothing about HTTP. A socket's own time-out begins anew with every byte; this one does not.
"""

from __future__ import annotations

import io
import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class DeadlineSocket:
    """As much of a socket as :mod:`http.client` uses.

    ``until`` is a moment of the monotonic clock. ``close`` does nothing: http.client calls it as soon as a
    server says that it will close, while the reply is still to be read; the owner calls :meth:`hang_up`.
    """

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self.until = time.monotonic()

    def sendall(self, data: bytes) -> None:
        """Send everything.

        Raises:
            TimeoutError: not by then.
        """
        left = memoryview(data)
        while left:
            self._arm()
            left = left[self._socket.send(left) :]

    def recv_into(self, buffer: memoryview) -> int:
        """Receive at least one byte, 0 at the end.

        Raises:
            TimeoutError: not by then.
        """
        self._arm()
        return self._socket.recv_into(buffer)

    def makefile(self, mode: str = "rb") -> io.BufferedReader:
        """What is received, as a file."""
        del mode
        return io.BufferedReader(_Received(self))

    def fileno(self) -> int:
        """Of the socket, to be watched."""
        return self._socket.fileno()

    def close(self) -> None:
        """Nothing: see :meth:`hang_up`."""

    def interrupt(self) -> None:
        """Let a thread that waits on it go on with an error; that thread hangs up."""
        with suppress(OSError):  # the other side was faster
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def hang_up(self) -> None:
        """End the connection."""
        self.interrupt()
        self._socket.close()

    def _arm(self) -> None:
        left_s = self.until - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        self._socket.settimeout(left_s)


class _Received(io.RawIOBase):
    def __init__(self, source: DeadlineSocket) -> None:
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        return self._source.recv_into(memoryview(buffer))
