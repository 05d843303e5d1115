"""A selection rule as one checked value: the same for arrays, files, streams and the command line.

It says which rows are wanted and how many of each group; it does not see scores.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal, TypeAlias

import numpy as np

from w2s import kernels
from w2s.errors import UsageError
from w2s.kernels.columns import Positions

RuleKind: TypeAlias = Literal["top", "random", "threshold", "band", "budget", "purity", "fdr"]

_PERCENT = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*%\s*")
_COUNT = re.compile(r"\s*\d[\d_]*(?:\.\d*)?(?:[eE]\+?\d{1,2})?\s*")
_EXACTLY_ONE = "give exactly one of `top`, `threshold`, `between`, `budget`, `random`, `purity` and `fdr`"
_LARGEST_FLOAT_COUNT = 2**53
_LARGEST_COUNT = 2**63 - 1
_LONGEST_COUNT = 100
_LONGEST_SHOWN = 80


@dataclass(frozen=True)
class Rule:
    """Which rows are kept; made by :meth:`parse`.

    Attributes:
        kind: the option that decides.
        top_count: number of best rows, or of random rows.
        top_share: share of the rows, in [0, 1]; the kinds top and random have either a count or a share.
        threshold: lowest score that is kept.
        band: lowest and highest score that is kept.
        budget: maximum total cost of the rows, which are taken best first.
        purity: share of the kept rows that must be right; a certified threshold replaces it.
        fdr: expected share of the kept rows that may be wrong; a certified threshold replaces it.
        by: column of groups, or several; each group keeps its own top.
        stratify: column of strata, or several; the top is divided among them in proportion to their sizes.
        cost: column of costs.
        min_per_group: minimum number of rows that every group or stratum keeps, if it has as many.
        max_per_group: maximum number of rows that it keeps.
        seed: random seed of the random rows.
    """

    kind: RuleKind
    top_count: int | None = None
    top_share: float | None = None
    threshold: float | None = None
    band: tuple[float, float] | None = None
    budget: float | None = None
    purity: float | None = None
    fdr: float | None = None
    by: str | tuple[str, ...] | None = None
    stratify: str | tuple[str, ...] | None = None
    cost: str | None = None
    min_per_group: int | None = None
    max_per_group: int | None = None
    seed: int = 0

    @classmethod
    def parse(
        cls,
        *,
        top: int | float | str | None = None,
        threshold: float | None = None,
        between: Sequence[float] | None = None,
        budget: float | None = None,
        random: int | float | str | None = None,
        purity: float | None = None,
        fdr: float | None = None,
        by: str | Sequence[str] | None = None,
        stratify: str | Sequence[str] | None = None,
        cost: str | None = None,
        min_per_group: int | None = None,
        max_per_group: int | None = None,
        seed: int = 0,
    ) -> Rule:
        """Check the options of a rule, as :func:`w2s.select` describes them. Column names are not checked.

        Raises:
            UsageError: options contradict each other or are out of range.

        Example:
            >>> Rule.parse(top="10%").top_share
            0.1
        """
        given = {
            "top": top,
            "threshold": threshold,
            "band": between,
            "budget": budget,
            "random": random,
            "purity": purity,
            "fdr": fdr,
        }
        kinds: list[RuleKind] = [kind for kind, value in given.items() if value is not None]  # type: ignore[misc]
        if len(kinds) != 1:
            named = " and ".join("`between`" if kind == "band" else f"`{kind}`" for kind in kinds)
            raise UsageError("select-not-one-rule", f"{_EXACTLY_ONE}; given: {named or 'none'}")
        count, share = _count_or_share("top", top) if random is None else _count_or_share("random", random)
        rule = cls(
            kind=kinds[0],
            top_count=count,
            top_share=share,
            threshold=None if threshold is None else _number("threshold", threshold),
            band=None if between is None else _band(between),
            budget=None if budget is None else _not_negative("budget", budget),
            purity=None if purity is None else _inside("purity", purity),
            fdr=None if fdr is None else _inside("fdr", fdr),
            by=_columns("by", by),
            stratify=_columns("stratify", stratify),
            cost=cost,
            min_per_group=_optional_count("min_per_group", min_per_group),
            max_per_group=_optional_count("max_per_group", max_per_group),
            seed=_seed(seed),
        )
        rule._check_columns()
        rule._check_bounds()
        return rule

    @property
    def is_grouped(self) -> bool:
        """Whether the groups affect which rows are kept."""
        bounded = self.min_per_group is not None or self.max_per_group is not None
        return self.stratify is not None or (self.by is not None and (self.kind == "top" or bounded))

    @property
    def limits(self) -> tuple[float, float | None]:
        """Lowest and highest score that is kept, for a threshold or a band.

        Raises:
            UsageError: a rule of this kind has no limits.
        """
        if self.band is not None:
            return self.band
        if self.threshold is None:
            raise UsageError("select-no-limits", f"a rule by {self.kind} has no limits")
        return self.threshold, None

    def count_of(self, rows: int) -> int:
        """Number of rows that the top, or the random choice, keeps of ``rows`` rows."""
        if self.top_share is not None:
            return kernels.rows_of_share(rows, self.top_share)
        return min(self.top_count or 0, rows)

    def quotas(
        self, sizes: Sequence[int] | Positions, passing: Sequence[int] | Positions | None = None
    ) -> Positions:
        """Number of best rows that each group keeps.

        Args:
            sizes: number of rows of each group, or of the table if the rule has no groups.
            passing: number of rows of each group that reach the threshold; for a rule by threshold only.

        Raises:
            UsageError: a rule of this kind has no quotas.
        """
        rows = np.asarray(sizes, np.int64)
        if self.stratify is not None:
            wanted = np.array(kernels.apportion(rows.tolist(), self.count_of(int(rows.sum()))), np.int64)
        elif self.kind == "top":
            wanted = np.array([self.count_of(size) for size in rows.tolist()], np.int64)
        elif self.kind == "threshold" and passing is not None:
            wanted = np.asarray(passing, np.int64)
        else:
            raise UsageError("select-no-quotas", f"a rule by {self.kind} has no quotas")
        least = 0 if self.min_per_group is None else self.min_per_group
        most = rows if self.max_per_group is None else np.int64(self.max_per_group)
        return np.minimum(np.minimum(np.maximum(wanted, least), most), rows)

    def at_threshold(self, threshold: float) -> Rule:
        """Replace the purity or the false discovery rate by the threshold that was certified for it."""
        return replace(self, kind="threshold", purity=None, fdr=None, threshold=threshold)

    @property
    def is_certified(self) -> bool:
        """Whether rows with known answers decide the threshold."""
        return self.kind in {"purity", "fdr"}

    def _check_columns(self) -> None:
        if (self.budget is None) != (self.cost is None):
            missing, present = ("cost", "budget") if self.cost is None else ("budget", "cost")
            raise UsageError("select-budget-without-cost", f"`{present}` needs `{missing}` too")
        if self.by is not None and self.stratify is not None:
            raise UsageError(
                "select-by-and-stratify",
                "`by` keeps the top of each group, `stratify` the top of all in proportion; give one of them",
            )
        if self.stratify is not None and self.kind != "top":
            raise UsageError(
                "select-stratify-without-top", f"`stratify` needs `top`; it cannot be used with {self._name}"
            )

    def _check_bounds(self) -> None:
        least, most = self.min_per_group, self.max_per_group
        if least is None and most is None:
            return
        if self.by is None and self.stratify is None:
            raise UsageError(
                "select-limits-without-groups", "`min_per_group` and `max_per_group` need `by` or `stratify`"
            )
        if self.kind not in {"top", "threshold"}:
            raise UsageError(
                "select-limits-without-top",
                f"`min_per_group` and `max_per_group` cannot be used with {self._name}",
            )
        if least is not None and most is not None and least > most:
            raise UsageError(
                "select-limits-reversed",
                f"`min_per_group` is {least}, above `max_per_group`, which is {most}",
            )

    @property
    def _name(self) -> str:
        return "`between`" if self.kind == "band" else f"`{self.kind}`"


def whole_number(name: str, value: object) -> int:
    """Check a whole number from 0.

    Raises:
        UsageError: the value is not a whole number from 0.
    """
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = -1
    if isinstance(value, bool) or number < 0:
        raise UsageError("select-bad-count", f"`{name}` is {_shown(value)}; give a whole number from 0")
    return number


def _shown(value: object) -> str:
    """A value as messages show it; Python writes no number of more than 4,300 digits."""
    try:
        text = repr(value)
    except ValueError:
        return "a number of thousands of digits"
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _count_or_share(name: str, given: int | float | str | None) -> tuple[int | None, float | None]:
    if given is None:
        return None, None
    percent = _PERCENT.fullmatch(given) if isinstance(given, str) else None
    if percent is None:
        return _count(name, given), None
    share = float(percent[1]) / 100
    if share > 1:
        raise UsageError("select-bad-count", f"`{name}` is {_shown(given)}; a share is at most 100%")
    return None, share


def _count(name: str, given: int | float | str) -> int:
    """A number of rows, also in a form such as 1e6, if it is a whole number."""
    number: Decimal | None = None
    if isinstance(given, str) and len(given) <= _LONGEST_COUNT and _COUNT.fullmatch(given):
        number = Decimal(given.strip())
    elif isinstance(given, float) and 0 <= given <= _LARGEST_FLOAT_COUNT:
        number = Decimal(given)
    elif not isinstance(given, float | str):
        return whole_number(name, given)
    if number is None or number != int(number):
        share = f"{float(number) * 100:g}%" if number is not None and number < 1 else "10%"
        raise UsageError(
            "select-bad-count",
            f'`{name}` is {_shown(given)}; give a count such as 1000 or 1e6, or a share such as "{share}"',
        )
    return int(number)


def _columns(name: str, given: str | Sequence[str] | None) -> str | tuple[str, ...] | None:
    """The name of a column, or of several as a tuple."""
    if given is None or isinstance(given, str):
        return given
    names = tuple(given)
    if not names:
        return None
    if len(set(names)) < len(names):
        raise UsageError("select-repeated-column", f"`{name}` names a column twice: {', '.join(names)}")
    return names[0] if len(names) == 1 else names


def _number(name: str, value: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise UsageError("select-bad-number", f"`{name}` is {value!r}; give a number") from None
    if math.isnan(number):
        raise UsageError("select-bad-number", f"`{name}` is NaN; give a number")
    return number


def _not_negative(name: str, value: float) -> float:
    number = _number(name, value)
    if number < 0:
        raise UsageError("select-bad-number", f"`{name}` is {number:g}; give a number from 0")
    return number


def _inside(name: str, value: float) -> float:
    number = _number(name, value)
    if not 0 < number < 1:
        raise UsageError("select-bad-number", f"`{name}` is {number:g}; give a number between 0 and 1")
    return number


def _band(limits: Sequence[float]) -> tuple[float, float]:
    if len(limits) != 2:
        raise UsageError("select-bad-band", f"`between` is {limits!r}; give the lowest and the highest score")
    low, high = (_number("between", limit) for limit in limits)
    if high < low:
        raise UsageError("select-bad-band", f"`between` ends at {high:g}, below its start {low:g}")
    return low, high


def _optional_count(name: str, value: int | None) -> int | None:
    if value is None:
        return None
    number = whole_number(name, value)
    if number > _LARGEST_COUNT:
        raise UsageError("select-bad-count", f"`{name}` is {_shown(value)}; give a whole number below 2^63")
    return number


def _seed(seed: int) -> int:
    number = whole_number("seed", seed)
    if number >= 2**64:
        raise UsageError("select-bad-seed", f"`seed` is {_shown(seed)}; give a whole number below 2^64")
    return number
