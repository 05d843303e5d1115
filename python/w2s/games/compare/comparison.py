"""The result of comparing two files: counts, and the first differences."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Difference:
    """A row or game that differs: its name, the kind of difference, and what each file says."""

    where: str
    why: str
    left: str | None = None
    right: str | None = None


@dataclass(frozen=True, slots=True)
class FileComparison:
    """The agreement of two files.

    Attributes:
        kind: what the files contain.
        by: what joined their rows.
        counts: for labels the number of rows in ``both``, ``only_left`` and ``only_right``; of the rows in
            both, those with the ``same_move``, ``same_state``, ``same_up_to_transposition`` and the
            ``differing`` ones; and rows with an ``unparsable``, ``illegal`` or ``ambiguous`` label or
            ``no_position``. For games ``both``, ``only_left``, ``only_right``, ``same_moves``, ``differing``
            and ``other_result``.
        differences: the first differences.
    """

    kind: Literal["labels", "games"]
    by: str
    counts: dict[str, int]
    differences: list[Difference] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        """Whether both files contain the same rows or games and nothing differs."""
        return not any(self.counts[name] for name in ("only_left", "only_right", "differing"))

    def to_json(self) -> dict[str, Any]:
        """The comparison as JSON values."""
        return {"agrees": self.agrees, **asdict(self)}
