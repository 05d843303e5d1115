"""Training rows of a policy net as targets over legal moves, and batches of them as tensors."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from w2s import kernels
from w2s.errors import DataError
from w2s.models.policy.config import PolicyConfig
from w2s.tasks import MoveExample
from w2s.train.dataset import Target, TrainingSet, normalize_target
from w2s.train.losses import MASKED_LOGIT


@dataclass(frozen=True, slots=True)
class MoveTargets:
    """The targets of n rows as indices into the legal moves, concatenated.

    Attributes:
        moves: int64, shape (m,): index among the legal moves of the position.
        probs: float32, shape (m,): probability of the move; those of a row sum to one.
        offsets: int64, shape (n + 1,): start of each row.
        weights: float32, shape (n,), with mean one.
        digest: identity of everything that the training reads from the rows.
    """

    moves: npt.NDArray[np.int64]
    probs: npt.NDArray[np.float32]
    offsets: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float32]
    digest: str


def move_targets(rows: TrainingSet, game: str) -> MoveTargets:
    """Check the rows for a student of this game, and index their targets.

    Raises:
        DataError: there are no rows, their columns differ in length, an example is not a position of this
            game, a target is not legal or not a distribution, or weights are negative or all zero. The
            message names the row.
    """
    given = rows.checked_weights()
    weights = (given / given.mean()).astype(np.float32)
    moves: list[int] = []
    probs: list[float] = []
    offsets = [0]
    digest = hashlib.blake2b(digest_size=16)
    for example, target in zip(rows.examples, rows.targets, strict=True):
        if not isinstance(example, MoveExample):
            raise DataError(
                "train-not-positions", f"example {example.id!r} is not a position; policy nets learn moves"
            )
        indexed = _index(example, target, game)
        moves += [move for move, _ in indexed]
        probs += [prob for _, prob in indexed]
        offsets.append(len(moves))
        state = example.state
        digest.update(ascii((state.start_position, state.played, indexed)).encode())
    digest.update(weights.tobytes())
    return MoveTargets(
        np.array(moves, np.int64),
        np.array(probs, np.float32),
        np.array(offsets, np.int64),
        weights,
        digest.hexdigest(),
    )


def _index(example: MoveExample, target: Target, game: str) -> list[tuple[int, float]]:
    """Indices of a row's moves, ascending, with probabilities that sum to one."""
    if example.state.game != game:
        raise DataError(
            "train-other-game",
            f"example {example.id!r} is a position of {example.state.game}, but the student plays {game}",
        )
    legal = {move: index for index, move in enumerate(example.state.legal_moves())}
    found: dict[int, float] = {}
    for move, prob in normalize_target(example, target).items():
        index = legal.get(move)
        if index is None:
            canonical, why = example.state.read(move)
            if canonical is None:
                raise DataError(
                    "train-impossible-target",
                    f"the target {move[:20]!r} of example {example.id!r} is {why}; remove the row",
                )
            index = legal[canonical]
        found[index] = found.get(index, 0.0) + prob
    return sorted(found.items())


@dataclass(frozen=True, slots=True)
class Batch:
    """n rows with at most k legal moves each, on the device.

    Attributes:
        planes: float32, shape (n, channels, rows, columns).
        entries: int64, shape (n, k): the policy entry of each legal move, 0 as padding.
        mask: bool, shape (n, k): whether there is such a move.
        targets: float32, shape (n, k).
        weights: float32, shape (n,).
    """

    planes: Tensor
    entries: Tensor
    mask: Tensor
    targets: Tensor
    weights: Tensor

    def logits(self, policy: Tensor) -> Tensor:
        """Logits of the legal moves, float32 of shape (n, k), from a policy of shape (n, entries)."""
        return policy.float().gather(1, self.entries).masked_fill(~self.mask, MASKED_LOGIT)


class Batches:
    """Batches of rows of a training set.

    Args:
        rows: positions.
        targets: their targets.
        config: configuration of the net that learns.
        device: device of the tensors.
    """

    def __init__(
        self, rows: TrainingSet, targets: MoveTargets, config: PolicyConfig, device: torch.device
    ) -> None:
        positions = cast(Sequence[MoveExample], rows.examples)
        self._cores = [example.state._core for example in positions]
        self._targets = targets
        self._config = config
        self._device = device

    def batch(self, rows: npt.NDArray[np.int64] | Sequence[int]) -> Batch:
        """The batch of these rows, in their order."""
        encoded = kernels.encode(self._config.game, [self._cores[row] for row in rows], self._config.view)
        counts = np.diff(encoded.offsets)
        mask = np.arange(counts.max()) < counts[:, None]
        entries = np.zeros(mask.shape, np.int64)
        entries[mask] = encoded.indices
        targets = np.zeros(mask.shape, np.float32)
        for i, row in enumerate(rows):
            span = slice(self._targets.offsets[row], self._targets.offsets[row + 1])
            targets[i, self._targets.moves[span]] = self._targets.probs[span]
        planes = torch.from_numpy(encoded.planes).to(self._device, memory_format=torch.channels_last)
        numbers = (entries, mask, targets, self._targets.weights[np.asarray(rows)])
        return Batch(planes, *(torch.from_numpy(array).to(self._device) for array in numbers))
