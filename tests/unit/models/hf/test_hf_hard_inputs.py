"""Odd reward models, contexts that end, numbers that are none, files of other content."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.doubles.errors import raises_code
from tests.doubles.language import tokenizer
from w2s.errors import DataError, ModelError
from w2s.games import game
from w2s.models import Want, load_model
from w2s.tasks import AnswerExample, ChoiceExample, MoveExample

torch = pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")
transformers = pytest.importorskip("transformers", reason="needs transformers: pip install 'w2s[models]'")

import tokenizers  # noqa: E402

from w2s.models.hf import evidence  # noqa: E402
from w2s.models.hf.reward_model import Exchange, RewardModel  # noqa: E402

SMALL: dict[str, Any] = {"hidden_size": 32, "intermediate_size": 32, "num_attention_heads": 4}


def paired(pad=None, names=("input_ids", "token_type_ids", "attention_mask")) -> Any:
    inner = tokenizer().backend_tokenizer
    inner.add_special_tokens(["[CLS]", "[SEP]"])
    marks = [(mark, inner.token_to_id(mark)) for mark in ("[CLS]", "[SEP]")]
    inner.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=marks
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=inner,
        cls_token="[CLS]",
        sep_token="[SEP]",
        pad_token=pad,
        model_input_names=list(names),
    )


def test_an_encoder_of_rewards_is_told_question_and_reply_apart(tmp_path: Path) -> None:
    words = paired()
    torch.manual_seed(0)
    transformers.BertForSequenceClassification(
        transformers.BertConfig(
            vocab_size=len(words),
            num_hidden_layers=2,
            **SMALL,
            max_position_embeddings=128,
            initializer_range=0.5,
            num_labels=1,
            pad_token_id=0,
        )
    ).save_pretrained(tmp_path)
    words.save_pretrained(tmp_path)
    asked = [("Why?", "so"), ("Why is that so?", "because it is")]
    found = RewardModel(f"hf:{tmp_path}").rewards([Exchange("a", *one) for one in asked])
    slow = transformers.AutoModelForSequenceClassification.from_pretrained(tmp_path).eval()
    with torch.inference_mode():
        expected = [float(slow(**words(*one, return_tensors="pt")).logits[0, 0]) for one in asked]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_reward_model_without_any_padding_token_reads_batches(tmp_path: Path) -> None:
    words = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer().backend_tokenizer)
    torch.manual_seed(0)
    transformers.LlamaForSequenceClassification(
        transformers.LlamaConfig(
            vocab_size=len(words),
            num_hidden_layers=1,
            **SMALL,
            num_labels=1,
            eos_token_id=None,
            bos_token_id=None,
            pad_token_id=None,
        )
    ).save_pretrained(tmp_path)
    words.save_pretrained(tmp_path)
    model = RewardModel(f"hf:{tmp_path}")
    asked = [Exchange("a", "Why?", "so"), Exchange("b", "Why is that?", "so!")]
    np.testing.assert_allclose(model.rewards(asked), [model.rewards([one])[0] for one in asked], atol=1e-5)


def test_a_reward_model_is_loaded_once_for_all_batches(open_hf: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []

    class Even:
        def __init__(self, reference: str) -> None:
            loaded.append(reference)

        def rewards(self, exchanges: Any) -> Any:
            return np.zeros(len(exchanges))

    monkeypatch.setattr(evidence, "RewardModel", Even)
    model = open_hf("llama")
    for _ in range(3):
        evidence.measure_evidence(
            model, ["reward"], [ChoiceExample("a", "?", ("x", "y"))], ["A"], reward="hf:r"
        )
    assert loaded == ["hf:r"]


def test_an_encoder_whose_positions_begin_behind_its_padding_refuses_what_it_cannot_read(
    tmp_path: Path,
) -> None:
    words = paired(pad='"', names=("input_ids", "attention_mask"))
    words.pad_token = words.convert_ids_to_tokens(1)
    transformers.RobertaForMultipleChoice(
        transformers.RobertaConfig(
            vocab_size=len(words),
            num_hidden_layers=1,
            **SMALL,
            max_position_embeddings=66,
            type_vocab_size=1,
            pad_token_id=1,
        )
    ).save_pretrained(tmp_path)
    words.save_pretrained(tmp_path)
    model = load_model(f"hf:{tmp_path}")
    assert model.answer([ChoiceExample("x", "x" * 60, ("a", "b"))], Want())[0].label in "AB"
    with raises_code("hf-context-exceeded", DataError) as caught:
        model.answer([ChoiceExample("x", "x" * 61, ("a", "b"))], Want())
    assert re.search(r"has 65 tokens, .* is 64", str(caught.value))


def test_a_reply_that_went_on_to_the_end_of_the_context_is_still_checked(open_hf: Any) -> None:
    model = open_hf("llama", context=256)
    example = AnswerExample("q", "Why? " * 20)
    (answer,) = model.answer([example], Want(afterstate=True))
    assert answer.afterstate is not None
    ask = model.checker._prompt
    whole = model.asking.follow_up(example, "x" * 300 + "the end", ask)
    assert len(whole) <= 256
    assert "the end" in model.asking.wording.decoded(whole)
    request = model.asking.follow_up_request(example, "x" * 300, ask, 16)
    assert request.most == 16
    with raises_code("hf-context-exceeded", DataError) as caught:
        model.asking.follow_up(AnswerExample("q", "Why? " * 80), "x", ask)
    assert "its prompt has" in str(caught.value)


def test_the_state_of_a_reply_in_plain_text_is_that_at_its_end_and_not_in_the_next_question(
    folder: Any, open_hf: Any, monkeypatch: Any
) -> None:
    model = open_hf("llama")
    said = " The sum is 4."
    tokens = [model.asking.wording.tokens(letter)[0] for letter in f"{said}\n\nQuestion: what else?"]
    told = iter(tokens)
    monkeypatch.setattr(
        "w2s.models.hf.writing._Sheet._chosen", lambda self, live, logits: torch.tensor([next(told)])
    )
    request = model.asking.request(AnswerExample("q", "2 + 2?"))
    (one,) = model.write([request], model.manner, states=True)
    slow = transformers.AutoModelForCausalLM.from_pretrained(folder("llama"), dtype=torch.float32).eval()
    with torch.inference_mode():
        out = slow(torch.tensor([request.prompt + tokens[: len(said)]]), output_hidden_states=True)
        nxt = out.logits[0].double().log_softmax(-1)
    np.testing.assert_allclose(one.state, out.hidden_states[-1][0, -1].half(), atol=2e-3, rtol=2e-3)
    assert (one.text, one.tokens) == ("The sum is 4.", tokens[: len(said)])
    lp = np.mean([float(nxt[len(request.prompt) - 1 + i, t]) for i, t in enumerate(tokens[: len(said) + 1])])
    assert one.log_prob == pytest.approx(lp, abs=1e-4)


@pytest.mark.parametrize("example", [ChoiceExample("c", "?", ("a", "b")), AnswerExample("a", "Why?")])
def test_a_network_that_runs_over_in_its_dtype_is_named_and_labels_nothing(
    folder: Any, tmp_path: Path, example: Any
) -> None:
    place = Path(shutil.copytree(folder(), tmp_path / "model"))
    net = transformers.AutoModelForCausalLM.from_pretrained(place)
    with torch.no_grad():
        net.model.layers[0].mlp.down_proj.weight.mul_(1e30)
    net.save_pretrained(place)
    with raises_code("hf-numeric-overflow", ModelError) as caught:
        load_model(f"hf:{place}?dtype=float16&max_new_tokens=2").answer([example], Want())
    assert f"example {example.id!r}; use dtype=float32" in str(caught.value)


def test_samples_are_those_that_may_be_answered(open_hf: Any) -> None:
    example = MoveExample("m", game("chess").state(), only=("e2e4", "d2d4"))
    (drawn,) = open_hf("llama", "score=option").sample([example], 30)
    assert set(drawn) == {"e2e4", "d2d4"}


@pytest.mark.parametrize("reference", ["hf", "random"])
@pytest.mark.parametrize(
    ("count", "code"), [(0, "model-choice-no-options"), (27, "model-choice-too-many-options")]
)
def test_options_that_have_no_letters_are_refused(
    open_hf: Any, reference: str, count: int, code: str
) -> None:
    model = load_model("random") if reference == "random" else open_hf()
    with raises_code(code, DataError):
        model.answer([ChoiceExample("x", "?", tuple(map(str, range(count))))], Want())


def test_two_letters_are_no_option(open_hf: Any) -> None:
    with pytest.raises(DataError, match="has no option 'BC'"):
        open_hf("llama", "score=option").asking.reply(ChoiceExample("x", "?", ("a", "b", "c")), "BC")


@pytest.mark.parametrize("file", ["tokenizer.json", "tokenizer_config.json", "config.json"])
def test_files_of_other_content_are_one_line(folder: Any, tmp_path: Path, file: str) -> None:
    place = Path(shutil.copytree(folder(), tmp_path / "model"))
    told = json.loads((place / file).read_text())
    for odd in (
        {
            "tokenizer.json": [told | {"version": "9.0"}],
            "tokenizer_config.json": [[]],
            "config.json": [told | {"num_hidden_layers": "two"}, told | {"architectures": [None]}],
        }
    )[file]:
        (place / file).write_text(json.dumps(odd))
        with raises_code("hf-load-failed", ModelError) as caught:
            load_model(f"hf:{place}")
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("template", ["{{ raise_exception('no') }}", "{{ messages[0].content + 1 }}"])
def test_a_template_that_fails_is_one_line_wherever_it_is_read(template: str) -> None:
    from w2s.models.hf.wording import Wording

    words = tokenizer(chat=True)
    words.chat_template = template
    with raises_code("hf-chat-template-failed", ModelError):
        str(Wording(words).ending)
    with raises_code("hf-chat-template-failed", ModelError):
        Wording(words).text([], "?")


def test_odd_networks_and_names_have_their_size(tmp_path: Path) -> None:
    from w2s.models.sizes import lengths_of, shape_of
    from w2s.models.sizes.shape import shape_by_name

    words = tokenizer()
    mamba = transformers.MambaForCausalLM(
        transformers.MambaConfig(vocab_size=len(words), hidden_size=32, num_hidden_layers=2, state_size=4)
    )
    mamba.save_pretrained(tmp_path / "m")
    s = shape_of(f"hf:{tmp_path / 'm'}")
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
    s = shape_of(f"hf:{tmp_path / 'b'}?head=fresh")
    assert s.parameters == sum(w.numel() for w in net.parameters())
    assert s.multiplied == s.parameters - net.get_input_embeddings().weight.numel()
    for name, n in (("Qwen3-30B-A3B", 30e9), ("Qwen2.5-7B-Instruct-1M", 7e9)):
        assert shape_by_name(name, 2.0).parameters == n
    some = [ChoiceExample(f"c{i}", f"What is {i}?", ("a", "b"), ("A",)) for i in range(5)]
    assert (
        lengths_of(f"hf:{tmp_path / 'b'}?shots=2", "choice", some).prompt
        > 2 * lengths_of(f"hf:{tmp_path / 'b'}", "choice", some).prompt
    )


def test_label_file_shows_gold_to_a_model_that_wants_shots(open_hf: Any, tmp_path: Path) -> None:
    from w2s.evidence import read_labels
    from w2s.labelling import Request, label_file

    some = [ChoiceExample(f"c{i}", f"What is {i}?", ("a", "b"), ("A",)) for i in range(3)]
    gold = [(ChoiceExample(f"g{i}", f"What was {i}?", ("a", "b"), ("A",)), "A") for i in range(3)]
    label_file(some, Request(open_hf("llama", "shots=2"), shots=gold), tmp_path / "l.parquet")
    assert len(read_labels(tmp_path / "l.parquet")) == 3
