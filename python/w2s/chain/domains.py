"""Evidence that labels of two games or tasks share: trust is fitted on one and reads the other.

Knows nothing about models. A vector is the state of one net: another net's means something else, whatever its
width, so vectors are shared only where one teacher labels both. Columns always are: how sure a teacher is
means the same in every game.
"""

from __future__ import annotations

from w2s.chain.config import TrustSpec
from w2s.evidence import EXAMPLE_ID, PROPOSAL, Labels
from w2s.trust import trust_function
from w2s.trust.evidence_requirements import has_evidence
from w2s.trust.features import feature_layout

_NEEDED = ("id", "label", "correct", "group", EXAMPLE_ID, PROPOSAL)


def shared(gold: Labels, pool: Labels, *, vectors: bool = False) -> tuple[Labels, Labels]:
    """Both with the columns that both know; with their vectors, or without."""
    both = [
        name
        for name in gold.table.column_names
        if name in _NEEDED
        or (name in pool.table.column_names and has_evidence(gold, name) and has_evidence(pool, name))
    ]
    first, second = (
        Labels(labels.table.select(_with_said(both, labels)), labels.vectors if vectors else {})
        for labels in (gold, pool)
    )
    return first, second


def _with_said(names: list[str], labels: Labels) -> list[str]:
    """These columns and the text of replies, which students learn and trust does not read."""
    return [*names, *({"raw"} & set(labels.table.column_names) - set(names))]


def readable(spec: TrustSpec, gold: Labels) -> TrustSpec:
    """The same trust function, told to read what gold has of what it would read."""
    reads = _reads(spec)
    if reads is None:
        return spec
    kept = [name for name in reads if has_evidence(gold, name)]
    return spec.model_copy(update={"options": {**spec.options, "reads": kept}})


def evidence_read(spec: TrustSpec, gold: Labels) -> list[str]:
    """Names of the columns that the trust function reads of gold."""
    reads = _reads(spec)
    if reads is None:
        return sorted(trust_function(spec.function, **spec.options).needs)
    layout = feature_layout(gold, reads)
    return [*layout.columns, *layout.agrees]


def _reads(spec: TrustSpec) -> tuple[str, ...] | None:
    """What a function that has the choice would read."""
    options = getattr(trust_function(spec.function, **spec.options), "options", None)
    return getattr(options, "reads", None)
