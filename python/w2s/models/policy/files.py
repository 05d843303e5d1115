"""Policy networks on disk: a folder with ``config.json`` and ``model.safetensors``, as in transformers.

Nothing is unpickled and no code from the folder is run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save

from w2s.errors import DataError
from w2s.files import write_bytes, write_text
from w2s.models.policy.config import (
    CONFIG,
    WEIGHTS,
    PolicyConfig,
    open_net_file,
    read_policy_config,
)
from w2s.models.policy.nets import PolicyNet, build_net, find_mismatch

_TYPES = ("F64", "F32", "F16", "BF16", "I64", "I32")
"""How numbers may be stored."""


def save_pretrained(net: PolicyNet, folder: Path, dtype: Literal["float32", "float16"] = "float32") -> None:
    """Write a network to a folder, each file atomically.

    Args:
        net: the network.
        folder: created where it is missing; existing files are replaced.
        dtype: how numbers are stored. ``float16`` takes half the space; the network is always computed in
            float32.
    """
    kind = torch.float16 if dtype == "float16" else torch.float32
    tensors = {
        name: tensor.detach().cpu().contiguous().to(kind if tensor.is_floating_point() else tensor.dtype)
        for name, tensor in net.state_dict().items()
    }
    folder.mkdir(parents=True, exist_ok=True)
    write_bytes(folder / WEIGHTS, save(tensors, metadata={"format": "pt"}))
    write_text(folder / CONFIG, net.config.text())


def from_pretrained(folder: Path) -> PolicyNet:
    """The network in a folder, in float32 on the CPU, in evaluation mode.

    Raises:
        ModelError: the folder or one of the two files does not exist or cannot be read.
        DataError: one of the files is damaged, or the weights do not fit the configuration.
    """
    config, where = read_policy_config(folder), folder / WEIGHTS
    _check_header(config, folder)
    try:
        with open_net_file(folder, WEIGHTS) as file:
            tensors = load(file.read())
    except SafetensorError as error:
        raise _damaged(where, error) from None
    bad = [name for name, tensor in tensors.items() if not tensor.isfinite().all()]
    if bad:
        raise DataError(
            "policy-weights-not-finite",
            f"{where} contains numbers that are not finite, in {bad[0]}; train the network again",
        )
    net = build_net(config)
    wanted = net.state_dict()
    net.load_state_dict({name: tensor.to(wanted[name].dtype) for name, tensor in tensors.items()})
    return net.eval()


def _check_header(config: PolicyConfig, folder: Path) -> None:
    """Compare the header of the weights with the configuration, before their numbers are read."""
    where = folder / WEIGHTS
    try:
        with open_net_file(folder, WEIGHTS), safe_open(where, framework="pt") as file:
            slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 - no dict
            shapes = {name: tuple(one.get_shape()) for name, one in slices.items()}
            types = {name: str(one.get_dtype()) for name, one in slices.items()}
    except SafetensorError as error:
        raise _damaged(where, error) from None
    mismatch = find_mismatch(config, shapes) or next(
        (f"{name} holds {kind}" for name, kind in types.items() if kind not in _TYPES), ""
    )
    if mismatch:
        raise DataError(
            "policy-weights-mismatch",
            f"{where} does not fit {CONFIG} in the same folder: {mismatch}; copy both files of one network",
        )


def _damaged(where: Path, error: Exception) -> DataError:
    return DataError(
        "policy-damaged-weights", f"{where} is damaged ({error}); copy or train the network again"
    )
