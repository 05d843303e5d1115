"""A ``uci:`` reference → the model behind it.

Knows nothing about how an engine is asked.
"""

from __future__ import annotations

from w2s.models.kind import Kind
from w2s.models.reference import Reference
from w2s.models.uci.finder import resolve
from w2s.models.uci.model import UciModel
from w2s.models.uci.settings import read_settings, split_command


def load(reference: Reference, *, seed: int, concurrency: int) -> UciModel:
    """The engine of ``uci:COMMAND?nodes=N``, started once to see that it understands its options.

    An engine draws its own random numbers: ``seed`` changes nothing.
    """
    del seed
    text = str(reference)
    terms, wanted = read_settings(text, reference.options)
    program, *arguments = split_command(text, reference.target)
    return UciModel(text, [resolve(program), *arguments], terms, wanted, concurrency=concurrency)


KIND = Kind(
    "uci", "a UCI engine; nodes, depth and movetime limit it", "uci:stockfish?nodes=2000&Skill Level=3", load
)
