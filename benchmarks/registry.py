"""All figures, in the order in which they are measured and shown. A new one is its file and one line here."""

from __future__ import annotations

from benchmarks.figure import Figure
from benchmarks.figures import (
    aggregation,
    agree,
    crowds,
    deliberation,
    filter,
    growth,
    language,
    lockstep,
    perft,
    search,
    select,
    start,
    training,
    uci,
)

FIGURES: dict[str, Figure] = {
    figure.name: figure
    for figure in (
        select.FIGURE,
        aggregation.FIGURE,
        crowds.FIGURE,
        growth.FIGURE,
        filter.FIGURE,
        agree.FIGURE,
        perft.FIGURE,
        uci.FIGURE,
        search.FIGURE,
        deliberation.FIGURE,
        language.FIGURE,
        lockstep.FIGURE,
        training.FIGURE,
        start.FIGURE,
    )
}
