"""What a policy net is made of, and its text in ``config.json``.

Knows nothing about torch or weights.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from w2s import kernels
from w2s.errors import DataError

Architecture = Literal["se_resnet", "lc0"]
Head = Literal["from_to", "plain", "convolution"]

MODEL_TYPE = "w2s-policy"
"""What ``model_type`` of a policy net's ``config.json`` says."""

_LARGEST = {"channels": 4096, "blocks": 256, "squeeze": 4096, "head_channels": 4096}
_HEADS = {"se_resnet": ("from_to", "plain"), "lc0": ("convolution", "plain")}


@dataclass(frozen=True, slots=True)
class PolicyConfig:
    """The size of a net.

    Attributes:
        game: name of the game that it plays.
        architecture: ``se_resnet`` is ours, ``lc0`` that of Lc0's residual nets.
        channels: filters of the trunk.
        blocks: residual blocks.
        squeeze: channels of the squeeze in each block, 0 for blocks without squeeze-and-excitation.
        head: ``from_to`` is attention between squares (chess), ``plain`` one linear layer, ``convolution``
            Lc0's planes of moves.
        head_channels: width of the head: of queries and keys, or of the planes before the linear layer.
    """

    game: str
    architecture: Architecture = "se_resnet"
    channels: int = 64
    blocks: int = 6
    squeeze: int = 16
    head: Head = "from_to"
    head_channels: int = 64

    @property
    def view(self) -> kernels.View:
        """How the net sees a state."""
        return "lc0" if self.architecture == "lc0" else "own"

    @property
    def shape(self) -> kernels.Shape:
        """Planes that the net takes, entries of its policy."""
        return kernels.view_shape(self.game, self.view)

    def text(self) -> str:
        """The configuration as ``config.json`` has it."""
        return json.dumps({"model_type": MODEL_TYPE, **asdict(self)}, indent=2) + "\n"


def read_config(text: str, where: str) -> PolicyConfig:
    """The configuration from the text of a ``config.json``; names that are not known are passed over.

    Raises:
        DataError: it is no JSON, or not of a policy net that this version can build.
    """
    try:
        found = json.loads(text)
    except ValueError as error:
        raise DataError(
            "policy-invalid-config", f"{where} is not valid JSON ({error}); copy the network again"
        ) from None
    if not isinstance(found, dict) or found.get("model_type") != MODEL_TYPE:
        said = found.get("model_type") if isinstance(found, dict) else None
        raise DataError(
            "policy-other-model-type",
            f"{where} does not describe a policy network: model_type is {said!r}, not {MODEL_TYPE!r}",
        )
    names = asdict(PolicyConfig("chess"))
    config = PolicyConfig(**{"game": "", **{name: found[name] for name in names if name in found}})
    _check_words(config, where)
    _check_sizes(asdict(config), where)
    return config


def _check_words(config: PolicyConfig, where: str) -> None:
    known = {
        "game": kernels.game_names(),
        "architecture": list(get_args(Architecture)),
        "head": list(get_args(Head)),
    }
    for name, words in known.items():
        if getattr(config, name) not in words:
            raise DataError(
                "policy-invalid-config",
                f"{name} in {where} is {getattr(config, name)!r}, but must be one of {', '.join(words)}",
            )
    if config.head not in _HEADS[config.architecture]:
        raise DataError(
            "policy-invalid-config",
            f"{where}: architecture {config.architecture} does not support the head {config.head!r}",
        )
    if (config.architecture == "lc0" or config.head == "from_to") and config.game != "chess":
        raise DataError(
            "policy-invalid-config", f"{where} describes a chess network, but its game is {config.game}"
        )


def _check_sizes(found: Mapping[str, Any], where: str) -> None:
    for name, largest in _LARGEST.items():
        value, least = found[name], 0 if name == "squeeze" else 1
        if type(value) is not int or not least <= value <= largest:
            raise DataError(
                "policy-invalid-config",
                f"{name} in {where} is {value!r}, but must be a whole number from {least} to {largest}",
            )
