"""The figures: every one is registered and stands on the page, and a partial run leaves the others alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.figure import Figure, Measurement, Row, Target
from benchmarks.registry import FIGURES
from benchmarks.table import Results, line

CIRCUMSTANCES = {"date": "2026-01-01", "machine": "a machine", "command": "a command", "versions": {}}


def table_rows(section: str) -> list[str]:
    """Rows of the table in a section of the page, without its head."""
    return [text for text in section.splitlines() if text.startswith("| ")][1:]


def test_every_file_of_a_figure_is_registered(root: Path) -> None:
    files = {path.stem for path in (root / "benchmarks/figures").glob("*.py")} - {"__init__"}
    assert len(files) >= 5
    assert files == set(FIGURES)


def test_the_page_has_every_figure_with_its_rows(root: Path) -> None:
    page = (root / "docs/benchmarks.md").read_text(encoding="utf-8")
    sections = dict(part.split("\n", 1) for part in page.split("\n## ")[1:])
    assert list(sections) == [figure.title for figure in FIGURES.values()]
    for title, section in sections.items():
        assert table_rows(section) or "**Skipped**" in section, title
        assert "Not measured yet" not in section, title
    assert sum(len(table_rows(section)) for section in sections.values()) >= 15


def test_measuring_one_figure_leaves_the_others(tmp_path: Path) -> None:
    figures = [Figure(name, name.title(), "How.", lambda: Measurement(())) for name in ("first", "second")]
    for figure, number in zip(figures, (11.0, 22.0), strict=True):
        results = Results(tmp_path)  # as a run of its own
        results.keep(figure.name, Measurement((Row("work", "k/s", number),), ("A note.",)), CIRCUMSTANCES)
        results.save(figures)
    results = Results(tmp_path)
    results.skip("first", "needs what is not here")
    results.save(figures)
    page = (tmp_path / "benchmarks.md").read_text(encoding="utf-8")
    assert "| work | 11 k/s |" in page
    assert "| work | 22 k/s |" in page
    assert page.count("**Skipped** in the last run: needs what is not here.") == 1
    assert page.count("2026-01-01, a machine; `a command`.") == 2


@pytest.mark.parametrize(
    ("ours", "theirs", "target", "verdict"),
    [
        (3.0, 1.0, Target(least=2.5), "met"),
        (2.0, 1.0, Target(least=2.5), "**missed**"),
        (0.1, 1.0, Target(most=0.15, of_ratio=False), "met"),
        (0.2, 1.0, Target(most=0.15, of_ratio=False), "**missed**"),
        (3.0, None, Target(least=2.5), "**missed**"),
        (3.0, 1.0, None, ""),
    ],
)
def test_a_row_says_whether_its_target_is_met(
    ours: float, theirs: float | None, target: Target | None, verdict: str
) -> None:
    assert line(Row("work", "s", ours, "peer", theirs, target)).split(" | ")[-1].strip(" |") == verdict
