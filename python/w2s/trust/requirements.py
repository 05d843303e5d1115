"""Which evidence labels have, by name, and what to do where it is missing.

Knows nothing about who needs it.

Names: a vector (``hidden``, ``afterstate``, ``student``); ``search``, any column ``search…_regret_cp`` or
``search…_best``; ``peer_label``, any column ``peer_label…`` of texts; ``peer``, one of those or
``peer_agrees``; else the column of that name. Evidence that is null in every row is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from w2s.errors import DataError
from w2s.evidence import Labels
from w2s.evidence_kinds import STATES

_PROBABILITIES = "label with a model that gives probabilities, an openai: model with ?logprobs=true"
_REMEDIES = {
    "log_prob": _PROBABILITIES,
    "margin": _PROBABILITIES,
    "entropy": _PROBABILITIES,
    "hidden": "label with --hidden, which writes hidden.parquet beside the labels",
    "afterstate": "label with --evidence afterstate, which writes afterstate.parquet beside the labels",
    "student": "label with --student MODEL, which writes student.parquet beside the labels",
    "samples": "label with --evidence samples:8",
    "icl": "label with --evidence icl:4 and --gold FILE",
    "verbalised": "label with --evidence verbalised",
    "p_true": "label with --evidence p_true",
    "reward": "label with --evidence reward and --reward hf:DIR",
    "search": "label with --oracle search:depth=2, which adds search_depth2_best and search_depth2_regret_cp",
    "peer": "add a column peer_agrees, or peer_label with what another model says",
    "peer_label": "add a column peer_label, or peer_label_NAME for each other model, with what it says",
}


def search_columns(labels: Labels) -> list[str]:
    """Columns with what a search thinks of the label, that are not null throughout; by name."""
    return _present(labels, lambda name: name.startswith("search") and name.endswith(("_regret_cp", "_best")))


def peer_columns(labels: Labels) -> list[str]:
    """Columns with what other models think of the label, that are not null throughout; by name."""
    return _present(labels, lambda name: name == "peer_agrees" or name.startswith("peer_label"))


def peer_label_columns(labels: Labels) -> list[str]:
    """Columns with the labels of other models, that are not null throughout; by name."""
    return _present(labels, lambda name: name.startswith("peer_label"))


def has(labels: Labels, name: str) -> bool:
    """Whether there is any evidence of that name."""
    if name in labels.vectors:
        return not len(labels) or bool(np.isfinite(labels.vectors[name]).any())
    if name == "samples" and has(labels, "self_consistency"):
        return True
    if name == "search":
        return bool(search_columns(labels))
    if name == "peer":
        return bool(peer_columns(labels))
    if name == "peer_label":
        return bool(peer_label_columns(labels))
    return name not in STATES and bool(_present(labels, lambda column: column == name))


def missing(needs: Iterable[str], labels: Labels) -> list[str]:
    """The names of evidence that is needed and not there, ascending."""
    return sorted(name for name in needs if not has(labels, name))


def remedy(name: str) -> str:
    """What to do where that evidence is missing."""
    return _REMEDIES.get(name, f"add a column {name}")


def refuse_missing(who: str, needs: Iterable[str], labels: Labels) -> None:
    """Refuse labels without the evidence that is needed.

    Raises:
        DataError: names each piece that is missing, and the remedy.
    """
    absent = missing(needs, labels)
    if absent:
        remedies = "; ".join(dict.fromkeys(remedy(name) for name in absent))
        raise DataError(
            "trust-missing-evidence",
            f"{who} needs {', '.join(absent)}, which these labels do not have: {remedies}",
        )


def _present(labels: Labels, wanted: Callable[[str], bool]) -> list[str]:
    table = labels.table
    names = sorted(name for name in table.column_names if wanted(name))
    return [name for name in names if not len(labels) or table.column(name).null_count < len(labels)]
