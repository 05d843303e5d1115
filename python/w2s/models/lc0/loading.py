"""An ``lc0:`` reference → the model behind it.

Knows nothing about how a net is asked; torch is imported when a net is loaded.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from w2s.errors import UsageError
from w2s.models.kind import Kind
from w2s.models.model import Model
from w2s.models.policy.loading import EXTRA, need_torch
from w2s.models.policy.settings import read_settings
from w2s.models.reference import Reference, shown

if TYPE_CHECKING:
    from w2s.models.policy.net import PolicyNet


def net_of(reference: Reference) -> PolicyNet:
    """The net of ``lc0:FILE``, on the CPU.

    Raises:
        UsageError: the reference names no file.
        ModelError: the file cannot be read, or its net is of another kind.
        DataError: the file is damaged.
    """
    if not reference.target:
        raise UsageError(
            "model-missing-target", f"{shown(str(reference))} names no file: write lc0:maia-1100.pb.gz"
        )
    need_torch("a network of Lc0")
    from w2s.models.lc0.building import build
    from w2s.models.lc0.weights import read_weights

    return build(read_weights(Path(reference.target).expanduser()))


def load(reference: Reference, *, seed: int, concurrency: int) -> Model:
    """The net of ``lc0:FILE``; it sees the history of a line of play."""
    del concurrency
    settings = read_settings(reference)
    net = net_of(reference)
    from w2s.models.policy.model import PolicyModel

    return PolicyModel(str(reference), net, settings, seed)


KIND = Kind("lc0", "a network in Lc0's format, Maia included; no search", "lc0:maia-1100.pb.gz", load, EXTRA)
