"""Reads docstrings: the first line, the text, and sections such as Args and Raises; and writes Markdown."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field

SECTIONS = ("Args", "Attributes", "Returns", "Yields", "Raises", "Example", "Examples")
"""Headings of sections."""
_HEADING = re.compile(rf"^({'|'.join(SECTIONS)}):\s*$")
_ENTRY = re.compile(r"^(\*{0,2}\w[\w, .]*?):\s+(.*)$")
_ROLE = re.compile(r":(?:class|func|meth|mod|data|attr):`~?([^`]+)`")


@dataclass
class Docstring:
    """A docstring in its parts, as Markdown.

    Attributes:
        text: everything before the first section.
        entries: by section, the description of each name.
        plain: by section, its lines without their indentation.
    """

    text: str
    entries: dict[str, dict[str, str]] = field(default_factory=dict)
    plain: dict[str, str] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """The first paragraph."""
        return self.text.partition("\n\n")[0]


def to_markdown(text: str) -> str:
    """reStructuredText of a docstring as Markdown: roles and double back quotes become code."""
    return _ROLE.sub(r"`\1`", text).replace("``", "`")


def parse(text: str | None) -> Docstring:
    """The parts of a docstring in Google's style.

    Example:
        >>> found = parse("Adds.\\n\\nArgs:\\n    a: the first\\n        number.\\n    b: the second.")
        >>> found.summary, found.entries["Args"]
        ('Adds.', {'a': 'the first number.', 'b': 'the second.'})
    """
    sections: dict[str, list[str]] = {"": []}
    name = ""
    for line in inspect.cleandoc(text or "").splitlines():
        heading = _HEADING.match(line)
        if heading:
            name = heading[1]
            sections[name] = []
        elif name and line and not line.startswith(" "):
            name = ""
            sections[name].append(line)
        else:
            sections[name].append(line)
    body = to_markdown("\n".join(sections.pop("")).strip())
    plain = {one: inspect.cleandoc("\n" + "\n".join(lines)).strip() for one, lines in sections.items()}
    return Docstring(body, {one: _entries(text) for one, text in plain.items()}, plain)


def _entries(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    last = ""
    for line in text.splitlines():
        entry = _ENTRY.match(line)
        if entry:
            last = entry[1]
            found[last] = entry[2].strip()
        elif last and line.strip():
            found[last] = f"{found[last]} {line.strip()}"
    return {name: to_markdown(value) for name, value in found.items()}


def to_cell(text: object) -> str:
    """Text of one cell of a Markdown table."""
    return " ".join(str(text).split()).replace("|", "\\|")
