"""One part of a filter that several tasks share, for example those of a Slurm array."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from w2s.errors import UsageError
from w2s.tables.partition import Partition
from w2s.tables.spec import RANKING, FilterSpec

_MOST_PARTS = 100_000
_FORM = re.compile(r"\s*(\d{1,9})\s*/\s*(\d{1,9})\s*")


@dataclass(frozen=True, slots=True)
class PartSpec:
    """A part of a filter.

    Attributes:
        number: the part, counted from 1.
        count: number of parts.
    """

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> PartSpec:
        """Read a text such as ``3/64``.

        Raises:
            UsageError: the text is not of the form ``i/n``, or i is not from 1 to n.

        Example:
            >>> PartSpec.parse("3/64")
            PartSpec(number=3, count=64)
        """
        found = _FORM.fullmatch(str(text))
        if found is None:
            raise UsageError("filter-invalid-part", f"`part` is {text!r}; give a part such as 3/64")
        part = cls(int(found[1]), int(found[2]))
        check_part_count(part.count)
        if not 1 <= part.number <= part.count:
            raise UsageError(
                "filter-invalid-part", f"`part` is {text}; parts are numbered from 1 to {part.count}"
            )
        return part

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    @property
    def name(self) -> str:
        """The stem of its file, which has the number of a shard: from ``part-00000`` on."""
        return f"part-{self.number - 1:05}"

    def slice_of(self, partitions: Sequence[Partition]) -> slice:
        """The place of its partitions: a run of consecutive ones, with about an equal share of the rows.

        Bytes count where the rows of a partition are only known after reading.
        """
        rows = [partition.rows for partition in partitions]
        sizes = [partition.n_bytes for partition in partitions] if None in rows else [n or 0 for n in rows]
        total, before, parts = max(1, sum(sizes)), 0, []
        for size in sizes:  # the part in which the middle of the partition lies
            parts.append(min(self.count, (2 * before + size) * self.count // (2 * total) + 1))
            before += size
        begin = sum(part < self.number for part in parts)
        return slice(begin, begin + parts.count(self.number))


def check_part_count(count: int) -> None:
    """Refuse a number of parts.

    Raises:
        UsageError: the number of parts is not from 1 to 100,000.
    """
    if not 1 <= count <= _MOST_PARTS:
        raise UsageError("filter-invalid-part", f"there are {count} parts; give 1 to {_MOST_PARTS:,}")


def check_part_rule(spec: FilterSpec) -> None:
    """Refuse what the parts of a filter cannot decide from their sorted scores.

    Raises:
        UsageError: names the option and the reason.
    """
    if spec.rule.kind not in {"top", "threshold", "band"}:
        reason = f"`{spec.rule.kind}` needs all rows in one process"
    elif spec.groups:
        reason = "groups (`by`, `stratify`) need all rows in one process"
    elif spec.id is not None:
        reason = "`id` compares the ids of all rows"
    elif spec.gold is not None:
        reason = "`gold` measures all rows"
    elif len(spec.score.columns) > 1 and spec.score.method in RANKING:
        reason = f"`aggregate={spec.score.method!r}` ranks all rows"
    else:
        return
    raise UsageError("filter-part-unsupported", f"{reason}; leave it out, or leave out `part` and `merge`")
