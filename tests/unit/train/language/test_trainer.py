"""Training of language models: weights of rows, the same bytes after a kill, no pickles, invalid input."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.torch import load_file

from tests.doubles.errors import raises_code
from tests.doubles.language_training import (
    KilledError,
    answers,
    choices,
    killed_at_every_step,
    settings,
    weights,
)
from w2s.errors import DataError, MissingExtraError, UsageError, W2sError
from w2s.train import TrainingSet, TrainStep, train

pytest.importorskip("transformers", reason="needs transformers: pip install 'w2s[models]'")

from w2s.train.language.trainer import PaddedSampler

Make = Callable[..., Path]


@pytest.mark.slow
@pytest.mark.parametrize(
    "more",
    [
        {"dropout": 0.1, "holdout": 0.25},
        {"finetuning": "full", "learning_rate": 1e-3},
        {"loss": "log_confidence"},
    ],
)
def test_training_killed_at_every_step_ends_with_the_same_bytes(
    folder: Make, tmp_path: Path, more: dict[str, Any]
) -> None:
    reference, how = f"hf:{folder()}", settings(checkpoint_s=0.0, **more)
    train(reference, choices(24), how, tmp_path / "whole")
    kills = killed_at_every_step(reference, choices(24), how, tmp_path / "killed")
    assert kills >= 4
    assert weights(tmp_path / "whole") == weights(tmp_path / "killed")
    one, other = (json.loads((tmp_path / name / "train.json").read_text()) for name in ("whole", "killed"))
    assert {**one, "seconds": 0, "check": ""} == {**other, "seconds": 0, "check": ""}
    assert not (tmp_path / "killed" / "checkpoints").exists()


@pytest.mark.slow
@pytest.mark.parametrize(("rows", "epochs", "steps"), [(6, 1, 3), (5, 2, 6), (1, 1, 1)])
def test_grpo_killed_at_every_step_ends_with_the_same_bytes(
    folder: Make, tmp_path: Path, rows: int, epochs: int, steps: int
) -> None:
    pytest.importorskip("trl", reason="needs trl: pip install 'w2s[rl]'")
    how = settings(
        objective="grpo", group_size=4, new_tokens=6, epochs=epochs, checkpoint_s=0.0, learning_rate=1e-2
    )
    reference = f"hf:{folder(chat=True)}"
    train(reference, answers(rows), how, tmp_path / "whole")
    assert killed_at_every_step(reference, answers(rows), how, tmp_path / "killed") == steps
    assert weights(tmp_path / "whole") == weights(tmp_path / "killed")


@pytest.mark.slow
def test_grpo_ignores_rows_of_weight_zero_and_rationales(folder: Make, tmp_path: Path) -> None:
    pytest.importorskip("trl", reason="needs trl: pip install 'w2s[rl]'")
    how = settings(objective="grpo", group_size=4, new_tokens=6, epochs=1)
    reference, four, there = f"hf:{folder(chat=True)}", answers(4), [0, 1, 3]
    weighed = TrainingSet(four.examples, four.targets, np.array([1.0, 1.0, 0.0, 1.0]), ["x " * 3000] * 4)
    train(reference, weighed, how, tmp_path / "weighed")
    three = TrainingSet([four.examples[i] for i in there], [four.targets[i] for i in there], np.ones(3))
    train(reference, three, how, tmp_path / "three")
    assert weights(tmp_path / "weighed") == weights(tmp_path / "three")


@pytest.mark.slow
def test_replies_of_grpo_fit_the_context(folder: Make, tmp_path: Path) -> None:
    pytest.importorskip("trl", reason="needs trl: pip install 'w2s[rl]'")
    how, place = (
        settings(objective="grpo", group_size=4, epochs=1, new_tokens=512),
        folder("gpt2", context=90),
    )
    train(f"hf:{place}", answers(2), how, tmp_path / "s")
    with raises_code("train-prompt-too-long", DataError) as caught:
        train(f"hf:{folder('gpt2', context=16)}", answers(2), how, tmp_path / "t")
    assert "reads only 16" in str(caught.value)


@pytest.mark.slow
def test_negligible_weights_are_zero(folder: Make, tmp_path: Path) -> None:
    four, how = choices(4), settings(batch=1, epochs=1)
    tiny = TrainingSet(four.examples, four.targets, np.array([1.0, 1.0, 1e-60, 1.0]))
    gone = TrainingSet(four.examples, four.targets, np.array([1.0, 1.0, 0.0, 1.0]))
    for name, rows in (("tiny", tiny), ("gone", gone)):
        train(f"hf:{folder()}", rows, how, tmp_path / name)
    assert weights(tmp_path / "tiny") == weights(tmp_path / "gone")


@pytest.mark.slow
def test_negligible_probabilities_make_no_step_of_their_own(folder: Make, tmp_path: Path) -> None:
    three = choices(3)
    soft = TrainingSet(three.examples, [{"A": 1.0, "B": 1e-50}] * 3, np.ones(3))
    train(f"hf:{folder()}", soft, settings(batch=1, epochs=1), tmp_path / "s")
    (path,) = (tmp_path / "s").glob("*.safetensors")
    assert all(bool(weight.isfinite().all()) for weight in load_file(path).values())


@pytest.mark.parametrize("method", ["lora", "full"])
def test_a_student_is_trained_and_loaded_from_its_folder(folder: Make, tmp_path: Path, method: str) -> None:
    from w2s.models import Want, load_model

    rows = choices(16, label="B")
    rate = 3e-2 if method == "lora" else 3e-3
    model = train(
        f"hf:{folder()}?score=letter",
        rows,
        settings(finetuning=method, epochs=6, learning_rate=rate),
        tmp_path / "s",
    )
    assert model == f"hf:{tmp_path / 's'}?score=letter"
    assert {one.label for one in load_model(model).answer(rows.examples, Want())} == {"B"}
    assert {one.label for one in load_model(str(tmp_path / "s")).answer(rows.examples, Want())} == {"B"}
    assert (tmp_path / "s" / "adapter_config.json").exists() == (method == "lora")


@pytest.mark.slow
def test_an_adapter_is_trained_further(folder: Make, tmp_path: Path) -> None:
    from w2s.models import Want, load_model

    first = train(f"hf:{folder()}", choices(8, label="A"), settings(learning_rate=3e-2), tmp_path / "a")
    rows = choices(16, label="B")
    second = train(first, rows, settings(epochs=8, learning_rate=3e-2), tmp_path / "b")
    assert {one.label for one in load_model(second).answer(rows.examples, Want())} == {"B"}


@pytest.mark.slow
def test_rows_of_weight_zero_are_not_learned(folder: Make, tmp_path: Path) -> None:
    rows = choices(16)
    some = TrainingSet(rows.examples, rows.targets, np.array([1.0, 0.0] * 8))
    few = TrainingSet(rows.examples[::2], rows.targets[::2], np.ones(8))
    for name, these in (("some", some), ("few", few)):
        train(f"hf:{folder()}", these, settings(), tmp_path / name)
    assert weights(tmp_path / "some") == weights(tmp_path / "few")


@pytest.mark.slow
def test_a_constant_factor_of_all_weights_changes_nothing(folder: Make, tmp_path: Path) -> None:
    rows, given = choices(16), np.linspace(0.5, 1.0, 16)
    for name, times in (("once", 1.0), ("four times", 4.0)):
        these = TrainingSet(rows.examples, rows.targets, given * times)
        train(f"hf:{folder()}", these, settings(), tmp_path / name)
    assert weights(tmp_path / "once") == weights(tmp_path / "four times")
    even = TrainingSet(rows.examples, rows.targets, np.ones(16))
    train(f"hf:{folder()}", even, settings(), tmp_path / "even")
    assert weights(tmp_path / "even") != weights(tmp_path / "once")


@pytest.mark.slow
def test_rows_per_pass_hardly_change_the_result(folder: Make, tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    rows = TrainingSet(choices(16).examples, choices(16).targets, np.linspace(0.1, 1.0, 16))
    for together in (8, 2):
        train(
            f"hf:{folder()}",
            rows,
            settings(micro_batch=together, precision="float32"),
            tmp_path / str(together),
        )
    one, other = (load_file(tmp_path / name / "adapter_model.safetensors") for name in ("8", "2"))
    assert all(np.allclose(one[name], other[name], atol=2e-4) for name in one)


@pytest.mark.slow
def test_the_seed_decides_the_bytes(folder: Make, tmp_path: Path) -> None:
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        train(f"hf:{folder()}", choices(16), settings(seed=seed), tmp_path / name)
    assert weights(tmp_path / "a") == weights(tmp_path / "b") != weights(tmp_path / "c")


@pytest.mark.slow
def test_a_finished_training_is_kept_and_another_is_refused(folder: Make, tmp_path: Path) -> None:
    steps: list[TrainStep] = []
    train(f"hf:{folder()}", choices(8), settings(), tmp_path / "s")
    train(f"hf:{folder()}", choices(8), settings(), tmp_path / "s", progress=steps.append)
    assert not steps
    with raises_code("train-other-training", UsageError) as caught:
        train(f"hf:{folder()}", choices(8), settings(epochs=3), tmp_path / "s")
    assert "another training: settings changed;" in str(caught.value)


BAD: Sequence[tuple[str, dict[str, Any], TrainingSet, type[W2sError], str, str]] = [
    ("", {"max_length": 10}, choices(8), DataError, "train-row-too-long", "'q0'"),
    ("", {}, choices(8, label="C"), DataError, "train-impossible-target", "'q0'"),
    ("", {"loss": "product"}, answers(8), UsageError, "train-loss-needs-letters", "loss"),
    ("?score=option", {"loss": "kl"}, choices(8), UsageError, "train-loss-needs-letters", "loss"),
    ("", {"targets": "nowhere"}, choices(8), UsageError, "train-invalid-targets", "nowhere"),
    ("", {"batch": 8, "micro_batch": 3}, choices(8), UsageError, "train-batch-not-divisible", "batch=8"),
    (
        "?quant=4bit",
        {"finetuning": "full"},
        choices(8),
        UsageError,
        "train-quantised-full",
        "finetuning=lora",
    ),
    ("", {"holdout": 0.99}, choices(8), DataError, "train-holdout-too-large", "holdout=0.99"),
    ("", {}, TrainingSet([], [], np.ones(0)), DataError, "train-no-rows", ""),
    (
        "",
        {},
        TrainingSet(choices(2).examples, choices(2).targets, np.zeros(2)),
        DataError,
        "train-zero-weights",
        "",
    ),
    (
        "",
        {"objective": "grpo", "group_size": 3},
        answers(4),
        UsageError,
        "train-batch-not-divisible",
        "group_size=3",
    ),
    (
        "",
        {"objective": "grpo", "group_size": 4, "holdout": 0.5},
        answers(4),
        UsageError,
        "train-grpo-settings",
        "holdout",
    ),
    (
        "",
        {"learning_rate": "1e-4"},
        choices(4),
        UsageError,
        "train-invalid-setting",
        "learning_rate must be a number > 0",
    ),
    ("", {"warm_up": "0.1"}, choices(4), UsageError, "train-invalid-setting", "warm_up"),
    ("", {"save_memory": "no"}, choices(4), UsageError, "train-invalid-setting", "save_memory"),
    ("", {"targets": ["q_proj"]}, choices(4), UsageError, "train-invalid-setting", "targets"),
    (
        "",
        {"objective": "grpo", "group_size": 4},
        TrainingSet(answers(2).examples, answers(2).targets, np.array([1.0, 0.5])),
        UsageError,
        "train-grpo-weights",
        "",
    ),
]


@pytest.mark.parametrize(("options", "more", "rows", "kind", "code", "fact"), BAD)
def test_invalid_rows_and_settings_are_refused(
    folder: Make,
    tmp_path: Path,
    options: str,
    more: dict[str, Any],
    rows: TrainingSet,
    kind: type[W2sError],
    code: str,
    fact: str,
) -> None:
    if more.get("objective") == "grpo":
        pytest.importorskip("trl", reason="needs trl: pip install 'w2s[rl]'")
    with raises_code(code, kind) as caught:
        train(f"hf:{folder()}{options}", rows, settings(**more), tmp_path / "s")
    assert fact in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_other_options_of_the_student_are_another_training(folder: Make, tmp_path: Path) -> None:
    place, how = folder(), settings(epochs=1)
    train(f"hf:{place}?dtype=float32", choices(8), how, tmp_path / "s")
    with raises_code("train-other-training", UsageError):
        train(f"hf:{place}?dtype=bfloat16", choices(8), how, tmp_path / "s")


@pytest.mark.slow
def test_an_incomplete_checkpoint_does_not_displace_a_complete_one(folder: Make, tmp_path: Path) -> None:
    how, out = settings(batch=2, micro_batch=2, checkpoint_s=0.0), tmp_path / "s"

    def kill(step: TrainStep) -> None:
        if step.done == 3:
            raise KilledError

    with pytest.raises(KilledError):
        train(f"hf:{folder()}", choices(8), how, out, progress=kill)
    for step in (90, 91):  # as two kills in the middle of writing leave them
        (out / "checkpoints" / f"checkpoint-{step}").mkdir()
    done: list[int] = []

    def look(step: TrainStep) -> None:
        done.append(step.done)
        if step.done == 4:
            found = {path.parent.name for path in (out / "checkpoints").glob("checkpoint-*/done.json")}
            assert found == {"checkpoint-2", "checkpoint-3"}

    train(f"hf:{folder()}", choices(8), how, out, progress=look)
    assert done[0] == 3


def test_an_adapter_cannot_be_trained_in_full(folder: Make, tmp_path: Path) -> None:
    first = train(f"hf:{folder()}", choices(8), settings(), tmp_path / "a")
    with raises_code("train-adapter-full", UsageError) as caught:
        train(first, choices(8), settings(finetuning="full"), tmp_path / "b")
    assert "finetuning=lora" in str(caught.value)


def test_grpo_without_trl_names_the_extra(
    folder: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("w2s.train.language.trainer.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"w2s\[rl\]"):
        train(f"hf:{folder()}", answers(4), settings(objective="grpo"), tmp_path / "s")


# Order of rows --------------------------------------------------------------------------------------------


def order(epoch: int, seed: int = 0) -> list[int]:
    sampler = PaddedSampler(10, 4, seed)
    sampler.set_epoch(epoch)
    return list(sampler)


def test_every_row_comes_once_and_the_last_pass_is_padded() -> None:
    found = order(0)
    assert sorted(found) == [*range(10), 10, 10]
    assert found[10:] == [10, 10]
    assert len(PaddedSampler(8, 4, 0)) == len(list(PaddedSampler(8, 4, 0))) == 8


def test_orders_depend_on_epoch_and_seed_alone() -> None:
    assert order(1) == order(1)
    assert len({tuple(order(epoch, seed)) for epoch in range(3) for seed in range(3)}) == 9
