"""Policy nets with random weights by seed; their strength does not affect speed."""

from __future__ import annotations

from pathlib import Path

SQUEEZE = 16


def write_net(folder: Path, channels: int, blocks: int, seed: int = 0) -> str:
    """A chess net of ours in a folder; returns its reference."""
    import torch

    from w2s.models.policy.config import PolicyConfig
    from w2s.models.policy.files import save_pretrained
    from w2s.models.policy.nets import build_net

    torch.manual_seed(seed)
    config = PolicyConfig("chess", "se_resnet", channels, blocks, SQUEEZE, "from_to", channels)
    save_pretrained(build_net(config), folder)
    return f"policy:{folder}"


def has_torch() -> bool:
    """Whether nets can be made here."""
    from importlib.util import find_spec

    return find_spec("torch") is not None
