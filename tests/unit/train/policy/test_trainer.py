"""Training of policy nets: what is learned, by which weights, resuming, and reproducible bytes."""

from __future__ import annotations

import itertools
import json
import random
from pathlib import Path

import numpy as np
import pytest

from tests.doubles.errors import raises_code
from tests.doubles.nets import write_lc0, write_policy
from w2s.errors import DataError, UsageError
from w2s.games import State, game
from w2s.models import Want
from w2s.models.registry import load_model
from w2s.tasks import MoveExample
from w2s.train import PolicyTrainSettings, TrainingSet, train

torch = pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")

from w2s.models.policy.files import from_pretrained  # noqa: E402
from w2s.models.policy.nets import PolicyNet  # noqa: E402
from w2s.train.policy.trainer import SCHEDULES, one_cycle, train_policy_net  # noqa: E402
from w2s.train.progress import TrainStep  # noqa: E402

FEW = PolicyTrainSettings(epochs=3, batch=8, learning_rate=1e-2, device="cpu")


def some_states(name: str, count: int, seed: int = 1) -> list[State]:
    draw, found = random.Random(seed), []
    while len(found) < count:
        state = game(name).state()
        for _ in range(draw.randrange(4, 20)):
            if state.outcome() is None:
                state = state.play(draw.choice(state.legal_moves()))
        if state.outcome() is None:
            found.append(state)
    return found


def examples(name: str, count: int, seed: int = 1) -> list[MoveExample]:
    return [MoveExample(f"e{i}", state) for i, state in enumerate(some_states(name, count, seed))]


def last_moves(name: str, count: int, seed: int = 1) -> TrainingSet:
    """Rows that say: play the last of the legal moves."""
    asked = examples(name, count, seed)
    return TrainingSet.hard(asked, [example.state.legal_moves()[-1] for example in asked])


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"policy:{write_policy(tmp_path_factory.mktemp('student') / 'net', 'connect_four')}"


def weights_of(reference: str) -> bytes:
    return (Path(reference.removeprefix("policy:")) / "model.safetensors").read_bytes()


def share_right(reference: str, rows: TrainingSet) -> float:
    answers = load_model(reference).answer(rows.examples, Want())
    return float(
        np.mean([answer.label in target for answer, target in zip(answers, rows.targets, strict=True)])
    )


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["cross_entropy", "kl", "product", "log_confidence"])
def test_a_student_learns_the_targets(student: str, tmp_path: Path, loss: str) -> None:
    settings = PolicyTrainSettings(epochs=12, batch=32, learning_rate=1e-2, loss=loss, device="cpu")  # type: ignore[arg-type]
    trained = train(student, last_moves("connect_four", 256), settings, tmp_path / "out")
    fresh = last_moves("connect_four", 100, seed=2)
    assert trained == f"policy:{tmp_path / 'out'}"
    assert share_right(student, fresh) < 0.5
    assert share_right(trained, fresh) > 0.8


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "policy"), [("chess", None), ("othello", None), ("chess", "convolution"), ("chess", "plain")]
)
def test_every_kind_of_net_is_trained_and_saved(tmp_path: Path, name: str, policy: str | None) -> None:
    if policy is None:
        before = f"policy:{write_policy(tmp_path / 'net', name)}"
    else:
        before = f"lc0:{write_lc0(tmp_path / 'net.pb.gz', policy=policy)}"
    rows = last_moves(name, 32)
    after = train(before, rows, FEW, tmp_path / "out")
    judged = [
        load_model(reference).judge(rows.examples, [*map(next, map(iter, rows.targets))])
        for reference in (before, after)
    ]  # type: ignore[attr-defined]
    log_probs = [np.mean([answer.log_prob for answer in answers]) for answers in judged]
    assert log_probs[1] > log_probs[0] + 0.2


def test_the_seed_decides_the_bytes(student: str, tmp_path: Path) -> None:
    rows = last_moves("connect_four", 40)
    first = weights_of(train(student, rows, FEW, tmp_path / "a"))
    assert weights_of(train(student, rows, FEW, tmp_path / "b")) == first
    other = PolicyTrainSettings(epochs=3, batch=8, learning_rate=1e-2, device="cpu", seed=1)
    assert weights_of(train(student, rows, other, tmp_path / "c")) != first


def test_a_callback_receives_the_net_of_every_epoch_and_changes_nothing(student: str, tmp_path: Path) -> None:
    rows = last_moves("connect_four", 40)
    seen: list[tuple[int, bool, bytes]] = []

    def note(number: int, net: PolicyNet) -> None:
        weights = b"".join(one.detach().numpy().tobytes() for one in net.state_dict().values())
        seen.append((number, net.training, weights))

    plain = train(student, rows, FEW, tmp_path / "plain")
    noted = train_policy_net(student, rows, FEW, tmp_path / "noted", on_epoch=note)
    assert [(number, training) for number, training, _ in seen] == [(1, False), (2, False), (3, False)]
    assert len({weights for *_, weights in seen}) == 3
    assert weights_of(noted) == weights_of(plain)


def test_rows_are_learned_in_their_order_on_request(student: str, tmp_path: Path) -> None:
    rows = last_moves("connect_four", 40)
    first = TrainingSet(rows.examples[:8], rows.targets[:8], rows.weights[:8])

    def losses(one: TrainingSet, name: str) -> list[float]:
        steps: list[TrainStep] = []
        train_policy_net(student, one, FEW, tmp_path / name, progress=steps.append, in_order=True)
        return [step.loss for step in steps]

    assert losses(rows, "ordered")[0] == losses(first, "first")[0]
    ordered = weights_of(f"policy:{tmp_path / 'ordered'}")
    assert ordered != weights_of(train(student, rows, FEW, tmp_path / "shuffled"))
    with raises_code("train-other-training"):
        train(student, rows, FEW, tmp_path / "ordered")


class StoppedError(Exception):
    """Raised by a progress callback in place of a kill."""


@pytest.mark.slow
@pytest.mark.parametrize("at", [1, 7, 14])
def test_a_stopped_training_resumes_to_the_same_bytes(student: str, tmp_path: Path, at: int) -> None:
    rows = last_moves("connect_four", 40)
    settings = PolicyTrainSettings(
        epochs=3, batch=8, learning_rate=1e-2, device="cpu", holdout=0.2, checkpoint_s=0.0
    )
    whole = train(student, rows, settings, tmp_path / "whole")

    def stop(step: TrainStep) -> None:
        if step.done == at:
            raise StoppedError

    if at < 12:
        with pytest.raises(StoppedError):
            train(student, rows, settings, tmp_path / "out", progress=stop)
    steps: list[TrainStep] = []
    resumed = train(student, rows, settings, tmp_path / "out", progress=steps.append)
    assert len(steps) == 12 - (at if at < 12 else 0)
    assert weights_of(resumed) == weights_of(whole)
    reports = [json.loads((tmp_path / name / "train.json").read_text()) for name in ("whole", "out")]
    assert {**reports[0], "seconds": 0, "check": ""} == {**reports[1], "seconds": 0, "check": ""}
    assert not (tmp_path / "out" / "checkpoint.safetensors").exists()


def test_a_finished_training_is_kept_and_another_is_refused(student: str, tmp_path: Path) -> None:
    rows = last_moves("connect_four", 24)
    train(student, rows, FEW, tmp_path / "out")
    steps: list[TrainStep] = []
    train(student, rows, FEW, tmp_path / "out", progress=steps.append)
    assert not steps
    with raises_code("train-other-training", UsageError) as caught:
        train(student, last_moves("connect_four", 25), FEW, tmp_path / "out")
    assert "another training: rows changed;" in str(caught.value)


def test_a_checkpoint_of_another_training_or_a_damaged_one_is_refused(student: str, tmp_path: Path) -> None:
    rows = last_moves("connect_four", 24)
    settings = PolicyTrainSettings(epochs=1, batch=8, device="cpu", checkpoint_s=0.0)

    def stop(step: TrainStep) -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        train(student, rows, settings, tmp_path / "out", progress=stop)
    other = PolicyTrainSettings(epochs=2, batch=8, device="cpu", checkpoint_s=0.0)
    with raises_code("train-other-training", UsageError):
        train(student, rows, other, tmp_path / "out")
    path = tmp_path / "out" / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:-5])
    with raises_code("train-checkpoint-damaged", DataError):
        train(student, rows, settings, tmp_path / "out")


def test_rows_of_weight_zero_are_not_learned(student: str, tmp_path: Path) -> None:
    right = last_moves("connect_four", 128)
    wrong = [example.state.legal_moves()[0] for example in right.examples]
    mixed = TrainingSet(
        [*right.examples, *right.examples],
        [*right.targets, *({move: 1.0} for move in wrong)],
        np.repeat([1.0, 0.0], len(right)),
    )
    settings = PolicyTrainSettings(epochs=10, batch=64, learning_rate=1e-2, device="cpu")
    assert share_right(train(student, mixed, settings, tmp_path / "out"), right) > 0.8


@pytest.mark.slow
def test_a_soft_target_is_learned(student: str, tmp_path: Path) -> None:
    state = game("connect_four").state()
    asked = [MoveExample(f"e{i}", state) for i in range(8)]
    rows = TrainingSet(asked, [{"1": 0.3, "7": 0.7}] * 8, np.ones(8))
    settings = PolicyTrainSettings(epochs=150, batch=8, learning_rate=1e-2, schedule="cosine", device="cpu")
    model = load_model(train(student, rows, settings, tmp_path / "out"))
    judged = model.judge([asked[0]] * 2, ["1", "7"])  # type: ignore[attr-defined]
    assert np.exp([answer.log_prob for answer in judged]) == pytest.approx([0.3, 0.7], abs=0.06)


def test_held_out_rows_choose_the_epoch(student: str, tmp_path: Path) -> None:
    asked = examples("connect_four", 60)
    draw = random.Random(3)
    noise = TrainingSet.hard(asked, [draw.choice(example.state.legal_moves()) for example in asked])
    settings = PolicyTrainSettings(
        epochs=40, batch=16, learning_rate=3e-2, schedule="constant", holdout=0.3, patience=3, device="cpu"
    )
    train(student, noise, settings, tmp_path / "out")
    report = json.loads((tmp_path / "out" / "train.json").read_text())
    losses = report["held_back_losses"]
    assert len(losses) < 40
    assert report["best_epoch"] == losses.index(min(losses)) == len(losses) - 1 - 3
    assert (report["rows"], report["held_back"]) == (42, 18)


def test_an_anchor_keeps_the_student_near_its_initial_weights(student: str, tmp_path: Path) -> None:
    rows = last_moves("connect_four", 64)
    planes = torch.from_numpy(np.stack([example.state.planes() for example in rows.examples]))
    nets = [from_pretrained(Path(student.removeprefix("policy:")))]
    for anchor in (0.0, 10.0):
        settings = PolicyTrainSettings(epochs=5, batch=16, learning_rate=1e-2, anchor=anchor, device="cpu")
        trained = train(student, rows, settings, tmp_path / f"{anchor}")
        nets.append(from_pretrained(Path(trained.removeprefix("policy:"))))
    with torch.inference_mode():
        probs = [torch.softmax(net(planes), 1) for net in nets]
    moved = [float((probs[0] - after).abs().sum(1).mean()) for after in probs[1:]]
    assert moved[1] < moved[0] / 2


@pytest.mark.slow
def test_training_in_bfloat16_learns(student: str, tmp_path: Path) -> None:
    rows = last_moves("connect_four", 128)
    settings = PolicyTrainSettings(
        epochs=12, batch=32, learning_rate=1e-2, precision="bfloat16", device="cpu"
    )
    assert share_right(train(student, rows, settings, tmp_path / "out"), rows) > 0.8


def test_invalid_students_rows_and_settings_are_refused(tmp_path: Path, student: str) -> None:
    with raises_code("train-student-cannot-learn", UsageError):
        train("random", last_moves("chess", 4), FEW, tmp_path / "out")
    with raises_code("train-other-game", DataError) as caught:
        train(student, last_moves("chess", 4), FEW, tmp_path / "out")
    assert "chess, but the student plays connect_four" in str(caught.value)
    with raises_code("train-holdout-too-large", DataError):
        train(student, last_moves("connect_four", 1), PolicyTrainSettings(holdout=0.9), tmp_path / "out")


# Learning-rate schedules ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_are_continuous_and_at_most_one(name: str) -> None:
    values = [SCHEDULES[name](step / 10_000) for step in range(10_001)]
    assert max(abs(a - b) for a, b in itertools.pairwise(values)) < 1e-3
    assert max(values) == pytest.approx(1.0)
    assert min(values) >= 0.0


def test_one_cycle_equals_that_of_torch() -> None:
    steps = 501
    optimizer = torch.optim.AdamW([torch.zeros(1, requires_grad=True)], lr=1.0)
    theirs = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1.0, total_steps=steps, pct_start=0.3)
    for step in range(steps):
        # theirs peaks at step 0.3 * steps - 1 and ends at steps - 1
        warm = 0.3 * steps - 1
        done = 0.3 * step / warm if step <= warm else 0.3 + 0.7 * (step - warm) / (steps - 1 - warm)
        assert one_cycle(done) == pytest.approx(optimizer.param_groups[0]["lr"], abs=1e-9)
        optimizer.step()
        theirs.step()
