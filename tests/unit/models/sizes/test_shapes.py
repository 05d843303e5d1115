"""The size of a model from its configuration is that of the model with its weights."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

import torch

from tests.doubles import language
from w2s.errors import UsageError
from w2s.models.sizes import shape_of
from w2s.models.sizes.shape import shape_by_name

VOCABULARY = 512


def saved(folder: Path, family: str, *, weights: bool) -> Any:
    network = language.network(family, VOCABULARY)
    if weights:
        network.save_pretrained(folder)
    else:
        network.config.architectures = [type(network).__name__]
        network.config.save_pretrained(folder)
    return network


@pytest.mark.parametrize("family", language.FAMILIES)
def test_parameters_are_those_that_torch_counts(tmp_path: Path, family: str) -> None:
    network = saved(tmp_path, family, weights=False)
    assert not list(tmp_path.glob("*.safetensors"))  # nothing but the configuration is there
    shape = shape_of(f"hf:{tmp_path}")
    assert shape is not None
    assert shape.parameters == sum(weight.numel() for weight in network.parameters())
    assert (shape.layers, shape.width, shape.vocabulary, shape.assumed) == (2, 32, VOCABULARY, False)


@pytest.mark.parametrize("family", language.FAMILIES)
def test_a_token_is_multiplied_with_every_matrix_that_its_pass_uses(tmp_path: Path, family: str) -> None:
    """Counted where it happens: operations of a forward pass over one token, attention left out."""
    network = saved(tmp_path, family, weights=False)
    done = 0

    def counts(module: Any, given: Any, out: Any) -> None:
        nonlocal done
        done += module.weight.numel()

    for module in network.modules():
        matrix = getattr(module, "weight", None)
        if matrix is not None and matrix.ndim == 2 and not isinstance(module, torch.nn.Embedding):
            module.register_forward_hook(counts)
    with torch.no_grad():
        network(torch.tensor([[1]]), use_cache=False)
    shape = shape_of(f"hf:{tmp_path}")
    assert shape is not None
    others = sum(weight.numel() for weight in network.parameters() if weight.ndim == 1)
    positions = 1024 * 32 if family == "gpt2" else 0  # looked up, and too few to matter
    assert shape.multiplied == done + others + positions


@pytest.mark.parametrize("family", language.FAMILIES)
def test_what_a_token_leaves_in_the_cache_is_what_the_cache_holds(tmp_path: Path, family: str) -> None:
    network = saved(tmp_path, family, weights=False)
    with torch.no_grad():
        cache = network(torch.ones(1, 8, dtype=torch.long), use_cache=True).past_key_values
    held = sum(layer.keys.numel() + layer.values.numel() for layer in cache.layers)
    shape = shape_of(f"hf:{tmp_path}")
    assert shape is not None
    assert shape.cached * 8 == held


@pytest.mark.parametrize("targets", ["all-linear", "q_proj,v_proj"])
def test_an_adapter_has_as_many_parameters_as_peft_makes(tmp_path: Path, targets: str) -> None:
    peft = pytest.importorskip("peft")
    network = saved(tmp_path, "llama", weights=False)
    named = targets if targets == "all-linear" else targets.split(",")
    adapter = peft.LoraConfig(r=4, target_modules=named, task_type="CAUSAL_LM")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of transformers, about a name that peft uses
        made = peft.get_peft_model(network, adapter)
    learns = sum(weight.numel() for weight in made.parameters() if weight.requires_grad)
    shape = shape_of(f"hf:{tmp_path}")
    assert shape is not None
    assert shape.adapter(4, targets) == learns


def test_an_adapter_has_the_shape_of_its_base(tmp_path: Path) -> None:
    saved(tmp_path / "base", "qwen3", weights=False)
    (tmp_path / "adapter").mkdir()
    text = f'{{"base_model_name_or_path": "{tmp_path / "base"}"}}'
    (tmp_path / "adapter" / "adapter_config.json").write_text(text)
    assert shape_of(f"hf:{tmp_path / 'adapter'}") == shape_of(f"hf:{tmp_path / 'base'}")


def test_weights_take_the_bytes_of_what_they_are_loaded_as(tmp_path: Path) -> None:
    saved(tmp_path, "llama", weights=True)
    sizes = {
        options: getattr(shape_of(f"hf:{tmp_path}{options}"), "bytes_each", None)
        for options in ("", "?dtype=bfloat16", "?dtype=float32", "?quant=4bit", "?quant=8bit")
    }
    assert [*sizes.values()] == [4.0, 2.0, 4.0, 0.5, 1.0]


def test_a_model_that_is_not_here_has_the_size_of_its_name_and_nothing_is_fetched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import socket

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    shape = shape_of("hf:Nobody/Never-1.5B-Instruct?dtype=float32")
    assert shape is not None
    assert (shape.parameters, shape.assumed, shape.bytes_each) == (1_500_000_000, True, 4.0)
    assert "by its name: 1.5B" in shape.source
    assert shape_of("hf:Nobody/Never-Instruct") is None


def test_a_name_says_a_transformer_of_about_its_parameters() -> None:
    for name, billions in (
        ("Qwen3-0.6B", 0.6),
        ("OLMo-2-1124-7B-Instruct", 7),
        ("a-13B", 13),
        ("a-500M", 0.5),
    ):
        shape = shape_by_name(name, 2.0)
        assert shape is not None
        assert shape.parameters == round(billions * 1e9)
        assert 12 * shape.layers * shape.width**2 == pytest.approx(shape.parameters, rel=0.12)
    assert shape_by_name("v2-final", 2.0) is None


def test_engines_and_endpoints_have_no_shape_and_a_bad_reference_is_refused() -> None:
    for model in ("random", "search:depth=2", "openai:http://127.0.0.1:1/v1#small", "policy:nowhere"):
        assert shape_of(model) is None
    with pytest.raises(UsageError):
        shape_of("hf:Qwen/Qwen3-0.6B?dtyp=bfloat16")


def test_a_policy_net_has_the_parameters_of_its_weights(tmp_path: Path) -> None:
    from w2s.models.policy.config import PolicyConfig
    from w2s.models.policy.files import save_pretrained
    from w2s.models.policy.nets import build_net

    net = build_net(PolicyConfig("chess", channels=16, blocks=2, head_channels=16))
    save_pretrained(net, tmp_path)
    (tmp_path / "model.safetensors").unlink()
    shape = shape_of(f"policy:{tmp_path}")
    assert shape is not None
    assert shape.parameters == sum(weight.numel() for weight in net.parameters())
    assert (shape.squares, shape.layers, shape.width) == (64, 4, 16)
