"""Files and references of models that make no sense are refused at once, with a code."""

from __future__ import annotations

import gzip
import json
import os
import time
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.doubles.errors import raises_code
from tests.doubles.nets import Lc0File, nested, write_policy
from w2s.errors import DataError, ModelError, UsageError
from w2s.models import load_model
from w2s.models.lc0 import weights
from w2s.models.lc0.weights import read_weights

PATIENCE_S = 5.0


def edited(folder: Path, **changes: Any) -> Path:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | changes))
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("changes", [{"channels": 4096, "blocks": 256}, {"channels": 4096}, {"blocks": 256}])
def test_configuration_larger_than_its_weights_is_refused_before_it_is_built(
    tmp_path: Path, changes: dict[str, int]
) -> None:
    folder = edited(write_policy(tmp_path / "net", "connect_four"), **changes)
    begin = time.monotonic()
    with raises_code("policy-weights-mismatch", DataError) as caught:
        load_model(f"policy:{folder}")
    assert time.monotonic() - begin < PATIENCE_S
    found = (
        "stem.0.weight is 8×2×3×3, not 4096×2×3×3" if "channels" in changes else "no tower.1.first.0.weight"
    )
    assert found in str(caught.value)


@pytest.mark.slow
def test_tensors_without_a_place_or_of_another_type_are_refused(tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    folder = write_policy(tmp_path / "net", "connect_four")
    tensors = load_file(folder / "model.safetensors")
    save_file(tensors | {"other": np.zeros(3, np.float32)}, folder / "model.safetensors")
    with raises_code("policy-weights-mismatch", DataError) as caught:
        load_model(f"policy:{folder}")
    assert "no place for 'other'" in str(caught.value)
    save_file({name: one.astype(np.uint8) for name, one in tensors.items()}, folder / "model.safetensors")
    with raises_code("policy-weights-mismatch", DataError):
        load_model(f"policy:{folder}")


@pytest.mark.slow
def test_deeply_nested_configuration_of_a_net_is_refused(tmp_path: Path) -> None:
    folder = write_policy(tmp_path / "net", "connect_four")
    (folder / "config.json").write_text("[" * 200_000)
    for reference in (f"policy:{folder}", str(folder)):
        with raises_code("policy-invalid-config", DataError):
            load_model(reference)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_pipe_in_the_folder_of_a_net_is_refused(tmp_path: Path, name: str) -> None:
    folder = write_policy(tmp_path / "net", "connect_four")
    (folder / name).unlink()
    os.mkfifo(folder / name)
    with raises_code("policy-unreadable", ModelError):
        load_model(f"policy:{folder}")


# Files of Lc0 ----------------------------------------------------------------------------------------------


def test_pipe_or_device_as_weights_is_refused_without_reading(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "net.pb.gz")
    for path in (tmp_path / "net.pb.gz", Path("/dev/zero"), Path("/dev/null")):
        with raises_code("lc0-unreadable", ModelError) as caught:
            read_weights(path)
        assert "not a file" in str(caught.value)


def test_weights_that_unpack_without_end_are_refused_at_the_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert weights.MAX_BYTES == 1 << 30
    monkeypatch.setattr(weights, "MAX_BYTES", 4 << 20)
    path = tmp_path / "net.pb.gz"
    path.write_bytes(gzip.compress(Lc0File().message()[:5] + bytes(64 << 20), 1))
    tracemalloc.start()
    with raises_code("lc0-not-weights", DataError) as caught:
        read_weights(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "more than 4 MiB" in str(caught.value)
    assert peak < 16 << 20


def test_packed_file_that_is_no_network_is_refused_at_its_first_bytes(tmp_path: Path) -> None:
    path = tmp_path / "net.pb.gz"
    path.write_bytes(gzip.compress(bytes(256 << 20), 1))
    begin = time.monotonic()
    with raises_code("lc0-damaged-file", DataError):
        read_weights(path)
    assert time.monotonic() - begin < 1


def test_weights_with_countless_fields_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.pb"
    path.write_bytes(Lc0File().message()[:5] + b"\x10\x01" * 200_000)
    with raises_code("lc0-damaged-file", DataError) as caught:
        read_weights(path)
    assert "65,536 fields" in str(caught.value)


def test_weights_with_a_negative_variance_are_refused(tmp_path: Path) -> None:
    class _Negative(Lc0File):
        def array(self, *shape: int, scale: float = 0.1, shift: float = 0.0) -> bytes:
            return super().array(*shape, scale=scale, shift=-shift)

    path = tmp_path / "net.pb"
    path.write_bytes(_Negative().message())
    with raises_code("lc0-damaged-file", DataError) as caught:
        read_weights(path)
    assert "not finite" in str(caught.value)


@pytest.mark.slow
def test_layers_that_do_not_fit_each_other_are_refused(tmp_path: Path) -> None:
    net = Lc0File(blocks=0)
    narrow = nested(1, net.convolution(4, net.channels, 3)) + nested(2, net.convolution(4, net.channels, 3))
    path = tmp_path / "net.pb"
    whole = Lc0File(blocks=1, squeeze=0).message()
    body = nested(1, net.convolution(net.channels, 112, 3)) + nested(2, narrow)
    body += nested(11, net.convolution(net.channels, net.channels, 3))
    body += nested(3, net.convolution(80, net.channels, 3, norm=False))
    path.write_bytes(whole[: whole.index(b"\x52")] + nested(10, body))
    with raises_code("lc0-damaged-file", DataError) as caught:
        load_model(f"lc0:{path}")
    assert "tower.0.first.weight is 4×8×3×3, not 8×8×3×3" in str(caught.value)


# References ------------------------------------------------------------------------------------------------

KINDS = ("policy", "lc0", "hf", "uci")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("target", ["a%00b", "~nobody-of-this-name/x", "a/" + "b" * 1_000_000])
def test_reference_that_cannot_be_a_path_is_refused(kind: str, target: str) -> None:
    with raises_code(
        "uci-invalid-command" if (kind, target) == ("uci", "a%00b") else "model-invalid-path", UsageError
    ) as caught:
        load_model(f"{kind}:{target}")
    assert len(str(caught.value)) < 400
