"""One UCI engine: started, told its options, asked.

Knows nothing about matches or labels, and does not judge a move.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from w2s.models.uci import protocol
from w2s.models.uci.options import Options
from w2s.models.uci.process import MAX_ANSWER_BYTES, Process
from w2s.models.uci.protocol import Info, Option
from w2s.models.uci.talk import SilenceError, Talk

_MACHINE_AT_FAULT = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN))


class DiedError(Exception):
    """The engine is gone, closed a pipe or flooded it; the text says which, and begins with a verb."""


class StalledError(Exception):
    """The engine did not say in time what it had to say; the text says what, and begins with a verb."""


class MachineError(Exception):
    """The machine could not start a process: too many files or processes, no memory."""


@dataclass(slots=True)
class Reply:
    """What came between ``go`` and ``bestmove``: the move as text, the last line of each rank, seconds."""

    move: str
    lines: list[bytes]
    seconds: float

    def infos(self) -> list[Info]:
        """The lines of play with a score, in the order of their first appearance."""
        return [info for line in self.lines if (info := protocol.parse_info(line)) is not None]


class Engine:
    """A UCI engine process that is started when it is first needed, and again after it was stopped.

    Args:
        command: program and arguments; never a shell.
        wanted: options of the user by name, sent as soon as the engine has declared its own.
        timeout_s: longest wait for anything that is not a search, and beyond the limit of a search.
        adapt: changes the user's options once the engine's are known (a labelling engine's small hash).

    ``name`` is the program, ``title`` what the engine calls itself once it is started.
    """

    def __init__(
        self,
        command: Sequence[str],
        wanted: Mapping[str, str],
        timeout_s: float,
        adapt: Callable[[Options], dict[str, str]] | None = None,
    ) -> None:
        self._command = tuple(command)
        self._wanted = dict(wanted)
        self._timeout_s = timeout_s
        self._adapt = adapt
        self._process: Process | None = None
        self._busy = False
        self._asked = 0.0
        self._current: dict[str, str] = {}
        self._commands = b""
        self.name = self._command[0]
        self.title = ""
        self.options: Options | None = None

    @property
    def process(self) -> Process | None:
        """The process as it stands, None before the start and after a stop."""
        return self._process

    @property
    def is_usable(self) -> bool:
        """Whether there is a process that waits for a command."""
        return self._process is not None and not self._busy

    def start(self) -> Talk[Options]:
        """Start the process and say hello; one that runs is stopped.

        Raises:
            DiedError: it cannot be started, or ended before it was ever ready.
            StalledError: it was not ready in time.
            UsageError: an option that the engine does not declare or a value that it does not take.
            MachineError: the machine is at fault.
        """
        self.stop()
        self._process = self._spawn()
        self._busy = True
        try:
            declared = yield from self._hello()
            options = self.options = Options(declared, self._wanted, self.name)
            if self._adapt is not None:
                options = Options(declared, {**self._wanted, **self._adapt(options)}, self.name)
            self._current = {}
            for name, value in options.to_set():
                self.say(protocol.setoption(name, value))
                self._current[name.lower()] = value or ""
            yield from self.ready()
        finally:
            if self._busy:
                self.stop()
        return options

    def say(self, command: bytes) -> None:
        """Queue a command; it is written with the next thing that is waited for."""
        self._commands += command

    def set(self, name: str, value: str) -> None:
        """Set a declared option of w2s's own, if it is not set to that already."""
        option: Option | None = self.options.get(name) if self.options is not None else None
        if option is None:
            return
        key = option.name.lower()
        if self._current.get(key, option.default) != value:
            self._current[key] = value
            self.say(protocol.setoption(option.name, value))

    def press(self, name: str) -> None:
        """Press a button, where the engine has it."""
        option = self.options.get(name) if self.options is not None else None
        if option is not None and option.kind == "button":
            self.say(protocol.setoption(option.name))

    def ready(self) -> Talk[None]:
        """``isready``, and wait for ``readyok``; whatever else was on its way is dropped."""
        self._send(b"isready\n")
        deadline = time.monotonic() + self._timeout_s
        while True:
            lines = yield from self._lines(deadline, self._timeout_s, "readyok")
            if any(line.strip() == b"readyok" for line in lines):
                self._busy = False
                return

    def ask(self, command: bytes) -> None:
        """Send what is queued and a ``go``.

        What the engine wrote unasked before, a second ``bestmove`` say, is never taken for the reply.
        """
        if self._process is not None:
            self._process.discard()
        self._asked = time.monotonic()
        self._send(command)

    def reply(self, limit_s: float) -> Talk[Reply]:
        """The reply to what was asked. ``limit_s``: what the search may take by itself."""
        begin, patience = self._asked, limit_s + self._timeout_s
        kept: dict[bytes, bytes] = {}
        while True:
            lines = yield from self._lines(begin + patience, patience, "bestmove")
            for line in lines:
                if line.startswith(b"info "):
                    _keep(line, kept)
                elif (move := protocol.parse_bestmove(line)) is not None:
                    self._busy = False
                    return Reply(move, list(kept.values()), time.monotonic() - begin)

    def stop(self, *, polite: bool = False) -> None:
        """End the process and everything that it started; a second call does nothing."""
        process, self._process = self._process, None
        self._commands, self._busy = b"", False
        if process is not None:
            process.kill(polite=b"quit\n" if polite else b"")

    def _spawn(self) -> Process:
        try:
            return Process(self._command)
        except OSError as error:
            if error.errno in _MACHINE_AT_FAULT:
                raise MachineError(f"cannot start {self.name!r}: {error.strerror}") from None
            raise DiedError(f"cannot be started: {error.strerror}") from None

    def _hello(self) -> Talk[list[Option]]:
        self._send(b"uci\n")
        deadline = time.monotonic() + self._timeout_s
        declared: list[Option] = []
        while True:
            lines = yield from self._lines(deadline, self._timeout_s, "uciok")
            for line in lines:
                if (option := protocol.parse_option(line)) is not None:
                    declared.append(option)
                elif line.startswith(b"id name "):
                    self.title = protocol.text(line.removeprefix(b"id name "))
                elif line.strip() == b"uciok":
                    return declared

    def _send(self, command: bytes) -> None:
        if self._process is None:
            raise DiedError("is not running")
        self._busy = True
        self._process.read_bytes = 0
        self._process.send(self._commands + command)
        self._commands = b""

    def _lines(self, deadline: float, patience: float, awaited: str) -> Talk[list[bytes]]:
        """The next lines, at least one, on the way to the ``awaited`` one.

        Raises:
            DiedError: none will come, or too many did.
            StalledError: the deadline passed, ``patience`` seconds after the question.
        """
        process = self._process
        if process is None:
            raise DiedError("is not running")
        lines: list[bytes] = []
        while not lines:
            if process.ended or process.deaf:
                raise DiedError(_end(process, awaited))
            if process.read_bytes > MAX_ANSWER_BYTES:
                raise DiedError(f"wrote {MAX_ANSWER_BYTES >> 20} MiB without saying {awaited}")
            if time.monotonic() >= deadline:  # it talks, but does not come to the point
                raise StalledError(_silence(awaited, patience))
            try:
                yield process, deadline
            except SilenceError:
                raise StalledError(_silence(awaited, patience)) from None
            lines = process.pump()
        return lines


def _end(process: Process, awaited: str) -> str:
    how, said = process.how_it_ended(), process.last_words()
    last = f"; its last words: {said!r}" if said else ""
    return f"{how} before it said {awaited}{last}"


def _silence(awaited: str, patience: float) -> str:
    return (
        f"did not say {awaited} within {patience:.3g} s; if it needs longer, add timeout_s=N to its reference"
    )


def _keep(line: bytes, kept: dict[bytes, bytes]) -> None:
    """Remember the last line of each rank; one with only a bound never replaces another."""
    if b" pv " not in line or line.startswith(b"info string"):
        return
    at = line.find(b" multipv ")
    rank = line[at + 9 : at + 14].split(b" ", 1)[0] if at > 0 else b"1"
    if rank not in kept or b"bound " not in line:
        kept[rank] = line
