"""How a student should use labels: those of a finished chain in several uses, measured on held-back gold.

    python -m studies.label_use runs/maia-deliberation --validation 1500 --out runs/label-use

Students answer a part of gold, ``--validation`` rows; trust is fitted on the rest. Test rows are never read,
and nothing is labelled again. A killed study continues; the table is written after every use.
"""

from __future__ import annotations

import argparse
import datetime
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from w2s.chain.config import ChainConfig
from w2s.chain.config_file import load_config
from w2s.chain.data.files import load_splits
from w2s.chain.data.splits import split
from w2s.chain.soft_labels import smooth_by_trust
from w2s.chain.training_rows import SoftTarget, concat, gold_rows, label_rows
from w2s.chain.trust_step import build_trust_function
from w2s.crowds import aggregate_votes
from w2s.evidence import Labels, read_labels
from w2s.files import write_json, write_text
from w2s.labelling import evaluate_models
from w2s.metrics import accuracy, auc
from w2s.models import Model, Want, load_model
from w2s.models.reference import parse_reference
from w2s.selection import select
from w2s.tasks import Example
from w2s.train import TrainingSet, parse_settings, train

Numbers = npt.NDArray[np.float64]
THOUGHT = "nodes=50"
"""How the untrained student looks ahead where it has to agree."""
VOTERS = ("policy:chess-small", "policy:chess-medium")
"""Nets that vote besides the teacher with and without looking ahead; they learned from Stockfish's values."""


@dataclass(frozen=True)
class LabelUse:
    """How labels become training rows.

    Attributes:
        share: share of the labels that is kept, the most trusted ones.
        power: rows are weighted by trust to this power.
        strata: number of equal strata of difficulty that each keep the same share.
        is_soft: whether a label has its trust as probability, and the student's policy has the rest.
        pool: share of the pool that is used.
        agreed: whether only labels are used that the student chooses too, after it has looked ahead.
        crowd: whether the label is that of several voters, and trust its probability by the one-coin model.
        gold: whether gold is learned too.
        epochs: passes over the rows; None for the default.
    """

    share: float = 1.0
    power: float = 0.0
    strata: int = 1
    is_soft: bool = False
    pool: float = 1.0
    agreed: bool = False
    crowd: bool = False
    gold: bool = False
    epochs: int | None = None


USES = {
    "gold alone": LabelUse(share=0.0, gold=True),
    "all labels": LabelUse(),
    "top 50 %": LabelUse(0.5),
    "top 70 %": LabelUse(0.7),
    "top 85 %": LabelUse(0.85),
    "all, weights trust^2": LabelUse(power=2.0),
    "all, weights trust^4": LabelUse(power=4.0),
    "top 85 %, weights trust^2": LabelUse(0.85, power=2.0),
    "all, soft by trust": LabelUse(is_soft=True),
    "top 70 % of each fifth by difficulty": LabelUse(0.7, strata=5),
    "top 70 % of a quarter of the pool": LabelUse(0.7, pool=0.25),
    "top 70 % of half of the pool": LabelUse(0.7, pool=0.5),
    "all labels of a quarter of the pool": LabelUse(pool=0.25),
    "all labels of half of the pool": LabelUse(pool=0.5),
    "labels that the student agrees with": LabelUse(agreed=True),
    "top 70 % of the votes of four": LabelUse(0.7, crowd=True),
    "top 70 %, 4 epochs": LabelUse(0.7, epochs=4),
    "gold and top 70 %": LabelUse(0.7, gold=True),
    "gold and top 85 %": LabelUse(0.85, gold=True),
    "gold and all, weights trust^2": LabelUse(power=2.0, gold=True),
}


@dataclass(frozen=True)
class LabelledPool:
    """Labels of a chain's first round, with trust fitted on a part of gold.

    Attributes:
        config: the chain.
        gold: gold rows that trust is fitted on.
        validation: gold rows that students answer.
        pool: the other rows.
        labels: labels of the pool, in its order.
        trust: trust in them.
    """

    config: ChainConfig
    gold: Sequence[Example]
    validation: Sequence[Example]
    pool: Sequence[Example]
    labels: Labels
    trust: Numbers

    @property
    def student(self) -> str:
        """Reference of the untrained student."""
        return self.config.student[0]

    @cached_property
    def policies(self) -> dict[str, dict[str, float]]:
        """The untrained student's policy, by id of the example."""
        model = load_model(self.student)
        found = model.distributions(self.pool)  # type: ignore[attr-defined]
        return dict(zip(self.labels.example_ids, found, strict=True))

    @cached_property
    def difficulty(self) -> Numbers:
        """Entropy of the untrained student's policy, nats."""
        rows = [np.array(list(self.policies[id_].values())) for id_ in self.labels.example_ids]
        return np.array([-(row * np.log(np.maximum(row, 1e-12))).sum() for row in rows])

    @cached_property
    def is_agreed(self) -> npt.NDArray[np.bool_]:
        """Whether the untrained student chooses the label too, after it has looked ahead."""
        chosen = _choices(load_model(f"{self.student}?{THOUGHT}"), self.pool)
        pairs = zip(chosen, self.labels.texts("label"), strict=True)
        return np.array([one == other for one, other in pairs], bool)

    @cached_property
    def crowd(self) -> LabelledPool:
        """The same pool with the labels of several voters."""
        policy = parse_reference(self.config.teacher)
        votes = [
            [str(label) for label in self.labels.texts("label")],
            *(_choices(load_model(one), self.pool) for one in (f"{policy.kind}:{policy.target}", *VOTERS)),
        ]
        n = len(self.pool)
        items = np.tile(np.arange(n), len(votes))
        workers = np.repeat(np.arange(len(votes)), n)
        found = aggregate_votes(items, workers, [vote for some in votes for vote in some], method="one-coin")
        labels = self.labels.with_column("label", pa.array(found.labels, pa.string()))
        return replace(self, labels=labels, trust=np.asarray(found.trust, np.float64))

    @cached_property
    def is_right(self) -> npt.NDArray[np.bool_]:
        """Which labels are right; for the table only, never for a choice."""
        labels = self.labels.table.column("label").to_pylist()
        return np.array([label in one.gold for label, one in zip(labels, self.pool, strict=True)])


def _choices(model: Model, examples: Sequence[Example]) -> list[str]:
    """The model's label of each example."""
    chunks = [examples[begin : begin + 512] for begin in range(0, len(examples), 512)]
    return [answer.label for some in chunks for answer in model.answer(some, Want())]


def read_pool(run: Path, validation: int) -> LabelledPool:
    """The labels of a run's first round; gold is divided as in the study of settings."""
    config = load_config(resume=run)
    splits = load_splits(config.examples, task=config.task, game=config.game, seed=config.seed)
    parts = split(splits.gold, [len(splits.gold) - validation, 0, validation], config.seed)
    every = read_labels(run / "round-1" / "labels" / "labels.parquet")
    places = {id_: place for place, id_ in enumerate(every.example_ids)}
    gold, pool = (
        every.take(np.array([places[one.id] for one in rows])) for rows in (parts.gold, splits.pool)
    )
    fitted = build_trust_function(config.trust, config.features).fit(gold, seed=config.seed)
    return LabelledPool(config, parts.gold, parts.test, splits.pool, pool, fitted.score(pool))


def kept_rows(use: LabelUse, labelled: LabelledPool) -> npt.NDArray[np.int64]:
    """Positions of the labels that a use keeps."""
    n = round(use.pool * len(labelled.pool))
    if not use.share:
        return np.zeros(0, np.int64)
    if use.agreed:
        return np.flatnonzero(labelled.is_agreed)
    ranks = labelled.difficulty[:n].argsort(kind="stable").argsort(kind="stable")
    strata = ranks * use.strata // n if use.strata > 1 else None
    return select(labelled.trust[:n], top=f"{100 * use.share:g}%", stratify=strata)


def training_set(use: LabelUse, labelled: LabelledPool) -> TrainingSet:
    """The rows that a student learns."""
    if not use.share:
        return gold_rows(labelled.gold)
    soft: SoftTarget | None = None
    if use.is_soft:
        trust = dict(zip(labelled.labels.example_ids, labelled.trust.tolist(), strict=True))
        soft = partial(_softened, trust, labelled.policies)
    weights = labelled.trust**use.power
    rows = label_rows(labelled.pool, labelled.labels, kept_rows(use, labelled), weights, soft)
    return concat(gold_rows(labelled.gold), rows) if use.gold else rows


def _softened(
    trust: dict[str, float], policies: dict[str, dict[str, float]], id_: str, label: str
) -> dict[str, float]:
    return dict(smooth_by_trust(label, trust[id_], policies[id_]))


def measure(use: LabelUse, labelled: LabelledPool, folder: Path) -> dict[str, Any]:
    """Train a student on a use, and let it answer the validation rows."""
    labelled = labelled.crowd if use.crowd else labelled
    kept = kept_rows(use, labelled)
    rows, config = training_set(use, labelled), labelled.config
    changes = {} if use.epochs is None else {"epochs": use.epochs}
    settings = parse_settings(labelled.student, {**config.train, **changes}, config.seed)
    model = load_model(train(labelled.student, rows, settings, folder))
    right = evaluate_models(labelled.validation, {"model": model}).scores["model"]
    found = accuracy(right, seed=config.seed)
    purity = float(labelled.is_right[kept].mean()) if len(kept) else None
    return {"rows": len(rows), "purity": purity, "accuracy": list(found)}


def section(run: Path, labelled: LabelledPool, found: dict[str, dict[str, Any]]) -> str:
    """A section of docs/results.md: the question, the date and the table, best first."""
    area = auc(labelled.trust, labelled.is_right)
    lines = [
        f"## Uses of the labels of {run.name}, tried on held-back gold\n",
        f"{datetime.date.today()}, `python -m studies.label_use runs/{run.name}`: students answer "
        f"{len(labelled.validation):,} gold rows that are kept from trust; the test is never asked. One "
        f"seed; {labelled.is_right.mean():.1%} of the labels are right, AUC of trust {area:.3f}. "
        "Best first.\n",
        "| use | rows | purity of the kept | accuracy on validation |",
        "|---|---|---|---|",
    ]
    for name, one in sorted(found.items(), key=lambda pair: -pair[1]["accuracy"][0]):
        mean, low, high = (f"{100 * number:.1f}" for number in one["accuracy"])
        purity = "" if one["purity"] is None else f"{one['purity']:.1%}"
        lines.append(f"| {name} | {one['rows']:,} | {purity} | {mean} ({low} to {high}) |")
    return "\n".join([*lines, ""])


def main() -> None:
    """Measure all uses, or those that are named."""
    parser = argparse.ArgumentParser(prog="python -m studies.label_use", description=__doc__)
    parser.add_argument("run", type=Path, help="folder of a chain whose first round is labelled")
    parser.add_argument("--validation", type=int, default=1500, help="gold rows that students answer")
    parser.add_argument("--use", action="append", choices=list(USES), help="repeatable; default: all")
    parser.add_argument("--out", type=Path, default=Path("runs/label-use"))
    given = parser.parse_args()
    labelled = read_pool(given.run, given.validation)
    given.out.mkdir(parents=True, exist_ok=True)
    report = given.out / "study.json"
    found: dict[str, dict[str, Any]] = json.loads(report.read_text()) if report.exists() else {}
    for number, name in enumerate(USES):
        if name in found or name not in (given.use or USES):
            continue
        print(f"{datetime.datetime.now():%H:%M:%S} {name}: {asdict(USES[name])}", flush=True)
        found[name] = measure(USES[name], labelled, given.out / f"use-{number}")
        write_json(report, found)
        write_text(given.out / "study.md", section(given.run, labelled, found))
    print((given.out / "study.md").read_text())


if __name__ == "__main__":
    main()
