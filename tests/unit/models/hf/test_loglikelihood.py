"""Scores of options and states equal a slow reference: one option at a time, no cache, no padding."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.doubles.errors import raises_code
from tests.doubles.language import FAMILIES
from w2s.errors import ModelError
from w2s.games import game
from w2s.models import Want
from w2s.tasks import MoveExample
from w2s.tasks.choice import ChoiceExample
from w2s.tasks.prompts import read_prompt

torch = pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")
transformers = pytest.importorskip("transformers", reason="needs transformers: pip install 'w2s[models]'")

from w2s.models.hf.forward import CausalNetwork  # noqa: E402

CHOICES = [
    ChoiceExample("sky", "What colour is the sky at noon?", ("blue", "green as grass", "a deep red", "the")),
    ChoiceExample("sum", "2 + 2?", ("4", "5")),
    ChoiceExample(
        "long", "Which of these is a long word, the longest here? " * 3, ("ox", "hippopotamus", "er")
    ),
    ChoiceExample("one", "Only one?", ("yes",)),
    ChoiceExample("eight", "Pick.", ("stone", "water", "fire", "air", "the", "er", "thunder", "o")),
]
EVERYTHING = Want(evidence=True, hidden=True)


def slow(folder: Path, prompt: str, reply: str) -> tuple[float, np.ndarray]:
    """Mean log-probability of a reply behind a prompt, and the last layer's state at its end."""
    words = transformers.AutoTokenizer.from_pretrained(folder)
    network = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    before, whole = words(prompt)["input_ids"], words(prompt + reply)["input_ids"]
    assert whole[: len(before)] == before
    with torch.inference_mode():
        out = network(torch.tensor([whole]), output_hidden_states=True, use_cache=False)
    log_probs = out.logits[0].double().log_softmax(-1)
    places = range(len(before), len(whole))
    total = sum(float(log_probs[place - 1, whole[place]]) for place in places)
    return total / len(places), out.hidden_states[-1][0, -1].numpy()


def plain(question: str) -> str:
    return f"Question: {question}\nAnswer:"


def listed(example: ChoiceExample, what: str) -> str:
    options = "\n".join(
        f"{letter}. {text}" for letter, text in zip(example.letters, example.options, strict=True)
    )
    return f"{example.question}\n\n{options}\n\nAnswer with the {what} of the right option."


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("score", ["letter", "option"])
def test_scores_and_states_of_options_equal_a_slow_reference(
    folder: Any, open_hf: Any, family: str, score: str
) -> None:
    model = open_hf(family, f"score={score}&dtype=float32&device=cpu")
    answers = model.answer(CHOICES, EVERYTHING)
    for example, answer in zip(CHOICES, answers, strict=True):
        replies = example.letters if score == "letter" else example.options
        prompt = plain(listed(example, "letter" if score == "letter" else "text"))
        means, states = zip(*(slow(folder(family), prompt, f" {reply}") for reply in replies), strict=True)
        best = int(np.argmax(means))
        assert answer.label == example.letters[best]
        log_probs = np.array(means) - np.log(np.exp(means).sum())
        assert answer.log_prob == pytest.approx(log_probs[best], abs=1e-4)
        others = np.delete(np.exp(log_probs), best)
        assert answer.margin == pytest.approx(math.exp(log_probs[best]) - max(others, default=0), abs=1e-4)
        assert answer.entropy == pytest.approx(-(np.exp(log_probs) * log_probs).sum(), abs=1e-4)
        assert (answer.n_options, answer.rank) == (len(example.options), 0)
        np.testing.assert_allclose(answer.hidden, states[best].astype(np.float16), atol=2e-3, rtol=2e-3)


def numbers(answers: list[Any]) -> np.ndarray:
    return np.array([[a.log_prob, a.margin, a.entropy, a.rank] for a in answers])


def assert_alike(first: list[Any], second: list[Any]) -> None:
    assert [answer.label for answer in first] == [answer.label for answer in second]
    np.testing.assert_allclose(numbers(first), numbers(second), atol=1e-4)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_allclose(a.hidden, b.hidden, atol=2e-3, rtol=2e-3)


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_batches_of_1_3_and_16_agree(open_hf: Any, family: str) -> None:
    model = open_hf(family, "score=option")
    many = [replace(example, id=f"{example.id}{i}") for i in range(4) for example in CHOICES][:16]
    whole = model.answer(many, EVERYTHING)
    for size in (1, 3):
        parts = [model.answer(many[i : i + size], EVERYTHING) for i in range(0, len(many), size)]
        assert_alike([answer for part in parts for answer in part], whole)


@pytest.mark.parametrize("tokens", [1, 300, 2000])
def test_token_budget_does_not_change_answers(open_hf: Any, tokens: int) -> None:
    whole = open_hf("gemma3", "score=option").answer(CHOICES, EVERYTHING)
    assert_alike(open_hf("gemma3", f"score=option&batch_tokens={tokens}").answer(CHOICES, EVERYTHING), whole)


@pytest.mark.parametrize("score", ["letter", "option"])
def test_options_are_read_whole_if_the_cache_cannot_be_repeated(
    open_hf: Any, score: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = open_hf("gemma3", f"score={score}")
    cached = model.answer(CHOICES, EVERYTHING)
    monkeypatch.setattr(CausalNetwork, "cache_layers", ["LinearAttentionLayer"])
    monkeypatch.setattr("w2s.models.hf.forward.take_rows", forbidden)
    monkeypatch.setattr("w2s.models.hf.loglikelihood.take_rows", forbidden)
    assert_alike(open_hf("gemma3", f"score={score}").answer(CHOICES, EVERYTHING), cached)


def forbidden(*_: object) -> None:
    raise AssertionError("repeated a cache that cannot be repeated")


@pytest.mark.parametrize("family", ["qwen3", "gemma3"])
def test_chat_template_is_used(folder: Any, open_hf: Any, family: str) -> None:
    model = open_hf(family, "score=option", chat=True)
    (answer,) = model.answer(CHOICES[:1], EVERYTHING)
    prompt = f"<|turn|>user\n{listed(CHOICES[0], 'text')}<|end|>\n<|turn|>assistant\n"
    found = [slow(folder(family, chat=True), prompt, reply) for reply in CHOICES[0].options]
    best = int(np.argmax([mean for mean, _ in found]))
    assert answer.label == CHOICES[0].letters[best]
    np.testing.assert_allclose(answer.hidden, found[best][1].astype(np.float16), atol=2e-3, rtol=2e-3)


def test_judged_labels_equal_a_slow_reference(folder: Any, open_hf: Any) -> None:
    model, example = open_hf("qwen3", "score=option"), CHOICES[0]
    prompt = plain(listed(example, "text"))
    means, states = zip(*(slow(folder("qwen3"), prompt, f" {text}") for text in example.options), strict=True)
    log_probs = np.array(means) - np.log(np.exp(means).sum())
    judged = model.judge([example] * 4, list(example.letters))
    for place, answer in enumerate(judged):
        assert answer.log_prob == pytest.approx(log_probs[place], abs=1e-4)
        assert answer.rank == int((log_probs > log_probs[place]).sum())
        np.testing.assert_allclose(answer.hidden, states[place].astype(np.float16), atol=2e-3, rtol=2e-3)
    (belief,) = model.distributions([example])
    np.testing.assert_allclose([belief[letter] for letter in example.letters], np.exp(log_probs), atol=1e-4)
    assert math.isclose(sum(belief.values()), 1.0, abs_tol=1e-9)
    (unknown,) = model.judge([example], ["E"])
    assert (unknown.label, unknown.log_prob, unknown.hidden) == ("E", None, None)


def with_memory_for(most: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A device that holds ``most`` tokens; gives the sizes of the batches that were tried."""
    through, sizes = CausalNetwork._pass, []

    def pass_(self: Any, rows: Any, ids: Any, mask: Any, *given: Any) -> Any:
        sizes.append(mask.numel())
        if mask.numel() > most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return through(self, rows, ids, mask, *given)

    monkeypatch.setattr(CausalNetwork, "_pass", pass_)
    return sizes


def test_example_that_exceeds_the_memory_is_named(open_hf: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    model = open_hf("qwen3")
    with_memory_for(500, monkeypatch)
    with raises_code("hf-out-of-memory", ModelError) as caught:
        model.answer([*CHOICES, ChoiceExample("huge", "What? " * 120, ("a", "b"))], Want())
    assert "example 'huge'" in str(caught.value)


@pytest.mark.parametrize("most", [2000, 500])
def test_answers_do_not_depend_on_the_memory(
    open_hf: Any, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = open_hf("qwen3", "score=option").answer(CHOICES, EVERYTHING)
    tight = open_hf("qwen3", "score=option")
    sizes = with_memory_for(most, monkeypatch)
    assert_alike(tight.answer(CHOICES, EVERYTHING), whole)
    assert max(sizes) > most
    monkeypatch.setattr(CausalNetwork, "cache_layers", [])
    assert_alike(open_hf("qwen3", "score=option").answer(CHOICES, EVERYTHING), whole)


def test_first_of_equal_options_is_chosen(open_hf: Any) -> None:
    twins = ChoiceExample("twins", "Which?", ("the same", "the same"))
    (answer,) = open_hf("llama", "score=option").answer([twins], EVERYTHING)
    assert (answer.label, answer.margin) == ("A", pytest.approx(0.0, abs=1e-6))


def test_sampled_labels_depend_on_seed_and_id_only(open_hf: Any) -> None:
    many = [replace(CHOICES[0], id=f"{i}") for i in range(60)]
    model = open_hf("llama", "score=letter&temperature=1")
    labels = [answer.label for answer in model.answer(many, Want())]
    assert len(set(labels)) > 1
    assert [answer.label for answer in model.answer(many[::-1], Want())][::-1] == labels
    assert [
        answer.label for answer in open_hf("llama", "temperature=1", seed=1).answer(many, Want())
    ] != labels


def test_scores_of_legal_moves_equal_a_slow_reference(folder: Any, open_hf: Any) -> None:
    state = game("chess").state("6k1/5ppp/8/8/8/8/8/R3K3 w - - 0 1")
    (answer,) = open_hf("llama", "score=option").answer([MoveExample("m", state)], EVERYTHING)
    asked = read_prompt("move").ask(MoveExample("m", state))
    legal = state.legal_moves()
    means = [slow(folder("llama"), plain(asked), f" {move}")[0] for move in legal]
    log_probs = np.array(means) - np.log(np.exp(means).sum())
    assert answer.label == legal[int(np.argmax(means))]
    assert answer.log_prob == pytest.approx(log_probs.max(), abs=1e-4)
    assert answer.n_options == len(legal)


def test_half_precision_gives_answers(open_hf: Any) -> None:
    answers = open_hf("llama", "score=option&dtype=bfloat16").answer(CHOICES, EVERYTHING)
    exact = open_hf("llama", "score=option").answer(CHOICES, EVERYTHING)
    for rough, answer in zip(answers, exact, strict=True):
        assert rough.entropy == pytest.approx(answer.entropy, abs=0.05)
        assert rough.hidden.dtype == np.float16


def test_self_check_equals_a_slow_reference(folder: Any, open_hf: Any) -> None:
    model, example = open_hf("olmo2", "score=letter"), CHOICES[0]
    (answer,) = model.answer([example], Want(afterstate=True))
    prompt = f"{plain(listed(example, 'letter'))} {answer.label}\n\n"
    prompt += plain("Is this answer correct? Reply with yes or no.")
    words = transformers.AutoTokenizer.from_pretrained(folder("olmo2"))
    network = transformers.AutoModelForCausalLM.from_pretrained(folder("olmo2"), dtype=torch.float32).eval()
    with torch.inference_mode():
        out = network(torch.tensor([words(prompt)["input_ids"]]), output_hidden_states=True)
    np.testing.assert_allclose(answer.afterstate, out.hidden_states[-1][0, -1].half(), atol=2e-3, rtol=2e-3)
    logits, ids = out.logits[0, -1].double(), words.convert_tokens_to_ids
    yes, no = (torch.logsumexp(logits[ids([a, b])], 0) for a, b in (("y", "Y"), ("n", "N")))
    assert answer.check_logit == pytest.approx(float(yes - no), abs=1e-4)
    assert model.answer([example], Want(evidence=True))[0].check_logit is None
