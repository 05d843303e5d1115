"""Lc0's files: the network equals a plain computation, and damaged files are refused."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from tests.doubles.errors import raises_code
from tests.doubles.nets import Lc0File, number, write_lc0
from w2s.errors import DataError, ModelError, W2sError
from w2s.games import game
from w2s.kernels import encode
from w2s.models import Want
from w2s.models.registry import load_model
from w2s.tasks import MoveExample

torch = pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")

import torch.nn.functional as F  # noqa: E402, N812

from w2s.models.lc0.loading import build_lc0_net, lc0_net_config  # noqa: E402
from w2s.models.lc0.weights import read_weights  # noqa: E402


def plain_policy(file: Lc0File, planes: np.ndarray, policy: str) -> np.ndarray:
    """The policy planes or logits, step by step with batch norms unfolded, from the arrays of a message."""
    arrays = iter([torch.from_numpy(array) for array in file.arrays])

    def convolution(x: torch.Tensor, norm: bool = True) -> torch.Tensor:
        weight = next(arrays)
        out = F.conv2d(x, weight, padding=weight.shape[-1] // 2)
        if not norm:
            return out + next(arrays)[:, None, None]
        mean, variance, gamma, beta = (next(arrays) for _ in range(4))
        return F.batch_norm(out, mean, variance, gamma, beta, eps=1e-5)

    x = torch.relu(convolution(torch.from_numpy(planes)))
    for _ in range(file.blocks):
        y = convolution(torch.relu(convolution(x)))
        if file.squeeze:
            whole = torch.relu(F.linear(y.mean((2, 3)), next(arrays), next(arrays)))
            both = F.linear(whole, next(arrays), next(arrays))
            scale, shift = both[:, : file.channels], both[:, file.channels :]
            y = torch.sigmoid(scale)[:, :, None, None] * y + shift[:, :, None, None]
        x = torch.relu(x + y)
    first = torch.relu(convolution(x))
    if policy == "convolution":
        return convolution(first, norm=False).numpy()
    return F.linear(first.flatten(1), next(arrays), next(arrays)).numpy()


@pytest.mark.parametrize("squeeze", [0, 4])
@pytest.mark.parametrize("policy", ["convolution", "plain"])
def test_network_computes_what_the_file_describes(tmp_path: Path, policy: str, squeeze: int) -> None:
    file = Lc0File(seed=3, blocks=2, squeeze=squeeze)
    path = tmp_path / "net.pb.gz"
    path.write_bytes(gzip.compress(file.message(policy)))
    net = build_lc0_net(read_weights(path), path)
    assert (net.config.blocks, net.config.channels, net.config.squeeze) == (2, 8, squeeze)
    states = [game("chess").state(moves=["e4"][:n]) for n in (0, 1)]
    planes = encode("chess", [state._core for state in states], "lc0").planes
    with torch.inference_mode():
        features = net.features(torch.from_numpy(planes))
        found = (
            net.head.second(torch.relu(net.head.first(features)))
            if policy == "convolution"
            else net(torch.from_numpy(planes))
        )
    assert np.allclose(found.numpy(), plain_policy(file, planes, policy), atol=2e-4)


def test_plain_file_without_gzip_is_read(tmp_path: Path) -> None:
    path = tmp_path / "net.pb"
    path.write_bytes(Lc0File().message())
    assert lc0_net_config(read_weights(path)).head == "convolution"


def test_history_changes_the_output(tmp_path: Path) -> None:
    model = load_model(f"lc0:{write_lc0(tmp_path / 'net.pb.gz')}")
    state = game("chess").state(moves=["e4", "e5", "Nf3"])
    alone = game("chess").state(state.position)
    judged = model.judge([MoveExample("line", state), MoveExample("alone", alone)], ["b8c6"] * 2)  # type: ignore[attr-defined]
    assert judged[0].log_prob != judged[1].log_prob


def broken(name: str) -> bytes:
    whole = Lc0File().message()
    packed = gzip.compress(whole)
    other = [number(1, 1), number(3, 6), number(4, 3)]
    return {
        "nothing": b"",
        "text": b"not a net",
        "zeros": bytes(1000),
        "cut gzip": packed[: len(packed) // 2],
        "damaged gzip": packed[:100] + b"\0" * 50 + packed[150:],
        "cut message": gzip.compress(whole[: len(whole) // 2]),
        "empty gzip": gzip.compress(b""),
        "attention body": gzip.compress(Lc0File().message(form=other)),
        "other planes": gzip.compress(Lc0File().message(form=[number(1, 2), number(3, 4), number(4, 2)])),
        "wrong head": gzip.compress(
            Lc0File().message("plain", form=[number(1, 1), number(3, 4), number(4, 2)])
        ),
    }[name]


@pytest.mark.parametrize(
    ("name", "code", "fact"),
    [
        ("nothing", "lc0-not-weights", ""),
        ("text", "lc0-damaged-file", ""),
        ("zeros", "lc0-not-weights", ""),
        ("cut gzip", "lc0-damaged-file", ""),
        ("damaged gzip", "lc0-damaged-file", ""),
        ("cut message", "lc0-damaged-file", ""),
        ("empty gzip", "lc0-not-weights", ""),
        ("attention body", "lc0-unsupported-network", "network structure is 6"),
        ("other planes", "lc0-unsupported-network", "input format is 2"),
        ("wrong head", "lc0-damaged-file", ""),
    ],
)
def test_damaged_or_unsupported_file_is_refused_in_one_line(
    tmp_path: Path, name: str, code: str, fact: str
) -> None:
    path = tmp_path / "bad.pb.gz"
    path.write_bytes(broken(name))
    with raises_code(code, ModelError if code == "lc0-unsupported-network" else DataError) as caught:
        load_model(f"lc0:{path}")
    assert fact in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with raises_code("lc0-unreadable", ModelError):
        load_model(f"lc0:{tmp_path / 'none.pb.gz'}")
    with raises_code("lc0-unreadable", ModelError):
        load_model(f"lc0:{tmp_path}")


def test_every_truncated_message_is_refused(tmp_path: Path) -> None:
    whole = Lc0File().message()
    path = tmp_path / "cut.pb"
    for cut in range(1, len(whole), len(whole) // 40):
        path.write_bytes(whole[:cut])
        with pytest.raises(W2sError):
            read_weights(path)


def test_other_game_is_refused(tmp_path: Path) -> None:
    model = load_model(f"lc0:{write_lc0(tmp_path / 'net.pb.gz')}")
    with raises_code("model-other-game"):
        model.answer([MoveExample("x", game("othello").state())], Want())


@pytest.mark.parametrize("outcomes", [1, 3])
def test_value_head_computes_what_the_file_describes(tmp_path: Path, outcomes: int) -> None:
    file = Lc0File(seed=3, blocks=1, squeeze=0)
    path = tmp_path / "net.pb"
    path.write_bytes(file.message("convolution", None, outcomes))
    state = game("chess").state().play("e2e4")
    planes = torch.from_numpy(encode("chess", [state._core], "lc0").planes)
    net = build_lc0_net(read_weights(path), path)
    arrays = [torch.from_numpy(array) for array in file.arrays]
    weight, mean, variance, gamma, beta, hidden, shift, output, last = arrays[-9:]
    with torch.inference_mode():
        features = net.features(planes)
        narrow = F.batch_norm(F.conv2d(features, weight), mean, variance, gamma, beta, eps=1e-5)
        found = F.linear(torch.relu(F.linear(torch.relu(narrow).flatten(1), hidden, shift)), output, last)[0]
        expected = torch.tanh(found[0]) if outcomes == 1 else found.softmax(0)[0] - found.softmax(0)[2]
        assert float(net.values(features)[0]) == pytest.approx(float(expected), abs=1e-4)


def test_value_head_with_other_sizes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.pb"
    path.write_bytes(Lc0File(seed=3).message("convolution", [number(3, 4), number(4, 2), number(5, 2)], 1))
    with raises_code("lc0-damaged-file", DataError):
        read_weights(path)


def test_file_without_values_cannot_look_ahead(tmp_path: Path) -> None:
    path = write_lc0(tmp_path / "net.pb.gz")
    with raises_code("policy-without-values", ModelError):
        load_model(f"lc0:{path}?nodes=8")
