"""A policy net's ``config.json``, or a file of Lc0's, → its shape.

Knows nothing about language models.
"""

from __future__ import annotations

from pathlib import Path

import torch

from w2s.models.lc0.loading import lc0_net_config
from w2s.models.lc0.weights import read_weights
from w2s.models.policy.config import PolicyConfig, parse_config
from w2s.models.policy.loading import policy_folder
from w2s.models.policy.nets import build_net
from w2s.models.reference import Reference
from w2s.models.sizes.shape import Shape


def shape_of_net(reference: Reference) -> Shape:
    """The shape of ``policy:…`` or ``lc0:…``.

    Raises:
        W2sError: there is no such net.
    """
    if reference.kind == "lc0":
        path = Path(reference.target).expanduser()
        return _shape(lc0_net_config(read_weights(path)), path.name)
    path = policy_folder(reference) / "config.json"
    return _shape(parse_config(path.read_text(encoding="utf-8"), str(path)), str(path))


def _shape(config: PolicyConfig, source: str) -> Shape:
    with torch.device("meta"):
        net = build_net(config)
    parameters = sum(weight.numel() for weight in net.parameters())
    _, rows, columns = config.shape.planes
    return Shape(
        parameters,
        parameters,
        2 * config.blocks,
        config.channels,
        0,
        0,
        4.0,
        squares=rows * columns,
        source=source,
    )
