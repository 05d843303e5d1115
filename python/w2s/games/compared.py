"""What comes of comparing two files: counts, and the first few differences.

Knows nothing about what was compared.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Difference:
    """A row or a game that differs: ``where`` names it, ``why`` says how; what each file says there."""

    where: str
    why: str
    left: str | None = None
    right: str | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """``kind`` is what the files hold, ``by`` what joined their rows.

    ``counts`` of labels: rows in ``both``, ``only_left``, ``only_right``; of those in both ``same_move``,
    ``same_state``, ``same_up_to_transposition``, ``differing``, and rows where a label is ``unparsable``,
    ``illegal`` or ``ambiguous`` or where there is ``no_position``. Of games: ``both``, ``only_left``,
    ``only_right``, ``same_moves``, ``differing`` and ``other_result``.
    """

    kind: Literal["labels", "games"]
    by: str
    counts: dict[str, int]
    differences: list[Difference] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        """Whether everything is in both files and nothing differs."""
        return not any(self.counts[name] for name in ("only_left", "only_right", "differing"))

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"agrees": self.agrees, **asdict(self)}
