"""A UCI engine that misbehaves on order, started as a process: ``scripted_engine.py --at go --do hang``.

Without ``--do`` it plays a legal move, in one position always the same. ``--at`` names the command that
triggers the misbehaviour, ``start`` the moment before it reads any; ``--after N`` lets the first N pass.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

FOREVER_S = 600
OPTIONS = (
    "option name Hash type spin default 16 min 1 max 1024",
    "option name Clear Hash type button",
    "option name MultiPV type spin default 1 min 1 max 500",
    "option name UCI_Chess960 type check default false",
    "option name Style Of Play type combo default Normal var Normal var Very Risky",
    "option name Log File type string default <empty>",
)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--at", default="")
    parser.add_argument("--do", default="", choices=["", *MISDEEDS])
    parser.add_argument("--after", type=int, default=0)
    parser.add_argument("--once", default="", help="misbehave only while this file is missing, then make it")
    parser.add_argument("--code", type=int, default=0, help="exit code, or number of the signal")
    parser.add_argument("--words", default="", help="last words on standard error")
    parser.add_argument("--text", default="", help="what to say instead; with \\n, \\x00 and so on")
    parser.add_argument("--seconds", type=float, default=FOREVER_S)
    parser.add_argument("--options", help="lines that declare options, joined by \\n")
    parser.add_argument("--info", default="", help="what to say before every bestmove")
    parser.add_argument("--end", default="\n", help="how a line ends")
    parser.add_argument("--log", default="", help="file that takes every command, after the process number")
    parser.add_argument("--ignore", default="", help="any of: term quit eof, joined by commas")
    parser.add_argument(
        "--child", default="", choices=["", "same", "group", "session"], help="start a lasting child"
    )
    parser.add_argument("--tag", default="", help="a mark by which to find all processes of a test")
    return parser.parse_args()


class Engine:
    """One run of the engine."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.seen = 0
        self.position = "position startpos"
        self.end = unescaped(args.end)

    def say(self, *lines: str) -> None:
        for line in lines:
            write(line.encode() + self.end)

    def run(self) -> None:
        """Read commands until ``quit`` or the end of the input."""
        self.prepare()
        self.misbehave("start")
        ignored = self.args.ignore.split(",")
        while True:
            line = sys.stdin.buffer.readline()
            if not line:
                if "eof" in ignored:
                    time.sleep(FOREVER_S)
                return
            self.log(line)
            words = line.decode().split()
            if words and not self.misbehave(words[0]):
                if words[0] == "quit" and "quit" not in ignored:
                    return
                self.obey(words, line.decode().strip())

    def prepare(self) -> None:
        """Ignore what is to be ignored, and start the child."""
        if "term" in self.args.ignore.split(","):
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if self.args.child:
            code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
            group = 0 if self.args.child == "group" else None
            session = self.args.child == "session"
            quiet = subprocess.DEVNULL
            subprocess.Popen(
                [sys.executable, "-S", "-c", code, self.args.tag],
                stdin=quiet, stdout=quiet, stderr=quiet, process_group=group, start_new_session=session,
            )  # fmt: skip

    def obey(self, words: list[str], line: str) -> None:
        match words[0]:
            case "uci":
                given = self.args.options
                declared = OPTIONS if given is None else unescaped(given).decode().split("\n")
                self.say("id name Scripted", *declared, "uciok")
            case "isready":
                self.say("readyok")
            case "position":
                self.position = line
            case "go":
                self.say(*unescaped(self.args.info).decode().splitlines(), f"bestmove {self.first_move()}")

    def first_move(self) -> str:
        """The first legal move; without looking at the rules where the game has just begun."""
        start, _, moves = self.position.removeprefix("position ").removeprefix("fen ").partition(" moves ")
        if start.endswith("w KQkq - 0 1") and len(moves.split()) < 2:
            return "a7a5" if moves else "a2a3"
        from w2s.games import game

        legal = game("chess").state(start.strip(), moves.split()).legal_moves()
        return legal[0] if legal else "(none)"

    def misbehave(self, moment: str) -> bool:
        """Do the misdeed, if its time has come; whether the command is dealt with."""
        args = self.args
        if args.do == "" or moment != args.at:
            return False
        self.seen += 1
        if self.seen <= args.after or (args.once and Path(args.once).exists()):
            return False
        if args.once:
            Path(args.once).touch()
        return MISDEEDS[args.do](self)

    def log(self, line: bytes) -> None:
        if self.args.log:
            with Path(self.args.log).open("ab") as file:
                file.write(b"%d %s" % (os.getpid(), line))


def leave(engine: Engine) -> bool:
    if engine.args.words:
        os.write(2, engine.args.words.encode() + b"\n")
    os._exit(engine.args.code)


def die(engine: Engine) -> bool:
    os.kill(os.getpid(), engine.args.code)
    return True


def hang(engine: Engine) -> bool:
    time.sleep(FOREVER_S)
    return True


def say(engine: Engine) -> bool:
    """Write another line instead of the answer."""
    write(unescaped(engine.args.text))
    return True


def twice(engine: Engine) -> bool:
    """Answer twice, the second time a moment after the first."""
    write(b"bestmove e2e4\n")
    time.sleep(0.1)
    write(b"bestmove d2d4\n")
    return True


def late(engine: Engine) -> bool:
    """Answer later, with the given text or with the usual move."""
    time.sleep(engine.args.seconds)
    return say(engine) if engine.args.text else False


def huge(engine: Engine) -> bool:
    """Write one line of 10 MB, then answer."""
    write(b"info string " + b"x" * 10_000_000 + b"\n")
    return False


def huge_move(engine: Engine) -> bool:
    write(b"bestmove " + b"x" * 10_000_000 + b"\n")
    return True


def flood_lines(engine: Engine) -> bool:
    while True:
        write(b"info depth 1 score cp 1 pv e2e4\n" * 1000)


def flood_bytes(engine: Engine) -> bool:
    while True:
        write(b"x" * 60_000)


def flood_errors(engine: Engine) -> bool:
    while True:
        os.write(2, b"warning: the sky is falling\n" * 1000)


def chatter(engine: Engine) -> bool:
    """Write lines without a pause, but never the answer."""
    while True:
        write(b"\n")


def close_output(engine: Engine) -> bool:
    return closed(1)


def close_input(engine: Engine) -> bool:
    """Write a line afterwards, so that the test can wait for it."""
    os.close(0)
    return closed() if say(engine) else False


def close_all(engine: Engine) -> bool:
    return closed(0, 1, 2)


def closed(*files: int) -> bool:
    for file in files:
        os.close(file)
    time.sleep(FOREVER_S)
    return True


def fork(engine: Engine) -> bool:
    """Exit; a child process continues with the pipes."""
    if os.fork():
        os._exit(0)
    return False


MISDEEDS = {
    "exit": leave,
    "signal": die,
    "hang": hang,
    "say": say,
    "twice": twice,
    "late": late,
    "huge": huge,
    "huge_move": huge_move,
    "flood_lines": flood_lines,
    "flood_bytes": flood_bytes,
    "flood_errors": flood_errors,
    "chatter": chatter,
    "close_output": close_output,
    "close_input": close_input,
    "close_all": close_all,
    "fork": fork,
}


def write(data: bytes) -> None:
    """Write everything at once; exit where nobody reads any more."""
    try:
        while data:
            data = data[os.write(1, data) :]
    except OSError:
        os._exit(0)


def unescaped(text: str) -> bytes:
    return text.encode().decode("unicode_escape").encode("latin-1")


if __name__ == "__main__":
    Engine(arguments()).run()
