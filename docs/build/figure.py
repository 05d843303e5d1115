"""Draws the figure of the README, ``docs/images/maia.svg``, from ``docs/results.md``.

``python -m docs.build.figure`` writes it again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "docs" / "results.md"
FIGURE = ROOT / "docs" / "images" / "maia.svg"
SECTION = "maia-label-budget"
ARMS = {
    "base": "untrained student",
    "naive": "all labels",
    "random": "85 % of the labels, at random",
    "confidence": "85 %, the most confident",
    "trust": "85 %, the most trusted",
    "gold": "gold alone",
    "gold+trust": "gold and the most trusted",
    "ceiling": "true answers of the whole pool",
}
"""Arms of the figure, from top to bottom, and what they learn from."""
_MEASURE = re.compile(r"([\d.]+) \(([\d.]+) to ([\d.]+)\)")
_LEFT, _WIDTH, _ROW, _TOP = 250, 430, 26, 34
_LOW, _HIGH = 50.0, 80.0


@dataclass(frozen=True)
class Accuracy:
    """An accuracy in percent with its interval."""

    mean: float
    low: float
    high: float


def read_accuracies(results: str) -> dict[str, Accuracy]:
    """Accuracies of the reference arms and of round 1, by arm."""
    section = results.partition(f"\n## {SECTION}\n")[2].partition("\n## ")[0]
    found: dict[str, Accuracy] = {}
    place = 0
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if "accuracy" in cells:
            place = cells.index("accuracy")
        elif len(cells) > place > 0 and cells[0] in ("", "round 1") and cells[1] in ARMS:
            measure = _MEASURE.match(cells[place])
            if measure:
                found[cells[1]] = Accuracy(*map(float, measure.groups()))
    return found


def draw(accuracies: dict[str, Accuracy]) -> str:
    """The figure as SVG: one row per arm, a point with its interval."""
    height = _TOP + _ROW * len(ARMS) + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDTH + 70} {height}" '
        'font-family="sans-serif" font-size="13">',
        f'<rect width="100%" height="{height}" fill="white"/>',
        f'<text x="{_LEFT}" y="18" font-weight="bold">Accuracy on 3,000 test puzzles, percent</text>',
    ]
    for tick in range(int(_LOW), int(_HIGH) + 1, 5):
        x = _place(tick)
        bottom = _TOP + _ROW * len(ARMS)
        parts.append(f'<line x1="{x}" y1="{_TOP}" x2="{x}" y2="{bottom}" stroke="#ddd"/>')
        parts.append(f'<text x="{x}" y="{bottom + 18}" text-anchor="middle">{tick}</text>')
    for row, (arm, about) in enumerate(ARMS.items()):
        parts += _draw_row(row, about, accuracies[arm], "#b3261e" if arm == "trust" else "#33475b")
    return "\n".join([*parts, "</svg>"]) + "\n"


def _draw_row(row: int, about: str, one: Accuracy, colour: str) -> list[str]:
    y = _TOP + _ROW * row + _ROW // 2
    low, mean, high = (_place(value) for value in (one.low, one.mean, one.high))
    return [
        f'<text x="{_LEFT - 10}" y="{y + 4}" text-anchor="end" fill="{colour}">{about}</text>',
        f'<line x1="{low}" y1="{y}" x2="{high}" y2="{y}" stroke="{colour}" stroke-width="2"/>',
        f'<circle cx="{mean}" cy="{y}" r="4" fill="{colour}"/>',
        f'<text x="{high + 8}" y="{y + 4}" fill="{colour}">{one.mean}</text>',
    ]


def _place(value: float) -> float:
    return round(_LEFT + (value - _LOW) / (_HIGH - _LOW) * _WIDTH, 1)


if __name__ == "__main__":
    FIGURE.write_text(draw(read_accuracies(RESULTS.read_text(encoding="utf-8"))), encoding="utf-8")
