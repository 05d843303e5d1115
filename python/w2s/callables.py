"""Code of users, named ``module:callable``: how it is imported, and how its errors are shown.

Every ``module:callable`` of w2s is resolved here. The working folder is on the import path, after everything
that is installed, so that a file there cannot replace a package.
"""

from __future__ import annotations

import hashlib
import importlib
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from w2s.errors import UsageError, UserCodeError, W2sError, suggest_name

_LOG = logging.getLogger(__name__)
_REFERENCE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")
_OURS = str(Path(__file__).parent)


def is_callable_name(text: str) -> bool:
    """Whether a text has the form ``module:callable``.

    Example:
        >>> is_callable_name("mytrust:rating"), is_callable_name("logistic")
        (True, False)
    """
    return _REFERENCE.fullmatch(text) is not None


def import_callable(name: str) -> Any:
    """Import what ``module:callable`` names, from an installed package or from the working folder.

    Args:
        name: for example ``mytrust:rating``, the function ``rating`` of ``mytrust.py``.

    Raises:
        UsageError: the name has another form; the module or the name in it does not exist; it cannot be
            called; or the module is hidden by an installed one.
        UserCodeError: the module raises an exception when it is imported.

    Example:
        >>> import_callable("math:sqrt")(9.0)
        3.0
    """
    if not is_callable_name(name) or ".py:" in name:
        raise UsageError(
            "callable-bad-name",
            f"{name!r} is not module:callable; write {_corrected(name)} without a folder and without .py",
        )
    module, _, path = name.partition(":")
    found: Any = _import_module(module, name)
    for part in path.split("."):
        if not hasattr(found, part):
            known = [one for one in dir(found) if not one.startswith("_")]
            raise UsageError(
                "callable-missing", f"{name!r}: there is no {part!r} in {module}; {suggest_name(part, known)}"
            )
        found = getattr(found, part)
    if not callable(found):
        raise UsageError(
            "callable-not-callable", f"{name!r} is {type(found).__name__}; name a function or a class"
        )
    return found


def code_digest(name: str) -> str:
    """SHA-256 of the file that ``module:callable`` is in; empty if it is not in a file."""
    module = _import_module(name.partition(":")[0], name)
    file = getattr(module, "__file__", None)
    return hashlib.sha256(Path(file).read_bytes()).hexdigest() if file else ""


@contextmanager
def user_code(name: str) -> Iterator[None]:
    """Run code of a user; an exception that it raises is the cause of a :class:`UserCodeError`.

    The traceback of the cause begins in the user's code.

    Args:
        name: what runs, for the message.

    Raises:
        UserCodeError: the code raised an exception that is not one of w2s.
    """
    try:
        yield
    except W2sError:
        raise
    except Exception as error:
        text = f"{type(error).__name__}: {error}".partition("\n")[0]
        error.__traceback__ = _user_frames(error.__traceback__)
        raise UserCodeError("callable-failed", f"the code of {name} failed: {text}") from error


def _import_module(module: str, name: str) -> ModuleType:
    folder = str(Path.cwd())
    if folder not in sys.path and "" not in sys.path:
        sys.path.append(folder)
        importlib.invalidate_caches()
    try:
        with user_code(name):
            found = importlib.import_module(module)
    except UserCodeError as error:
        missing = error.__cause__
        if isinstance(missing, ModuleNotFoundError) and _is_part(missing.name or "", module):
            raise UsageError(
                "callable-module-missing",
                f"{name!r}: there is no module {missing.name}, neither in the working folder {folder} nor "
                "installed",
            ) from None
        raise
    _refuse_hidden(module, found, name)
    _announce(name, getattr(found, "__file__", None) or module)
    return found


def _is_part(missing: str, module: str) -> bool:
    """Whether a missing module is the one that was named, or a package that holds it."""
    return f"{module}.".startswith(f"{missing}.")


def _refuse_hidden(module: str, found: ModuleType, name: str) -> None:
    """Refuse an installed module that hides one of the working folder."""
    here = Path.cwd().joinpath(*module.split("."))
    own = [file for file in (here.with_suffix(".py"), here / "__init__.py") if file.is_file()]
    file = getattr(found, "__file__", None)
    if own and (file is None or own[0].resolve() != Path(file).resolve()):
        raise UsageError(
            "callable-module-hidden",
            f"{name!r}: {own[0]} is hidden by the module {file or module}; give the file another name",
        )


def _corrected(name: str) -> str:
    """The name that a path such as ``plugins/mytrust.py:rating`` may mean, or an example."""
    path, _, attribute = name.rpartition(":")
    guess = f"{Path(path).stem}:{attribute}"
    return guess if is_callable_name(guess) else "mytrust:rating for the function rating of mytrust.py,"


@cache
def _announce(name: str, file: str) -> None:
    _LOG.info("%s is code of %s", name, file)


def _user_frames(frames: TracebackType | None) -> TracebackType | None:
    """A traceback without the frames of w2s and of the import system before the user's own."""
    while frames is not None:
        file = frames.tb_frame.f_code.co_filename
        if not file.startswith((_OURS, "<frozen importlib", str(Path(importlib.__file__).parent))):
            break
        frames = frames.tb_next
    return frames
