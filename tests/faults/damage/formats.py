"""The table of all formats that are damaged; a new one is a row of one of its parts."""

from __future__ import annotations

from tests.faults.damage.folders import FOLDERS
from tests.faults.damage.format import DamagedFormat
from tests.faults.damage.tables import TABLES

FORMATS: dict[str, DamagedFormat] = {found.name: found for found in (*TABLES, *FOLDERS)}
"""Every format by its name."""

SHARES = {"parquet": 4, "arrow": 2, "jsonl": 2, "csv": 1}
"""How many cases a family gets, in proportion; 1 where it is not named."""


FAMILIES = sorted({found.family for found in FORMATS.values()})


def format_of_case(number: int, only: str | None = None) -> DamagedFormat:
    """The format of a case; families take turns by their shares, formats of a family in order.

    Args:
        number: of the case.
        only: a format, or a family whose formats take turns.
    """
    if only in FORMATS:
        return FORMATS[only]
    families = [only] if only else FAMILIES
    turns = [family for family in families for _ in range(SHARES.get(family, 1))]
    turn, family = number // len(turns), turns[number % len(turns)]
    mine = [found for found in FORMATS.values() if found.family == family]
    place = turns[: number % len(turns)].count(family)
    return mine[(turn * SHARES.get(family, 1) + place) % len(mine)]
