"""All figures, in the order in which they are measured and shown. A new one is its file and one line here."""

from __future__ import annotations

from tests.bench.figure import Figure
from tests.bench.figures import agree, perft, search, start, uci

FIGURES: dict[str, Figure] = {
    figure.name: figure for figure in (agree.FIGURE, perft.FIGURE, uci.FIGURE, search.FIGURE, start.FIGURE)
}
