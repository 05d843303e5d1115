"""Trust from agreement of a search or of other models with the label."""

from __future__ import annotations

import re

import numpy as np

from w2s.config import Config
from w2s.errors import DataError
from w2s.evidence import Labels
from w2s.kernels.columns import Doubles
from w2s.trust import columns
from w2s.trust.calibration import CalibratedScore, Isotonic
from w2s.trust.function import NoOptions


class SearchAgreementOptions(Config):
    """Options of ``search_agreement``.

    Attributes:
        column: the column of the search; by default the last one by the numbers in its name, and its regret
            before its best move.
    """

    column: str = ""


def search_agreement(labels: Labels, options: SearchAgreementOptions) -> Doubles:
    """−regret in centipawns, or whether the search's best move equals the label, as 1 or 0."""
    name = options.column or _deepest(columns.evidence_columns(labels, "search"))
    if not columns.has_evidence(labels, name):
        raise DataError(
            "trust-missing-evidence", f"search_agreement needs column {name}, which these labels do not have"
        )
    if columns.is_text(labels, name):
        return columns.equals_label(labels, name)
    return -columns.numbers(labels, name)


def _deepest(names: list[str]) -> str:
    """The column of the last search in natural order; of its two columns, the regret."""
    return max(
        names, key=lambda name: (_natural(re.sub("_(regret_cp|best)$", "", name)), name.endswith("_cp"))
    )


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


def peer_agreement(labels: Labels, options: NoOptions) -> Doubles:
    """Share of the known peers that agree with the label; NaN where no peer is known."""
    opinions = np.stack([_opinion(labels, name) for name in columns.evidence_columns(labels, "peer")], axis=1)
    known = ~np.isnan(opinions)
    count = known.sum(axis=1)
    share = np.where(known, opinions, 0).sum(axis=1) / np.maximum(count, 1)
    return np.where(count > 0, share, np.nan)


def _opinion(labels: Labels, name: str) -> Doubles:
    if columns.is_text(labels, name):
        return columns.equals_label(labels, name)
    return columns.numbers(labels, name)


SEARCH_AGREEMENT = CalibratedScore(
    "search_agreement",
    "regret of the label by a search",
    frozenset({"search"}),
    search_agreement,
    Isotonic,
    SearchAgreementOptions,
)
PEER_AGREEMENT = CalibratedScore(
    "peer_agreement",
    "share of other models that agree with the label",
    frozenset({"peer"}),
    peer_agreement,
    Isotonic,
)
