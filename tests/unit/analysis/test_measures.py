"""The table of measures is the one list: the help and the page of the documentation name its entries."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from w2s.analysis import MEASURES
from w2s.cli import analyse as command


def test_the_help_names_every_measure_in_order() -> None:
    (measure,) = (one for one in command.analyse.__annotations__.items() if one[0] == "measure")
    words = re.findall(r"[\w-]+", str(measure[1]))
    places = [words.index(name) for name in MEASURES]
    assert places == sorted(places)


def test_the_page_has_the_question_and_the_method_of_every_measure(root: Path) -> None:
    page = (root / "docs" / "howto" / "analyse-a-chain.md").read_text(encoding="utf-8")
    for name, measure in MEASURES.items():
        assert f"| `{name}` | {measure.question} | {measure.doc} |" in page


def test_the_page_names_every_column_of_rows(root: Path) -> None:
    page = (root / "docs" / "howto" / "analyse-a-chain.md").read_text(encoding="utf-8")
    columns = [column for measure in MEASURES.values() for column in measure.columns]
    assert [name for name in columns if f"`{name}`" not in page] == []


@pytest.mark.parametrize(
    "name", ["blind_spots", "difficulty", "gradients", "matched_rows", "result", "subsamples"]
)
def test_formulas_open_no_files_and_load_no_models(root: Path, name: str) -> None:
    text = (root / "python" / "w2s" / "analysis" / f"{name}.py").read_text(encoding="utf-8")
    imported = re.findall(r"^ *(?:from|import) ([\w.]+)", text, re.MULTILINE)
    outside = [one for one in imported if not one.startswith(("w2s.analysis.", "w2s.metrics"))]
    assert set(outside) <= {
        "__future__",
        "collections.abc",
        "dataclasses",
        "math",
        "numpy",
        "numpy.typing",
        "typing",
    }
    assert not {"w2s.analysis.context", "w2s.analysis.run_rows", "w2s.analysis.head_gradients"} & set(
        imported
    )
