"""Evidence about labels beyond the model's own answer: prompts, samples, a student's view, and oracles."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from w2s.arena.oracles import Case, Finding, Oracle, load_oracles
from w2s.errors import UsageError
from w2s.evidence_kinds import EvidenceRequest, parse_evidence
from w2s.labelling.spec import LabelSpec
from w2s.models import Answer, Model, SupportsSampling, SupportsScoring
from w2s.models.few_shot import Shots
from w2s.schemas import oracle_fields
from w2s.tasks import Example, MoveExample, task_for

Numbers = npt.NDArray[np.float64]
MAJORITY = "majority"
"""The column with the label that most samples mean, in canonical form."""


def check_spec(spec: LabelSpec) -> None:
    """Refuse evidence that the model cannot give, before the first request.

    Raises:
        UsageError: the model gives no such evidence, or the number in a name is invalid.
    """
    for name in spec.evidence:
        request = parse_evidence(name)
        if request.name == "samples":
            _sampler(spec.model)
        else:
            from w2s.models.hf.evidence import check_evidence as check_prompted

            check_prompted(spec.model, [name])
            _check_inputs(spec, request)


def _check_inputs(spec: LabelSpec, request: EvidenceRequest) -> None:
    if request.name == "icl" and not spec.shots:
        raise UsageError(
            "label-icl-needs-shots",
            "icl needs few-shot examples: name a file of examples with answers with --few-shot FILE",
        )
    if request.name == "reward" and spec.reward is None:
        raise UsageError("label-reward-needs-model", "reward needs a model: name it with --reward hf:DIR")


def elicit_evidence(
    spec: LabelSpec,
    examples: Sequence[Example],
    labels: Sequence[str | None],
    replies: Sequence[str | None],
) -> dict[str, pa.Array]:
    """Ask the model for the evidence that the specification names.

    Args:
        spec: the model and the names of the evidence.
        examples: n examples.
        labels: one label per example, null where there is none.
        replies: the text of the model's answer to each example.

    Returns:
        Columns of float32, one or two per name; null where the model gives no number or the label is null.
        With ``samples`` also the column of text :data:`MAJORITY`, the label that most samples mean.

    Raises:
        UsageError: the model gives no such evidence, or lacks what it needs.
    """
    known = [row for row, label in enumerate(labels) if label is not None]
    answered = [(examples[row], labels[row] or "") for row in known]
    found: dict[str, Numbers] = {}
    votes: list[str | None] | None = None
    for name in spec.evidence:
        request = parse_evidence(name)
        if request.name == "samples":
            numbers, votes = _sample(_sampler(spec.model), answered, request.count)
            found |= numbers
        else:
            found |= _prompt(spec, name, answered, [replies[row] for row in known])
    columns = {}
    for name, values in found.items():
        column = np.full(len(labels), np.nan, np.float32)
        column[known] = values
        columns[name] = pa.array(column, pa.float32(), from_pandas=True)
    if votes is not None:
        by_row = dict(zip(known, votes, strict=True))
        columns[MAJORITY] = pa.array([by_row.get(row) for row in range(len(labels))], pa.string())
    return columns


def _prompt(spec: LabelSpec, name: str, answered: Shots, replies: Sequence[str | None]) -> dict[str, Numbers]:
    """What a language model says about its labels in further prompts."""
    from w2s.models.hf.evidence import measure_evidence

    examples, labels = [example for example, _ in answered], [label for _, label in answered]
    return measure_evidence(
        spec.model, [name], examples, labels, replies=replies, gold=spec.shots, reward=spec.reward
    )


# Samples ----------------------------------------------------------------------------------------------------


def _sampler(model: Model) -> SupportsSampling:
    if not isinstance(model, SupportsSampling):
        raise UsageError(
            "label-no-samples",
            f"{model.reference} cannot draw samples: leave samples out, or name an hf: or openai: model",
        )
    return model


def _question(example: Example) -> str:
    """The same text for all proposals of one example."""
    return repr(task_for(example).row(replace(example, id="", group=None)))


def _sample(
    model: SupportsSampling, answered: Shots, count: int
) -> tuple[dict[str, Numbers], list[str | None]]:
    """``self_consistency`` and ``predictive_entropy`` of ``count`` samples of each question, and the label
    that most samples mean."""
    questions = {_question(example): example for example, _ in answered}  # once, however many proposals
    samples = dict(zip(questions, model.sample([*questions.values()], count), strict=True))
    rows = [(example, label, samples[_question(example)]) for example, label in answered]
    numbers = {
        "self_consistency": np.array([self_consistency(*row) for row in rows]),
        "predictive_entropy": np.array([predictive_entropy(example, drawn) for example, _, drawn in rows]),
    }
    return numbers, [majority_label(example, drawn) for example, _, drawn in rows]


def self_consistency(example: Example, label: str, samples: Sequence[str]) -> float:
    """The share of the samples that mean the same as the label, in [0, 1]; NaN without samples."""
    if not samples:
        return float("nan")
    return sum(_same(example, sample, label) for sample in samples) / len(samples)


def predictive_entropy(example: Example, samples: Sequence[str]) -> float:
    """The entropy over the meanings of the samples, in nats; NaN without samples."""
    if not samples:
        return float("nan")
    shares = np.array(cluster_by_meaning(example, samples)) / len(samples)
    return max(0.0, -float((shares * np.log(shares)).sum()))


def majority_label(example: Example, samples: Sequence[str]) -> str | None:
    """The label that most samples mean, in canonical form; of equally frequent ones the first that was drawn.

    Returns:
        None if no sample holds a label.

    Source: self-consistency, Wang et al., arXiv 2203.11171.
    """
    read = [task_for(example).canonical(example, sample) for sample in samples]
    sizes = _clusters(example, [label for label in read if label is not None])
    return max(sizes, key=lambda label: sizes[label], default=None)


def cluster_by_meaning(example: Example, samples: Sequence[str]) -> list[int]:
    """The number of samples in each cluster of equal meaning; samples without a label cluster by text."""
    return [*_clusters(example, samples).values()]


def _clusters(example: Example, samples: Sequence[str]) -> dict[str, int]:
    """The number of samples in each cluster, by its first sample, in the order drawn."""
    sizes: dict[str, int] = {}
    for sample, count in Counter(samples).items():
        first = next((one for one in sizes if _same(example, sample, one)), sample)
        sizes[first] = sizes.get(first, 0) + count
    return sizes


def _same(example: Example, left: str, right: str) -> bool:
    return left == right or task_for(example).same(example, left, right)


# A student's view -------------------------------------------------------------------------------------------

_VIEW: dict[str, pa.DataType] = {
    "log_prob": pa.float32(),
    "rank": pa.int32(),
    "margin": pa.float32(),
    "entropy": pa.float32(),
}


def as_judge(model: Model) -> SupportsScoring:
    """The model, if it can judge labels that others gave.

    Raises:
        UsageError: it cannot.
    """
    if not isinstance(model, SupportsScoring):
        raise UsageError(
            "label-student-cannot-judge",
            f"{model.reference} cannot judge labels; name a policy:, lc0: or hf: model as student",
        )
    return model


def student_view(
    student: SupportsScoring, examples: Sequence[Example], labels: Sequence[str | None]
) -> tuple[dict[str, pa.Array], npt.NDArray[np.float32]]:
    """How a student sees the labels that its teacher gave.

    Returns:
        The columns ``student_log_prob``, ``student_rank``, ``student_margin`` and ``student_entropy``; and
        a vector per label, float32 of shape (n, 4 + d): log-probability, ln(1 + rank), margin, entropy, then
        the student's hidden state of the label. Numbers that the student does not have are 0; the row is NaN
        where the label is null or has no meaning.
    """
    known = [row for row, label in enumerate(labels) if label is not None]
    judged = student.judge([examples[row] for row in known], [labels[row] or "" for row in known])
    answers = [Answer("") for _ in labels]
    for row, answer in zip(known, judged, strict=True):
        answers[row] = answer
    columns = {
        f"student_{name}": pa.array([getattr(answer, name) for answer in answers], kind)
        for name, kind in _VIEW.items()
    }
    width = max((len(answer.hidden) for answer in answers if answer.hidden is not None), default=0)
    return columns, np.stack([_student_vector(answer, width) for answer in answers])


def _student_vector(answer: Answer, width: int) -> npt.NDArray[np.float32]:
    if answer.hidden is None:
        return np.full(len(_VIEW) + width, np.nan, np.float32)
    numbers = [answer.log_prob, math.log1p(answer.rank or 0), answer.margin, answer.entropy]
    head = np.array([0.0 if number is None else number for number in numbers], np.float32)
    return np.concatenate([head, answer.hidden.astype(np.float32)])


# Oracles --------------------------------------------------------------------------------------------------


CAP_CP = 1500
"""Centipawns to which values are clipped on both sides before a regret is computed."""


def load_oracles_by_prefix(references: Sequence[str], *, concurrency: int = 1) -> dict[str, Oracle]:
    """Oracles by the prefix of their columns: ``search:depth=2`` gives ``search_depth2``.

    Args:
        references: oracle references, each once.
        concurrency: engine processes that run in parallel.

    Raises:
        UsageError: an oracle is unknown or named twice.
    """
    oracles: dict[str, Oracle] = {}
    for reference in references:
        name = column_prefix(reference)
        if name in oracles:
            raise UsageError("label-duplicate-oracle", f"duplicate oracle {reference!r}; name it once")
        (oracles[name],) = load_oracles([reference], cap_cp=CAP_CP, concurrency=concurrency)
    return oracles


def column_prefix(reference: str) -> str:
    """A reference as a column prefix: letters, digits and single underscores.

    Example:
        >>> column_prefix("uci:stockfish?nodes=1000")
        'uci_stockfish_nodes1000'
    """
    return re.sub(r"\W+", "_", reference.replace("=", "")).strip("_")


def verify_labels(
    oracle: Oracle, name: str, examples: Sequence[Example], labels: Sequence[str | None]
) -> dict[str, pa.Array]:
    """The columns ``NAME_best``, ``NAME_regret_cp`` and ``NAME_wdl``; null where the oracle has no answer.

    Args:
        oracle: verifies moves.
        name: prefix of the columns.
        examples: n positions.
        labels: one move per position; null where there is none.

    Raises:
        UsageError: an example is not a position.
    """
    positions = [example for example in examples if isinstance(example, MoveExample)]
    if len(positions) < len(examples):
        raise UsageError(
            "label-oracle-needs-positions",
            f"the oracle {oracle.reference} only verifies moves; leave it out for other tasks",
        )
    moves = [
        None if label is None else example.state.read(label)[0]
        for example, label in zip(positions, labels, strict=True)
    ]
    cases: dict[int, Case] = {}  # one per position, with all its moves
    for example, move in zip(positions, moves, strict=True):
        if move is not None:
            case = cases.get(id(example.state), Case(example.id, example.state, ()))
            cases[id(example.state)] = replace(case, moves=tuple(dict.fromkeys((*case.moves, move))))
    found = dict(zip(cases, oracle.verify(list(cases.values())), strict=True))
    findings = [
        found.get(id(example.state), {}).get(move or "", Finding())
        for example, move in zip(positions, moves, strict=True)
    ]
    values = {
        "best": [finding.best for finding in findings],
        "regret_cp": [finding.regret_cp for finding in findings],
        "wdl": [finding.wdl for finding in findings],
    }
    return {
        column: pa.array(values[column.removeprefix(f"{name}_")], kind)
        for column, kind in oracle_fields(name)
    }
