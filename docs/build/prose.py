"""Checks texts, docstrings, comments and pages for the phrases of ``docs/build/phrases.txt``.

``python -m docs.build.prose`` prints each phrase with its place and what to write instead; ``make lint`` runs it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PHRASES = Path(__file__).with_name("phrases.txt")
CHECKED = (
    "python/w2s/**/*.py",
    "rust/*/src/**/*.rs",
    "docs/**/*.md",
    "docs/build/*.py",
    "arenas/build/*.py",
    "benchmarks/**/*.py",
    "studies/*.py",
    "examples/*.py",
    "examples/*.md",
    "*.md",
)
MEASURED = ("docs/benchmarks.md", "docs/results.md", "CHANGELOG.md")
"""Pages that are generated from measurements, or that are a history."""
_ROW = re.compile(r"^(?P<pattern>.+?) => (?P<advice>.+?)(?: \[(?P<files>[^\]]*)\])?$")
_BREAK = re.compile(r"\n[ \t]*(?:#|//[/!]?|>|\*)?[ \t]*")


@dataclass(frozen=True)
class Phrase:
    """A phrase to avoid.

    Attributes:
        pattern: matches the phrase.
        advice: what to write instead.
        allowed: globs of the files in which it may stay.
    """

    pattern: re.Pattern[str]
    advice: str
    allowed: tuple[str, ...]


def read_phrases(text: str) -> list[Phrase]:
    """The phrases of a list with one row each; lines that begin with ``#`` are comments.

    Raises:
        ValueError: a line is not a row.
    """
    found = []
    for line in filter(None, text.splitlines()):
        row = _ROW.match(line)
        if line.startswith("#"):
            continue
        if row is None:
            raise ValueError(f"not PATTERN => ADVICE: {line}")
        files = tuple(filter(None, re.split(r",\s*", row["files"] or "")))
        found.append(Phrase(re.compile(row["pattern"], re.IGNORECASE), row["advice"], files))
    return found


def find(text: str, phrases: Iterable[Phrase]) -> Iterator[tuple[int, str, str]]:
    """Line, phrase and advice of each match, also where a phrase continues on the next line.

    Example:
        >>> rows = read_phrases("in order to => to")
        >>> list(find("# It runs in\\n# order to end.", rows))
        [(1, 'in order to', 'to')]
    """
    starts, joined = _join_lines(text)
    for phrase in phrases:
        for match in phrase.pattern.finditer(joined):
            line = sum(start <= match.start() for start in starts)
            yield line, match[0], phrase.advice


def _join_lines(text: str) -> tuple[list[int], str]:
    """The text in one line without comment marks, and the place at which each line begins in it."""
    starts, parts, place = [0], [], 0
    for part in _BREAK.split(text):
        parts.append(part)
        place += len(part) + 1
        starts.append(place)
    return starts[:-1], " ".join(parts)


def checked_files() -> list[Path]:
    """The files whose text is checked, sorted."""
    found = {path for pattern in CHECKED for path in ROOT.glob(pattern)}
    return sorted(path for path in found if path.relative_to(ROOT).as_posix() not in MEASURED)


def check() -> list[str]:
    """One line for each phrase in the repository."""
    phrases = read_phrases(PHRASES.read_text(encoding="utf-8"))
    complaints = []
    for path in checked_files():
        name = path.relative_to(ROOT).as_posix()
        rows = [one for one in phrases if not any(fnmatch(name, glob) for glob in one.allowed)]
        complaints += [
            f"{name}:{line}: {words!r}: {advice}"
            for line, words, advice in sorted(find(path.read_text(encoding="utf-8"), rows))
        ]
    return complaints


if __name__ == "__main__":
    found = check()
    sys.stdout.write("".join(f"{line}\n" for line in found))
    sys.exit(bool(found))
