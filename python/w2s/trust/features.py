"""Evidence as a matrix of features: scalars and vectors, standardised on gold.

The option ``features``, such as ``hidden,afterstate,student``, names the evidence. A group such as ``hidden``
means the vector of that name, every numeric column ``hidden_…``, and for a text column ``hidden_…`` whether
it equals the label. Any other name is a column. A missing value becomes the mean, with an additional flag if
gold also lacked it in places.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import field_validator

from w2s.config import Config, invalid_value
from w2s.errors import DataError
from w2s.evidence import Labels
from w2s.evidence_kinds import STATES
from w2s.kernels.arrays import Flags
from w2s.kernels.columns import Doubles
from w2s.trust import columns
from w2s.trust.function import Arrays

_EVIDENCE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def parse_names(value: object) -> tuple[str, ...]:
    """Parse names that are separated by commas, or a list of names; each is kept once, in order.

    Raises:
        PydanticCustomError: the value holds something that is not a name.
    """
    if isinstance(value, str):
        parts: Sequence[object] = [
            part.strip() for part in value.replace("+", ",").split(",") if part.strip()
        ]
    elif isinstance(value, list | tuple):
        parts = value
    else:
        raise invalid_value(
            "trust-bad-features", f"give names of evidence separated by commas, not {value!r}"
        )
    for part in parts:
        if not isinstance(part, str) or not _EVIDENCE_NAME.fullmatch(part):
            raise invalid_value(
                "trust-bad-features",
                f"{part!r} is not a name of evidence; give hidden, afterstate, student or names of columns",
            )
    return tuple(dict.fromkeys(str(part) for part in parts))


class FeatureOptions(Config):
    """Options of a trust function that reads features.

    Attributes:
        features: names of evidence; log_prob, margin, entropy and n_options are always read if present.
    """

    features: tuple[str, ...] = ("hidden",)

    @field_validator("features", mode="before")
    @classmethod
    def _parse(cls, value: object) -> tuple[str, ...]:
        return parse_names(value)


# The matrix -----------------------------------------------------------------------------------------------


COMMON_COLUMNS = ("log_prob", "margin", "entropy", "n_options")
"""Columns that are always read if present."""

EVIDENCE_GROUPS = (*STATES, "search", "peer")
"""Names of groups: each means a vector and all columns that begin with the name."""

_FARTHEST = 10.0  # standard deviations: values beyond carry no more information
_LEAST_SCALE = 1e-6

FeatureMatrix = npt.NDArray[np.float32]


@dataclass(frozen=True)
class FeatureLayout:
    """Which features are read, in this order.

    Attributes:
        columns: numeric columns.
        agrees: text columns that are compared with the label.
        vectors: the width of each vector, by name.
    """

    columns: tuple[str, ...] = ()
    agrees: tuple[str, ...] = ()
    vectors: Mapping[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether anything is read."""
        return bool(self.columns or self.agrees or self.vectors)

    def to_json(self) -> dict[str, Any]:
        """Return the layout as JSON values."""
        return {
            "columns": list(self.columns),
            "agrees": list(self.agrees),
            "vectors": dict(self.vectors),
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> FeatureLayout:
        """Return the layout that :meth:`to_json` gave."""
        return cls(tuple(found["columns"]), tuple(found["agrees"]), dict(found["vectors"]))


def feature_layout(labels: Labels, features: Sequence[str]) -> FeatureLayout:
    """Find the columns and vectors of labels that the names in ``features`` mean.

    Raises:
        DataError: a named column holds neither numbers nor text.
    """
    numeric = [name for name in COMMON_COLUMNS if columns.has_evidence(labels, name)]
    text: list[str] = []
    for name in features:
        members = _group_columns(labels, name) if name in EVIDENCE_GROUPS else _checked(labels, name)
        numeric += [member for member in members if columns.is_numeric(labels, member)]
        text += [member for member in members if columns.is_text(labels, member)]
    vectors = {name: int(labels.vectors[name].shape[1]) for name in features if name in labels.vectors}
    return FeatureLayout(tuple(dict.fromkeys(numeric)), tuple(dict.fromkeys(text)), vectors)


def groups_of(labels: Labels) -> list[str]:
    """Groups of evidence that the labels hold, as vectors or columns."""
    return [name for name in EVIDENCE_GROUPS if name in labels.vectors or _group_columns(labels, name)]


def _checked(labels: Labels, name: str) -> list[str]:
    """The column, if it can be a feature."""
    if not columns.is_numeric(labels, name) and not columns.is_text(labels, name):
        raise DataError(
            "trust-column-not-a-feature",
            f"column {name} holds {labels.table.schema.field(name).type}; a feature is a column of numbers, "
            "of true and false, or of other labels",
        )
    return [name]


def _group_columns(labels: Labels, group: str) -> list[str]:
    """The columns of a group that hold numbers or labels of others."""
    names = sorted(name for name in labels.table.column_names if name.startswith(group) and name != group)
    usable = [name for name in names if columns.is_numeric(labels, name) or _holds_labels(labels, name)]
    return [name for name in usable if columns.has_evidence(labels, name)]


def _holds_labels(labels: Labels, name: str) -> bool:
    return columns.is_text(labels, name) and (name.endswith("_best") or "_label" in name)


def fit_scaling(labels: Labels, layout: FeatureLayout) -> dict[str, npt.NDArray[Any]]:
    """Fit the mean and 1 / standard deviation of each feature, and find the features with missing values."""
    raw = _raw_features(labels, layout)
    known = np.isfinite(raw)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, raw, 0).sum(axis=0, dtype=np.float64) / count
    spread = np.where(known, raw - mean, 0)
    deviation = np.sqrt(np.square(spread).sum(axis=0, dtype=np.float64) / count)
    rate = np.where(deviation > _LEAST_SCALE * (1 + np.abs(mean)), 1 / np.maximum(deviation, 1e-30), 0)
    return {
        "features.mean": mean,
        "features.rate": rate,
        "features.flagged": np.flatnonzero(~known.all(axis=0) & _leading_features(layout)),
    }


def feature_matrix(labels: Labels, layout: FeatureLayout, scaling: Arrays) -> FeatureMatrix:
    """Read the features of n labels and standardise them.

    Returns:
        n × d float32, finite; each feature has mean 0 and deviation 1 on gold, and lies in [−10, 10].

    Raises:
        DataError: a column is missing, or a vector has another width.
    """
    raw = _raw_features(labels, layout)
    unknown = ~np.isfinite(raw)
    scaled = (raw - scaling["features.mean"]) * scaling["features.rate"]
    scaled[unknown] = 0
    np.clip(scaled, -_FARTHEST, _FARTHEST, out=scaled)
    marks = unknown[:, scaling["features.flagged"]]
    return np.concatenate([scaled, marks], axis=1, dtype=np.float32, casting="unsafe")


_LARGEST = 1e100
"""Larger numbers are set to it, so that sums of squares are finite."""


def _raw_features(labels: Labels, layout: FeatureLayout) -> Doubles:
    scalars = [_scale_centipawns(name, columns.numbers(labels, name)) for name in layout.columns]
    scalars += [columns.equals_label(labels, name) for name in layout.agrees]
    blocks = [np.stack(scalars, axis=1)] if scalars else []
    for name, width in layout.vectors.items():
        vector = labels.vectors.get(name)
        if vector is None or vector.shape[1] != width:
            found = "they have none" if vector is None else f"theirs has {vector.shape[1]}"
            raise DataError(
                "trust-vector-width",
                f"the {name} vectors that trust was fitted on have {width} values, and these labels differ: "
                f"{found}; fit the trust function again",
            )
        blocks.append(vector.astype(np.float64))
    joined = np.concatenate(blocks, axis=1) if blocks else np.zeros((len(labels), 0))
    bounded: Doubles = np.where(np.isfinite(joined), np.clip(joined, -_LARGEST, _LARGEST), joined)
    return bounded


def _scale_centipawns(name: str, values: Doubles) -> Doubles:
    """Put centipawns on a logarithmic scale: a lost queen is not 100 times a lost pawn."""
    return np.sign(values) * np.log1p(np.abs(values) / 100) if name.endswith("_cp") else values


def _leading_features(layout: FeatureLayout) -> Flags:
    """Every column, and the first feature of each vector, because a vector is missing as a whole."""
    leads = [True] * (len(layout.columns) + len(layout.agrees))
    for width in layout.vectors.values():
        leads += [True] + [False] * (width - 1)
    return np.array(leads, bool)
