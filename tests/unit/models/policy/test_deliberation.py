"""Models that look ahead: equal to a plain recursion, and to themselves in any batch."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.doubles.errors import raises_code
from tests.doubles.nets import write_lc0, write_policy
from w2s.errors import ModelError, UsageError
from w2s.evidence_kinds import DELIBERATION
from w2s.games import State, game
from w2s.models import Want
from w2s.models.registry import load_model
from w2s.tasks import MoveExample

torch = pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")

from w2s.models.lc0.loading import build_lc0_net  # noqa: E402
from w2s.models.lc0.weights import read_weights  # noqa: E402
from w2s.models.policy.files import from_pretrained  # noqa: E402
from w2s.models.policy.inference import BatchedNet  # noqa: E402
from w2s.models.policy.lookahead import Lookahead  # noqa: E402
from w2s.models.policy.nets import inference_copy  # noqa: E402
from w2s.models.policy.settings import PolicySettings  # noqa: E402
from w2s.models.reference import parse_reference  # noqa: E402

GAMES = ("chess", "connect_four", "othello")
WANT = Want(evidence=True, deliberation=True, values=True)


def positions(name: str, count: int, seed: int = 0) -> Iterator[MoveExample]:
    draw = random.Random(seed)
    for number in range(count):
        state = game(name).state()
        for _ in range(draw.randrange(40)):
            if state.outcome() is None:
                state = state.play(draw.choice(state.legal_moves()))
        if state.outcome() is None:
            yield MoveExample(str(number), state)


class Recursion:
    """Minimax over the likeliest moves, as it is defined: one state at a time, nothing is shared."""

    def __init__(self, net: BatchedNet) -> None:
        self._net = net

    def answer(self, state: State) -> tuple[float, np.ndarray]:
        from w2s.kernels import encode

        encoded = encode(state.game, [state._core], self._net.config.view)
        values, logits = self._net.evaluate(encoded.planes, encoded.indices, encoded.offsets)
        return float(values[0]), logits

    def value(self, state: State, widths: tuple[int, ...]) -> float:
        outcome = state.outcome()
        if outcome is not None:
            return 0.0 if outcome.winner is None else 1.0 if outcome.winner == state.to_move else -1.0
        if not widths:
            return self.answer(state)[0]
        return max(self.moves(state, widths).values())

    def moves(self, state: State, widths: tuple[int, ...]) -> dict[str, float]:
        logits, legal = self.answer(state)[1], state.legal_moves()
        likeliest = sorted(range(len(legal)), key=lambda place: -logits[place])[: widths[0]]
        return {legal[place]: -self.value(state.play(legal[place]), widths[1:]) for place in likeliest}


def write_net(folder: Path, name: str) -> tuple[str, BatchedNet]:
    """A net with values, by its reference and as a network."""
    if name == "chess":
        path = write_lc0(folder / "net.pb.gz", outcomes=3)
        net, reference = build_lc0_net(read_weights(path), path), f"lc0:{path}"
    else:
        path = write_policy(folder / name, name, has_values=True)
        net, reference = from_pretrained(path), f"policy:{path}"
    return reference, BatchedNet(net, torch.device("cpu"), 4)


@pytest.mark.parametrize("name", GAMES)
def test_it_equals_a_plain_recursion(tmp_path: Path, name: str) -> None:
    reference, net = write_net(tmp_path, name)
    model = load_model(f"{reference}?think=3,2,2&dtype=float32")
    recursion = Recursion(net)
    examples = list(positions(name, 12))
    for example, lookahead in zip(examples, model.think(examples), strict=True):
        expected = recursion.moves(example.state, (3, 2, 2))
        found = dict(zip(lookahead.found.moves, lookahead.found.values, strict=True))
        assert found == pytest.approx(expected, abs=1e-5)
        assert expected[lookahead.found.best] == pytest.approx(max(expected.values()), abs=1e-5)


@pytest.mark.parametrize("plan", ["think=3,2", "nodes=30"])
def test_neighbours_and_batches_change_nothing(tmp_path: Path, plan: str) -> None:
    reference, _ = write_net(tmp_path, "othello")
    examples = list(positions("othello", 10))
    model = load_model(f"{reference}?{plan}&batch=5")
    together = model.answer(examples, WANT)
    alone = [model.answer([example], WANT)[0] for example in reversed(examples)][::-1]
    for one, other in zip(together, alone, strict=True):
        assert (one.label, one.value_cp, one.log_prob) == (other.label, other.value_cp, other.log_prob)
        assert np.array_equal(one.deliberation, other.deliberation)


def test_a_mate_is_found_and_counted(tmp_path: Path) -> None:
    reference, _ = write_net(tmp_path, "chess")
    model = load_model(f"{reference}?think=all,all,all")
    state = game("chess").state("6k1/5ppp/8/8/8/8/5PPP/3R2K1 w - - 0 1")
    (answer,) = model.answer([MoveExample("mate", state)], WANT)
    assert (answer.label, answer.value_cp) == ("d1d8", 99_900)
    assert answer.deliberation[list(DELIBERATION).index("value")] == 1.0
    assert answer.values_cp.keys() == set(state.legal_moves())


def test_the_policy_can_be_the_label_and_the_lookahead_evidence(tmp_path: Path) -> None:
    reference, _ = write_net(tmp_path, "connect_four")
    examples = list(positions("connect_four", 10))
    fast = load_model(reference).answer(examples, Want())
    thinking = load_model(f"{reference}?nodes=40&label=policy").answer(examples, WANT)
    assert [answer.label for answer in fast] == [answer.label for answer in thinking]
    chosen = list(DELIBERATION).index("is_policy_choice")
    assert all(answer.deliberation[chosen] == 1.0 for answer in thinking)


def test_proposals_have_evidence_although_they_were_not_considered(tmp_path: Path) -> None:
    reference, _ = write_net(tmp_path, "othello")
    for some in load_model(f"{reference}?think=1,1").propose(list(positions("othello", 5)), 20, WANT):
        assert all(np.isfinite(answer.deliberation).all() for answer in some)


def test_the_improved_policy_moves_to_better_values(tmp_path: Path) -> None:
    reference, _ = write_net(tmp_path, "connect_four")
    (lookahead,) = load_model(f"{reference}?think=7,7").think(list(positions("connect_four", 9))[:1])
    before = float((lookahead.policy * lookahead.values).sum())
    assert float((lookahead.improved * lookahead.values).sum()) > before
    assert lookahead.improved.sum() == pytest.approx(1.0)
    unchanged = Lookahead(lookahead.legal, lookahead.found, 1e-12, lookahead.policy)
    assert unchanged.improved == pytest.approx(lookahead.policy, abs=1e-9)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ("think=", "model-invalid-option"),
        ("think=0", "model-invalid-option"),
        ("think=6,many", "model-invalid-option"),
        ("think=6,6&nodes=10", "model-think-and-nodes"),
        ("nodes=0", "model-invalid-option"),
        ("label=best", "model-option-without-lookahead"),
        ("nodes=9&label=fast", "model-invalid-option"),
        ("nodes=9&dtype=int8", "model-invalid-option"),
    ],
)
def test_options_that_mean_nothing_are_refused(options: str, code: str) -> None:
    with raises_code(code, UsageError):
        PolicySettings.from_reference(parse_reference(f"policy:chess-small?{options}"))


def test_a_net_without_values_cannot_look_ahead(tmp_path: Path) -> None:
    folder = write_policy(tmp_path / "net", "othello")
    with raises_code("policy-without-values", ModelError):
        load_model(f"policy:{folder}?think=2")


def test_folded_norms_change_nothing_but_rounding(tmp_path: Path) -> None:
    net = from_pretrained(write_policy(tmp_path / "net", "othello", has_values=True))
    planes = torch.rand(5, *net.config.shape.planes)
    folded = inference_copy(net, torch.float32)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in folded.modules())
    with torch.inference_mode():
        before, after = net.features(planes), folded.features(planes)
        assert torch.allclose(net.logits(before), folded.logits(after), atol=1e-4)
        assert torch.allclose(net.values(before), folded.values(after), atol=1e-5)
