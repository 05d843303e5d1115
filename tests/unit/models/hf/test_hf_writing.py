"""Replies: those of transformers' own loop, whatever stands beside them, with their states and numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.doubles.language import END, FAMILIES
from w2s.games import game
from w2s.models import Want
from w2s.tasks import MoveExample
from w2s.tasks.answer import AnswerExample

torch = pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")
transformers = pytest.importorskip("transformers", reason="needs transformers: pip install 'w2s[models]'")

from w2s.models.hf.network import Network  # noqa: E402
from w2s.models.hf.writing import Request  # noqa: E402

LONG = 24
QUESTIONS = [
    AnswerExample("short", "2+2?"),
    AnswerExample(
        "long", "A farmer has three fields of nine rows, and each row holds seven plants. How many?"
    ),
    AnswerExample("middle", "How many legs do five cats have?"),
    AnswerExample("other", "Half of one hundred and ten?"),
]
EVERYTHING = Want(evidence=True, hidden=True)


def prompt_of(example: AnswerExample) -> str:
    ending = "Think step by step, then give the final answer in \\boxed{}."
    return f"Question: {example.question}\n\n{ending}\nAnswer:"


def slow(folder: Any, prompt: str, most: int = LONG) -> tuple[list[int], float, float, np.ndarray]:
    """Greedy, the whole text read again for each token: tokens, mean log-probability, entropy, last state."""
    words = transformers.AutoTokenizer.from_pretrained(folder)
    network = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    ids, made, log_probs, entropies = words(prompt)["input_ids"], [], [], []
    with torch.inference_mode():
        for _ in range(most):
            spread = network(torch.tensor([ids + made])).logits[0, -1].double().log_softmax(-1)
            token = int(spread.argmax())
            log_probs.append(float(spread[token]))
            entropies.append(-float((spread.exp() * spread).sum()))
            if token == words.eos_token_id:
                break
            made.append(token)
        out = network(torch.tensor([ids + made]), output_hidden_states=True)
    return made, float(np.mean(log_probs)), float(np.mean(entropies)), out.hidden_states[-1][0, -1].numpy()


@pytest.mark.parametrize("family", FAMILIES)
def test_greedy_replies_of_a_batch_equal_a_slow_reference(folder: Any, open_hf: Any, family: str) -> None:
    model = open_hf(family, f"max_new_tokens={LONG}")
    requests = [model.asking.request(example) for example in QUESTIONS]
    written = model.write(requests, model.manner, states=True)
    answers = model.answer(QUESTIONS, EVERYTHING)
    for example, one, answer in zip(QUESTIONS, written, answers, strict=True):
        tokens, log_prob, entropy, state = slow(folder(family), prompt_of(example))
        assert one.tokens == tokens
        assert one.log_prob == pytest.approx(log_prob, abs=1e-4)
        assert one.entropy == pytest.approx(entropy, abs=1e-4)
        np.testing.assert_allclose(one.state, state.astype(np.float16), atol=2e-3, rtol=2e-3)
        assert (answer.raw, answer.log_prob, answer.margin) == (one.text, one.log_prob, None)


def test_replies_that_end_early_leave_and_the_others_go_on(folder: Any, open_hf: Any) -> None:
    model = open_hf("llama", f"max_new_tokens={LONG}")
    requests = [model.asking.request(example) for example in QUESTIONS]
    whole = model.write(requests, model.manner, states=True)
    lengths = (1, LONG, 2, 5)
    cut = [
        Request(request.name, request.prompt, length)
        for request, length in zip(requests, lengths, strict=True)
    ]
    for one, full, length in zip(model.write(cut, model.manner, states=True), whole, lengths, strict=True):
        assert one.tokens == full.tokens[:length]
        assert one.state is not None
    ends = model.manner._replace(ends=frozenset({whole[0].tokens[3]}))
    ended = model.write(requests, ends, states=True)
    for one, full in zip(ended, whole, strict=True):
        end = next((i for i, token in enumerate(full.tokens) if token in ends.ends), LONG)
        assert one.tokens == full.tokens[:end]
    first = whole[0].tokens.index(whole[0].tokens[3])
    *_, state = slow(folder("llama"), prompt_of(QUESTIONS[0]), first)
    np.testing.assert_allclose(ended[0].state, state.astype(np.float16), atol=2e-3, rtol=2e-3)


@pytest.mark.parametrize("hidden", ["no cache", "a cache that cannot be repeated"])
def test_networks_without_a_usual_cache_write_the_same(
    open_hf: Any, hidden: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = open_hf("qwen3", "max_new_tokens=6")
    usual = model.answer(QUESTIONS, EVERYTHING)
    monkeypatch.setattr(Network, "layers", [])
    other = open_hf("qwen3", "max_new_tokens=6")
    if hidden == "no cache":
        monkeypatch.setattr(other._writer._network, "_cache_name", None)
    for a, b in zip(other.answer(QUESTIONS, EVERYTHING), usual, strict=True):
        assert (a.label, a.raw) == (b.label, b.raw)
        assert a.log_prob == pytest.approx(b.log_prob, abs=1e-4)
        np.testing.assert_allclose(a.hidden, b.hidden, atol=2e-3, rtol=2e-3)


def test_what_is_drawn_depends_on_seed_and_id_and_not_on_the_batch(open_hf: Any) -> None:
    options = f"temperature=1&max_new_tokens={LONG}"
    model = open_hf("llama", options)
    together = [answer.raw for answer in model.answer(QUESTIONS, Want())]
    assert [answer.raw for answer in model.answer(QUESTIONS[::-1], Want())][::-1] == together
    assert [model.answer([example], Want())[0].raw for example in QUESTIONS] == together
    assert [answer.raw for answer in open_hf("llama", options, seed=1).answer(QUESTIONS, Want())] != together
    assert [answer.raw for answer in open_hf("llama", options).answer(QUESTIONS, Want())] == together


def test_drawn_tokens_follow_the_model_at_its_temperature(open_hf: Any) -> None:
    model = open_hf("llama", "temperature=0.5")
    prompt = model.asking.request(QUESTIONS[0]).prompt
    requests = [Request(f"{i}", prompt, 1, names=(i,)) for i in range(4000)]
    drawn = [one.tokens[0] for one in model.write(requests, model.manner) if one.tokens]
    logits = model._scorer._network.read([prompt]).logits[0, -1].double()
    likely = (logits / 0.5).softmax(-1).topk(5)
    for token, prob in zip(likely.indices.tolist(), likely.values.tolist(), strict=True):
        error = 4 * (prob * (1 - prob) / 4000) ** 0.5
        assert drawn.count(token) / 4000 == pytest.approx(prob, abs=error)


def test_plain_text_ends_before_the_next_question(open_hf: Any) -> None:
    model = open_hf("llama")
    told = iter(" The sum is 4.\nQuestion: what else?")
    words = model.asking.wording

    def next_token(live: Any, logits: Any) -> Any:
        del live, logits
        return torch.tensor([words.tokens(next(told))[0]])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("w2s.models.hf.writing._Sheet._chosen", lambda self, *given: next_token(*given))
        (answer,) = model.answer(QUESTIONS[:1], Want())
    assert (answer.raw, answer.label) == ("The sum is 4.", "4")


def test_a_chat_ends_at_its_end_token_alone(open_hf: Any) -> None:
    model = open_hf("llama", "", chat=True)
    request = model.asking.request(QUESTIONS[0])
    assert request.stops == ()
    assert model.asking.wording.tokens(END)[0] in model.manner.ends
    assert model.asking.wording.decoded(request.prompt).startswith("user\n2+2?")


def test_moves_are_written_and_an_illegal_reply_stays_as_it_stands(open_hf: Any) -> None:
    state = game("chess").state()
    model = open_hf("llama", "max_new_tokens=6")
    (answer,) = model.answer([MoveExample("m", state)], EVERYTHING)
    assert answer.raw is not None
    assert answer.n_options == 20
    assert answer.label == answer.raw.strip()
    assert state.read(answer.label)[0] is None
    (masked,) = model.answer([MoveExample("m", state)], Want(mask=True))
    assert masked.label in state.legal_moves()
    (only,) = model.answer([MoveExample("m", state, only=("e2e4", "d2d4"))], Want())
    assert only.label in ("e2e4", "d2d4")


def test_matches_in_lockstep_are_one_batch(open_hf: Any) -> None:
    model = open_hf("llama", "score=option&temperature=1")
    states = [game("chess").state(), game("connect_four").state(), game("othello").state()]
    for _ in range(3):
        examples = [MoveExample(f"{i}", state, match=f"{i}") for i, state in enumerate(states)]
        answers = model.answer(examples, Want(evidence=True))
        states = [state.play(answer.label) for state, answer in zip(states, answers, strict=True)]
    assert [state.ply for state in states] == [3, 3, 3]
    assert model.slots is None
    assert model.deterministic
