"""Training of encoders: every loss, fresh heads, and the same bytes after a kill."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.doubles.encoders import write_encoder
from tests.doubles.language_training import choices, killed_at_every_step, settings, weights
from w2s.errors import DataError, ModelError, UsageError, W2sError
from w2s.models import Want, load_model
from w2s.tasks import AnswerExample, ChoiceExample
from w2s.train import LanguageTrainSettings, TrainingSet, train

torch = pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")
pytest.importorskip("peft", reason="needs peft: pip install 'w2s[models]'")

from w2s.train.language.objectives import (  # noqa: E402
    ChoiceCollator,
    build_objective,
    option_losses,
)
from w2s.train.language.student import LanguageStudent, load_language_student  # noqa: E402
from w2s.train.losses import LOSSES  # noqa: E402

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def headed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_encoder(tmp_path_factory.mktemp("headed"))


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_encoder(tmp_path_factory.mktemp("bare"), bare=True)


def uneven() -> TrainingSet:
    """Questions with two to four options, soft targets and weights."""
    options = ("red", "green as grass", "blue", "a very deep dark violet")
    examples = [ChoiceExample(f"q{i}", f"Which {i}?", options[: 2 + i % 3]) for i in range(6)]
    targets = [dict(zip(one.letters, np.arange(1.0, 5.0), strict=False)) for one in examples]
    return TrainingSet(examples, targets, np.linspace(0.25, 1.0, 6))


def answered(reference: str, rows: TrainingSet) -> set[str]:
    return {answer.label for answer in load_model(reference).answer(rows.examples, Want())}


def one_score(student: LanguageStudent, question: str, option: str) -> torch.Tensor:
    """Slow: one option without padding."""
    pair = student.tokenizer([question], [option], return_tensors="pt")
    return student.network(**{name: value[None] for name, value in pair.items()}).logits[0, 0]


@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_batched_losses_equal_those_of_single_questions(headed: Path, loss: str) -> None:
    rows, how = uneven(), settings(loss=loss)
    student = load_language_student(f"hf:{headed}", how)
    network, objective = student.network.eval(), build_objective(student, rows, how)
    batch = objective.collate(objective.items)
    labels = batch.pop("labels")
    found = objective.losses(network(**batch).logits, labels, 0.5)
    for example, target, loss_found in zip(rows.examples, rows.targets, found, strict=True):
        scores = [one_score(student, example.question, option) for option in example.options]
        probs = torch.tensor([list(target.values())], dtype=torch.float32)
        expected = LOSSES[loss](torch.stack(scores)[None], probs / probs.sum(), 0.5)
        if loss != "log_confidence" or len(scores) > 2:  # two options are hardened as their batch has them
            assert loss_found.item() == pytest.approx(expected.item(), abs=1e-5)
    (found * labels["weights"]).sum().backward()
    assert all(torch.isfinite(one.grad).all() for one in network.parameters() if one.grad is not None)


def test_masked_options_do_not_change_the_loss() -> None:
    logits = torch.tensor([[0.3, -1.0, 7.0], [0.1, 0.2, 0.3]], requires_grad=True)
    labels = {
        "mask": torch.tensor([[True, True, False], [True, True, True]]),
        "probs": torch.tensor([[0.5, 0.5, 0.0], [0.2, 0.3, 0.5]]),
    }
    found = option_losses(logits, labels, "cross_entropy", 0.0)
    alone = LOSSES["cross_entropy"](logits[:1, :2], labels["probs"][:1, :2], 0.0)
    assert found[0].item() == pytest.approx(alone.item())
    found.sum().backward()
    assert logits.grad is not None
    assert logits.grad[0, 2].item() == 0.0


def test_a_batch_is_padded_to_the_longest_option_and_the_most_options(headed: Path) -> None:
    how = settings()
    student = load_language_student(f"hf:{headed}", how)
    objective = build_objective(student, uneven(), how)
    batch = objective.collate(objective.items[:3])
    assert batch["input_ids"].shape == batch["attention_mask"].shape == batch["token_type_ids"].shape
    assert batch["input_ids"].shape[:2] == (3, 4)
    assert batch["attention_mask"].sum(-1).min() == 1
    assert batch["labels"]["mask"].sum(-1).tolist() == [2, 3, 4]
    assert "token_type_ids" not in ChoiceCollator(0, has_types=False)(objective.items[:3])


@pytest.mark.parametrize("method", ["lora", "full"])
@pytest.mark.parametrize("head", ["trained", "fresh"])
def test_an_encoder_is_trained_and_loaded_from_its_folder(
    headed: Path, bare: Path, tmp_path: Path, method: str, head: str
) -> None:
    reference = f"hf:{headed}" if head == "trained" else f"hf:{bare}?head=fresh"
    rows, rate = choices(16, label="B"), 3e-2 if method == "lora" else 3e-3
    how = settings(finetuning=method, epochs=8, learning_rate=rate)
    model = train(reference, rows, how, tmp_path / "s")
    assert model == f"hf:{tmp_path / 's'}"
    assert answered(model, rows) == answered(str(tmp_path / "s"), rows) == {"B"}
    assert (tmp_path / "s" / "adapter_config.json").exists() == (method == "lora")
    again = train(model, choices(16, label="A"), how, tmp_path / "t")
    assert answered(again, rows) == {"A"}


def test_soft_targets_are_learned_by_weight(bare: Path, tmp_path: Path) -> None:
    rows = choices(16)
    against = TrainingSet(
        rows.examples * 2, [{"A": 1.0}] * 16 + [{"A": 0.1, "B": 0.9}] * 16, np.repeat([0.05, 1.0], 16)
    )
    how = settings(finetuning="full", epochs=8, learning_rate=3e-3)
    model: Any = load_model(train(f"hf:{bare}?head=fresh", against, how, tmp_path / "s"))
    beliefs = [belief["B"] for belief in model.distributions(rows.examples)]
    assert np.mean(beliefs) == pytest.approx((0.9 + 0.0 * 0.05) / 1.05, abs=0.08)


def test_the_seed_decides_a_fresh_head(bare: Path) -> None:
    rows = choices(4)

    def believed(seed: int) -> list[dict[str, float]]:
        model: Any = load_model(f"hf:{bare}?head=fresh", seed=seed)
        return model.distributions(rows.examples)

    assert believed(0) == believed(0) != believed(1)
    student = load_language_student(f"hf:{bare}?head=fresh", settings(seed=1, finetuning="full"))
    model: Any = load_model(f"hf:{bare}?head=fresh", seed=1)
    drawn = model._network.state_dict()["classifier.weight"]
    assert torch.equal(student.network.state_dict()["classifier.weight"], drawn)


def test_a_fresh_head_does_not_change_the_global_random_state(bare: Path) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    load_model(f"hf:{bare}?head=fresh", seed=1)
    assert torch.equal(torch.rand(3), expected)


def test_a_missing_pooler_is_part_of_a_fresh_head(tmp_path: Path) -> None:
    import transformers

    place = write_encoder(tmp_path / "whole", bare=True)
    network = transformers.BertModel.from_pretrained(place, add_pooling_layer=False)
    network.save_pretrained(place)
    how = settings(epochs=8, learning_rate=3e-2)
    model = train(f"hf:{place}?head=fresh", choices(16, label="B"), how, tmp_path / "s")
    assert answered(model, choices(16)) == {"B"}
    kept = json.loads((tmp_path / "s" / "adapter_config.json").read_text())["modules_to_save"]
    assert sorted(kept) == ["bert.pooler.dense", "classifier"]


def test_a_fresh_head_must_be_requested_and_needed(headed: Path, bare: Path, tmp_path: Path) -> None:
    from tests.doubles.language import write_language_model

    causal = write_language_model(tmp_path / "causal")
    for reference, said in (
        (f"hf:{bare}", "is a BertModel.*head=fresh adds a new multiple-choice head"),
        (f"hf:{headed}?head=fresh", "already has a multiple-choice head; remove head=fresh"),
        (f"hf:{causal}?head=fresh", "is a LlamaForCausalLM, which has its own head"),
    ):
        with pytest.raises(ModelError, match=said) as caught:
            load_model(reference)
        assert "\n" not in str(caught.value)
    with pytest.raises(UsageError, match=r"head of .* is 'old'; it must be one of fresh"):
        load_model(f"hf:{bare}?head=old")


def test_an_encoder_with_missing_weights_is_refused(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    place = write_encoder(tmp_path / "torn", bare=True)
    found = load_file(place / "model.safetensors")
    found.pop("encoder.layer.0.output.dense.weight")
    save_file(found, place / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelError, match=r"lacks weights of its architecture \(bert\.encoder\.layer\.0"):
        load_model(f"hf:{place}?head=fresh")


@pytest.mark.slow
@pytest.mark.parametrize(
    "more",
    [
        {"holdout": 0.25, "dropout": 0.1},
        {"finetuning": "full", "learning_rate": 1e-3, "holdout": 0.25},
        {"finetuning": "full", "loss": "log_confidence", "learning_rate": 1e-3},
    ],
)
def test_training_killed_at_every_step_ends_with_the_same_bytes(
    bare: Path, tmp_path: Path, more: dict[str, Any]
) -> None:
    reference, how = f"hf:{bare}?head=fresh", settings(checkpoint_s=0.0, **more)
    train(reference, choices(24), how, tmp_path / "whole")
    assert killed_at_every_step(reference, choices(24), how, tmp_path / "killed") >= 4
    assert weights(tmp_path / "whole") == weights(tmp_path / "killed")


def test_rows_of_weight_zero_are_not_learned(headed: Path, tmp_path: Path) -> None:
    rows = choices(16)
    some = TrainingSet(rows.examples, rows.targets, np.array([1.0, 0.0] * 8))
    few = TrainingSet(rows.examples[::2], rows.targets[::2], np.ones(8))
    for name, these in (("some", some), ("few", few)):
        train(f"hf:{headed}", these, settings(), tmp_path / name)
    assert weights(tmp_path / "some") == weights(tmp_path / "few")


LONG = TrainingSet.hard([ChoiceExample("long", "Which? " * 40, ("x", "y"))], ["A"])
NO_CHOICE = TrainingSet.hard([AnswerExample("sum", "1+1?", ("2",))], ["2"])
BAD: list[tuple[str, dict[str, Any], TrainingSet, type[W2sError], str]] = [
    ("", {}, LONG, DataError, "example 'long': the question with an option has .* is 128"),
    ("", {"max_length": 4}, choices(2), DataError, r"example 'q0' has \d+ tokens .* raise max_length"),
    ("", {}, NO_CHOICE, UsageError, "answers only choices; choose a causal language model"),
    ("", {}, choices(2, label="C"), DataError, "the target 'C' of example 'q0' is not one of its letters AB"),
    ("?score=letter", {}, choices(2), UsageError, "score of .* an encoder only compares options"),
    ("", {"objective": "grpo", "group_size": 4}, choices(2), UsageError, "cannot write replies"),
    ("", {"targets": "nowhere"}, choices(2), UsageError, "targets=.*nowhere"),
]


@pytest.mark.parametrize(("options", "more", "rows", "kind", "said"), BAD)
def test_rows_and_settings_that_do_not_fit_an_encoder_are_refused(
    headed: Path,
    tmp_path: Path,
    options: str,
    more: dict[str, Any],
    rows: TrainingSet,
    kind: type[W2sError],
    said: str,
) -> None:
    how: LanguageTrainSettings = settings(**more)
    with pytest.raises(kind, match=said) as caught:
        train(f"hf:{headed}{options}", rows, how, tmp_path / "s")
    assert "\n" not in str(caught.value)
