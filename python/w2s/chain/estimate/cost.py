"""Tokens, optimizer steps, memory and seconds of one step, by formula.

P is the number of parameters that a token is multiplied with, b the bytes of a number.

    a token read                2·P operations
    a token learned, all        6·P; an adapter 4·P; 2·P more if activations are recomputed
    a token written             one reading of the weights and of the cache for the whole batch
    weights                     parameters × b
    trained numbers             a gradient (4) and two moments of Adam (8 bytes); an adapter itself (4) too
    activations                 17·width·b per token, layer (Korthikanti et al. 2022, eq. 2, attention fused)
    logits                      2·vocabulary·b per learned token
    cache                       keys and values of a token × b
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from w2s.chain.estimate.hardware import Hardware
from w2s.evidence_kinds import EVIDENCE, parse_evidence
from w2s.models.model_size import ExampleLengths, ModelShape
from w2s.train import LanguageTrainSettings, PolicyTrainSettings

READ_SHARE = 0.4
LEARN_SHARE = 0.35
WRITE_SHARE = 0.5
"""Shares of the peak compute rate or bandwidth that reading, learning and writing reach."""
PASS_S = 0.0007
"""Minimum seconds per layer of a pass launched from Python; a training pass takes three times as long."""
_KEPT = 17


@dataclass(frozen=True)
class Tokens:
    """Tokens read, written and learned for one row."""

    read: float = 0.0
    written: float = 0.0
    learned: float = 0.0

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(self.read + other.read, self.written + other.written, self.learned + other.learned)

    def __mul__(self, times: float) -> Tokens:
        return Tokens(self.read * times, self.written * times, self.learned * times)


def label_tokens(lengths: ExampleLengths) -> Tokens:
    """A label: its options are scored, or it is written."""
    return Tokens(lengths.prompt + lengths.options, 0.0 if lengths.options else lengths.reply)


def evidence_tokens(name: str, lengths: ExampleLengths) -> Tokens:
    """Evidence of a label: ``icl:4``, ``samples:8`` and so on; evidence of other models costs none here."""
    found = parse_evidence(name, EVIDENCE).cost(lengths)
    return Tokens(found.read, found.generated)


def training_tokens(settings: LanguageTrainSettings | PolicyTrainSettings, lengths: ExampleLengths) -> Tokens:
    """A row of a training, all epochs; for grpo a group of replies, which the untrained student reads too."""
    seen = lengths.learned * settings.epochs
    if not isinstance(settings, LanguageTrainSettings) or settings.objective == "supervised":
        return Tokens(learned=seen)
    written = lengths.reply * settings.epochs * settings.group_size
    return Tokens(seen * settings.group_size * (settings.kl > 0), written, seen * settings.group_size)


def optimizer_steps(settings: LanguageTrainSettings | PolicyTrainSettings, rows: int) -> int:
    """Number of optimizer steps."""
    held = 0 if rows < 2 else round(settings.holdout * rows)
    each = settings.group_size if _is_grpo(settings) else 1  # type: ignore[union-attr]
    return int(settings.epochs * math.ceil((rows - held) * each / settings.batch))


def seconds(
    tokens: Tokens,
    shape: ModelShape,
    lengths: ExampleLengths,
    machine: Hardware,
    settings: LanguageTrainSettings | PolicyTrainSettings | None = None,
) -> float:
    """Duration of a step.

    Args:
        tokens: tokens of all rows and repetitions.
        shape: shape of the model.
        lengths: lengths of its examples.
        machine: machine on which it runs.
        settings: settings of a training; None for labels and tests.
    """
    least = PASS_S * shape.layers
    spent = tokens.read * 2 * shape.multiplied / (machine.flops * READ_SHARE)
    if settings is not None:
        together = settings.micro_batch if isinstance(settings, LanguageTrainSettings) else settings.batch
        passes = tokens.learned / (min(together, settings.batch) * lengths.learned)
        each = _operations(settings) * shape.multiplied / (machine.flops * LEARN_SHARE)
        spent += max(tokens.learned * each, passes * 3 * least)
    if not tokens.written:
        return spent
    long = lengths.prompt + lengths.reply
    side = max(1, int(machine.pass_tokens / long)) if settings is None else settings.batch
    read = (shape.parameters + side * long * shape.cached) * shape.bytes_each
    multiplied = 2 * shape.multiplied * side / (machine.flops * READ_SHARE)
    return spent + tokens.written / side * max(read / (machine.bandwidth * WRITE_SHARE), multiplied, least)


def _operations(settings: LanguageTrainSettings | PolicyTrainSettings) -> int:
    """Operations per parameter and learned token."""
    if not isinstance(settings, LanguageTrainSettings):
        return 6
    return (4 if settings.finetuning == "lora" else 6) + (2 if settings.save_memory else 0)


def read_per_s(shape: ModelShape, machine: Hardware) -> float:
    """Tokens read per second; for nets of moves, positions."""
    return machine.flops * READ_SHARE / (2 * shape.multiplied * (shape.squares or 1))


def labelling_memory(shape: ModelShape, lengths: ExampleLengths, held: float) -> dict[str, float]:
    """Peak bytes of labelling, by use; ``held``: tokens of a pass."""
    held = max(held, lengths.longest)
    return {
        "weights": shape.parameters * shape.bytes_each,
        "activations": held * shape.width * _KEPT * shape.bytes_each,
        "cache": held * shape.cached * shape.bytes_each,
    }


def training_memory(
    settings: LanguageTrainSettings | PolicyTrainSettings, shape: ModelShape, lengths: ExampleLengths
) -> dict[str, float]:
    """Peak bytes of a training, by use."""
    if not isinstance(settings, LanguageTrainSettings):
        places = settings.batch * lengths.longest
        return {
            "weights": shape.parameters * 4.0,
            "optimizer": shape.parameters * 12.0,
            "activations": places * shape.width * shape.layers * 4.0 * 4.0,
        }
    whole = settings.finetuning == "full"
    number = 4.0 if settings.precision == "float32" else 2.0
    rows = min(settings.micro_batch, settings.batch)
    places = rows * min(float(settings.max_length), lengths.longest)
    layers = shape.layers / _KEPT + 1 if settings.save_memory else shape.layers
    adapter = shape.adapter(settings.rank, settings.targets)
    found = {
        "weights": shape.parameters * (4.0 if whole else shape.bytes_each),
        "optimizer": shape.parameters * 12.0 if whole else adapter * 16.0,
        "activations": places * shape.width * layers * _KEPT * number,
        "logits": places * shape.vocabulary * 2 * number,
    }
    if _is_grpo(settings):
        found["cache"] = settings.batch * lengths.longest * shape.cached * shape.bytes_each
    return found


def _is_grpo(settings: LanguageTrainSettings | PolicyTrainSettings) -> bool:
    return isinstance(settings, LanguageTrainSettings) and settings.objective == "grpo"
