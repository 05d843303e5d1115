"""Batched inference: states → log-probabilities of the legal moves and features of the board.

Every forward pass has the same size, the last one padded with empty boards, so that the output for a state
does not depend on the other states of its batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from w2s import kernels
from w2s.games import State
from w2s.models.policy.config import PolicyConfig
from w2s.models.policy.nets import PolicyNet


@dataclass(frozen=True, slots=True)
class NetOutput:
    """The output of a network for one state with k legal moves.

    Attributes:
        log_probs: float64, (k,): of the legal moves in the order of the state, in nats; they sum to one.
        features: float32, (channels, places): the last features of the board.
        cells: int32, (k, 2): where each move starts and ends, -1 for no place.
    """

    log_probs: npt.NDArray[np.float64]
    features: npt.NDArray[np.float32]
    cells: npt.NDArray[np.int32]


class BatchedNet:
    """A network on its device, run on ``batch`` states at a time, in the precision of its weights."""

    def __init__(self, net: PolicyNet, device: torch.device, batch: int) -> None:
        self._dtype = next(net.parameters()).dtype
        self._net = net.to(device).to(memory_format=torch.channels_last).eval()
        self._device = device
        self._batch = batch

    def run(self, states: Sequence[State]) -> list[NetOutput]:
        """The output for each state, in their order."""
        starts = range(0, len(states), self._batch)
        return [out for start in starts for out in self._run_batch(states[start : start + self._batch])]

    def position_values(self, states: Sequence[State]) -> npt.NDArray[np.float32] | None:
        """The value of each state, float32, (n,); None if the network has no value head."""
        if self._net.value_head is None:
            return None
        config, found = self._net.config, [np.zeros(0, np.float32)]
        for start in range(0, len(states), self._batch):
            some = [state._core for state in states[start : start + self._batch]]
            encoded = kernels.encode(config.game, some, config.view)
            with torch.inference_mode():
                values = self._net.values(self._features(encoded.planes))
            found.append(_to_numpy(values, len(some)))
        return np.concatenate(found)

    def evaluate(
        self,
        planes: npt.NDArray[np.float32],
        indices: npt.NDArray[np.int64],
        offsets: npt.NDArray[np.int64],
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Values of n states, (n,), and logits of their m legal moves, (m,).

        Args:
            planes: float32, (n, channels, rows, columns); n is at most the batch size.
            indices: int64, (m,): the policy entry of each legal move.
            offsets: int64, (n + 1,): where the moves of each state begin.
        """
        with torch.inference_mode():
            features = self._features(planes)
            values, logits = self._net.values(features), self._net.logits(features)
        rows = np.repeat(np.arange(len(planes)), np.diff(offsets))
        return _to_numpy(values, len(planes)), _to_numpy(logits, len(planes))[rows, indices]

    @property
    def batch(self) -> int:
        """States of one forward pass."""
        return self._batch

    @property
    def config(self) -> PolicyConfig:
        """How the network is built."""
        return self._net.config

    def _run_batch(self, states: Sequence[State]) -> Iterator[NetOutput]:
        config = self._net.config
        encoded = kernels.encode(config.game, [state._core for state in states], config.view)
        features, logits = self._forward(encoded.planes)
        counts = np.diff(encoded.offsets)
        legal = logits[np.repeat(np.arange(len(states)), counts), encoded.indices].astype(np.float64)
        for row, (begin, end) in enumerate(zip(encoded.offsets, encoded.offsets[1:], strict=False)):
            yield NetOutput(log_softmax(legal[begin:end]), features[row], encoded.cells[begin:end])

    def _forward(
        self, planes: npt.NDArray[np.float32]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Features (n, channels, places) and logits (n, entries) of n boards; n is at most the batch size."""
        with torch.inference_mode():
            features = self._features(planes)
            logits = self._net.logits(features)
        return _to_numpy(features.flatten(2), len(planes)), _to_numpy(logits, len(planes))

    def _features(self, planes: npt.NDArray[np.float32]) -> Tensor:
        """Features of the padded batch of these boards."""
        padded = np.zeros((self._batch, *planes.shape[1:]), np.float32)
        padded[: len(planes)] = planes
        boards = torch.from_numpy(padded).to(self._device, self._dtype, memory_format=torch.channels_last)
        return self._net.features(boards)


def _to_numpy(tensor: Tensor, rows: int) -> npt.NDArray[np.float32]:
    found: npt.NDArray[np.float32] = tensor[:rows].float().cpu().numpy()
    return found


def log_softmax(logits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Log-probabilities in nats, (k,), from k logits; k may be 0."""
    if not len(logits):
        return logits
    shifted = logits - logits.max()
    log_probs: npt.NDArray[np.float64] = np.minimum(shifted - np.log(np.exp(shifted).sum()), 0.0)
    return log_probs
