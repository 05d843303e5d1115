"""Generated replies equal those of a plain loop over transformers, whatever else is in the batch."""

from __future__ import annotations

from dataclasses import replace
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

from w2s.models.hf.forward import CausalNetwork  # noqa: E402
from w2s.models.hf.generation import GenerationRequest  # noqa: E402

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


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_greedy_replies_of_a_batch_equal_a_slow_reference(folder: Any, open_hf: Any, family: str) -> None:
    model = open_hf(family, f"max_new_tokens={LONG}")
    requests = [model.prompts.generation_request(example) for example in QUESTIONS]
    written = model.generate(requests, model.config, states=True)
    answers = model.answer(QUESTIONS, EVERYTHING)
    for example, one, answer in zip(QUESTIONS, written, answers, strict=True):
        tokens, log_prob, entropy, state = slow(folder(family), prompt_of(example))
        assert one.tokens == tokens
        assert one.log_prob == pytest.approx(log_prob, abs=1e-4)
        assert one.entropy == pytest.approx(entropy, abs=1e-4)
        np.testing.assert_allclose(one.state, state.astype(np.float16), atol=2e-3, rtol=2e-3)
        assert (answer.raw, answer.log_prob, answer.margin) == (one.text, one.log_prob, None)


def test_finished_replies_leave_the_batch(folder: Any, open_hf: Any) -> None:
    model = open_hf("llama", f"max_new_tokens={LONG}")
    requests = [model.prompts.generation_request(example) for example in QUESTIONS]
    whole = model.generate(requests, model.config, states=True)
    lengths = (1, LONG, 2, 5)
    cut = [
        GenerationRequest(request.name, request.prompt, length)
        for request, length in zip(requests, lengths, strict=True)
    ]
    for one, full, length in zip(model.generate(cut, model.config, states=True), whole, lengths, strict=True):
        assert one.tokens == full.tokens[:length]
        assert one.state is not None
    ends = replace(model.config, end_tokens=frozenset({whole[0].tokens[3]}))
    ended = model.generate(requests, ends, states=True)
    for one, full in zip(ended, whole, strict=True):
        end = next((i for i, token in enumerate(full.tokens) if token in ends.end_tokens), LONG)
        assert one.tokens == full.tokens[:end]
    first = whole[0].tokens.index(whole[0].tokens[3])
    *_, state = slow(folder("llama"), prompt_of(QUESTIONS[0]), first)
    np.testing.assert_allclose(ended[0].state, state.astype(np.float16), atol=2e-3, rtol=2e-3)


@pytest.mark.parametrize("hidden", ["no cache", "a cache that cannot be repeated"])
def test_replies_do_not_depend_on_the_cache(
    open_hf: Any, hidden: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = open_hf("qwen3", "max_new_tokens=6")
    usual = model.answer(QUESTIONS, EVERYTHING)
    monkeypatch.setattr(CausalNetwork, "cache_layers", [])
    other = open_hf("qwen3", "max_new_tokens=6")
    if hidden == "no cache":
        monkeypatch.setattr(other._generator._network, "_cache_name", None)
    for a, b in zip(other.answer(QUESTIONS, EVERYTHING), usual, strict=True):
        assert (a.label, a.raw) == (b.label, b.raw)
        assert a.log_prob == pytest.approx(b.log_prob, abs=1e-4)
        np.testing.assert_allclose(a.hidden, b.hidden, atol=2e-3, rtol=2e-3)


def test_samples_depend_on_seed_and_id_only(open_hf: Any) -> None:
    options = f"temperature=1&max_new_tokens={LONG}"
    model = open_hf("llama", options)
    together = [answer.raw for answer in model.answer(QUESTIONS, Want())]
    assert [answer.raw for answer in model.answer(QUESTIONS[::-1], Want())][::-1] == together
    assert [model.answer([example], Want())[0].raw for example in QUESTIONS] == together
    assert [answer.raw for answer in open_hf("llama", options, seed=1).answer(QUESTIONS, Want())] != together
    assert [answer.raw for answer in open_hf("llama", options).answer(QUESTIONS, Want())] == together


@pytest.mark.slow
def test_sampled_tokens_follow_the_distribution(open_hf: Any) -> None:
    model = open_hf("llama", "temperature=0.5")
    prompt = model.prompts.generation_request(QUESTIONS[0]).prompt
    requests = [GenerationRequest(f"{i}", prompt, 1, keys=(i,)) for i in range(4000)]
    drawn = [one.tokens[0] for one in model.generate(requests, model.config) if one.tokens]
    logits = model._scorer._network.read([prompt]).logits[0, -1].double()
    likely = (logits / 0.5).softmax(-1).topk(5)
    for token, prob in zip(likely.indices.tolist(), likely.values.tolist(), strict=True):
        error = 4 * (prob * (1 - prob) / 4000) ** 0.5
        assert drawn.count(token) / 4000 == pytest.approx(prob, abs=error)


def test_plain_text_ends_before_the_next_question(open_hf: Any) -> None:
    model = open_hf("llama")
    told = iter(" The sum is 4.\nQuestion: what else?")
    words = model.prompts.tokenizer

    def next_token(live: Any, logits: Any) -> Any:
        del live, logits
        return torch.tensor([words.tokens(next(told))[0]])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("w2s.models.hf.generation._Batch._choose", lambda self, *given: next_token(*given))
        (answer,) = model.answer(QUESTIONS[:1], Want())
    assert (answer.raw, answer.label) == ("The sum is 4.", "4")


def test_chat_reply_ends_only_at_its_end_token(open_hf: Any) -> None:
    model = open_hf("llama", "", chat=True)
    request = model.prompts.generation_request(QUESTIONS[0])
    assert request.stops == ()
    assert model.prompts.tokenizer.tokens(END)[0] in model.config.end_tokens
    assert model.prompts.tokenizer.decode(request.prompt).startswith("user\n2+2?")


def test_illegal_generated_move_is_returned_unchanged(open_hf: Any) -> None:
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


def test_state_of_a_plain_text_reply_is_that_at_its_end(folder: Any, open_hf: Any, monkeypatch: Any) -> None:
    model = open_hf("llama")
    said = " The sum is 4."
    tokens = [model.prompts.tokenizer.tokens(letter)[0] for letter in f"{said}\n\nQuestion: what else?"]
    told = iter(tokens)
    monkeypatch.setattr(
        "w2s.models.hf.generation._Batch._choose", lambda self, live, logits: torch.tensor([next(told)])
    )
    request = model.prompts.generation_request(AnswerExample("q", "2 + 2?"))
    (one,) = model.generate([request], model.config, states=True)
    slow = transformers.AutoModelForCausalLM.from_pretrained(folder("llama"), dtype=torch.float32).eval()
    with torch.inference_mode():
        out = slow(torch.tensor([request.prompt + tokens[: len(said)]]), output_hidden_states=True)
        nxt = out.logits[0].double().log_softmax(-1)
    np.testing.assert_allclose(one.state, out.hidden_states[-1][0, -1].half(), atol=2e-3, rtol=2e-3)
    assert (one.text, one.tokens) == ("The sum is 4.", tokens[: len(said)])
    lp = np.mean([float(nxt[len(request.prompt) - 1 + i, t]) for i, t in enumerate(tokens[: len(said) + 1])])
    assert one.log_prob == pytest.approx(lp, abs=1e-4)
