"""The cost of every step of a chain's plan on a machine, as JSON values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from w2s.chain.config import ChainConfig
from w2s.chain.estimate import cost
from w2s.chain.estimate.dataset_sizes import DatasetFiles
from w2s.chain.estimate.hardware import PASS_TOKENS, Hardware
from w2s.chain.plan import Plan, Work
from w2s.chain.planner import plan_chain
from w2s.chain.validate import check_config
from w2s.models.model_size import ExampleLengths, ModelShape, find_shape, measure_lengths
from w2s.tasks import Example
from w2s.train import LanguageTrainSettings, PolicyTrainSettings, parse_settings

_GIB = 1024**3


def estimate(config: ChainConfig, machine: Hardware | None) -> dict[str, Any]:
    """Estimate the cost of a chain. Nothing is started, and nothing is downloaded.

    Args:
        config: the chain.
        machine: machine for which time and memory are estimated; None to estimate neither.

    Returns:
        JSON values: ``rows`` by split; ``arms``, the sums of each arm of each round; ``steps``, each with the
        folders of the run that will hold it, labels, tokens, optimizer steps, memory in GiB by use, and
        hours, which are None if they are not known; ``total``; ``models`` with the origin of their sizes;
        ``assumptions`` in words; ``not_known``.
    """
    check_config(config)
    files = DatasetFiles(config)
    rows, notes = files.rows_by_split()
    joined = 0 if config.matches.verify_pool else config.joined_positions
    answered = config.source == "files" or config.matches.verify_pool or joined > 0
    held = config.stop.audit_rows(rows["gold"])
    split = {**rows, "gold": rows["gold"] - held, "pool": rows["pool"] + config.joined_positions}
    plan = plan_chain(config, **split, pool_answered=answered, audit=held, joined=joined)
    examples, missing = files.some_examples()
    models = _Models(config, examples)
    steps = [_Step(line, config, models, machine) for line in plan_lines(plan)]
    known = [step.hours for step in steps if step.line.work is not None and step.hours is not None]
    peaks = [step.peak for step in steps if step.peak is not None]
    unsized = [step.line.work.model for step in steps if step.line.work is not None and step.peak is None]
    arms = by_arm(steps)
    return {
        "machine": None if machine is None else {**vars(machine), "memory_gib": machine.memory / _GIB},
        "rows": rows,
        "arms": arms,
        "steps": [step.to_json() for step in steps],
        "total": {
            **{name: sum(arm[name] for arm in arms) for name in ("labels", "tokens", "optimizer_steps")},
            "hours": sum(known) if known else None,
            "peak_gib": max(peaks) / _GIB if peaks else None,
            "fits": None if machine is None or not peaks else max(peaks) <= machine.memory,
        },
        "models": models.described(machine),
        "assumptions": _assumptions(config, machine),
        "not_known": [
            *notes,
            *missing,
            *(f"size and speed of {model}" for model in dict.fromkeys(unsized)),
            *_unestimated(config),
        ],
    }


@dataclass(frozen=True)
class PlanLine:
    """Equal work of several planned steps, such as those of all seeds.

    Attributes:
        round: counted from 1; 0 for steps of no round.
        kind: ``label``, ``evidence``, ``train``, ``test``, or a step without cost here.
        arm: the arm, or the purpose of the step.
        work: the work that takes time; None if there is none.
        teacher: the arm whose student is the teacher, in a round with several teachers; else empty.
        folders: folders of the steps.
    """

    round: int
    kind: str
    arm: str
    work: Work | None
    teacher: str = ""
    folders: list[str] = field(default_factory=list)


def plan_lines(plan: Plan) -> list[PlanLine]:
    """The steps of a plan, equal work together, in the order in which they come."""
    found: dict[object, PlanLine] = {}
    for step in plan.steps:
        lines = [PlanLine(step.round, work.kind, work.arm, work, step.taught_by) for work in step.work]
        for line in lines or [PlanLine(step.round, step.kind, step.arm, None, step.taught_by)]:
            key = (line.round, line.kind, line.arm, line.work, line.teacher)
            found.setdefault(key, line).folders.append(step.folder)
    return list(found.values())


@dataclass
class _Models:
    """Sizes of the models, each looked up once."""

    config: ChainConfig
    examples: Sequence[Example]

    @cached_property
    def _known(self) -> dict[str, tuple[ModelShape | None, ExampleLengths]]:
        config = self.config
        teachers = [config.teacher_of(number + 1) for number in range(config.rounds)]
        named = [*teachers, *config.student, config.reward, config.regime.gold_teacher]
        return {name: self._look_up(name) for name in dict.fromkeys(named) if name is not None}

    def of(self, reference: str) -> tuple[ModelShape | None, ExampleLengths]:
        """Shape and lengths of a model of the chain."""
        return self._known[reference]

    def _look_up(self, reference: str) -> tuple[ModelShape | None, ExampleLengths]:
        shape = find_shape(reference)
        squares = 0 if shape is None else shape.squares
        return shape, measure_lengths(reference, self.config.task, self.examples, squares)

    def described(self, machine: Hardware | None) -> list[dict[str, Any]]:
        """Each model with its parameters, reading speed and tokens per example, and the origin of these
        numbers."""
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


class _Step:
    """The cost of a line of the plan."""

    def __init__(
        self, line: PlanLine, config: ChainConfig, models: _Models, machine: Hardware | None
    ) -> None:
        self.line = line
        self.times = len(line.folders)
        self.tokens, self.optimizer_steps = cost.Tokens(), 0
        self.memory: Mapping[str, float] = {}
        self.hours: float | None = None if line.kind == "matches" else 0.0
        if line.work is not None:
            self._add_up(line.work, config, models, machine)

    @property
    def peak(self) -> float | None:
        """Bytes of memory at the peak; None if not known."""
        return sum(self.memory.values()) if self.memory else None

    def _add_up(self, work: Work, config: ChainConfig, models: _Models, machine: Hardware | None) -> None:
        shape, lengths = models.of(work.model)
        settings = parse_settings(work.model, config.train, config.seed) if work.kind == "train" else None
        self.tokens = _row_tokens(work, lengths, settings) * (work.rows * self.times)
        if settings is not None:
            self.optimizer_steps = cost.optimizer_steps(settings, work.rows) * self.times
        self.hours = None
        if shape is None:
            return
        held = PASS_TOKENS if machine is None else machine.pass_tokens
        self.memory = (
            cost.labelling_memory(shape, lengths, held)
            if settings is None
            else cost.training_memory(settings, shape, lengths)
        )
        if machine is not None:
            self.hours = cost.seconds(self.tokens, shape, lengths, machine, settings) / 3600

    def to_json(self) -> dict[str, Any]:
        """The entry of ``steps``."""
        work = self.line.work
        gib = {name: value / _GIB for name, value in self.memory.items()}
        return {
            "round": self.line.round,
            "step": self.line.kind,
            "arm": self.line.arm,
            "teacher": self.line.teacher or None,
            "model": None if work is None else work.model,
            "times": self.times,
            "labels": work.rows if work is not None and work.kind != "train" else 0,
            "rows": 0 if work is None else work.rows,
            "tokens": {name: round(value) for name, value in vars(self.tokens).items()},
            "optimizer_steps": self.optimizer_steps,
            "memory_gib": gib if self.peak is None else {**gib, "peak": self.peak / _GIB},
            "hours": self.hours,
            "folders": self.line.folders,
        }


def by_arm(steps: Sequence[_Step]) -> list[dict[str, Any]]:
    """Sums of the steps of one arm of one round by one model, training and test together.

    The peak is the largest; hours are None if those of any step are.
    """
    arms: dict[tuple[object, ...], list[_Step]] = {}
    for step in steps:
        if step.line.work is not None:
            line = step.line
            arms.setdefault((line.round, line.arm, line.teacher, step.line.work.model), []).append(step)
    return [_arm_sums(key, found) for key, found in arms.items()]


def _arm_sums(key: tuple[object, ...], steps: Sequence[_Step]) -> dict[str, Any]:
    round_, arm, teacher, model = key
    lines = [step.to_json() for step in steps]
    hours = [step.hours for step in steps]
    peaks = [step.peak for step in steps if step.peak is not None]
    return {
        "round": round_,
        "arm": arm,
        "teacher": teacher or None,
        "model": model,
        "times": steps[0].times,
        "labels": sum(line["labels"] * line["times"] for line in lines),
        "learned_rows": sum(line["rows"] for line in lines if line["step"] == "train"),
        "tokens": sum(sum(line["tokens"].values()) for line in lines),
        "optimizer_steps": sum(step.optimizer_steps for step in steps),
        "peak_gib": max(peaks) / _GIB if peaks else None,
        "hours": None if None in hours else sum(hour for hour in hours if hour is not None),
    }


def _row_tokens(
    work: Work,
    lengths: ExampleLengths,
    settings: LanguageTrainSettings | PolicyTrainSettings | None,
) -> cost.Tokens:
    if settings is not None:
        return cost.training_tokens(settings, lengths)
    if work.kind == "evidence":
        return cost.Tokens(lengths.prompt + max(lengths.options, lengths.reply))
    found = cost.label_tokens(lengths)
    for name in work.evidence:
        found += cost.evidence_tokens(name, lengths)
    return found


def _assumptions(config: ChainConfig, machine: Hardware | None) -> list[str]:
    held = PASS_TOKENS if machine is None else machine.pass_tokens
    found = [
        f"reading and scoring reach {cost.READ_SHARE:g} of the machine's compute rate, learning "
        f"{cost.LEARN_SHARE:g}, writing {cost.WRITE_SHARE:g} of its memory bandwidth",
        "operations per token: 2 per parameter to read, 6 to learn all, 4 to learn an adapter, 2 more if "
        "activations are recomputed",
        f"a pass through a network takes at least {1000 * cost.PASS_S:g} ms per layer, a training pass three "
        "times as long",
        "bytes: weights as they are loaded (4 each if all are trained); 12 per trained number (16 in an "
        "adapter, itself included); 17 numbers of the model's width per token and layer; 2 logits of the "
        f"whole vocabulary per learned token; keys and values of a pass of {held:,} tokens, or of a step's "
        "replies",
        "loading models, fitting trust and writing files are not counted",
    ]
    if config.keep.purity is not None:
        found.append("the whole pool is kept, since the share that a certified purity keeps is unknown")
    if machine is not None:
        found.insert(
            0,
            f"{machine.name}, {machine.source}: {machine.flops / 1e12:.3g} TFLOP/s, "
            f"{machine.bandwidth / 1e9:,.1f} GB/s",
        )
    return found


def _unestimated(config: ChainConfig) -> list[str]:
    """What a chain does that is not estimated."""
    found = []
    if config.source == "matches":
        found.append("duration of matches and their oracle")
    if config.oracles:
        found.append(f"duration of {', '.join(config.oracles)}")
    return found
