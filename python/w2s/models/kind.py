"""What a kind of model tells the registry.

Knows no particular kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from w2s.models.model import Model
from w2s.models.reference import Reference


class Load(Protocol):
    """Makes a model of a reference; ``seed`` and ``concurrency`` as in :func:`w2s.load_model`."""

    def __call__(self, reference: Reference, *, seed: int, concurrency: int) -> Model:
        """The model, or a UsageError or ModelError that says why there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of model: ``name`` begins its references, ``example`` is one, ``about`` says what answers.

    ``extra`` is what has to be installed beside w2s itself, None where nothing is.
    """

    name: str
    about: str
    example: str
    load: Load
    extra: str | None = None
