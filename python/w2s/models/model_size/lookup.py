"""The shape of the model behind a reference. Torch is imported only if the model needs it."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from w2s.errors import DataError, ModelError
from w2s.models.hf.settings import locate_model, read_settings
from w2s.models.model_size.shape import ModelShape, shape_by_name, weight_bytes
from w2s.models.reference import Reference, local_path, resolve_reference

if TYPE_CHECKING:
    from w2s.models.policy.config import PolicyConfig


def find_shape(reference: str) -> ModelShape | None:
    """The shape of a model; None if it has none, such as an engine, or if nothing is known about it.

    Args:
        reference: ``hf:``, ``policy:`` or ``lc0:``; a language model that is not on this machine has the size
            that its name says.

    Raises:
        UsageError: the reference or one of its options is invalid.
    """
    parsed = resolve_reference(reference)
    if parsed.kind in ("policy", "lc0"):
        if find_spec("torch") is None:
            return None
        try:
            return _read_net_shape(parsed)
        except (DataError, ModelError):
            return None
    if parsed.kind != "hf":
        return None
    settings = read_settings(parsed)
    found = None
    if find_spec("transformers") is not None:
        from w2s.models.model_size.language import read_language_shape

        try:
            found = read_language_shape(locate_model(parsed), settings)
        except ModelError:
            return None
    return found or shape_by_name(parsed.target, weight_bytes(settings))


def _read_net_shape(reference: Reference) -> ModelShape:
    """The shape of ``policy:…`` or ``lc0:…`` from its configuration or weight file."""
    from w2s.models.lc0.loading import lc0_net_config
    from w2s.models.lc0.weights import read_weights
    from w2s.models.policy.config import read_policy_config
    from w2s.models.policy.loading import policy_folder

    if reference.kind == "lc0":
        path = local_path(reference.target)
        return _net_shape(lc0_net_config(read_weights(path)), path.name)
    folder = policy_folder(reference)
    return _net_shape(read_policy_config(folder), str(folder / "config.json"))


def _net_shape(config: PolicyConfig, source: str) -> ModelShape:
    import torch

    from w2s.models.policy.nets import build_net

    with torch.device("meta"):
        net = build_net(config)
    parameters = sum(weight.numel() for weight in net.parameters())
    _, rows, columns = config.shape.planes
    return ModelShape(
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
