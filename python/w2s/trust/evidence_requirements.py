"""Which evidence labels have, by name, and what to do where it is missing.

Names are those of :data:`w2s.evidence_kinds.EVIDENCE`, or of any other column. Evidence that is null in every
row is missing.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from w2s.errors import DataError
from w2s.evidence import Labels
from w2s.evidence_kinds import EVIDENCE, STATES, remedy


def evidence_columns(labels: Labels, name: str) -> list[str]:
    """Columns that hold the named evidence and are not null in every row, sorted; none for a vector."""
    known = labels.table.column_names
    names = EVIDENCE[name].find_columns(known) if name in EVIDENCE else [name]
    return [column for column in names if _has_values(labels, column)]


def has_evidence(labels: Labels, name: str) -> bool:
    """Whether labels have the named evidence."""
    if name in STATES:
        vector = labels.vectors.get(name)
        return vector is not None and (not len(labels) or bool(np.isfinite(vector).any()))
    if name == "samples":
        return any(_has_values(labels, column) for column in ("self_consistency", "samples"))
    return bool(evidence_columns(labels, name))


def _has_values(labels: Labels, column: str) -> bool:
    return column in labels.table.column_names and (
        not len(labels) or labels.table.column(column).null_count < len(labels)
    )


def missing_evidence(needs: Iterable[str], labels: Labels) -> list[str]:
    """Names of evidence that is needed and that labels do not have, sorted."""
    return sorted(name for name in needs if not has_evidence(labels, name))


def require_evidence(who: str, needs: Iterable[str], labels: Labels) -> None:
    """Refuse labels that lack evidence.

    Args:
        who: what needs the evidence, for the message.
        needs: names of evidence.
        labels: the labels to check.

    Raises:
        DataError: evidence is missing; the message names it and the remedy.
    """
    absent = missing_evidence(needs, labels)
    if absent:
        remedies = "; ".join(dict.fromkeys(remedy(name) for name in absent))
        raise DataError(
            "trust-missing-evidence",
            f"{who} needs {', '.join(absent)}, which these labels do not have: {remedies}",
        )
