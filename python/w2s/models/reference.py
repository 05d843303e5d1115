"""References to models as text: ``KIND``, ``KIND:OPTIONS`` or ``KIND:TARGET?OPTIONS``.

Options are ``name=value``, separated by ``&``. The text after the colon consists of options alone if it
begins with a lower-case name and ``=`` and has no ``?``; otherwise it is a target, up to the first ``?``, and
the options after it. ``%XX`` is the byte of that code anywhere after the kind: ``%26`` for ``&``, ``%3F`` for
``?``, ``%3D`` for ``=``, ``%25`` for ``%`` itself if two hexadecimal digits follow. References are written to
files, so an address with a password or a key is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes

from w2s.errors import UsageError
from w2s.files import read_whole_file

_FORMS = "random, search:depth=3 or uci:stockfish?nodes=1000"
_KIND = re.compile(r"[a-z][a-z0-9_]*")
_BARE_OPTIONS = re.compile(r"[a-z][a-z0-9_]*=")
_LOGIN = re.compile(r"://[^/?#]*@")
_KEY = re.compile(r"[?&](api[-_]?key|key|token|password|secret)=", re.IGNORECASE)
_CONTROL = "".join(map(chr, [*range(32), 127]))
_SHOWN = 80
_CONFIG_FILE, _ADAPTER_FILE = "config.json", "adapter_config.json"
_MAX_CONFIG_BYTES = 1 << 24


@dataclass(frozen=True, slots=True)
class Reference:
    """A parsed reference; ``str`` gives a text that parses to the same value.

    Attributes:
        kind: the kind of model.
        target: which model of its kind, empty if there is only one.
        options: values by name, in the order in which they were written.
    """

    kind: str
    target: str = ""
    options: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        """The canonical text; only characters that would be misread are written as ``%XX``."""
        pairs = [f"{_encoded(name, '&=?')}={_encoded(value, '&')}" for name, value in self.options.items()]
        options = "&".join(pairs)
        target = _encoded(self.target, "?")
        if target and not options and _BARE_OPTIONS.match(target):
            target = _encoded(self.target, "?=")
        if target:
            rest = f"{target}?{options}" if options else target
        else:
            bare = _BARE_OPTIONS.match(options) and "?" not in options
            rest = options if bare or not options else f"?{options}"
        return f"{self.kind}:{rest}" if rest else self.kind


def parse_reference(text: str) -> Reference:
    """Parse the text of a reference.

    Args:
        text: for example ``random``, ``search:depth=1&noise_cp=30`` or
            ``uci:stockfish?nodes=2000&Skill Level=3``. The target and the values are taken literally: they
            may contain spaces, quotes, colons, backslashes and ``=``.

    Returns:
        Its kind, target and options, all text. Whether that model exists is not checked.

    Raises:
        UsageError: the text is not a reference; one line says where and what to write instead.

    Example:
        >>> parse_reference("uci:stockfish?nodes=2000&Skill Level=3").options["Skill Level"]
        '3'
        >>> str(parse_reference("search:depth=3"))
        'search:depth=3'
    """
    if not text:
        raise UsageError("model-reference-empty", f"the model reference is empty; write {_FORMS}")
    if _holds_secret(unquote(text)):
        raise UsageError(
            "model-reference-holds-secret",
            "the model reference contains an address with a key, user name or password, and references are "
            "written to files; remove it and set W2S_API_KEY instead",
        )
    kind, colon, rest = text.partition(":")
    if not _KIND.fullmatch(kind):
        raise UsageError(
            "model-reference-invalid",
            f"{quote(text)} is not a model reference; write a kind in lower-case letters first, for example "
            f"{_FORMS}",
        )
    if colon and not rest:
        raise UsageError(
            "model-reference-incomplete",
            f"nothing follows the colon of {quote(text)}; remove the colon, or write {_FORMS}",
        )
    target, mark, options = rest.partition("?")
    if not mark and _BARE_OPTIONS.match(rest):
        target, mark, options = "", "?", rest
    if mark and not options:
        raise UsageError(
            "model-reference-incomplete",
            f"nothing follows the question mark of {quote(text)}; remove it, or write options such as "
            "nodes=1000",
        )
    return Reference(kind, _decoded(text, target), _options(text, options) if options else {})


def resolve_reference(text: str) -> Reference:
    """The reference that a user means: a reference, or the folder of a model.

    The folder ``students/a`` of a policy net is ``policy:students/a``; that of a transformers model or of an
    adapter is ``hf:students/a``.

    Raises:
        UsageError: the text is neither.
    """
    folder, mark, options = text.partition("?")
    kind = _kind_in(folder) if folder else None
    return parse_reference(text if kind is None else f"{kind}:{folder}{mark}{options}")


def _kind_in(folder: str) -> str | None:
    """The kind of the model in a folder; None if there is no such folder or no model in it."""
    try:
        path = Path(folder).expanduser()
        if (path / _ADAPTER_FILE).is_file():
            return "hf"
        if not (path / _CONFIG_FILE).is_file():
            return None
        config = json.loads(read_whole_file(path / _CONFIG_FILE, _MAX_CONFIG_BYTES))
    except (ValueError, RecursionError):
        return "policy"  # its reader reports the fault
    except (OSError, RuntimeError):  # a name that the file system refuses, or an unknown home folder
        return None
    return "hf" if isinstance(config, dict) and "architectures" in config else "policy"


def local_path(name: str) -> Path:
    """The path that a target or an option names, with ``~`` replaced by the home folder; it may not exist.

    Raises:
        UsageError: the name cannot be that of a file: it is too long, contains a NUL, or begins with the
            home folder of an unknown user.
    """
    try:
        path = Path(name).expanduser()
        path.exists()
    except (OSError, ValueError, RuntimeError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise UsageError(
            "model-invalid-path",
            f"{quote(name)} cannot be opened ({reason}); write the path of a file or folder",
        ) from None
    if "\0" in name:
        raise UsageError("model-invalid-path", f"{quote(name)} contains a NUL character; remove it")
    return path


def quote(text: str) -> str:
    """A reference as messages show it: in quotes, on one line, shortened to 80 characters."""
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


def _holds_secret(text: str) -> bool:
    _, mark, rest = text.partition("://")
    return bool(mark) and bool(_LOGIN.search(text) or _KEY.search(rest))


def _options(text: str, joined: str) -> dict[str, str]:
    options: dict[str, str] = {}
    seen: set[str] = set()
    for piece in joined.split("&"):
        name, equals, value = piece.partition("=")
        if not name:
            raise UsageError(
                "model-reference-option-no-name",
                f"an option of {quote(text)} has no name; write name=value, separated by one &",
            )
        if not equals:
            raise UsageError(
                "model-reference-option-no-value",
                f"option {quote(name)} of {quote(text)} has no value; write {name[:_SHOWN]}=…, and %26 for "
                "an & inside a value",
            )
        name = _decoded(text, name)
        if name.lower() in seen:
            raise UsageError(
                "model-reference-option-repeated",
                f"option {quote(name)} occurs twice in {quote(text)}; remove one",
            )
        seen.add(name.lower())
        options[name] = _decoded(text, value)
    return options


def _decoded(text: str, part: str) -> str:
    if "%" not in part:
        return part
    try:
        return unquote_to_bytes(part).decode()
    except UnicodeDecodeError:
        raise UsageError(
            "model-reference-not-utf8",
            f"{quote(text)} has %XX codes that are not UTF-8; write the characters directly, and % as %25",
        ) from None


def _encoded(part: str, reserved: str) -> str:
    return "".join(f"%{ord(letter):02X}" if letter in f"%{reserved}{_CONTROL}" else letter for letter in part)
