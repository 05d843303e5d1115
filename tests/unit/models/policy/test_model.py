"""Policy networks as models: labels, evidence, draws and vectors."""

from __future__ import annotations

import math
import random
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tests.doubles.errors import raises_code
from tests.doubles.nets import write_policy
from w2s import kernels
from w2s.errors import UsageError
from w2s.games import game
from w2s.models import Want
from w2s.models.registry import load_model
from w2s.tasks import MoveExample

torch = pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")

from w2s.models.policy import evidence  # noqa: E402
from w2s.models.policy.files import from_pretrained  # noqa: E402
from w2s.models.policy.model import PolicyModel  # noqa: E402

CHANNELS = 8
START = game("chess").state()


@pytest.fixture(scope="module")
def nets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nets")
    for name in kernels.game_names():
        write_policy(folder / name, name, channels=CHANNELS)
    return folder


def load(nets: Path, name: str = "chess", options: str = "", seed: int = 0) -> PolicyModel:
    model = load_model(f"policy:{nets / name}{options}", seed=seed)
    assert isinstance(model, PolicyModel)
    return model


def plain_probs(nets: Path, name: str, state: object) -> np.ndarray:
    """Probabilities of the legal moves, computed from the network directly."""
    net = from_pretrained(nets / name)
    with torch.inference_mode():
        logits = net(torch.from_numpy(state.planes())[None])[0].double().numpy()  # type: ignore[attr-defined]
    chosen = np.exp(logits[state.policy_indices()] - logits.max())  # type: ignore[attr-defined]
    return np.asarray(chosen / chosen.sum())


@pytest.mark.parametrize("name", kernels.game_names())
def test_label_is_likeliest_legal_move(nets: Path, name: str) -> None:
    state = game(name).state()
    probs = plain_probs(nets, name, state)
    (answer,) = load(nets, name).answer([MoveExample("x", state)], Want(evidence=True))
    assert answer.label == state.legal_moves()[int(probs.argmax())]
    ordered = np.sort(probs)
    assert answer.log_prob is not None
    assert math.isclose(math.exp(answer.log_prob), ordered[-1], rel_tol=1e-4)
    assert answer.margin is not None
    assert math.isclose(answer.margin, ordered[-1] - ordered[-2], abs_tol=1e-5)
    assert answer.entropy is not None
    assert math.isclose(answer.entropy, -(probs * np.log(probs)).sum(), rel_tol=1e-4)
    assert (answer.rank, answer.n_options) == (0, len(probs))


@pytest.mark.parametrize("name", kernels.game_names())
def test_distribution_is_policy_over_legal_moves(nets: Path, name: str) -> None:
    state = game(name).state()
    (belief,) = load(nets, name).distributions([MoveExample("x", state)])
    assert list(belief) == state.legal_moves()
    assert np.array(list(belief.values())) == pytest.approx(plain_probs(nets, name, state), rel=1e-4)


def test_finished_game_has_empty_distribution(nets: Path) -> None:
    mated = game("chess").state(moves=["f2f3", "e7e5", "g2g4", "d8h4"])
    assert load(nets).distributions([MoveExample("x", mated)]) == [{}]


def test_temperature_samples_from_policy(nets: Path) -> None:
    state = game("connect_four").state()
    model = load(nets, "connect_four", "?temperature=1")
    asked = [MoveExample("x", state, match=str(number)) for number in range(3000)]
    counts = Counter(answer.label for answer in model.answer(asked, Want()))
    expected = 3000 * plain_probs(nets, "connect_four", state)
    drawn = np.array([counts[move] for move in state.legal_moves()])
    assert ((drawn - expected) ** 2 / expected).sum() < 22.5  # 6 degrees, 0.1 %


def test_draws_depend_on_match_and_seed(nets: Path) -> None:
    model = load(nets, "chess", "?temperature=1")
    example = MoveExample("x", START)
    assert len({answer.label for answer in model.answer([example] * 5, Want())}) == 1
    matches = [MoveExample("x", START, match=str(number)) for number in range(40)]
    assert len({answer.label for answer in model.answer(matches, Want())}) > 5
    seeds = {
        load(nets, "chess", "?temperature=1", seed).answer([example], Want())[0].label for seed in range(25)
    }
    assert len(seeds) > 3


def test_batch_size_does_not_change_labels(nets: Path) -> None:
    states = [START.play(move) for move in START.legal_moves()]
    asked = [MoveExample("x", state) for state in states]
    labels = [
        [answer.label for answer in load(nets, "chess", f"?batch={batch}").answer(asked, Want())]
        for batch in (1, 7, 64)
    ]
    assert labels[0] == labels[1] == labels[2]


def test_hidden_vector_contains_features_of_move(nets: Path) -> None:
    net = from_pretrained(nets / "chess")
    with torch.inference_mode():
        board = net.features(torch.from_numpy(START.planes())[None])[0].flatten(1).numpy()
    (answer,) = load(nets).judge([MoveExample("x", START)], ["Nf3"])
    g1, f3 = 6, 21
    expected = [board[:, g1], board[:, f3], board.mean(1), board.max(1)]
    assert answer.hidden is not None
    assert answer.hidden.shape == (4 * CHANNELS + 6,)
    assert np.allclose(answer.hidden[: 4 * CHANNELS], np.concatenate(expected), atol=2e-2)
    assert np.allclose(answer.hidden[-6:-3], [answer.log_prob, answer.margin, answer.entropy], atol=1e-2)


def test_afterstate_vector_is_computed_after_the_move(nets: Path) -> None:
    model = load(nets)
    (answer,) = model.answer([MoveExample("x", START)], Want(afterstate=True))
    after = START.play(answer.label)
    (reply,) = model.answer([MoveExample("y", after)], Want(evidence=True, hidden=True))
    assert answer.afterstate is not None
    assert reply.hidden is not None
    assert answer.afterstate.shape == (4 * CHANNELS + 8,)
    board = slice(2 * CHANNELS, 4 * CHANNELS)
    assert np.array_equal(answer.afterstate[: 2 * CHANNELS], reply.hidden[board])
    assert np.array_equal(answer.afterstate[board], reply.hidden[: 2 * CHANNELS])
    assert np.allclose(answer.afterstate[-5], reply.entropy, atol=1e-2)


@pytest.mark.parametrize(
    ("position", "only", "flags"),
    [
        ("6k1/5ppp/8/8/8/8/8/R3K3 w - - 0 1", "a1a8", [0, 1, 0, 1]),
        ("4k3/8/2p5/3p4/8/8/8/3RK3 w - - 0 1", "d1d5", [1, 0, 1, 0]),
    ],
)
def test_afterstate_vector_ends_with_move_flags(
    nets: Path, position: str, only: str, flags: list[int]
) -> None:
    example = MoveExample("x", game("chess").state(position), only=(only,))
    (answer,) = load(nets).answer([example], Want(afterstate=True))
    assert answer.afterstate is not None
    assert answer.afterstate[-4:].tolist() == flags


def test_pass_has_vectors(nets: Path) -> None:
    draw, state = random.Random(4), game("othello").state()
    while state.legal_moves() != ["pass"]:
        moves = state.legal_moves()
        state = state.play(draw.choice(moves)) if moves else game("othello").state()
    (answer,) = load(nets, "othello").answer(
        [MoveExample("x", state)], Want(True, hidden=True, afterstate=True)
    )
    assert (answer.label, answer.log_prob, answer.margin, answer.entropy) == ("pass", 0.0, 1.0, 0.0)
    assert answer.hidden is not None
    assert not answer.hidden[: 2 * CHANNELS].any()
    assert answer.afterstate is not None


def test_other_game_is_refused(nets: Path) -> None:
    with raises_code("model-other-game", UsageError):
        load(nets).answer([MoveExample("x", game("othello").state())], Want())


def test_judge_requires_one_label_per_example(nets: Path) -> None:
    with raises_code("model-label-count", UsageError):
        load(nets).judge([MoveExample("x", START)], ["e4", "d4"])


@pytest.mark.skipif(torch.cuda.is_available(), reason="an accelerator is there")
def test_missing_accelerator_is_refused(nets: Path) -> None:
    with raises_code("model-no-accelerator", UsageError):
        load(nets, "chess", "?device=cuda")


def test_tied_labels_are_ranked_by_order() -> None:
    even = np.log(np.full(4, 0.25))
    assert [evidence.choice_confidence(even, place).rank for place in range(4)] == [0, 1, 2, 3]


def test_under_promotions_differ_by_piece(nets: Path) -> None:
    state = game("chess").state("8/P7/8/8/8/5k2/8/6K1 w - - 0 1")
    moves = ["a7a8q", "a7a8r", "a7a8b", "a7a8n"]
    judged = load(nets).judge([MoveExample("x", state)] * 4, moves)
    assert len({answer.log_prob for answer in judged}) == 4


def test_draws_do_not_depend_on_path_of_network(nets: Path, tmp_path: Path) -> None:
    shutil.copytree(nets / "connect_four", tmp_path / "moved" / "connect_four")
    asked = [MoveExample("x", game("connect_four").state(), match=str(number)) for number in range(40)]
    first, second = (
        [answer.label for answer in load(folder, "connect_four", "?temperature=1").answer(asked, Want())]
        for folder in (nets, tmp_path / "moved")
    )
    assert first == second
