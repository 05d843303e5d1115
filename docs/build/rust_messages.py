"""Messages of the Rust crates, with their error codes and the exceptions that they become in Python.

A message is found in the text of a source file: in the attribute ``#[error("…")]`` of a variant or a struct, in
a call of ``setting_error`` or ``data_error``, or in any other text of several words outside comments and tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CRATES = ("w2s-core", "w2s-games", "w2s-py", "w2s-tables")
WORDS = re.compile(r"[A-Za-z]{2,}\W* \W*[A-Za-z]{2,}")
"""Matches a text of several words."""
_CHARACTER = re.compile(r"b?'(?:\\.|[^\\'])'")
_STRING = r'"((?:[^"\\]|\\.)*)"'
_ERROR = re.compile(rf"#\[error\(\s*{_STRING}[^\]]*\]\s*(?:pub struct )?(\w+)", re.DOTALL)
_CALL = re.compile(
    rf'(setting|data)_error\(\s*"([a-z0-9-]+)",\s*(?:(?:format!\()?{_STRING}|message)', re.DOTALL
)
_ARM = re.compile(r"((?:\|?\s*\w+::\w+(?:\s*\{[^}]*\})?\s*)+)=>\s*(\"[a-z0-9-]+\"|true|false)")
_IMPL = re.compile(r"^impl (\w+) \{$(.*?)^\}$", re.MULTILINE | re.DOTALL)
_CONSTANT = re.compile(r"fn (code|is_setting)\(&self\) -> [^{]+\{\s*(\"[a-z0-9-]+\"|true|false)\s*\}")
_INTERNAL = re.compile(r"(expect|assert\w*!|panic!|unreachable!|include_str!)\(\s*[^;()]*$|reason = $")


@dataclass(frozen=True)
class RustMessage:
    """A message of a crate.

    Attributes:
        place: the file, relative to the repository.
        line: line of the file.
        code: error code; empty if the message is only a part of another.
        kind: name of the exception in Python; empty without a code.
        text: the message in one line.
    """

    place: str
    line: int
    code: str
    kind: str
    text: str


def rust_messages() -> list[RustMessage]:
    """All messages, in the order of the files and lines."""
    found = []
    for crate in CRATES:
        for path in sorted((ROOT / "rust" / crate / "src").rglob("*.rs")):
            if path.name != "tests.rs":
                place = path.relative_to(ROOT).as_posix()
                found += [RustMessage(place, *one) for one in read_messages(path.read_text(encoding="utf-8"))]
    return found


def read_messages(source: str) -> list[tuple[int, str, str, str]]:
    """Line, code, exception and text of each message of a file, by line."""
    code = re.sub(r"//[^\n]*", "", source.partition("#[cfg(test)]")[0])
    code = _CHARACTER.sub("' '", code)
    seen: set[int] = set()
    found = []
    for start, *message in [*_attributes(code), *_calls(code)]:
        seen.add(start)
        found.append((code.count("\n", 0, start) + 1, *message))
    for string in re.finditer(_STRING, code, re.DOTALL):
        before = code[max(0, string.start() - 120) : string.start()]
        if string.start(1) not in seen and WORDS.search(string[1]) and not _INTERNAL.search(before):
            found.append((code.count("\n", 0, string.start()) + 1, "", "", _one_line(string[1])))
    return sorted(found)  # type: ignore[arg-type]


def _attributes(code: str) -> Iterator[tuple[int, str, str, str]]:
    """Place, code, exception and text of ``#[error("…")]``; a code is that of the variant or the struct."""
    facts = _facts(code)
    for match in _ERROR.finditer(code):
        value, is_setting = facts.get(match[2], ("", False))
        kind = ("UsageError" if is_setting else "DataError") if value else ""
        yield match.start(1), value, kind, _one_line(match[1])


def _facts(code: str) -> dict[str, tuple[str, bool]]:
    """Code and ``is_setting`` of each variant and each struct."""
    values: dict[str, dict[str, str]] = {}
    for name, body in _IMPL.findall(code):
        constants = dict(_CONSTANT.findall(body))
        if "code" in constants:
            values[name] = constants
        for names, value in _ARM.findall(body):
            key = "is_setting" if value in ("true", "false") else "code"
            for variant in re.findall(r"::(\w+)", names):
                values.setdefault(variant, {**constants})[key] = value
    return {
        name: (one["code"].strip('"'), one.get("is_setting") == "true")
        for name, one in values.items()
        if "code" in one
    }


def _calls(code: str) -> Iterator[tuple[int, str, str, str]]:
    """Place, code, exception and text of each call; the variable ``message`` is assigned before the call."""
    for call in _CALL.finditer(code):
        kind = "UsageError" if call[1] == "setting" else "DataError"
        if call[3] is not None:
            yield call.start(3), call[2], kind, _one_line(call[3])
            continue
        texts = list(re.finditer(rf"let message =[^;]*?{_STRING}", code[: call.start()], re.DOTALL))
        yield texts[-1].start(1), call[2], kind, _one_line(texts[-1][1])


def _one_line(text: str) -> str:
    return " ".join(re.sub(r"\\\n\s*", "", text).split())
