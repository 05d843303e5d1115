"""The size of a model from its configuration is that of the model with its weights."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

import torch
import transformers

from tests.doubles import language
from w2s.errors import UsageError
from w2s.models import load_model
from w2s.models.model_size import find_shape, measure_lengths
from w2s.models.model_size.shape import shape_by_name
from w2s.tasks import ChoiceExample

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
def test_parameters_equal_the_count_of_torch(tmp_path: Path, family: str) -> None:
    network = saved(tmp_path, family, weights=False)
    assert not list(tmp_path.glob("*.safetensors"))  # nothing but the configuration is there
    shape = find_shape(f"hf:{tmp_path}")
    assert shape is not None
    assert shape.parameters == sum(weight.numel() for weight in network.parameters())
    assert (shape.layers, shape.width, shape.vocabulary, shape.assumed) == (2, 32, VOCABULARY, False)


@pytest.mark.parametrize("family", language.FAMILIES)
def test_multiplied_parameters_are_those_of_all_matrices(tmp_path: Path, family: str) -> None:
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
    shape = find_shape(f"hf:{tmp_path}")
    assert shape is not None
    others = sum(weight.numel() for weight in network.parameters() if weight.ndim == 1)
    positions = 1024 * 32 if family == "gpt2" else 0  # looked up, and too few to matter
    assert shape.multiplied == done + others + positions


@pytest.mark.parametrize("family", language.FAMILIES)
def test_cached_numbers_equal_the_cache(tmp_path: Path, family: str) -> None:
    network = saved(tmp_path, family, weights=False)
    with torch.no_grad():
        cache = network(torch.ones(1, 8, dtype=torch.long), use_cache=True).past_key_values
    held = sum(layer.keys.numel() + layer.values.numel() for layer in cache.layers)
    shape = find_shape(f"hf:{tmp_path}")
    assert shape is not None
    assert shape.cached * 8 == held


@pytest.mark.parametrize("targets", ["all-linear", "q_proj,v_proj"])
def test_adapter_parameters_equal_those_of_peft(tmp_path: Path, targets: str) -> None:
    peft = pytest.importorskip("peft")
    network = saved(tmp_path, "llama", weights=False)
    named = targets if targets == "all-linear" else targets.split(",")
    adapter = peft.LoraConfig(r=4, target_modules=named, task_type="CAUSAL_LM")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of transformers, about a name that peft uses
        made = peft.get_peft_model(network, adapter)
    learns = sum(weight.numel() for weight in made.parameters() if weight.requires_grad)
    shape = find_shape(f"hf:{tmp_path}")
    assert shape is not None
    assert shape.adapter(4, targets) == learns


def test_adapter_has_the_shape_of_its_base(tmp_path: Path) -> None:
    saved(tmp_path / "base", "qwen3", weights=False)
    (tmp_path / "adapter").mkdir()
    text = f'{{"base_model_name_or_path": "{tmp_path / "base"}"}}'
    (tmp_path / "adapter" / "adapter_config.json").write_text(text)
    assert find_shape(f"hf:{tmp_path / 'adapter'}") == find_shape(f"hf:{tmp_path / 'base'}")


def test_bytes_of_weights_follow_dtype_and_quantization(tmp_path: Path) -> None:
    saved(tmp_path, "llama", weights=True)
    sizes = {
        options: getattr(find_shape(f"hf:{tmp_path}{options}"), "bytes_each", None)
        for options in ("", "?dtype=bfloat16", "?dtype=float32", "?quant=4bit", "?quant=8bit")
    }
    assert [*sizes.values()] == [4.0, 2.0, 4.0, 0.5, 1.0]


def test_missing_model_has_the_size_of_its_name_without_a_download(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import socket

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    shape = find_shape("hf:Nobody/Never-1.5B-Instruct?dtype=float32")
    assert shape is not None
    assert (shape.parameters, shape.assumed, shape.bytes_each) == (1_500_000_000, True, 4.0)
    assert "by its name: 1.5B" in shape.source
    assert find_shape("hf:Nobody/Never-Instruct") is None


def test_shape_by_name_has_about_that_many_parameters() -> None:
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


def test_engines_and_endpoints_have_no_shape() -> None:
    for model in ("random", "search:depth=2", "openai:http://127.0.0.1:1/v1#small", "policy:nowhere"):
        assert find_shape(model) is None
    with pytest.raises(UsageError):
        find_shape("hf:Qwen/Qwen3-0.6B?dtyp=bfloat16")


def test_policy_net_has_the_parameters_of_its_weights(tmp_path: Path) -> None:
    from w2s.models.policy.config import PolicyConfig
    from w2s.models.policy.files import save_pretrained
    from w2s.models.policy.nets import build_net

    net = build_net(PolicyConfig("chess", channels=16, blocks=2, head_channels=16))
    save_pretrained(net, tmp_path)
    (tmp_path / "model.safetensors").unlink()
    shape = find_shape(f"policy:{tmp_path}")
    assert shape is not None
    assert shape.parameters == sum(weight.numel() for weight in net.parameters())
    assert (shape.squares, shape.layers, shape.width) == (64, 4, 16)


def test_networks_without_attention_and_fresh_heads_are_counted(tmp_path: Path) -> None:
    words = language.tokenizer()
    mamba = transformers.MambaForCausalLM(
        transformers.MambaConfig(vocab_size=len(words), hidden_size=32, num_hidden_layers=2, state_size=4)
    )
    mamba.save_pretrained(tmp_path / "m")
    s = find_shape(f"hf:{tmp_path / 'm'}")
    assert s.parameters == sum(w.numel() for w in mamba.parameters())
    assert s.cached == 0
    bert = transformers.BertModel(
        transformers.BertConfig(
            vocab_size=len(words),
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=48,
            max_position_embeddings=128,
        )
    )
    bert.save_pretrained(tmp_path / "b")
    words.save_pretrained(tmp_path / "b")
    net = load_model(f"hf:{tmp_path / 'b'}?head=fresh")._network
    s = find_shape(f"hf:{tmp_path / 'b'}?head=fresh")
    assert s.parameters == sum(w.numel() for w in net.parameters())
    assert s.multiplied == s.parameters - net.get_input_embeddings().weight.numel()
    for name, n in (("Qwen3-30B-A3B", 30e9), ("Qwen2.5-7B-Instruct-1M", 7e9)):
        assert shape_by_name(name, 2.0).parameters == n
    some = [ChoiceExample(f"c{i}", f"What is {i}?", ("a", "b"), ("A",)) for i in range(5)]
    assert (
        measure_lengths(f"hf:{tmp_path / 'b'}?shots=2", "choice", some).prompt
        > 2 * measure_lengths(f"hf:{tmp_path / 'b'}", "choice", some).prompt
    )
