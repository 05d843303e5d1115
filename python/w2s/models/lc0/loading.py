"""The kind of model ``lc0``: a reference → weights → a policy network; torch is imported only then."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from w2s.errors import DataError, UsageError
from w2s.models.lc0.weights import (
    BlockWeights,
    ConvolutionWeights,
    Lc0Weights,
    LinearWeights,
    ValueWeights,
    read_weights,
)
from w2s.models.model import Model, ModelKind
from w2s.models.policy.config import PolicyConfig
from w2s.models.policy.loading import EXTRA, WITHOUT_TORCH, build_model, require_torch
from w2s.models.policy.settings import OPTIONS, PolicySettings
from w2s.models.reference import Reference, local_path, quote

if TYPE_CHECKING:
    from torch import Tensor

    from w2s.models.policy.nets import PolicyNet


def load_lc0_net(reference: Reference) -> PolicyNet:
    """The network of ``lc0:FILE``, on the CPU.

    Raises:
        UsageError: the reference names no file.
        ModelError: the file cannot be read, or its network has another architecture.
        DataError: the file is damaged.
    """
    if not reference.target:
        raise UsageError(
            "model-missing-target", f"{quote(str(reference))} names no file: write lc0:maia-1100.pb.gz"
        )
    require_torch("a network of Lc0", WITHOUT_TORCH)
    path = local_path(reference.target)
    return build_lc0_net(read_weights(path), path)


def load(reference: Reference, *, seed: int, concurrency: int, cache: Path | None = None) -> Model:
    """The network of ``lc0:FILE``; it takes the history of a game into account."""
    del concurrency, cache
    settings = PolicySettings.from_reference(reference)
    net = load_lc0_net(reference)

    return build_model(str(reference), net, settings, seed)


KIND = ModelKind(
    "lc0",
    "a network in Lc0's format, Maia included; looks ahead with think or nodes",
    "lc0:maia-1100.pb.gz",
    load,
    EXTRA,
    OPTIONS,
)


def lc0_net_config(weights: Lc0Weights) -> PolicyConfig:
    """The configuration of a network with these weights."""
    squeeze = weights.blocks[0].squeeze
    head: Literal["convolution", "plain"] = "convolution" if weights.policy == "convolution" else "plain"
    return PolicyConfig(
        game="chess",
        architecture="lc0",
        channels=len(weights.stem.bias),
        blocks=len(weights.blocks),
        squeeze=0 if squeeze is None else len(squeeze[0].bias),
        head=head,
        head_channels=len(weights.policy_first.bias),
        **_value_config(weights.value),
    )


def _value_config(value: ValueWeights | None) -> dict[str, Any]:
    if value is None:
        return {}
    kind = "scalar" if len(value.output.bias) == 1 else "wdl"
    return {"value": kind, "value_channels": len(value.narrow.bias), "value_width": len(value.hidden.bias)}


def build_lc0_net(weights: Lc0Weights, path: Path) -> PolicyNet:
    """The network with the weights of a file, in float32 on the CPU, in evaluation mode.

    Raises:
        DataError: the layers of the file do not fit each other.
    """
    from w2s.models.policy.nets import Lc0Net, find_mismatch

    config = lc0_net_config(weights)
    tensors = _layer_tensors("stem", weights.stem)
    for number, block in enumerate(weights.blocks):
        tensors |= _block_tensors(f"tower.{number}", block)
    names = ("first", "second") if weights.policy == "convolution" else ("narrow", "linear")
    tensors |= _layer_tensors(f"head.{names[0]}", weights.policy_first)
    tensors |= _layer_tensors(f"head.{names[1]}", weights.policy_second)
    if weights.value is not None:
        for name in ("narrow", "hidden", "output"):
            tensors |= _layer_tensors(f"value_head.{name}", getattr(weights.value, name))
    mismatch = find_mismatch(config, {name: tuple(tensor.shape) for name, tensor in tensors.items()})
    if mismatch:
        raise DataError(
            "lc0-damaged-file", f"{path} is damaged: its layers do not fit ({mismatch}); download it again"
        )
    net = Lc0Net(config)
    net.load_state_dict(tensors)
    net.eval()
    return net


def _block_tensors(name: str, block: BlockWeights) -> dict[str, Tensor]:
    tensors = _layer_tensors(f"{name}.first", block.first) | _layer_tensors(f"{name}.second", block.second)
    if block.squeeze is not None:
        for part, layer in zip(("narrow", "widen"), block.squeeze, strict=True):
            prefix = f"{name}.squeeze.{part}"
            found = _layer_tensors(prefix, layer)
            found[f"{prefix}.weight"] = found[f"{prefix}.weight"][:, :, None, None]
            tensors |= found
    return tensors


def _layer_tensors(name: str, layer: ConvolutionWeights | LinearWeights) -> dict[str, Tensor]:
    import torch

    return {f"{name}.weight": torch.from_numpy(layer.weight), f"{name}.bias": torch.from_numpy(layer.bias)}
