"""A policy net as a folder: ``config.json`` and ``model.safetensors``, as transformers has it.

Knows nothing about examples or training. Nothing is ever unpickled and no code of others runs.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from w2s.errors import DataError, ModelError
from w2s.models.policy.config import PolicyConfig, read_config
from w2s.models.policy.lc0_net import Lc0Net
from w2s.models.policy.net import PolicyNet
from w2s.models.policy.se_resnet import SeResNet

CONFIG, WEIGHTS = "config.json", "model.safetensors"
_SHOWN = 3


def build(config: PolicyConfig) -> PolicyNet:
    """A net with fresh weights from torch's random numbers."""
    return Lc0Net(config) if config.architecture == "lc0" else SeResNet(config)


def save_pretrained(net: PolicyNet, folder: Path, dtype: Literal["float32", "float16"] = "float32") -> None:
    """Write the net into a folder, which is made where it is missing; each file appears as a whole.

    ``dtype``: how numbers are stored. Halves take half the room; the net computes in float32 either way.
    """
    kind = torch.float16 if dtype == "float16" else torch.float32
    tensors = {
        name: tensor.detach().cpu().contiguous().to(kind if tensor.is_floating_point() else tensor.dtype)
        for name, tensor in net.state_dict().items()
    }
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / WEIGHTS, save(tensors, metadata={"format": "pt"}))
    write_whole(folder / CONFIG, net.config.text().encode())


def from_pretrained(folder: Path) -> PolicyNet:
    """The net of a folder, in float32 on the CPU, ready to answer.

    Raises:
        ModelError: the folder, or one of the two files, is not there.
        DataError: one of the files is damaged, or the weights do not fit the configuration.
    """
    config = read_config(_read(folder, CONFIG).decode(errors="replace"), str(folder / CONFIG))
    where = folder / WEIGHTS
    try:
        tensors = load(_read(folder, WEIGHTS))
    except SafetensorError as error:
        raise DataError(
            "policy-damaged-weights", f"{where} is damaged ({error}); copy or train the network again"
        ) from None
    net = build(config)
    _fit(net, tensors, where)
    return net.eval()


def _fit(net: PolicyNet, tensors: dict[str, Tensor], where: Path) -> None:
    """Put tensors into a net that needs exactly these."""
    wanted = net.state_dict()
    wrong = [name for name in wanted if name not in tensors or tensors[name].shape != wanted[name].shape]
    wrong += [name for name in tensors if name not in wanted]
    if wrong:
        listed = ", ".join(wrong[:_SHOWN]) + (", …" if len(wrong) > _SHOWN else "")
        raise DataError(
            "policy-weights-mismatch",
            f"{where} does not fit {CONFIG} in the same folder ({listed}); copy both files of one network",
        )
    bad = [name for name, tensor in tensors.items() if not tensor.isfinite().all()]
    if bad:
        raise DataError(
            "policy-weights-not-finite",
            f"{where} contains numbers that are not finite, in {bad[0]}; train the network again",
        )
    net.load_state_dict({name: tensor.to(wanted[name].dtype) for name, tensor in tensors.items()})


def _read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except FileNotFoundError:
        what = f"{folder} has no {name}" if folder.is_dir() else f"the folder {folder} does not exist"
        raise ModelError(
            "policy-not-found", f"{what}; a policy network is a folder with {CONFIG} and {WEIGHTS}"
        ) from None
    except OSError as error:
        raise ModelError("policy-unreadable", f"cannot read {folder / name}: {error.strerror}") from None


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is either the old or the new one, whatever happens."""
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
