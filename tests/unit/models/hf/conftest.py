"""Small models for the tests of language models, made once; nothing goes to a network."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.doubles.language import write_language_model
from w2s.models.hf import load
from w2s.models.reference import parse_reference

os.environ["HF_HUB_OFFLINE"] = "1"  # read when the first of the libraries is imported
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

Make = Callable[..., Path]


@pytest.fixture(scope="session", autouse=True)
def offline() -> Iterator[None]:
    """The same, where another test has imported it before."""
    constants = pytest.importorskip(
        "huggingface_hub.constants", reason="needs transformers: pip install 'w2s[models]'"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(constants, "HF_HUB_OFFLINE", True)
        yield


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """A folder with a model: ``folder("llama", chat=True)``."""
    pytest.importorskip("transformers", reason="needs transformers: pip install 'w2s[models]'")
    root, made = tmp_path_factory.mktemp("language"), {}

    def make(family: str = "llama", **how: object) -> Path:
        key = family, *sorted(how.items())
        if key not in made:
            made[key] = write_language_model(root / f"{len(made)}", family, **how)  # type: ignore[arg-type]
        return made[key]

    return make


@pytest.fixture(scope="session")
def open_hf(folder: Make) -> Callable[..., object]:
    """A loaded model: ``open_hf("llama", "score=option", chat=True)``."""

    def make(family: str = "llama", options: str = "", seed: int = 0, **how: object) -> object:
        mark = "?" if options else ""
        return load(parse_reference(f"hf:{folder(family, **how)}{mark}{options}"), seed=seed, concurrency=1)

    return make
