"""What a learned trust function reads, as a matrix: scalars and vectors, standardised.

Knows nothing about what is learned from it.

A group such as ``hidden`` is the vector of that name, every column of numbers ``hidden_…`` and, of a column
of texts ``hidden_…``, whether it equals the label. Any other name is a column. What is not known is the mean,
with a flag beside it where gold lacked it too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from w2s.errors import DataError
from w2s.evidence import Labels
from w2s.evidence_kinds import STATES
from w2s.trust import reading
from w2s.trust.requirements import has

ALWAYS = ("log_prob", "margin", "entropy", "n_options")
"""Columns that are read wherever they are."""

GROUPS = (*STATES, "search", "peer")
_FARTHEST = 10.0  # standard deviations: what lies beyond says no more
_LEAST_SCALE = 1e-6

Matrix = npt.NDArray[np.float32]
Layout = dict[str, Any]
Arrays = Mapping[str, npt.NDArray[Any]]


def layout_of(labels: Labels, reads: Sequence[str]) -> Layout:
    """Which columns and vectors are read, in their order: what JSON can hold."""
    columns = [name for name in ALWAYS if has(labels, name)]
    same: list[str] = []
    for name in reads:
        members = _members(labels, name) if name in GROUPS else [name]
        columns += [member for member in members if reading.is_number(labels, member)]
        same += [member for member in members if reading.is_text(labels, member)]
    vectors = {name: int(labels.vectors[name].shape[1]) for name in reads if name in labels.vectors}
    return {
        "columns": list(dict.fromkeys(columns)),
        "agrees": list(dict.fromkeys(same)),
        "vectors": vectors,
    }


def _members(labels: Labels, group: str) -> list[str]:
    """The columns of a group that are numbers or labels of others."""
    names = sorted(name for name in labels.table.column_names if name.startswith(group) and name != group)
    kinds = [name for name in names if reading.is_number(labels, name) or _names_label(labels, name)]
    return [name for name in kinds if has(labels, name)]


def _names_label(labels: Labels, name: str) -> bool:
    return reading.is_text(labels, name) and (name.endswith("_best") or "_label" in name)


def fit_scaling(labels: Labels, layout: Layout) -> dict[str, npt.NDArray[Any]]:
    """Mean and 1 / deviation of each feature, and which of them are missing in places."""
    raw = _raw(labels, layout)
    known = np.isfinite(raw)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, raw, 0).sum(axis=0, dtype=np.float64) / count
    spread = np.where(known, raw - mean, 0)
    deviation = np.sqrt(np.square(spread).sum(axis=0, dtype=np.float64) / count)
    rate = np.where(deviation > _LEAST_SCALE * (1 + np.abs(mean)), 1 / np.maximum(deviation, 1e-30), 0)
    return {
        "features.mean": mean,
        "features.rate": rate,
        "features.flagged": np.flatnonzero(~known.all(axis=0) & _leads(layout)),
    }


def matrix(labels: Labels, layout: Layout, scaling: Arrays) -> Matrix:
    """n × d features, finite, each of mean 0 and deviation 1 on gold, at most 10 from 0.

    Raises:
        DataError: a column that is not there, a vector of another width.
    """
    raw = _raw(labels, layout)
    unknown = ~np.isfinite(raw)
    scaled = (raw - scaling["features.mean"]) * scaling["features.rate"]
    scaled[unknown] = 0
    np.clip(scaled, -_FARTHEST, _FARTHEST, out=scaled)
    marks = unknown[:, scaling["features.flagged"]]
    return np.concatenate([scaled, marks], axis=1, dtype=np.float32, casting="unsafe")


def _raw(labels: Labels, layout: Layout) -> npt.NDArray[np.float64]:
    columns = [_scaled_cp(name, reading.numbers(labels, name)) for name in layout["columns"]]
    columns += [reading.agrees(labels, name) for name in layout["agrees"]]
    blocks = [np.stack(columns, axis=1)] if columns else []
    for name, width in layout["vectors"].items():
        vector = labels.vectors.get(name)
        if vector is None or vector.shape[1] != width:
            found = "they have none" if vector is None else f"theirs has {vector.shape[1]}"
            raise DataError(
                "trust-vector-width",
                f"the {name} vectors that trust was fitted on have {width} values, and these labels differ: "
                f"{found}; fit the trust function again",
            )
        blocks.append(vector.astype(np.float64))
    return np.concatenate(blocks, axis=1) if blocks else np.zeros((len(labels), 0))


def _scaled_cp(name: str, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Centipawns on a logarithmic scale: a lost queen is no hundred times a lost pawn."""
    return np.sign(values) * np.log1p(np.abs(values) / 100) if name.endswith("_cp") else values


def _leads(layout: Layout) -> npt.NDArray[np.bool_]:
    """Every column, and the first feature of each vector: a vector is missing as a whole."""
    leads = [True] * (len(layout["columns"]) + len(layout["agrees"]))
    for width in layout["vectors"].values():
        leads += [True] + [False] * (width - 1)
    return np.array(leads, bool)
