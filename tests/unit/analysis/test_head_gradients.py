"""Gradients in the head of a net against autograd, for every kind of head."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import w2s
from tests.doubles.nets import write_lc0, write_policy
from w2s.analysis.gradients import Gradients
from w2s.tasks import MoveExample
from w2s.train import TrainingSet

torch = pytest.importorskip("torch")


def training_set(game: str, rows: int = 6) -> TrainingSet:
    """Positions after random moves, each with one of its moves as the label."""
    random = np.random.default_rng(5)
    examples, labels = [], []
    for number in range(rows):
        state = w2s.game(game).state()
        for _ in range(number):
            state = state.play(str(random.choice(state.legal_moves())))
        examples.append(MoveExample(f"p{number}", state))
        labels.append(str(random.choice(state.legal_moves())))
    return TrainingSet.hard(examples, labels)


def references(folder: Path) -> dict[str, tuple[str, str]]:
    """A net for each kind of head, with its game."""
    return {
        "plain": (f"policy:{write_policy(folder / 'plain', 'connect_four')}", "connect_four"),
        "from_to": (f"policy:{write_policy(folder / 'from_to', 'chess')}", "chess"),
        "convolution": (f"lc0:{write_lc0(folder / 'convolution.pb.gz')}", "chess"),
        "lc0 plain": (f"lc0:{write_lc0(folder / 'plain.pb.gz', policy='classical')}", "chess"),
    }


def autograd(net: Any, module: Any, rows: TrainingSet) -> list[np.ndarray]:
    """The gradient of each row in the parameters of a module, one backward pass each."""
    from w2s.train.losses import cross_entropy
    from w2s.train.policy.batches import Batches, move_targets

    batches = Batches(rows, move_targets(rows, net.config.game), net.config, torch.device("cpu"))
    found = []
    for row in range(len(rows)):
        batch = batches.batch([row])
        net.zero_grad()
        torch.autograd.backward(cross_entropy(batch.logits(net(batch.planes)), batch.targets).sum())
        named = sorted((name, one) for name, one in module.named_parameters() if one.grad is not None)
        found.append(np.concatenate([one.grad.flatten().numpy() for _, one in named]).astype(np.float64))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["plain", "lc0 plain", "from_to", "convolution"])
def test_gradients_are_those_of_autograd(kind: str, tmp_path: Path) -> None:
    from w2s.analysis.head_gradients import HeadGradients
    from w2s.models.policy.nets import LinearHead
    from w2s.train.policy.checkpoint import load_student

    reference, game = references(tmp_path)[kind]
    rows = training_set(game)
    found = HeadGradients(reference).of(rows)
    net = load_student(reference).eval()
    head: Any = net.head
    is_linear = isinstance(head, LinearHead)
    assert is_linear == kind.endswith("plain")
    plain = np.stack(autograd(net, head.linear if is_linear else head, rows))
    assert found.gram() == pytest.approx(plain @ plain.T, rel=1e-3, abs=1e-5)
    assert found.norms() == pytest.approx(np.linalg.norm(plain, axis=1), rel=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["plain", "from_to", "convolution"])
def test_gradients_in_the_whole_net_are_those_of_autograd(kind: str, tmp_path: Path) -> None:
    from w2s.analysis.head_gradients import HeadGradients
    from w2s.train.policy.checkpoint import load_student

    reference, game = references(tmp_path)[kind]
    rows = training_set(game)
    head = HeadGradients(reference)
    found = head.of_whole_net(rows)
    net = load_student(reference).eval()
    plain = np.stack(autograd(net, net, rows))
    assert found.left.shape == plain.shape == (len(rows), head.parameters)
    assert found.left == pytest.approx(plain, rel=1e-2, abs=1e-4)


def test_gradients_do_not_depend_on_the_other_rows(tmp_path: Path) -> None:
    from w2s.analysis.head_gradients import HeadGradients

    reference, game = references(tmp_path)["from_to"]
    rows = training_set(game)
    head = HeadGradients(reference)
    whole = head.of(rows)
    alone = head.of(TrainingSet.hard(rows.examples[2:3], [next(iter(rows.targets[2]))]))
    assert Gradients(whole.left[2:3], whole.right[2:3]).norms() == pytest.approx(alone.norms(), rel=1e-4)


def test_the_kind_of_gradient_is_said(tmp_path: Path) -> None:
    from w2s.analysis.head_gradients import HeadGradients

    said = {kind: HeadGradients(reference).what for kind, (reference, _) in references(tmp_path).items()}
    assert "exact" in said["plain"]
    assert "exact" in said["lc0 plain"]
    assert "the head (from_to)" in said["from_to"]
    assert "the head (convolution)" in said["convolution"]


def test_recorded_probabilities_are_those_of_the_model(tmp_path: Path) -> None:
    from w2s.analysis.head_gradients import LabelRecorder
    from w2s.models import load_model
    from w2s.train.policy.checkpoint import load_student

    reference, game = references(tmp_path)["plain"]
    rows = training_set(game)
    model: Any = load_model(reference)
    labels = [next(iter(target)) for target in rows.targets]
    plain = [found[label] for found, label in zip(model.distributions(rows.examples), labels, strict=True)]
    found = LabelRecorder(rows).probabilities(load_student(reference).eval())
    assert found == pytest.approx(plain, rel=1e-4)
