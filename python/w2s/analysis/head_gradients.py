"""Gradients of labels in the head of a policy net, and the probabilities that a net gives to labels.

A ``plain`` head ends in a softmax over a linear layer, so the gradient of that layer is exactly
``(p − y) ⊗ (h, 1)``. The heads ``from_to`` (a product of queries and keys) and ``convolution`` (one filter
for all squares) are not such a layer; for them the gradients of all parameters of the head are computed, row
by row.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from w2s.analysis.gradients import Gradients
from w2s.models.policy.device import select_device
from w2s.models.policy.nets import LinearHead, PolicyNet
from w2s.train.dataset import TrainingSet
from w2s.train.losses import MASKED_LOGIT, cross_entropy
from w2s.train.policy.batches import Batch, Batches, move_targets
from w2s.train.policy.checkpoint import load_student

_RECORDED, _LINEAR, _ROW_BY_ROW, _WHOLE_NET = 256, 256, 32, 16
"""Rows in one forward pass."""


class LabelRecorder:
    """Records the probability that a net gives to the label of each row.

    Args:
        rows: n positions with hard labels.
    """

    def __init__(self, rows: TrainingSet) -> None:
        self._rows = rows

    def probabilities(self, net: PolicyNet) -> npt.NDArray[np.float32]:
        """The probabilities, shape (n,), by a net in evaluation mode."""
        device = next(net.parameters()).device
        batches = Batches(self._rows, move_targets(self._rows, net.config.game), net.config, device)
        found = []
        with torch.inference_mode():
            for start in range(0, len(self._rows), _RECORDED):
                batch = batches.batch(range(start, min(start + _RECORDED, len(self._rows))))
                found.append(torch.exp(-cross_entropy(batch.logits(net(batch.planes)), batch.targets)))
        return np.asarray(torch.cat(found).cpu().numpy(), np.float32)


class HeadGradients:
    """Gradients of the loss of labels with respect to the head of a net.

    Args:
        reference: reference of a policy net.
    """

    def __init__(self, reference: str) -> None:
        self._device = select_device("auto")
        self._net = load_student(reference).to(self._device).eval()
        self._is_linear = isinstance(self._net.head, LinearHead)
        self.step = _LINEAR if self._is_linear else _ROW_BY_ROW
        """Rows that are computed together."""

    @property
    def parameters(self) -> int:
        """Number of parameters of the whole net on which the policy depends."""
        return sum(parameter.numel() for parameter in _policy_parameters(self._net).values())

    @property
    def what(self) -> str:
        """Which gradients are computed, in words."""
        head = self._net.head
        if isinstance(head, LinearHead):
            size = sum(parameter.numel() for parameter in head.linear.parameters())
            return f"gradients are exact and of the last linear layer, {size:,} parameters"
        size = sum(parameter.numel() for parameter in head.parameters())
        return (
            f"the head ({self._net.config.head}) is not a softmax over a linear layer, so gradients are of "
            f"all its {size:,} parameters"
        )

    def of(self, rows: TrainingSet) -> Gradients:
        """The gradients of some rows, in evaluation mode and in float32."""
        batches = Batches(rows, move_targets(rows, self._net.config.game), self._net.config, self._device)
        parts = []
        for start in range(0, len(rows), self.step):
            batch = batches.batch(range(start, min(start + self.step, len(rows))))
            parts.append(self._linear(batch) if self._is_linear else self._row_by_row(batch))
        left, right = (np.concatenate([part[side] for part in parts]) for side in (0, 1))
        return Gradients(left, right)

    def _linear(self, batch: Batch) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        head = self._net.head
        assert isinstance(head, LinearHead)
        with torch.inference_mode():
            features = self._net.features(batch.planes)
            policy = self._net.logits(features)
            hidden = torch.relu(head.narrow(features)).flatten(1)
            errors = torch.where(batch.mask, torch.softmax(batch.logits(policy), -1) - batch.targets, 0.0)
            left = torch.zeros_like(policy).scatter_add_(1, batch.entries, errors)
            right = torch.cat([hidden, torch.ones_like(hidden[:, :1])], 1)
        return left.cpu().numpy(), right.cpu().numpy()

    def of_whole_net(self, rows: TrainingSet) -> Gradients:
        """The gradients of some rows in all parameters of the policy; each takes memory for every row."""
        batches = Batches(rows, move_targets(rows, self._net.config.game), self._net.config, self._device)
        parts = []
        for start in range(0, len(rows), _WHOLE_NET):
            batch = batches.batch(range(start, min(start + _WHOLE_NET, len(rows))))
            parts.append(_per_row(self._net, batch.planes, batch))
        return Gradients(np.concatenate(parts), np.ones((len(rows), 1), np.float32))

    def _row_by_row(self, batch: Batch) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        with torch.no_grad():
            features = self._net.features(batch.planes)
        left = _per_row(self._net.head, features, batch)
        return left, np.ones((len(left), 1), np.float32)


def _policy_parameters(module: nn.Module) -> dict[str, nn.Parameter]:
    """The parameters of a module by name, without those of a head for values."""
    return {name: one for name, one in module.named_parameters() if not name.startswith("value_head.")}


def _per_row(module: nn.Module, inputs: Tensor, batch: Batch) -> npt.NDArray[np.float32]:
    """The gradient of each row in all parameters of a module, shape (n, parameters).

    Args:
        module: a module whose output is the policy.
        inputs: its input, one for each row.
        batch: the rows.
    """
    parameters = {name: one.detach() for name, one in _policy_parameters(module).items()}
    buffers = {**dict(module.named_parameters()), **dict(module.named_buffers())}

    def loss(values: dict[str, Tensor], row: Tensor, moves: Tensor, mask: Tensor, y: Tensor) -> Tensor:
        policy = functional_call(module, {**buffers, **values}, (row.unsqueeze(0),))[0]
        logits = policy.gather(0, moves).masked_fill(~mask, MASKED_LOGIT)
        return cross_entropy(logits, y)

    found = vmap(grad(loss), (None, 0, 0, 0, 0))(parameters, inputs, batch.entries, batch.mask, batch.targets)
    left = torch.cat([found[name].flatten(1) for name in sorted(found)], 1)
    return np.asarray(left.cpu().numpy(), np.float32)
