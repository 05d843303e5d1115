"""What is loaded and what is refused: one line that says what, where and the remedy."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.doubles.errors import raises_code
from tests.doubles.language import network, tokenizer
from w2s.errors import DataError, MissingExtraError, ModelError, UsageError, W2sError
from w2s.games import game
from w2s.models import Want, load_model
from w2s.models.hf import loading
from w2s.models.hf.settings import HfSettings, read_settings
from w2s.models.reference import parse_reference
from w2s.tasks import MoveExample
from w2s.tasks.answer import AnswerExample
from w2s.tasks.choice import ChoiceExample

torch = pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")
transformers = pytest.importorskip("transformers", reason="needs transformers: pip install 'w2s[models]'")

CHOICE = ChoiceExample("sky", "What colour is the sky?", ("blue", "green as grass"))


def refusal(code: str, kind: type[W2sError], work: Any) -> str:
    """The one-line message of the exception with that code."""
    with raises_code(code, kind) as caught:
        work()
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 700
    return message


def copied(folder: Path, to: Path) -> Path:
    return Path(shutil.copytree(folder, to))


def test_every_option_is_read() -> None:
    text = (
        "hf:x?dtype=bfloat16&device=cuda:1&attn=sdpa&quant=4bit&batch_tokens=99&prompt=move&shots=3"
        "&score=option&temperature=0.5&max_new_tokens=7&revision=main&engine=vllm"
    )
    assert read_settings(parse_reference(text)) == HfSettings(
        "bfloat16", "cuda:1", None, "sdpa", "4bit", 99, "move", 3, "option", 0.5, 7, "main", "vllm"
    )
    assert read_settings(parse_reference("hf:x?device_map=auto&shots=0")) == HfSettings(device_map="auto")
    assert read_settings(parse_reference("hf:x")) == HfSettings()


@pytest.mark.parametrize(
    ("reference", "code", "said"),
    [
        ("hf", "hf-model-not-named", "write hf:DIR or hf:OWNER/NAME"),
        ("hf:x?dtyp=float32", "model-unknown-option", "did you mean dtype? its options are: dtype"),
        ("hf:x?dtype=int8", "model-invalid-option", "one of auto, float32, bfloat16, float16"),
        ("hf:x?device=gpu", "model-invalid-option", "one of auto, cpu, cuda, cuda:1"),
        ("hf:x?device=cpu&device_map=auto", "hf-device-conflict", "both device and device_map"),
        ("hf:x?quant=3bit", "model-invalid-option", "one of 4bit, 8bit"),
        ("hf:x?score=best", "model-invalid-option", "one of letter, option, generate"),
        ("hf:x?engine=fast", "model-invalid-option", "one of plain, vllm"),
        ("hf:x?batch_tokens=0", "model-invalid-option", "whole number of at least 1"),
        ("hf:x?shots=-1", "model-invalid-option", "whole number from 1 to 1000"),
        ("hf:x?temperature=-1", "model-invalid-option", "at least 0"),
        ("hf:x?max_new_tokens=0", "model-invalid-option", "whole number of at least 1"),
    ],
)
def test_invalid_options_are_refused(reference: str, code: str, said: str) -> None:
    assert said in refusal(code, UsageError, lambda: load_model(reference))


def test_a_prompt_that_is_not_there_is_refused_before_anything_is_loaded(folder: Any) -> None:
    with pytest.raises(UsageError, match="nope"):
        load_model(f"hf:{folder()}?prompt=nope")


@pytest.mark.parametrize(
    ("missing", "options", "said"),
    [
        ("transformers", "", "a Hugging Face model needs more packages: pip install 'w2s[models]'"),
        ("bitsandbytes", "?quant=4bit", "quant=4bit needs more packages: pip install 'w2s[quant]'"),
        ("vllm", "?engine=vllm", "engine=vllm needs more packages: pip install 'w2s[vllm]'"),
        ("accelerate", "?device_map=auto", "device_map needs more packages: pip install 'w2s[models]'"),
    ],
)
def test_a_missing_package_is_named(
    folder: Any, missing: str, options: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = f"hf:{folder()}{options}"
    monkeypatch.setattr(loading, "find_spec", lambda name: None if name == missing else object())
    extra = said.rpartition("[")[2].removesuffix("]'")
    assert refusal(f"missing-extra-{extra}", MissingExtraError, lambda: load_model(reference)) == said


@pytest.mark.parametrize("name", ["/no/such/folder", "./nothing", "a/b/c", "two words"])
def test_a_folder_that_is_not_there_is_refused(name: str) -> None:
    refusal("hf-model-not-found", ModelError, lambda: load_model(f"hf:{name}"))


def test_a_hub_name_that_cannot_be_fetched_is_one_line(offline: None) -> None:
    said = refusal("hf-load-failed", ModelError, lambda: load_model("hf:nobody-of-w2s/nothing-at-all"))
    assert "'nobody-of-w2s/nothing-at-all' cannot be loaded" in said


def test_pickled_weights_are_refused_and_never_read(folder: Any, tmp_path: Path) -> None:
    place, marker = copied(folder(), tmp_path / "model"), tmp_path / "executed"

    class Trap:
        def __reduce__(self) -> tuple[Any, tuple[str]]:
            return os.mkdir, (str(marker),)

    (place / "model.safetensors").unlink()
    assert "*.safetensors" in refusal("hf-weights-missing", ModelError, lambda: load_model(f"hf:{place}"))
    (place / "pytorch_model.bin").write_bytes(pickle.dumps(Trap()))
    said = refusal("hf-weights-pickled", ModelError, lambda: load_model(f"hf:{place}"))
    assert "only as pytorch_model.bin, a pickle" in said
    assert "save_pretrained" in said
    assert not marker.exists()


def test_code_that_comes_with_a_model_is_never_run(folder: Any, tmp_path: Path) -> None:
    place, marker = copied(folder(), tmp_path / "model"), tmp_path / "executed"
    config = json.loads((place / "config.json").read_text())
    config |= {
        "model_type": "ours_alone",
        "auto_map": {"AutoConfig": "ours.Config", "AutoModelForCausalLM": "ours.Model"},
    }
    (place / "config.json").write_text(json.dumps(config))
    (place / "ours.py").write_text(f"import os\nos.mkdir({str(marker)!r})\n")
    refusal("hf-load-failed", ModelError, lambda: load_model(f"hf:{place}"))
    assert not marker.exists()


def test_weights_that_are_damaged_or_not_whole_are_refused(folder: Any, tmp_path: Path) -> None:
    from safetensors.torch import load, save_file

    place = copied(folder(), tmp_path / "model")
    weights = place / "model.safetensors"
    tensors = load(weights.read_bytes())
    weights.write_bytes(weights.read_bytes()[:1000])
    refusal("hf-load-failed", ModelError, lambda: load_model(f"hf:{place}"))
    tensors.pop("model.layers.1.mlp.up_proj.weight")
    save_file(tensors, weights, {"format": "pt"})
    said = refusal("hf-weights-incomplete", ModelError, lambda: load_model(f"hf:{place}"))
    assert "lacks weights of its architecture (model.layers.1.mlp.up_proj.weight)" in said


def test_an_architecture_that_neither_writes_nor_compares_is_refused(tmp_path: Path) -> None:
    words = tokenizer()
    config = transformers.BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
    )
    transformers.BertForMaskedLM(config).save_pretrained(tmp_path)
    words.save_pretrained(tmp_path)
    said = refusal("hf-architecture-unsupported", ModelError, lambda: load_model(f"hf:{tmp_path}"))
    assert "is a BertForMaskedLM; required is an architecture …ForCausalLM" in said


OLD_NAMES = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")
"""What peft says of transformers as long as it uses an older name of it."""


def write_adapter(base: Path, place: Path, task: str | None = None) -> Path:
    import peft

    plain = transformers.AutoModelForCausalLM.from_pretrained(base)
    torch.manual_seed(5)
    config = peft.LoraConfig(r=2, target_modules=["q_proj", "v_proj"], task_type=task)
    adapted = peft.get_peft_model(plain, config)
    for name, parameter in adapted.named_parameters():
        if "lora" in name:
            torch.nn.init.normal_(parameter, std=0.5)
    adapted.save_pretrained(place)
    return place


@OLD_NAMES
@pytest.mark.parametrize("task", [None, "CAUSAL_LM"])
def test_an_adapter_is_put_on_its_base(folder: Any, tmp_path: Path, task: str | None) -> None:
    import peft

    base = folder()
    place = write_adapter(base, tmp_path / "adapter", task)
    want = Want(evidence=True, hidden=True)
    (answer,) = load_model(f"hf:{place}").answer([CHOICE], want)
    (before,) = load_model(f"hf:{base}").answer([CHOICE], want)
    assert answer.log_prob != before.log_prob
    merged = peft.PeftModel.from_pretrained(
        transformers.AutoModelForCausalLM.from_pretrained(base), place
    ).merge_and_unload()
    merged.save_pretrained(tmp_path / "merged")
    tokenizer().save_pretrained(tmp_path / "merged")
    (expected,) = load_model(f"hf:{tmp_path / 'merged'}").answer([CHOICE], want)
    assert answer.log_prob == pytest.approx(expected.log_prob, abs=1e-4)
    np.testing.assert_allclose(answer.hidden, expected.hidden, atol=5e-3)


@OLD_NAMES
def test_an_adapter_of_another_base_is_refused(folder: Any, tmp_path: Path) -> None:
    place = write_adapter(folder(), tmp_path / "adapter")
    config = json.loads((place / "adapter_config.json").read_text())
    for family in ("gpt2", "gemma3-narrow", "llama-deeper"):
        other = tmp_path / family
        if family == "gpt2":
            shutil.copytree(folder("gpt2"), other)
        else:
            made = network("llama", len(tokenizer()))
            sizes = made.config.to_dict() | (
                {"num_hidden_layers": 3} if family == "llama-deeper" else {"hidden_size": 24}
            )
            transformers.LlamaForCausalLM(transformers.LlamaConfig(**sizes)).save_pretrained(other)
            tokenizer().save_pretrained(other)
        (place / "adapter_config.json").write_text(
            json.dumps(config | {"base_model_name_or_path": str(other)})
        )
        said = refusal("hf-adapter-mismatch", ModelError, lambda: load_model(f"hf:{place}"))
        assert f"does not fit {other}" in said
        assert "base_model_name_or_path" in said


@OLD_NAMES
def test_a_learned_prompt_is_refused(folder: Any, tmp_path: Path) -> None:
    import peft

    plain = transformers.AutoModelForCausalLM.from_pretrained(folder())
    config = peft.PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=3)
    peft.get_peft_model(plain, config).save_pretrained(tmp_path / "prompt")
    place = f"hf:{tmp_path / 'prompt'}"
    assert "learned prompt" in refusal("hf-adapter-unsupported", ModelError, lambda: load_model(place))


@OLD_NAMES
def test_an_adapter_without_base_or_with_pickled_weights_is_refused(folder: Any, tmp_path: Path) -> None:
    place = write_adapter(folder(), tmp_path / "adapter")
    (place / "adapter_model.safetensors").rename(place / "adapter_model.bin")
    said = refusal("hf-weights-pickled", ModelError, lambda: load_model(f"hf:{place}"))
    assert "only as adapter_model.bin, a pickle" in said
    (place / "adapter_config.json").write_text("{}")
    refusal("hf-adapter-no-base", ModelError, lambda: load_model(f"hf:{place}"))


@pytest.mark.parametrize("name", ["attn_implementation", "_attn_implementation"])
def test_attention_by_code_on_the_hub_is_refused(folder: Any, tmp_path: Path, name: str) -> None:
    place = copied(folder(), tmp_path / "model")
    config = json.loads((place / "config.json").read_text())
    (place / "config.json").write_text(json.dumps({**config, name: "someone/kernel"}))
    said = refusal("hf-remote-code", ModelError, lambda: load_model(f"hf:{place}"))
    assert "'someone/kernel'" in said


def test_options_of_loading_reach_transformers(folder: Any) -> None:
    model: Any = load_model(f"hf:{folder()}?dtype=bfloat16&attn=eager&device=cpu")
    inner = model._scorer._network._model
    assert inner.dtype == torch.bfloat16
    assert inner.config._attn_implementation == "eager"
    refusal("hf-load-failed", ModelError, lambda: load_model(f"hf:{folder()}?attn=nothing"))
    if not torch.cuda.is_available():
        with pytest.raises(UsageError, match="device"):
            load_model(f"hf:{folder()}?device=cuda:1")


def test_quantisation_is_that_of_bitsandbytes(monkeypatch: pytest.MonkeyPatch) -> None:
    from w2s.models.hf import weights

    asked: list[dict[str, bool]] = []
    monkeypatch.setattr(weights.transformers, "BitsAndBytesConfig", lambda **how: asked.append(how) or "how")
    told = weights._how(HfSettings(quant="4bit", device="cpu"))
    assert (told["quantization_config"], told["device_map"]) == ("how", {"": torch.device("cpu")})
    assert weights._how(HfSettings(quant="8bit", device_map="auto"))["device_map"] == "auto"
    assert asked == [
        {"load_in_4bit": True, "load_in_8bit": False},
        {"load_in_4bit": False, "load_in_8bit": True},
    ]


def test_a_chat_template_that_refuses_is_one_line(folder: Any, tmp_path: Path) -> None:
    place = copied(folder(chat=True), tmp_path / "model")
    words = transformers.AutoTokenizer.from_pretrained(place)
    words.chat_template = "{{ raise_exception('only the system may speak') }}"
    words.save_pretrained(place)
    model = load_model(f"hf:{place}")
    said = refusal("hf-chat-template-failed", ModelError, lambda: model.answer([CHOICE], Want()))
    assert f"the chat template of {place} fails on a conversation: only the system may speak" in said


def test_text_that_is_none_is_read_all_the_same(open_hf: Any) -> None:
    (judged,) = open_hf().judge([AnswerExample("q", "Why \udc80?")], ["\ud800"])
    assert judged.log_prob is not None


def test_a_device_map_spreads_the_model_and_changes_no_answer(folder: Any) -> None:
    pytest.importorskip("accelerate", reason="needs accelerate: pip install 'w2s[models]'")
    want = Want(evidence=True, hidden=True)
    (spread,) = load_model(f"hf:{folder()}?device_map=auto").answer([CHOICE], want)
    (plain,) = load_model(f"hf:{folder()}").answer([CHOICE], want)
    assert spread.log_prob == pytest.approx(plain.log_prob, abs=1e-4)
    np.testing.assert_allclose(spread.hidden, plain.hidden, atol=2e-3)


def test_what_does_not_fit_the_context_is_refused_by_the_name_of_its_example(
    folder: Any, open_hf: Any
) -> None:
    long = ChoiceExample("novel", "What follows? " * 30, ("a", "b"))
    option = ChoiceExample("epic", "What follows?", ("a", "b" * 500))
    model = open_hf("llama", "score=option", context=256)
    said = refusal("hf-context-exceeded", DataError, lambda: model.answer([CHOICE, long], Want()))
    assert "example 'novel': its prompt has" in said
    assert "is 256; shorten it, use fewer shots, or choose a model with a longer context" in said
    said = refusal("hf-context-exceeded", DataError, lambda: model.answer([option], Want()))
    assert "example 'epic': an option has" in said
    words = AnswerExample("essay", "Why? " * 80)
    assert "example 'essay'" in refusal(
        "hf-context-exceeded", DataError, lambda: open_hf("llama", context=256).answer([words], Want())
    )


def test_a_reply_is_as_long_as_the_context_allows(open_hf: Any) -> None:
    model = open_hf("llama", "max_new_tokens=400", context=256)
    request = model.asking.request(AnswerExample("q", "Why? " * 20))
    assert request.most == 256 - len(request.prompt)
    (answer,) = model.answer([AnswerExample("q", "Why? " * 20)], Want(hidden=True))
    assert answer.hidden is not None


def test_no_options_and_what_cannot_be_asked_are_refused(open_hf: Any) -> None:
    model = open_hf("llama")
    none = ChoiceExample("none", "Which?", ())
    said = refusal("model-choice-no-options", DataError, lambda: model.answer([none], Want()))
    assert "example 'none'" in said
    lettered = open_hf("llama", "score=letter")
    move = MoveExample("m", game("chess").state())
    said = refusal("hf-score-unsupported", UsageError, lambda: lettered.answer([move], Want()))
    assert "moves have no letters" in said
    written = AnswerExample("q", "Why?")
    said = refusal("hf-score-unsupported", UsageError, lambda: lettered.answer([written], Want()))
    assert "answers are generated" in said
    refusal("hf-answer-no-options", UsageError, lambda: model.believe([written]))
    refusal("model-label-count", UsageError, lambda: model.judge([CHOICE], []))


def test_shots_without_gold_are_refused(open_hf: Any) -> None:
    model = open_hf("llama", "shots=2")
    model.show([(CHOICE, "A"), (ChoiceExample("other", "?", ("x", "y")), "B")])
    said = refusal("model-too-few-shots", UsageError, lambda: model.answer([CHOICE], Want()))
    assert "requests 2 few-shot examples, but only 1 are available for example 'sky'" in said


def test_a_tokenizer_that_begins_texts_does_so_once(folder: Any, open_hf: Any) -> None:
    model = open_hf("llama", bos=True)
    start = transformers.AutoTokenizer.from_pretrained(folder(bos=True)).bos_token_id
    worded = model.asking.question(CHOICE, ["A", "B"], np.argmax).worded
    assert worded.prompt.count(start) == 1
    assert worded.prompt[0] == start
    assert all(start not in reply for reply in worded.replies)
    assert len(model.answer([CHOICE], Want(evidence=True))) == 1


def test_tokens_that_span_prompt_and_reply_belong_to_the_reply() -> None:
    from w2s.models.hf.wording import Wording

    words = Wording(tokenizer(chat=True))
    worded = words.worded("say t", ["he", "hese", "x"])
    assert words.decoded(worded.prompt) == "say"
    assert [words.decoded(reply) for reply in worded.replies] == [" the", " these", " tx"]


def test_texts_of_several_calls_of_the_tokenizer_become_the_tokens_that_each_has_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from w2s.models.hf import wording

    monkeypatch.setattr(wording, "TEXTS_AT_ONCE", 4)
    words = wording.Wording(tokenizer(chat=True))
    asked = [(f"say {number}", ["he", "hese"]) for number in range(5)]  # 15 texts, no multiple of four
    assert words.worded_all(asked) == [words.worded(text, replies) for text, replies in asked]
    assert words.worded_all([]) == []
