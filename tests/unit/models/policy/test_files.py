"""Policy networks on disk: round trips, and refusals of damaged files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.doubles.errors import raises_code
from tests.doubles.nets import write_lc0, write_policy
from w2s.errors import DataError, ModelError
from w2s.models.registry import load_model

torch = pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")

from w2s.models.lc0.loading import build_lc0_net  # noqa: E402
from w2s.models.lc0.weights import read_weights  # noqa: E402
from w2s.models.policy.files import CONFIG, WEIGHTS, from_pretrained, save_pretrained  # noqa: E402


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_policy(tmp_path / "net", "chess")


def test_network_is_read_back_bit_for_bit(folder: Path, tmp_path: Path) -> None:
    net = from_pretrained(folder)
    save_pretrained(net, tmp_path / "again")
    for name in (CONFIG, WEIGHTS):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()
    again = from_pretrained(tmp_path / "again")
    assert not again.training
    for name, tensor in net.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name])


def test_float16_file_is_half_the_size_and_read_as_float32(folder: Path, tmp_path: Path) -> None:
    save_pretrained(from_pretrained(folder), tmp_path / "half", "float16")
    sizes = [(where / WEIGHTS).stat().st_size for where in (folder, tmp_path / "half")]
    assert sizes[1] < 0.7 * sizes[0]
    assert all(
        tensor.dtype == torch.float32
        for tensor in from_pretrained(tmp_path / "half").state_dict().values()
        if tensor.is_floating_point()
    )


@pytest.mark.parametrize("policy", ["convolution", "plain"])
def test_lc0_network_can_be_saved_as_folder(tmp_path: Path, policy: str) -> None:
    path = write_lc0(tmp_path / "net.pb.gz", policy=policy)
    net = build_lc0_net(read_weights(path), path)
    save_pretrained(net, tmp_path / "saved")
    again = from_pretrained(tmp_path / "saved")
    planes = torch.rand(2, 112, 8, 8)
    with torch.inference_mode():
        assert torch.equal(net(planes), again(planes))


def changed(folder: Path, **values: object) -> None:
    config = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps({**config, **values}))


DAMAGE = {
    "no weights": (lambda f: (f / WEIGHTS).unlink(), "policy-not-found", "has no model.safetensors"),
    "no config": (lambda f: (f / CONFIG).unlink(), "policy-not-found", "has no config.json"),
    "empty weights": (lambda f: (f / WEIGHTS).write_bytes(b""), "policy-damaged-weights", WEIGHTS),
    "cut weights": (
        lambda f: (f / WEIGHTS).write_bytes((f / WEIGHTS).read_bytes()[:-9]),
        "policy-damaged-weights",
        WEIGHTS,
    ),
    "garbled header": (
        lambda f: (f / WEIGHTS).write_bytes(b"\xff" * 64 + (f / WEIGHTS).read_bytes()),
        "policy-damaged-weights",
        WEIGHTS,
    ),
    "no JSON": (lambda f: (f / CONFIG).write_text("{"), "policy-invalid-config", "JSON"),
    "a list": (lambda f: (f / CONFIG).write_text("[]"), "policy-other-model-type", "None"),
    "another kind": (lambda f: changed(f, model_type="llama"), "policy-other-model-type", "'llama'"),
    "another size": (lambda f: changed(f, channels=16), "policy-weights-mismatch", WEIGHTS),
    "another depth": (lambda f: changed(f, blocks=2), "policy-weights-mismatch", WEIGHTS),
    "no game": (lambda f: changed(f, game="go"), "policy-invalid-config", "game in"),
    "no number": (lambda f: changed(f, blocks="6"), "policy-invalid-config", "blocks in"),
    "too large": (lambda f: changed(f, channels=10**9), "policy-invalid-config", "channels in"),
    "true": (lambda f: changed(f, blocks=True), "policy-invalid-config", "blocks in"),
    "no architecture": (lambda f: changed(f, architecture="vit"), "policy-invalid-config", "architecture in"),
    "unfit head": (lambda f: changed(f, head="convolution"), "policy-invalid-config", "'convolution'"),
    "unfit game": (lambda f: changed(f, game="othello"), "policy-invalid-config", "othello"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damaged_network_is_refused_in_one_line_that_names_the_file(folder: Path, name: str) -> None:
    damage, code, fact = DAMAGE[name]
    damage(folder)
    with raises_code(code, ModelError if code == "policy-not-found" else DataError) as caught:
        load_model(f"policy:{folder}")
    assert fact in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(folder) in str(caught.value)


def test_non_finite_weights_are_refused(folder: Path) -> None:
    net = from_pretrained(folder)
    next(net.parameters()).data[0] = float("nan")
    save_pretrained(net, folder)
    with raises_code("policy-weights-not-finite", DataError):
        load_model(f"policy:{folder}")


def test_unknown_name_lists_bundled_networks() -> None:
    with raises_code("policy-not-found", ModelError) as caught:
        load_model("policy:chess-enormous")
    assert "bundled" in str(caught.value)


def test_folder_without_network_names_expected_files(tmp_path: Path) -> None:
    with raises_code("policy-not-found", ModelError) as caught:
        load_model(f"policy:{tmp_path}")
    assert "config.json and model.safetensors" in str(caught.value)
