"""Network modules: the residual towers and heads of our policy networks and of Lc0's.

Names of submodules are names of tensors in weights files, so they do not change. Which move an entry of the
policy means: ``rust/w2s-games/src/chess/planes.rs``.
"""

from __future__ import annotations

import copy
import hashlib
import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from w2s import kernels
from w2s.models.policy.config import PolicyConfig

_FILES, _PIECES = 8, 3
_VALUE_HEAD = "value_head."
_OUTCOMES = {"scalar": 1, "wdl": 3}

MOVE_PLANES = 80
"""Planes of Lc0's convolutional policy; the last seven are never read."""


class PolicyNet(nn.Module):
    """A policy network: stem, tower and heads; ``config`` says how it is built."""

    config: PolicyConfig
    stem: nn.Module
    tower: nn.Module
    head: nn.Module
    value_head: ValueHead | None

    def features(self, planes: Tensor) -> Tensor:
        """The last features of the board, (n, channels, rows, columns), from planes (n, C, rows, columns)."""
        out: Tensor = self.tower(torch.relu(self.stem(planes)))
        return out

    def logits(self, features: Tensor) -> Tensor:
        """The policy before its softmax, (n, entries), illegal moves included."""
        out: Tensor = self.head(features)
        return out

    def values(self, features: Tensor) -> Tensor:
        """The expected result for the player to move, (n,), from -1 to 1; the network has a value head."""
        assert self.value_head is not None
        out: Tensor = self.value_head(features)
        return out

    def forward(self, planes: Tensor) -> Tensor:
        """The policy before its softmax, (n, entries), from the planes."""
        return self.logits(self.features(planes))


def build_net(config: PolicyConfig) -> PolicyNet:
    """A network whose weights are drawn from torch's random numbers."""
    return Lc0Net(config) if config.architecture == "lc0" else SeResNet(config)


def find_mismatch(config: PolicyConfig, shapes: Mapping[str, tuple[int, ...]]) -> str:
    """How tensors differ from those of a network, without building it: the first difference, or empty.

    Args:
        config: the configuration of the network.
        shapes: the shape of each tensor by name.
    """
    with torch.device("meta"):
        wanted = {name: tuple(tensor.shape) for name, tensor in build_net(config).state_dict().items()}
    for name, shape in wanted.items():
        if name not in shapes:
            return f"there is no {name}"
        if shapes[name] != shape:
            return f"{name} is {_sizes(shapes[name])}, not {_sizes(shape)}"
    return next((f"there is no place for {name!r:.80}" for name in shapes if name not in wanted), "")


def _sizes(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "one number"


def weights_digest(net: PolicyNet) -> str:
    """16 hexadecimal digits that identify the weights of the policy, wherever they are stored."""
    digest = hashlib.blake2b(digest_size=8)
    for name, tensor in sorted(net.state_dict().items()):
        if name.startswith(_VALUE_HEAD):
            continue
        digest.update(name.encode() + tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def inference_copy(net: PolicyNet, dtype: torch.dtype) -> PolicyNet:
    """A copy that only computes: in this precision, with the norms after convolutions folded into them."""
    copied = copy.deepcopy(net).eval()
    for module in copied.modules():
        for name, child in module.named_children():
            first, last = (child[0], child[-1]) if isinstance(child, nn.Sequential) else (child, child)
            if isinstance(first, nn.Conv2d) and isinstance(last, nn.BatchNorm2d):
                setattr(module, name, fuse_conv_bn_eval(first, last))
    return copied.to(dtype)


# Our own architecture ---------------------------------------------------------------------------------------


class SqueezeExcitation(nn.Module):
    """``x → sigmoid(a) x + b`` with a, b (n, channels) from the mean of x (n, channels, rows, columns).

    Source: Hu, Shen, Albanie, Sun, Wu, *Squeeze-and-Excitation Networks*, arXiv 1709.01507; with a shift
    added to the scale, as in Lc0's networks.
    """

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(channels, squeezed, 1)
        self.widen = nn.Conv2d(squeezed, 2 * channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """The scaled and shifted board, shaped like ``x``."""
        whole = x.mean((2, 3), keepdim=True)
        scale, shift = self.widen(torch.relu(self.narrow(whole))).chunk(2, 1)
        out: Tensor = torch.sigmoid(scale) * x + shift
        return out


def _squeeze(channels: int, squeezed: int) -> nn.Module:
    return SqueezeExcitation(channels, squeezed) if squeezed else nn.Identity()


def _normed_convolution(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs))


class SeResBlock(nn.Module):
    """Two convolutions with batch norms, squeeze-and-excitation, and a shortcut."""

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.first = _normed_convolution(channels, channels)
        self.second = _normed_convolution(channels, channels)
        self.squeeze = _squeeze(channels, squeezed)

    def forward(self, x: Tensor) -> Tensor:
        """Shaped like ``x``."""
        return torch.relu(x + self.squeeze(self.second(torch.relu(self.first(x)))))


class FromToHead(nn.Module):
    """Chess: the logit of a move is the attention that its from-square pays to its to-square.

    An under-promotion adds to the logit of its squares one for the piece at the to-square.
    """

    squares: Tensor

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.shared = nn.Conv2d(channels, channels, 1)
        self.query = nn.Conv2d(channels, width, 1)
        self.key = nn.Conv2d(channels, width, 1)
        self.piece = nn.Conv2d(width, _PIECES, 1)
        self.scale = 1.0 / math.sqrt(width)
        self.register_buffer("squares", torch.tensor(_under_promotions()), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """(n, 64 * 64 + 72) from (n, channels, 8, 8)."""
        x = torch.relu(self.shared(features))
        query, key = self.query(x).flatten(2), self.key(x)  # (n, width, 64), (n, width, 8, 8)
        pairs = torch.bmm(query.transpose(1, 2), key.flatten(2)) * self.scale  # (n, from, to)
        pieces = self.piece(key).flatten(2)  # (n, piece, to)
        source, target = self.squares  # (24,) each: by file, then direction
        under = pairs[:, source, target].unsqueeze(1) + pieces[:, :, target]  # (n, piece, 24)
        return torch.cat([pairs.flatten(1), under.flatten(1)], 1)


def _under_promotions() -> list[list[int]]:
    """From- and to-squares of moves to the last rank, by file and direction; off the board: any square."""
    moves = [(file, file + step) for file in range(_FILES) for step in (-1, 0, 1)]
    return [[48 + source for source, _ in moves], [56 + min(max(target, 0), 7) for _, target in moves]]


class LinearHead(nn.Module):
    """A narrow convolution over places, then one linear layer to all entries (``plain``).

    Outside of training the linear layer is computed in float64: the last bits of a product in float32 depend
    on the row's place in the batch, and an answer must not.
    """

    def __init__(self, channels: int, width: int, places: int, policy: int) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(channels, width, 1)
        self.linear = nn.Linear(width * places, policy)

    def forward(self, features: Tensor) -> Tensor:
        """(n, policy) from (n, channels, rows, columns)."""
        x = torch.relu(self.narrow(features)).flatten(1)
        out: Tensor = self.linear(x) if self.training else _exact_linear(self.linear, x.double()).float()
        return out


def _exact_linear(layer: nn.Linear, x: Tensor) -> Tensor:
    """The layer in float64: (n, outputs) from (n, inputs), both float64."""
    return functional.linear(x, layer.weight.double(), layer.bias.double())


class ValueHead(nn.Module):
    """A narrow convolution over places and two linear layers: the expected result of the game.

    ``scalar`` ends with a tanh, ``wdl`` with the probabilities of win, draw and loss, whose first minus last
    is the value, as in Lc0's networks. Linear layers are computed as in :class:`LinearHead`.
    """

    def __init__(self, config: PolicyConfig) -> None:
        super().__init__()
        (_, rows, columns), _ = config.shape
        self.narrow = nn.Conv2d(config.channels, config.value_channels, 1)
        self.hidden = nn.Linear(config.value_channels * rows * columns, config.value_width)
        self.output = nn.Linear(config.value_width, _OUTCOMES[config.value])

    def forward(self, features: Tensor) -> Tensor:
        """(n,), from -1 to 1, from (n, channels, rows, columns)."""
        x = torch.relu(self.narrow(features)).flatten(1)
        if self.training:
            found = self.output(torch.relu(self.hidden(x)))
        else:
            found = _exact_linear(self.output, torch.relu(_exact_linear(self.hidden, x.double())))
        if found.shape[1] == 1:
            return torch.tanh(found[:, 0]).float()
        win, _, loss = torch.softmax(found, 1).unbind(1)
        return (win - loss).float()


def _value_head(config: PolicyConfig) -> ValueHead | None:
    return None if config.value == "none" else ValueHead(config)


class SeResNet(PolicyNet):
    """The network of architecture ``se_resnet``: a residual tower with squeeze-and-excitation."""

    def __init__(self, config: PolicyConfig) -> None:
        super().__init__()
        self.config = config
        (planes, rows, columns), policy = config.shape
        blocks = (SeResBlock(config.channels, config.squeeze) for _ in range(config.blocks))
        self.stem = _normed_convolution(planes, config.channels)
        self.tower = nn.Sequential(*blocks)
        self.head: nn.Module = (
            FromToHead(config.channels, config.head_channels)
            if config.head == "from_to"
            else LinearHead(config.channels, config.head_channels, rows * columns, policy)
        )
        self.value_head = _value_head(config)


# Lc0's architecture -----------------------------------------------------------------------------------------


class Lc0ResBlock(nn.Module):
    """Two convolutions with folded batch norms, squeeze-and-excitation, and a shortcut."""

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        self.squeeze = _squeeze(channels, squeezed)

    def forward(self, x: Tensor) -> Tensor:
        """Shaped like ``x``."""
        return torch.relu(x + self.squeeze(self.second(torch.relu(self.first(x)))))


class ConvolutionHead(nn.Module):
    """Lc0's convolutional policy: logits at the from-square, one plane for each direction and distance."""

    places: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, MOVE_PLANES, 3, padding=1)
        self.register_buffer("places", torch.from_numpy(kernels.lc0_places()), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """(n, 1858) from (n, channels, 8, 8)."""
        planes: Tensor = self.second(torch.relu(self.first(features)))
        return planes.flatten(1).index_select(1, self.places)


class Lc0Net(PolicyNet):
    """The network of architecture ``lc0``: Lc0's residual tower, batch norms folded into convolutions."""

    def __init__(self, config: PolicyConfig) -> None:
        super().__init__()
        self.config = config
        (planes, rows, columns), policy = config.shape
        blocks = (Lc0ResBlock(config.channels, config.squeeze) for _ in range(config.blocks))
        self.stem = nn.Conv2d(planes, config.channels, 3, padding=1)
        self.tower = nn.Sequential(*blocks)
        self.head: nn.Module = (
            ConvolutionHead(config.channels)
            if config.head == "convolution"
            else LinearHead(config.channels, config.head_channels, rows * columns, policy)
        )
        self.value_head = _value_head(config)
