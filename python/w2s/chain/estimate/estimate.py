"""A chain and a machine → what every step takes, as plain values.

Knows nothing about screens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from w2s.chain.checking import check_config
from w2s.chain.config import ChainConfig
from w2s.chain.estimate import cost
from w2s.chain.estimate.machine import PASS_TOKENS, Machine
from w2s.chain.estimate.plan import Work, plan
from w2s.chain.estimate.rows import Files
from w2s.chain.regimes import arms_left_out, with_arms
from w2s.models.model_size import ExampleLengths, ModelShape, find_shape, measure_lengths
from w2s.tasks import Example
from w2s.train import LanguageTrainSettings, PolicyTrainSettings, parse_settings

Facts = dict[str, Any]
_GIB = 1024**3


def estimate(config: ChainConfig, machine: Machine | None) -> Facts:
    """What a chain will take.

    Args:
        config: the chain; nothing of it is started, and nothing is downloaded.
        machine: whose time and memory it is; None for neither.

    Returns:
        ``rows`` by role; ``arms``, what each arm of each round takes in all; ``steps``, each with its
        labels, tokens, optimizer steps, memory in GiB by what holds it, and hours, None where they are not
        known; ``total``; ``models`` with where their sizes are from; ``assumptions`` in words; ``not_known``.
    """
    check_config(config)
    config = with_arms(config, arms_left_out(config, answered=_pool_is_answered(config)))
    files = Files(config)
    rows, notes = files.rows_by_role()
    examples, missing = files.some_examples()
    models = _Models(config, examples)
    found = [_step(work, config, models, machine) for work in plan(config, rows)]
    known = [step["hours"] for step in found if step["hours"] is not None]
    peaks = [step["memory_gib"]["peak"] for step in found if step["memory_gib"]]
    unsized = list(dict.fromkeys(work["model"] for work in found if not work["memory_gib"]))
    arms = by_arm(found)
    return {
        "machine": None if machine is None else {**vars(machine), "memory_gib": machine.memory / _GIB},
        "rows": rows,
        "arms": arms,
        "steps": found,
        "total": {
            **{name: sum(arm[name] for arm in arms) for name in ("labels", "tokens", "optimizer_steps")},
            "hours": sum(known) if known else None,
            "peak_gib": max(peaks, default=None),
            "fits": None if machine is None or not peaks else max(peaks) * _GIB <= machine.memory,
        },
        "models": models.described(machine),
        "assumptions": _assumptions(config, machine),
        "not_known": [
            *notes,
            *missing,
            *(f"how large and fast {model} is" for model in unsized),
            *_apart(config),
        ],
    }


def _pool_is_answered(config: ChainConfig) -> bool:
    return config.source == "files" or config.matches.verify_pool


def by_arm(found: Sequence[Facts]) -> list[Facts]:
    """Steps of one arm of one round, or labels with what other models say of them, as one: training and test
    together. The peak is the largest, the rest are sums; hours are None where those of any step are."""
    arms: dict[tuple[object, ...], list[Facts]] = {}
    for step in found:
        arms.setdefault((step["round"], step["arm"], step["model"]), []).append(step)
    return [
        {
            "round": round_,
            "arm": arm,
            "model": model,
            "times": steps[0]["times"],
            "labels": sum(step["labels"] * step["times"] for step in steps),
            "learned_rows": sum(step["rows"] for step in steps if step["step"] == "train"),
            "tokens": sum(sum(step["tokens"].values()) for step in steps),
            "optimizer_steps": sum(step["optimizer_steps"] for step in steps),
            "peak_gib": max(step["memory_gib"].get("peak", 0.0) for step in steps) or None,
            "hours": None
            if any(step["hours"] is None for step in steps)
            else sum(step["hours"] for step in steps),
        }
        for (round_, arm, model), steps in arms.items()
    ]


@dataclass
class _Models:
    """Sizes of the models, each looked up once."""

    config: ChainConfig
    examples: Sequence[Example]

    @cached_property
    def _known(self) -> dict[str, tuple[ModelShape | None, ExampleLengths]]:
        config = self.config
        named = [config.teacher, *config.student, *([config.reward] if config.reward else [])]
        return {name: self._one(name) for name in dict.fromkeys(named)}

    def of(self, reference: str) -> tuple[ModelShape | None, ExampleLengths]:
        """Shape and lengths of a model of the chain."""
        return self._known[reference]

    def _one(self, reference: str) -> tuple[ModelShape | None, ExampleLengths]:
        shape = find_shape(reference)
        squares = 0 if shape is None else shape.squares
        return shape, measure_lengths(reference, self.config.task, self.examples, squares)

    def described(self, machine: Machine | None) -> list[Facts]:
        """Each model with its parameters, what it reads in a second, tokens of an example, and where they are
        from."""
        return [
            {
                "model": name,
                "parameters": None if shape is None else shape.parameters,
                "size_from": None if shape is None else shape.source,
                "reads_per_s": None if shape is None or machine is None else cost.read_per_s(shape, machine),
                "reads": "positions" if shape is not None and shape.squares else "tokens",
                "prompt": lengths.prompt,
                "reply": lengths.reply,
                "tokens_from": lengths.source,
            }
            for name, (shape, lengths) in self._known.items()
        ]


def _step(work: Work, config: ChainConfig, models: _Models, machine: Machine | None) -> Facts:
    shape, lengths = models.of(work.model)
    settings = parse_settings(work.model, config.train, config.seed) if work.kind == "train" else None
    tokens = _tokens(work, config, lengths, settings) * (work.rows * work.times)
    hours, memory = None, {}
    if shape is not None:
        held = PASS_TOKENS if machine is None else machine.pass_tokens
        memory = (
            cost.labelling_memory(shape, lengths, held)
            if settings is None
            else cost.training_memory(settings, shape, lengths)
        )
        if machine is not None:
            hours = cost.seconds(tokens, shape, lengths, machine, settings) / 3600
    return {
        "round": work.round,
        "step": work.kind,
        "arm": work.arm,
        "model": work.model,
        "times": work.times,
        "labels": work.rows if work.kind != "train" else 0,
        "rows": work.rows,
        "tokens": {name: round(value) for name, value in vars(tokens).items()},
        "optimizer_steps": cost.steps(settings, work.rows) * work.times if settings is not None else 0,
        "memory_gib": {
            **{name: value / _GIB for name, value in memory.items()},
            **({"peak": sum(memory.values()) / _GIB} if memory else {}),
        },
        "hours": hours,
    }


def _tokens(
    work: Work,
    config: ChainConfig,
    lengths: ExampleLengths,
    settings: LanguageTrainSettings | PolicyTrainSettings | None,
) -> cost.Tokens:
    """Of one row."""
    if settings is not None:
        return cost.learned(settings, lengths)
    if work.kind == "evidence":
        return cost.Tokens(lengths.prompt + max(lengths.options, lengths.reply))
    found = cost.answered(lengths)
    for name in config.evidence if work.kind == "label" else ():
        found += cost.asked(name, lengths)
    return found


def _assumptions(config: ChainConfig, machine: Machine | None) -> list[str]:
    held = PASS_TOKENS if machine is None else machine.pass_tokens
    said = [
        f"reading and scoring reach {cost.READ_SHARE:g} of the machine's rate of products, learning "
        f"{cost.LEARN_SHARE:g}, writing {cost.WRITE_SHARE:g} of its memory's bandwidth",
        "operations a token: 2 for each parameter to read, 6 to learn all, 4 to learn an adapter, 2 more "
        "where activations are computed again",
        f"a pass through a network takes at least {1000 * cost.PASS_S:g} ms a layer, one that learns three "
        "times as long",
        "bytes: weights as they are loaded (4 each where all learn); 12 for each number that learns (16 of "
        "an adapter, itself included); 17 numbers of the model's width a token and layer; 2 logits of the "
        f"whole vocabulary a learned token; keys and values of a pass of {held:,} tokens, or of a step's "
        "replies",
        "loading models, fitting trust and writing files take no time",
    ]
    if config.keep.purity is not None:
        said.append("the whole pool is kept: how much a certified purity keeps is not known before")
    if machine is not None:
        said.insert(
            0,
            f"{machine.name}, {machine.source}: {machine.flops / 1e12:.3g} TFLOP/s, "
            f"{machine.bandwidth / 1e9:,.1f} GB/s",
        )
    return said


def _apart(config: ChainConfig) -> list[str]:
    """What a chain does beside this, and for how long nobody says here."""
    found = []
    if config.source == "matches":
        found.append("how long matches and their oracle take")
    if config.oracles:
        found.append(f"how long {', '.join(config.oracles)} takes")
    if config.regime.gold_teacher:
        found.append(f"how long {config.regime.gold_teacher} takes to label gold")
    return found
