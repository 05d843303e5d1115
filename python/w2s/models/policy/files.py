"""Policy networks on disk: a folder with ``config.json`` and ``model.safetensors``, as in transformers.

Nothing is unpickled and no code from the folder is run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from w2s.errors import DataError, ModelError
from w2s.files import write_bytes, write_text
from w2s.models.policy.config import parse_policy_config
from w2s.models.policy.nets import PolicyNet, build_net

CONFIG, WEIGHTS = "config.json", "model.safetensors"
_SHOWN = 3


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
    config = parse_policy_config(_read(folder, CONFIG).decode(errors="replace"), str(folder / CONFIG))
    where = folder / WEIGHTS
    try:
        tensors = load(_read(folder, WEIGHTS))
    except SafetensorError as error:
        raise DataError(
            "policy-damaged-weights", f"{where} is damaged ({error}); copy or train the network again"
        ) from None
    net = build_net(config)
    _load_tensors(net, tensors, where)
    return net.eval()


def _load_tensors(net: PolicyNet, tensors: dict[str, Tensor], where: Path) -> None:
    """Load tensors into a network that needs exactly these."""
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
