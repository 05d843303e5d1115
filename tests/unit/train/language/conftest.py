"""Small language models to train, made once; nothing goes to a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.doubles.language import write_language_model

Make = Callable[..., Path]


@pytest.fixture(scope="session", autouse=True)
def offline() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setenv("TOKENIZERS_PARALLELISM", "false")
        yield


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """A folder with a model: ``folder("llama", chat=True)``."""
    for name in ("transformers", "peft"):
        pytest.importorskip(name, reason=f"needs {name}: pip install 'w2s[models]'")
    root, made = tmp_path_factory.mktemp("learning"), {}

    def make(family: str = "llama", **how: object) -> Path:
        key = family, *sorted(how.items())
        if key not in made:
            made[key] = write_language_model(root / f"{len(made)}", family, **how)  # type: ignore[arg-type]
        return made[key]

    return make
