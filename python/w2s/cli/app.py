"""Registers the commands, and turns errors into one line and an exit code."""

from __future__ import annotations

import errno
import logging
import os
import signal
import sys
import traceback
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from w2s.cli.agree import agree
from w2s.cli.analyse import analyse
from w2s.cli.arena import arena
from w2s.cli.chain import chain
from w2s.cli.command import Command
from w2s.cli.doctor import doctor
from w2s.cli.eval import eval as eval_command
from w2s.cli.filter import filter as filter_command
from w2s.cli.label import label
from w2s.cli.models import models
from w2s.cli.output import set_log_level
from w2s.cli.train import train
from w2s.cli.trust import trust
from w2s.errors import InterruptedWorkError, UsageError, UserCodeError, W2sError

_EPILOG = """Exit codes: 0 done, 1 the work failed, 2 wrong usage or configuration, 3 bad data, 4 a model or
an engine failed, 5 packages are missing, 130 interrupted.

Documentation: https://github.com/w2s-dev/w2s/blob/main/docs/index.md"""

_GLOBAL = ("--debug", "--quiet", "--verbose")

app = typer.Typer(
    name="w2s",
    no_args_is_help=True,
    epilog=_EPILOG,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    arena,
    chain,
    analyse,
    label,
    filter_command,
    train,
    eval_command,
    agree,
    models,
    doctor,
):
    app.command(cls=Command)(command)
app.add_typer(trust)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"w2s {version('w2s')}")
        raise typer.Exit


@app.callback()
def root(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print only results and errors, no progress and no notes.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Also print the steps of the work and how long they took.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Weak-to-strong training: learn when to trust a weak teacher, with games as the proving ground.

    --debug, --quiet and --verbose may also be given after the command.
    """
    if quiet and verbose:
        raise UsageError(
            "cli-quiet-and-verbose", "--quiet and --verbose exclude each other; give one of them"
        )
    set_log_level(logging.WARNING if quiet else logging.DEBUG if verbose else logging.INFO)


def main() -> None:
    """Run the command line of ``w2s``; signals that end a process end it as Ctrl-C does, with their code."""
    _open_closed_streams()
    received: list[int] = []

    def interrupt(number: int, _: object) -> None:
        received.append(number)
        raise KeyboardInterrupt

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:  # nohup ignores SIGHUP
            signal.signal(number, interrupt)
    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except OSError as error:  # the interpreter would say it once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = code or _complain(_system_error(error))
    sys.exit(128 + received[0] if received and code == InterruptedWorkError.exit_code else code)


def _open_closed_streams() -> None:
    """Take the places of standard streams that are closed, so that no file of w2s gets the number of one.

    Reading and writing them fails, but for messages, which go nowhere.
    """
    modes = {"stdin": os.O_WRONLY, "stdout": os.O_RDONLY, "stderr": os.O_RDWR}
    for number, (name, mode) in enumerate(modes.items()):
        if getattr(sys, name) is None:
            handle = os.open(os.devnull, mode)
            if handle != number:
                os.dup2(handle, number)
                os.close(handle)
            setattr(sys, name, os.fdopen(number, "r" if name == "stdin" else "w"))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code.

    0 ok, 1 the work failed, 2 usage or configuration, 3 bad data, 4 a model or engine failed, 5 a missing
    extra, 130 interrupted.
    """
    debug = "--debug" in arguments
    arguments = _global_options_first(arguments)
    try:
        result: Any = typer.main.get_command(app)(arguments, prog_name="w2s", standalone_mode=False)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return W2sError.exit_code
    except (W2sError, OSError, MemoryError, ImportError, RuntimeError) as error:
        if debug or (not isinstance(error, W2sError | OSError | MemoryError) and not _lacks_memory(error)):
            raise
        return _complain(error if isinstance(error, W2sError) else _system_error(error))
    except TyperException as error:
        message = error.format_message().rstrip(".")
        if type(error).__name__ == "NoArgsIsHelpError":  # the help is printed already, or is the message
            print(message, end="")
            return UsageError.exit_code
        message += _hint(arguments, message)
        end = " See w2s --help" if message.endswith("?") else "; see w2s --help"
        return _complain(UsageError("cli-usage", message + end))
    except (KeyboardInterrupt, typer.Abort):
        result = InterruptedWorkError.exit_code
    if result == InterruptedWorkError.exit_code:  # typer returns this code for Ctrl-C
        return _complain(
            InterruptedWorkError(
                "interrupted", "interrupted; finished work is kept; run the same command again to continue"
            )
        )
    return result if isinstance(result, int) else 0


_NO_MEMORY = ("failed to map segment", "annot allocate memory", "can't start new thread")
"""What the system and Python say where a library or a thread does not fit into memory."""


def _lacks_memory(error: ImportError | RuntimeError) -> bool:
    return any(words in str(error) for words in _NO_MEMORY)


def _system_error(error: OSError | MemoryError | ImportError | RuntimeError) -> W2sError:
    """What the operating system refused, with its remedy."""
    if not isinstance(error, OSError):
        return W2sError(
            "memory-exhausted", "memory ran out; process fewer rows at once, or use a larger machine"
        )
    where = f" at {error.filename}" if error.filename else ""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return W2sError(
            "disk-full",
            f"the disk is full{where}; finished work is kept: free some space and run the same command again",
        )
    if error.errno == errno.ENOENT and not where and not _has_working_folder():
        return W2sError("system-error", "the working folder does not exist any more; change to another one")
    return W2sError("system-error", f"{error.strerror or error}{where}; --debug shows where it happened")


def _has_working_folder() -> bool:
    try:
        os.getcwd()  # noqa: PTH109 - a question to the system
    except FileNotFoundError:
        return False
    return True


def _global_options_first(arguments: list[str]) -> list[str]:
    """Move options of ``w2s`` itself in front of the command."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    own = [argument for argument in _GLOBAL if argument in arguments[:end]]
    return [*own, *(argument for argument in arguments[:end] if argument not in own), *arguments[end:]]


def _hint(arguments: list[str], message: str) -> str:
    """The option to type instead of a command with its name."""
    option = f"--{arguments[0]}" if arguments else ""
    known = option in {"--version", "--help"} and "No such command" in message
    return f". Did you mean w2s {option}?" if known else ""


def _printable(letter: str) -> str:
    """The letter, or its code where it would control the terminal, or does not belong to a text."""
    return letter if letter.isprintable() else letter.encode("unicode_escape", "backslashreplace").decode()


def _complain(error: W2sError) -> int:
    if isinstance(error, UserCodeError) and error.__cause__ is not None:
        traceback.print_exception(error.__cause__)
    line = "".join(map(_printable, " ".join(str(error).split())))
    print(f"error: {line}" + (f" [{error.code}]" if error.code else ""), file=sys.stderr)
    return error.exit_code
