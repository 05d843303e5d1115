"""The configuration of a policy network, and its form in ``config.json``; needs no torch."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, get_args

from w2s import kernels
from w2s.errors import DataError, ModelError
from w2s.files import open_regular_file

Architecture = Literal["se_resnet", "lc0"]
Head = Literal["from_to", "plain", "convolution"]
ValueHeadName = Literal["none", "scalar", "wdl"]

CONFIG, WEIGHTS = "config.json", "model.safetensors"
"""The two files of a policy network."""
_MAX_CONFIG_BYTES = 1 << 20

MODEL_TYPE = "w2s-policy"
"""The ``model_type`` in the ``config.json`` of a policy network."""

_LARGEST = {
    "channels": 4096,
    "blocks": 256,
    "squeeze": 4096,
    "head_channels": 4096,
    "value_channels": 4096,
    "value_width": 4096,
}
_MAY_BE_ZERO = ("squeeze", "value_channels", "value_width")
_HEADS = {"se_resnet": ("from_to", "plain"), "lc0": ("convolution", "plain")}


@dataclass(frozen=True, slots=True)
class PolicyConfig:
    """The architecture and size of a policy network.

    Attributes:
        game: name of the game that the network plays.
        architecture: ``se_resnet`` is our own, ``lc0`` that of Lc0's residual networks.
        channels: filters of the trunk.
        blocks: residual blocks.
        squeeze: channels of the squeeze in each block, 0 for blocks without squeeze-and-excitation.
        head: ``from_to`` is attention between squares (chess), ``plain`` one linear layer, ``convolution``
            Lc0's planes of moves.
        head_channels: width of the head: of queries and keys, or of the planes before the linear layer.
        value: the value head: ``scalar`` gives the expected result, ``wdl`` the probabilities of win, draw
            and loss; ``none`` for a network without values.
        value_channels: planes before the linear layers of the value head; 0 without one.
        value_width: width between the two linear layers of the value head; 0 without one.
    """

    game: str
    architecture: Architecture = "se_resnet"
    channels: int = 64
    blocks: int = 6
    squeeze: int = 16
    head: Head = "from_to"
    head_channels: int = 64
    value: ValueHeadName = "none"
    value_channels: int = 0
    value_width: int = 0

    @property
    def view(self) -> kernels.View:
        """How a state is encoded for the network."""
        return "lc0" if self.architecture == "lc0" else "own"

    @property
    def shape(self) -> kernels.Shape:
        """Shape of the input planes, and the number of entries of the policy."""
        return kernels.view_shape(self.game, self.view)

    def text(self) -> str:
        """The content of ``config.json``."""
        return json.dumps({"model_type": MODEL_TYPE, **asdict(self)}, indent=2) + "\n"


def parse_policy_config(text: str, where: str) -> PolicyConfig:
    """The configuration in the text of a ``config.json``; unknown keys are ignored.

    Args:
        text: the content of the file.
        where: the path of the file, for messages.

    Raises:
        DataError: the text is not JSON, or not the configuration of a policy network that this version
            can build.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(
            "policy-invalid-config", f"{where} is not valid JSON ({error}); copy the network again"
        ) from None
    if not isinstance(found, dict) or found.get("model_type") != MODEL_TYPE:
        model_type = found.get("model_type") if isinstance(found, dict) else None
        raise DataError(
            "policy-other-model-type",
            f"{where} does not describe a policy network: model_type is {model_type!r}, not {MODEL_TYPE!r}",
        )
    keys = asdict(PolicyConfig("chess"))
    config = PolicyConfig(**{"game": "", **{key: found[key] for key in keys if key in found}})
    _check_names(config, where)
    _check_sizes(asdict(config), where)
    return config


def read_policy_config(folder: Path) -> PolicyConfig:
    """The configuration of the network in a folder.

    Raises:
        ModelError: the folder or its ``config.json`` does not exist or cannot be read.
        DataError: it is not the configuration of a policy network that this version can build.
    """
    where = folder / CONFIG
    with open_net_file(folder, CONFIG) as file:
        content = file.read(_MAX_CONFIG_BYTES + 1)
    if len(content) > _MAX_CONFIG_BYTES:
        raise DataError("policy-invalid-config", f"{where} is larger than {_MAX_CONFIG_BYTES >> 10} KiB")
    return parse_policy_config(content.decode(errors="replace"), str(where))


@contextmanager
def open_net_file(folder: Path, name: str) -> Iterator[BinaryIO]:
    """Open a file in the folder of a network for reading.

    Raises:
        ModelError: the folder or the file does not exist, or reading fails.
    """
    try:
        with open_regular_file(folder / name) as file:
            yield file
    except FileNotFoundError:
        what = f"{folder} has no {name}" if folder.is_dir() else f"the folder {folder} does not exist"
        raise ModelError(
            "policy-not-found", f"{what}; a policy network is a folder with {CONFIG} and {WEIGHTS}"
        ) from None
    except OSError as error:
        raise ModelError("policy-unreadable", f"cannot read {folder / name}: {error.strerror}") from None


def _check_names(config: PolicyConfig, where: str) -> None:
    known = {
        "game": kernels.game_names(),
        "architecture": list(get_args(Architecture)),
        "head": list(get_args(Head)),
        "value": list(get_args(ValueHeadName)),
    }
    for name, names in known.items():
        if getattr(config, name) not in names:
            raise DataError(
                "policy-invalid-config",
                f"{name} in {where} is {getattr(config, name)!r}, but must be one of {', '.join(names)}",
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
        value, least = found[name], 0 if name in _MAY_BE_ZERO else 1
        if type(value) is not int or not least <= value <= largest:
            raise DataError(
                "policy-invalid-config",
                f"{name} in {where} is {value!r}, but must be a whole number from {least} to {largest}",
            )
    for name in ("value_channels", "value_width"):
        if bool(found[name]) != (found["value"] != "none"):
            raise DataError(
                "policy-invalid-config",
                f"{name} in {where} is {found[name]}, but value is {found['value']!r}; a value head needs "
                "value_channels and value_width above 0, and a network without one has 0",
            )
