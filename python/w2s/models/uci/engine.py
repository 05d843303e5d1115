"""One UCI engine: starting it, setting its options, searching, stopping it."""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from w2s.models.uci import protocol
from w2s.models.uci.dialogue import Dialogue, Wait
from w2s.models.uci.errors import EngineExitError, EngineResourceError, EngineTimeoutError
from w2s.models.uci.options import EngineOptions
from w2s.models.uci.process import MAX_ANSWER_BYTES, EngineProcess
from w2s.models.uci.protocol import EngineOption, SearchInfo

SILENCE_S = 5.0
"""Seconds after which an engine that sends nothing is reported."""

_LOG = logging.getLogger(__name__)
_RESOURCE_ERRNOS = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN))


@dataclass(slots=True)
class SearchResult:
    """The output of one search: the move as text, the last line of each rank, and the seconds it took."""

    move: str
    lines: list[bytes]
    seconds: float

    def infos(self) -> list[SearchInfo]:
        """The lines of play that have a score, in the order of their first appearance."""
        return [info for line in self.lines if (info := protocol.parse_info(line)) is not None]


class Engine:
    """A UCI engine process that is started when it is first needed, and again after it was stopped.

    Args:
        command: program and arguments; no shell is involved.
        wanted: the user's options by name, sent as soon as the engine has declared its own.
        timeout_s: the longest wait for any reply but a search, and beyond the limit of a search.
        adapt: changes the user's options once the engine's own are known.
        variables: names of further environment variables that the process gets.

    Attributes:
        name: the program.
        title: the name that the engine gives itself, empty before it is started.
        options: the declared and the wanted options, None before it is started.
    """

    def __init__(
        self,
        command: Sequence[str],
        wanted: Mapping[str, str],
        timeout_s: float,
        adapt: Callable[[EngineOptions], dict[str, str]] | None = None,
        variables: Sequence[str] = (),
    ) -> None:
        self._command = tuple(command)
        self._wanted = dict(wanted)
        self._timeout_s = timeout_s
        self._adapt = adapt
        self._variables = tuple(variables)
        self._process: EngineProcess | None = None
        self._is_busy = False
        self._reported_silence = False
        self._search_start = 0.0
        self._current: dict[str, str] = {}
        self._queued = b""
        self.name = self._command[0]
        self.title = ""
        self.options: EngineOptions | None = None

    @property
    def process(self) -> EngineProcess | None:
        """The current process; None before the start and after a stop."""
        return self._process

    @property
    def is_usable(self) -> bool:
        """Whether there is a process that waits for a command."""
        return self._process is not None and not self._is_busy

    def start(self) -> Dialogue[EngineOptions]:
        """Start the process and exchange options; a process that is still running is stopped first.

        Raises:
            EngineExitError: it cannot be started, or ended before it was ready.
            EngineTimeoutError: it was not ready in time.
            EngineResourceError: the machine cannot start a process.
            UsageError: the engine does not declare an option, or does not accept its value.
        """
        self.stop()
        self._process = self._spawn()
        self._is_busy = True
        try:
            declared = yield from self._handshake()
            options = self.options = EngineOptions(declared, self._wanted, self.name)
            if self._adapt is not None:
                options = EngineOptions(declared, {**self._wanted, **self._adapt(options)}, self.name)
            self._current = {}
            for name, value in options.to_set():
                self.queue(protocol.setoption(name, value))
                self._current[name.lower()] = value or ""
            yield from self.wait_ready()
        finally:
            if self._is_busy:
                self.stop()
        return options

    def queue(self, command: bytes) -> None:
        """Queue a command; it is written with the next command that has a reply."""
        self._queued += command

    def set_option(self, name: str, value: str) -> None:
        """Set an option if the engine declares it and it has another value."""
        option: EngineOption | None = self.options.get(name) if self.options is not None else None
        if option is None:
            return
        key = option.name.lower()
        if self._current.get(key, option.default) != value:
            self._current[key] = value
            self.queue(protocol.setoption(option.name, value))

    def press_button(self, name: str) -> None:
        """Press a button if the engine declares it."""
        option = self.options.get(name) if self.options is not None else None
        if option is not None and option.kind == "button":
            self.queue(protocol.setoption(option.name))

    def wait_ready(self) -> Dialogue[None]:
        """Send ``isready`` and wait for ``readyok``; other output until then is dropped."""
        self._send(b"isready\n")
        deadline = time.monotonic() + self._timeout_s
        while True:
            lines = yield from self._read_lines(deadline, self._timeout_s, b"readyok")
            if any(line.strip() == b"readyok" for line in lines):
                self._is_busy = False
                return

    def start_search(self, command: bytes) -> None:
        """Send the queued commands and a ``go``.

        Output from before, for example a second ``bestmove``, is dropped, so that it is not mistaken for the
        result of this search.
        """
        if self._process is not None:
            self._process.discard()
        self._search_start = time.monotonic()
        self._send(command)

    def wait_result(self, limit_s: float) -> Dialogue[SearchResult]:
        """Wait for the result of the search; ``limit_s`` is the time that it may take by its own limits."""
        begin, timeout_s = self._search_start, limit_s + self._timeout_s
        by_rank: dict[bytes, bytes] = {}
        while True:
            lines = yield from self._read_lines(begin + timeout_s, timeout_s, b"bestmove")
            for line in lines:
                if line.startswith(b"info "):
                    if b" pv " in line:
                        _record_line(line, by_rank)
                elif (move := protocol.parse_bestmove(line)) is not None:
                    self._is_busy = False
                    return SearchResult(move, list(by_rank.values()), time.monotonic() - begin)

    def stop(self, *, polite: bool = False) -> None:
        """End the process and everything that it started; a second call does nothing."""
        process, self._process = self._process, None
        self._queued, self._is_busy = b"", False
        if process is not None:
            process.kill(polite=b"quit\n" if polite else b"")

    def _spawn(self) -> EngineProcess:
        try:
            return EngineProcess(self._command, self._variables)
        except OSError as error:
            if error.errno in _RESOURCE_ERRNOS:
                raise EngineResourceError(f"cannot start {self.name!r}: {error.strerror}") from None
            raise EngineExitError(f"cannot be started: {error.strerror}") from None

    def _handshake(self) -> Dialogue[list[EngineOption]]:
        """Send ``uci`` and wait for ``uciok``; the options that the engine declares."""
        self._send(b"uci\n")
        deadline = time.monotonic() + self._timeout_s
        declared: list[EngineOption] = []
        while True:
            lines = yield from self._read_lines(deadline, self._timeout_s, b"uciok")
            for line in lines:
                if (option := protocol.parse_option(line)) is not None:
                    declared.append(option)
                elif line.startswith(b"id name "):
                    self.title = protocol.decode_line(line.removeprefix(b"id name "))
                elif line.strip() == b"uciok":
                    return declared

    def _send(self, command: bytes) -> None:
        if self._process is None:
            raise EngineExitError("is not running")
        self._is_busy = True
        self._process.read_bytes = 0
        self._process.send(self._queued + command)
        self._queued = b""

    def _read_lines(self, deadline: float, timeout_s: float, awaited: bytes) -> Dialogue[list[bytes]]:
        """The next lines, at least one, while waiting for the ``awaited`` one.

        Raises:
            EngineExitError: no more lines will come, or too many came.
            EngineTimeoutError: the deadline passed, ``timeout_s`` seconds after the command.
        """
        process = self._process
        if process is None:
            raise EngineExitError("is not running")
        lines: list[bytes] = []
        while not lines:
            if process.output_closed or process.input_closed:
                raise EngineExitError(_exit_reason(process, awaited))
            if process.read_bytes > MAX_ANSWER_BYTES:
                raise EngineExitError(
                    f"wrote {MAX_ANSWER_BYTES >> 20} MiB without sending {awaited.decode()}"
                )
            if time.monotonic() >= deadline:  # it writes, but not what is awaited
                raise EngineTimeoutError(_timeout_reason(awaited, timeout_s))
            try:
                yield self._wait(process, deadline, awaited)
            except TimeoutError:
                raise EngineTimeoutError(_timeout_reason(awaited, timeout_s)) from None
            lines = process.lines()
        return lines

    def _wait(self, process: EngineProcess, deadline: float, awaited: bytes) -> Wait:
        """What is awaited; an engine that stays silent is reported once."""
        if self._reported_silence:
            return Wait(process, deadline, awaited)
        now = time.monotonic()

        def report() -> None:
            self._reported_silence = True
            _LOG.warning(
                "%s has sent nothing for %.0f s, %s is awaited; giving up in %.0f s",
                self.name,
                SILENCE_S,
                awaited.decode(),
                max(0.0, deadline - time.monotonic()),
            )

        return Wait(process, deadline, awaited, now + SILENCE_S, report)


def _exit_reason(process: EngineProcess, awaited: bytes) -> str:
    how, error_line = process.exit_reason(), process.last_error_line()
    last = f"; its last line on standard error: {error_line!r}" if error_line else ""
    return f"{how} before it sent {awaited.decode()}{last}"


def _timeout_reason(awaited: bytes, timeout_s: float) -> str:
    remedy = "if it needs more time, add timeout_s=N to its reference"
    return f"did not send {awaited.decode()} within {timeout_s:.3g} s; {remedy}"


def _record_line(line: bytes, by_rank: dict[bytes, bytes]) -> None:
    """Keep the last line of each rank; a line with only a bound never replaces another."""
    if line.startswith(b"info string"):
        return
    at = line.find(b" multipv ")
    rank = line[at + 9 : at + 14].split(b" ", 1)[0] if at > 0 else b"1"
    if rank not in by_rank or b"bound " not in line:
        by_rank[rank] = line
