"""Policy nets with random weights by seed; their strength does not affect speed."""

from __future__ import annotations

from pathlib import Path

SQUEEZE = 16


def write_net(folder: Path, channels: int, blocks: int, seed: int = 0, *, has_values: bool = False) -> str:
    """A chess net of ours in a folder, with a value head if asked; returns its reference."""
    import torch

    from w2s.models.policy.config import PolicyConfig
    from w2s.models.policy.files import save_pretrained
    from w2s.models.policy.nets import build_net

    torch.manual_seed(seed)
    values = ("scalar", 8, 64) if has_values else ("none", 0, 0)
    config = PolicyConfig("chess", "se_resnet", channels, blocks, SQUEEZE, "from_to", channels, *values)
    save_pretrained(build_net(config), folder)
    return f"policy:{folder}"


def has_torch() -> bool:
    """Whether nets can be made here."""
    from importlib.util import find_spec

    return find_spec("torch") is not None
