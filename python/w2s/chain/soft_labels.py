"""Soft labels: distributions over the labels of each example, as training targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from w2s.chain.context import RunContext
from w2s.chain.plan import PlannedDistributions
from w2s.chain.training_rows import SoftTarget
from w2s.chain.trust_step import TrustSelection
from w2s.errors import UsageError
from w2s.evidence import Labels, read_table, write_table
from w2s.models import SupportsDistribution, load_model
from w2s.models.few_shot import give_shots, labelled_shots
from w2s.tasks import Example
from w2s.train.dataset import Target

FILE = "distributions.parquet"
_SCHEMA = pa.schema(
    [("id", pa.string()), ("moves", pa.list_(pa.string())), ("probs", pa.list_(pa.float64()))]
)
Distributions = Mapping[str, Target]
"""Probabilities of labels, by id of the example."""


def label_distributions(
    step: PlannedDistributions,
    context: RunContext,
    model: str,
    examples: Sequence[Example],
    shots: Sequence[Example],
    made_of: Mapping[str, object],
) -> Distributions:
    """A model's distribution over the labels of each example; computed once and then read from disk.

    Args:
        step: where the result is saved.
        context: context of the run.
        model: reference of the model.
        examples: the pool.
        shots: gold, from which few-shot examples are drawn.
        made_of: identity of model and examples, as named JSON values.

    Raises:
        UsageError: the model has no distribution over labels.
    """

    def work(folder: Path) -> dict[str, Any]:
        loaded = load_model(model, seed=context.seed)
        try:
            if not isinstance(loaded, SupportsDistribution):
                raise UsageError(
                    "chain-model-without-distribution",
                    f"{model} gives no probabilities of labels, which teach.soft needs; leave teach.soft "
                    "out, or name a policy: or lc0: net or an hf: model",
                )
            give_shots(loaded, labelled_shots(shots))
            found = loaded.distributions(examples)
        finally:
            loaded.close()
        rows = [
            {"id": example.id, "moves": list(probs), "probs": list(probs.values())}
            for example, probs in zip(examples, found, strict=True)
        ]
        write_table(pa.Table.from_pylist(rows, schema=_SCHEMA), folder / FILE)
        return {"model": model}

    ids = [example.id for example in examples]
    what = f"{model} gives distributions for {len(ids):,} examples"
    context.cached(step, {**made_of, "model": model, "pool": ids}, work, what)
    columns = read_table(context.folder(step) / FILE, list(_SCHEMA.names)).to_pydict()
    return {
        id_: dict(zip(moves, probs, strict=True))
        for id_, moves, probs in zip(columns["id"], columns["moves"], columns["probs"], strict=True)
    }


def improved_policies(labels: Labels) -> Distributions:
    """The policies that a teacher improved by looking ahead, which are saved with its labels."""
    return _by_example(labels, "improved")


def move_values(labels: Labels) -> Distributions:
    """The value of each legal move that a teacher found by looking ahead, from -1 to 1."""
    return _by_example(labels, "move_values")


def _by_example(labels: Labels, column: str) -> Distributions:
    columns = labels.table.select(["moves", column]).to_pydict()
    return {
        id_: dict(zip(moves, numbers, strict=True))
        for id_, moves, numbers in zip(labels.example_ids, columns["moves"], columns[column], strict=True)
    }


def improved_targets(
    prior: Distributions, values: Distributions, gain: float, threshold: float
) -> SoftTarget:
    """Targets that improve the student's policy where the label gains more than the threshold.

    Args:
        prior: policies of the untrained student.
        values: values of the moves, by the teacher.
        gain: see :func:`improve`.
        threshold: how much better the label must be than the student's own choice.
    """

    def target(id_: str, label: str) -> Target:
        policy, found = prior[id_], values[id_]
        own = max(policy, key=lambda move: policy[move])
        return improve(policy, found, gain) if found[label] - found[own] > threshold else policy

    return target


def improve(policy: Target, values: Target, gain: float) -> Target:
    """The policy times the exponential of ``gain`` times the value, over its moves; sums to one.

    Of all policies it has the largest mean value minus its divergence from ``policy`` divided by ``gain``:
    Grill et al., *Monte-Carlo Tree Search as Regularized Policy Optimization*, arXiv 2007.12509.

    Example:
        >>> improve({"a": 0.5, "b": 0.5}, {"a": 0.1, "b": 0.1}, 10)
        {'a': 0.5, 'b': 0.5}
    """
    with np.errstate(divide="ignore"):
        logits = np.log([*policy.values()]) + gain * np.array([values[move] for move in policy])
    raised = np.exp(logits - logits.max())
    return dict(zip(policy, (raised / raised.sum()).tolist(), strict=True))


def teacher_targets(found: Distributions) -> SoftTarget:
    """Targets that are the teacher's distributions, regardless of the label."""
    return lambda id_, _: found[id_]


def trust_targets(found: Distributions, selection: TrustSelection) -> SoftTarget:
    """Targets that give a label its trust as probability, and the rest to the student's distribution."""
    trust = dict(zip(selection.labels.example_ids, selection.scores.tolist(), strict=True))
    return lambda id_, label: smooth_by_trust(label, trust[id_], found[id_])


def smooth_by_trust(label: str, trust: float, distribution: Target) -> Target:
    """The label with its trust as probability; the other labels share the rest as in a distribution."""
    others = {move: prob for move, prob in distribution.items() if move != label}
    total = sum(others.values())
    if not total > 0:
        return {label: 1.0}
    return {label: trust, **{move: (1 - trust) * prob / total for move, prob in others.items()}}
