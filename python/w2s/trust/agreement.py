"""Trust from agreement: what a search, or other models, say about the label.

Knows nothing about games or models.
"""

from __future__ import annotations

import re

import numpy as np

from w2s.errors import DataError
from w2s.evidence import Labels
from w2s.trust import reading
from w2s.trust.calibrated import Calibrated, Rising
from w2s.trust.calibrators import Doubles
from w2s.trust.requirements import has, peer_columns, search_columns
from w2s.trust.signals import NoOptions


class SearchOptions(NoOptions):
    """``column``: which search; by default the last by number in its name, regret before best move."""

    column: str = ""


def search_agreement(labels: Labels, options: SearchOptions) -> Doubles:
    """−regret in centipawns, or 1 where the search's best move is the label, else 0."""
    name = options.column or _deepest(search_columns(labels))
    if not has(labels, name):
        raise DataError(
            "trust-missing-evidence", f"search_agreement needs column {name}, which these labels do not have"
        )
    if reading.is_text(labels, name):
        return reading.agrees(labels, name)
    return -reading.numbers(labels, name)


def _deepest(names: list[str]) -> str:
    """The column of the last search in natural order; of its two, the regret."""
    return max(
        names, key=lambda name: (_natural(re.sub("_(regret_cp|best)$", "", name)), name.endswith("_cp"))
    )


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


def peer_agreement(labels: Labels, options: NoOptions) -> Doubles:
    """Share of the peers that are known and agree with the label; NaN where none is known."""
    opinions = np.stack([_opinion(labels, name) for name in peer_columns(labels)], axis=1)
    known = ~np.isnan(opinions)
    count = known.sum(axis=1)
    share = np.where(known, opinions, 0).sum(axis=1) / np.maximum(count, 1)
    return np.where(count > 0, share, np.nan)


def _opinion(labels: Labels, name: str) -> Doubles:
    return reading.agrees(labels, name) if reading.is_text(labels, name) else reading.numbers(labels, name)


SEARCH = Calibrated(
    "search_agreement",
    "how much worse a search finds the label",
    frozenset({"search"}),
    search_agreement,
    Rising(),
    SearchOptions,
)
PEER = Calibrated(
    "peer_agreement", "share of other models that say the same", frozenset({"peer"}), peer_agreement, Rising()
)
