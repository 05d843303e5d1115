"""Tokens, steps, memory and seconds against numbers that were computed by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from w2s.chain.estimate import cost
from w2s.chain.estimate.cost import Tokens
from w2s.chain.estimate.hardware import Hardware
from w2s.models.model_size import ExampleLengths, ModelShape
from w2s.train import LanguageTrainSettings, PolicyTrainSettings

SHAPE = ModelShape(1_000_000, 900_000, 10, 100, 4_000, 5_000, 2.0, {"up": 1_000, "down": 2_000})
CHOICE = ExampleLengths(90, 4, 1, 120, "by hand")
ANSWER = ExampleLengths(100, 0, 300, 500, "by hand")
MACHINE = Hardware("m", 1e12, 1e9, 8e9, 4_000, "by hand")


@pytest.mark.parametrize(
    ("name", "lengths", "tokens"),
    [
        ("hidden", CHOICE, Tokens()),
        ("afterstate", CHOICE, Tokens(91 + 30)),
        ("p_true", CHOICE, Tokens(91 + 30)),
        ("verbalised", CHOICE, Tokens(91 + 40, 8)),
        ("icl", CHOICE, Tokens(91 * 5)),
        ("icl:8", CHOICE, Tokens(91 * 9)),
        ("samples:8", CHOICE, Tokens(94)),  # drawn from the probabilities of one pass
        ("samples:8", ANSWER, Tokens(100, 2400)),
        ("reward", CHOICE, Tokens()),
    ],
)
def test_evidence_has_its_tokens(name: str, lengths: ExampleLengths, tokens: Tokens) -> None:
    assert cost.evidence_tokens(name, lengths) == tokens


def test_label_is_scored_with_options_and_written_without() -> None:
    assert cost.label_tokens(CHOICE) == Tokens(94, 0)
    assert cost.label_tokens(ANSWER) == Tokens(100, 300)


def test_row_is_learned_in_every_epoch_and_as_a_group_by_grpo() -> None:
    assert cost.training_tokens(LanguageTrainSettings(epochs=3), CHOICE) == Tokens(learned=273)
    grpo = LanguageTrainSettings(objective="grpo", epochs=1, group_size=8, batch=16)
    assert cost.training_tokens(grpo, ANSWER) == Tokens(3200, 2400, 3200)
    assert cost.training_tokens(replace(grpo, kl=0.0), ANSWER) == Tokens(0, 2400, 3200)


def test_optimizer_steps_match_the_trainers() -> None:
    assert cost.optimizer_steps(LanguageTrainSettings(epochs=2, batch=16), 100) == 14
    assert cost.optimizer_steps(LanguageTrainSettings(epochs=2, batch=16, holdout=0.1), 100) == 12
    assert (
        cost.optimizer_steps(LanguageTrainSettings(objective="grpo", epochs=1, group_size=8, batch=64), 100)
        == 13
    )
    assert cost.optimizer_steps(PolicyTrainSettings(epochs=2, batch=128), 1000) == 16


def test_reading_takes_two_operations_per_parameter_and_token() -> None:
    # 2 · 900,000 · 1,000,000 tokens / (0.4 · 1e12)
    assert cost.seconds(Tokens(1e6), SHAPE, CHOICE, MACHINE) == pytest.approx(4.5)


@pytest.mark.parametrize(
    ("settings", "operations"),
    [
        (LanguageTrainSettings(finetuning="lora", micro_batch=64, batch=64), 4),
        (LanguageTrainSettings(finetuning="lora", micro_batch=64, batch=64, save_memory=True), 6),
        (LanguageTrainSettings(finetuning="full", micro_batch=64, batch=64), 6),
        (LanguageTrainSettings(finetuning="full", micro_batch=64, batch=64, save_memory=True), 8),
    ],
)
def test_learning_takes_the_operations_of_its_method(
    settings: LanguageTrainSettings, operations: int
) -> None:
    slow = replace(MACHINE, flops=1e10)
    expected = operations * 900_000 * 1e6 / (0.35 * 1e10)
    assert cost.seconds(Tokens(learned=1e6), SHAPE, CHOICE, slow, settings) == pytest.approx(expected)


def test_net_reads_the_next_position_without_a_question() -> None:
    net = replace(SHAPE, squares=64)
    squares = ExampleLengths(64, 0, 0, 64, "a token for each square")
    assert cost.read_per_s(SHAPE, MACHINE) == pytest.approx(0.4e12 / 1.8e6)
    assert cost.read_per_s(net, MACHINE) == pytest.approx(0.4e12 / 1.8e6 / 64)
    assert cost.evidence_tokens("afterstate", squares) == Tokens(64)


def test_short_pass_takes_its_launch_time() -> None:
    settings = LanguageTrainSettings(micro_batch=2, batch=4)
    # 910 tokens are five passes of two rows of 91 tokens; each takes 3 · 0.0007 s in ten layers
    assert cost.seconds(Tokens(learned=910), SHAPE, CHOICE, MACHINE, settings) == pytest.approx(5 * 0.021)


def test_writing_reads_weights_and_cache_once_per_batch() -> None:
    # ten replies of 400 tokens fit in a pass: (1e6 + 10 · 400 · 4,000) · 2 bytes / (0.5 · 1e9) a token
    assert cost.seconds(Tokens(written=3000), SHAPE, ANSWER, MACHINE) == pytest.approx(300 * 0.068)


def test_labelling_memory_is_weights_activations_and_cache() -> None:
    assert cost.labelling_memory(SHAPE, CHOICE, 4_000) == {
        "weights": 2e6,
        "activations": 4_000 * 100 * 17 * 2,
        "cache": 4_000 * 4_000 * 2,
    }


def test_adapter_memory_is_frozen_weights_and_the_adapter() -> None:
    found = cost.training_memory(LanguageTrainSettings(rank=8, micro_batch=4, batch=8), SHAPE, CHOICE)
    assert found == {
        "weights": 2e6,
        "optimizer": 8 * 3_000 * 16,
        "activations": 4 * 120 * 100 * 10 * 17 * 2,
        "logits": 4 * 120 * 5_000 * 2 * 2,
    }
    named = cost.training_memory(LanguageTrainSettings(rank=8, targets="up"), SHAPE, CHOICE)
    assert named["optimizer"] == 8 * 1_000 * 16


def test_full_training_memory_is_sixteen_bytes_per_parameter() -> None:
    found = cost.training_memory(LanguageTrainSettings(finetuning="full", precision="float32"), SHAPE, CHOICE)
    assert found["weights"] + found["optimizer"] == 16e6
    assert found["activations"] == 8 * 120 * 100 * 10 * 17 * 4
    saved = cost.training_memory(
        LanguageTrainSettings(finetuning="full", precision="float32", save_memory=True), SHAPE, CHOICE
    )
    assert saved["activations"] == pytest.approx(8 * 120 * 100 * (10 + 17) * 4)


def test_grpo_memory_has_the_cache_and_nets_have_their_batch() -> None:
    grpo = LanguageTrainSettings(objective="grpo", batch=16, micro_batch=8)
    assert cost.training_memory(grpo, SHAPE, ANSWER)["cache"] == 16 * 500 * 4_000 * 2
    net = ModelShape(1_000, 1_000, 4, 16, 0, 0, 4.0, squares=64)
    found = cost.training_memory(PolicyTrainSettings(batch=32), net, ExampleLengths(64, 0, 0, 64, "squares"))
    assert found == {"weights": 4e3, "optimizer": 12e3, "activations": 32 * 64 * 16 * 4 * 4 * 4}
