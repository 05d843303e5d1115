"""References to models as text: ``KIND``, ``KIND:OPTIONS`` or ``KIND:TARGET?OPTIONS``.

Knows nothing about which kinds exist or what their options mean.

Options are ``name=value`` joined by ``&``. What follows the colon is options alone where it begins with a
name in small letters and ``=`` and has no ``?``; else it is a target, up to the first ``?``, and the options
after it. ``%XX`` stands for the byte of that code anywhere behind the kind: ``%26`` for ``&``, ``%3F`` for
``?``, ``%3D`` for ``=``, ``%25`` for ``%`` itself where two hexadecimal digits follow. References stand in
files, so none holds an address with a password or a key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, unquote_to_bytes

from w2s.errors import UsageError

_FORMS = "random, search:depth=3 or uci:stockfish?nodes=1000"
_KIND = re.compile(r"[a-z][a-z0-9_]*")
_BARE_OPTIONS = re.compile(r"[a-z][a-z0-9_]*=")
_LOGIN = re.compile(r"://[^/?#]*@")
_KEY = re.compile(r"[?&](api[-_]?key|key|token|password|secret)=", re.IGNORECASE)
_CONTROL = "".join(map(chr, [*range(32), 127]))
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference taken apart: ``str`` gives a text that parses to the same value.

    ``kind`` is what answers, ``target`` which one of its kind (empty where there is only one), ``options``
    values by name, in the order in which they were written.
    """

    kind: str
    target: str = ""
    options: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        """The canonical text; only what would be misread is written as ``%XX``."""
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
    """A reference to a model from its text.

    Args:
        text: for example ``random``, ``search:depth=1&noise_cp=30`` or
            ``uci:stockfish?nodes=2000&Skill Level=3``. The target and the values are taken as they stand:
            they may hold spaces, quotes, colons, backslashes and ``=``.

    Returns:
        Its kind, target and options, all text. Nothing is said about whether that model exists.

    Raises:
        UsageError: the text is no reference; one line that says where and what to write instead.

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
            f"{shown(text)} is not a model reference; write a kind in lower-case letters first, for example "
            f"{_FORMS}",
        )
    if colon and not rest:
        raise UsageError(
            "model-reference-incomplete",
            f"nothing follows the colon of {shown(text)}; remove the colon, or write {_FORMS}",
        )
    target, mark, options = rest.partition("?")
    if not mark and _BARE_OPTIONS.match(rest):
        target, mark, options = "", "?", rest
    if mark and not options:
        raise UsageError(
            "model-reference-incomplete",
            f"nothing follows the question mark of {shown(text)}; remove it, or write options such as "
            "nodes=1000",
        )
    return Reference(kind, _decoded(text, target), _options(text, options) if options else {})


def shown(text: str) -> str:
    """A reference as messages show it: quoted, one line, shortened."""
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
                f"an option of {shown(text)} has no name; write name=value, separated by one &",
            )
        if not equals:
            raise UsageError(
                "model-reference-option-no-value",
                f"option {shown(name)} of {shown(text)} has no value; write {name[:_SHOWN]}=…, and %26 for "
                "an & inside a value",
            )
        name = _decoded(text, name)
        if name.lower() in seen:
            raise UsageError(
                "model-reference-option-repeated",
                f"option {shown(name)} occurs twice in {shown(text)}; remove one",
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
            f"{shown(text)} has %XX codes that are not UTF-8; write the characters directly, and % as %25",
        ) from None


def _encoded(part: str, reserved: str) -> str:
    return "".join(f"%{ord(letter):02X}" if letter in f"%{reserved}{_CONTROL}" else letter for letter in part)
