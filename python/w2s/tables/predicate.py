"""Conditions that rows must meet, such as ``tokens > 50 and language == 'en'``; pyarrow evaluates them.

A condition is an expression of ``pyarrow.compute``, or a text. A text is read by Python's own parser and
turned into such an expression; nothing in it is executed. It may hold comparisons, ``and``, ``or``, ``not``,
``in``, ``is None``, names of columns and constants, and nothing else.
"""

from __future__ import annotations

import ast
import datetime
import decimal
import operator
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from hashlib import sha256
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from w2s.errors import UsageError
from w2s.tables.partition import Mask, reason_of

_EXAMPLE = "for example tokens > 50 and language == 'en'"
_TEXT_OR_NAME = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`([^`]*)`""", re.DOTALL)
_LONGEST = 10_000
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_Constant = bool | int | float | str


@dataclass(frozen=True)
class Predicate:
    """A condition; made by :meth:`parse`. Column names are checked later, when the table is open.

    Attributes:
        text: the condition as text, which may be shortened where an expression was given.
        tree: what Python's parser made of it; None if it was given as an expression.
        quoted: the names that were in backticks, by what replaces them in the tree.
        given: the expression of pyarrow that was given.
        digest: identifies a given expression.
    """

    text: str
    tree: ast.expr | None = field(default=None, repr=False, compare=False)
    quoted: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    given: Any = field(default=None, repr=False, compare=False)
    digest: str = ""

    @classmethod
    def parse(cls, where: object) -> Predicate:
        """Check a condition as far as it can be without a table.

        Args:
            where: a text, or an expression of ``pyarrow.compute``.

        Raises:
            UsageError: it is neither, is not a condition, or names no column.

        Example:
            >>> Predicate.parse("tokens > 50 and not `is bad`").names(pa.schema([]))
            ['tokens', 'is bad']
        """
        if isinstance(where, pc.Expression):
            if "FieldPath(" in str(where):
                raise UsageError(
                    "filter-invalid-where",
                    f"`where` is {str(where)[:200]!r}; name columns instead of counting them",
                )
            return cls(str(where), given=where, digest=_digest(where))
        if not isinstance(where, str):
            raise UsageError(
                "filter-invalid-where",
                f"`where` is a {type(where).__name__}; give a text, {_EXAMPLE}, or an expression of "
                "pyarrow.compute",
            )
        found = cls(where, *_parse(where))
        if not found._reader(None).columns():
            raise UsageError(
                "filter-invalid-where", f"`where` is {where!r}, which names no column; {_EXAMPLE}"
            )
        return found

    def names(self, schema: pa.Schema) -> list[str]:
        """The columns that the condition is about.

        Raises:
            UsageError: pyarrow cannot evaluate a given expression on these columns.
        """
        if self.tree is not None:
            return self._reader(None).columns()
        self._check(self.given, schema)
        found = _needed(self.given, schema, [], list(dict.fromkeys(schema.names)))
        if not found:
            raise UsageError("filter-invalid-where", f"`where` is {self.text[:200]!r}, which names no column")
        return found

    def bound(self, schema: pa.Schema) -> Any:
        """The expression for columns of these types; nested fields are columns such as ``meta.n``.

        Raises:
            UsageError: types do not fit, or it is not true or false.
        """
        expression = self.given if self.tree is None else self._reader(schema).expression()
        self._check(expression, schema)
        return expression

    def _check(self, expression: Any, schema: pa.Schema) -> None:
        try:
            kind = _evaluate(expression, schema.empty_table()).type
        except (pa.ArrowException, TypeError) as error:
            raise UsageError(
                "filter-invalid-where", f"`where` is {self.text[:200]!r}: {reason_of(error)}; {_EXAMPLE}"
            ) from None
        if not pa.types.is_boolean(kind):
            raise UsageError(
                "filter-invalid-where",
                f"`where` is {self.text[:200]!r}, which is {kind} instead of true or false; {_EXAMPLE}",
            )

    def _reader(self, schema: pa.Schema | None) -> _TreeReader:
        assert self.tree is not None
        return _TreeReader(self.tree, self.quoted, self.text, schema)


def rows_where(expression: Any, table: pa.Table) -> Mask:
    """Flags of the rows for which an expression is true; null counts as false."""
    flags: Mask = _evaluate(expression, table).fill_null(False).to_numpy()
    return flags


def _evaluate(expression: Any, table: pa.Table) -> pa.ChunkedArray:
    from pyarrow import acero  # which imports pandas, where it is installed

    steps = [
        acero.Declaration("table_source", acero.TableSourceNodeOptions(table)),
        acero.Declaration("project", acero.ProjectNodeOptions([expression], ["where"])),
    ]
    return acero.Declaration.from_sequence(steps).to_table(use_threads=False).column(0)


def _digest(expression: Any) -> str:
    """A digest of an expression of pyarrow; its text leaves out the middle of long lists."""
    _, (content,) = expression.__reduce__()
    return sha256(content).hexdigest()


def _needed(expression: Any, schema: pa.Schema, sure: list[str], others: Sequence[str]) -> list[str]:
    """The columns among ``others`` that an expression needs besides those in ``sure``."""
    columns = [schema.field(name) for name in sure]
    try:
        _evaluate(expression, pa.schema(columns).empty_table())
    except pa.ArrowException:
        pass
    else:
        return []
    if len(others) == 1:
        return list(others)
    half = len(others) // 2
    left = _needed(expression, schema, [*sure, *others[half:]], others[:half])
    return [*left, *_needed(expression, schema, [*sure, *left], others[half:])]


def _parse(text: str) -> tuple[ast.expr, dict[str, str]]:
    prefix = "quoted_"
    while prefix in text:
        prefix += "_"
    quoted: dict[str, str] = {}

    def place(found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0]
        quoted[name := f"{prefix}{len(quoted)}"] = found[1]
        return name

    try:
        if len(text) > _LONGEST:
            raise SyntaxError(f"it has more than {_LONGEST:,} characters")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of an escape in a text
            return ast.parse(_TEXT_OR_NAME.sub(place, text.strip()), mode="eval").body, quoted
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else reason_of(error)
        raise UsageError(
            "filter-invalid-where", f"`where` is {text[:200]!r}: {reason}; write it as in Python, {_EXAMPLE}"
        ) from None


class _TreeReader:
    """Turns the tree of a condition into an expression of pyarrow."""

    def __init__(
        self, tree: ast.expr, quoted: Mapping[str, str], text: str, schema: pa.Schema | None
    ) -> None:
        self._tree, self._quoted, self._text, self._schema = tree, quoted, text, schema
        self._names: dict[str, None] = {}

    def columns(self) -> list[str]:
        """The names of the columns, in the order of their first use."""
        self.expression()
        return list(self._names)

    def expression(self) -> Any:
        """The condition."""
        try:
            return self._condition(self._tree)
        except (pa.ArrowException, OverflowError, RecursionError, ValueError) as error:
            raise UsageError(
                "filter-invalid-where", f"`where` is {self._text[:200]!r}: {reason_of(error)}; {_EXAMPLE}"
            ) from None

    def _condition(self, node: ast.expr) -> Any:
        if isinstance(node, ast.BoolOp):
            join = operator.and_ if isinstance(node.op, ast.And) else operator.or_
            return reduce(join, map(self._condition, node.values))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return ~self._condition(node.operand)
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            pairs = zip(sides[:-1], node.ops, sides[1:], strict=True)
            return reduce(operator.and_, [self._comparison(*pair) for pair in pairs])
        if (name := self._column(node)) is not None:
            return pc.field(name)
        raise self._refusal(node)

    def _comparison(self, left: ast.expr, test: ast.cmpop, right: ast.expr) -> Any:
        if isinstance(test, ast.Is | ast.IsNot):
            return self._null_test(left, test, right)
        if isinstance(test, ast.In | ast.NotIn):
            return self._membership(left, test, right)
        sides = self._operand(left, self._kind(right)), self._operand(right, self._kind(left))
        if self._column(left) is None and self._column(right) is None:
            raise self._refusal(left, "a comparison needs a column")
        return _COMPARISONS[type(test)](*sides)

    def _null_test(self, left: ast.expr, test: ast.cmpop, right: ast.expr) -> Any:
        name = self._column(left)
        if name is None or not (isinstance(right, ast.Constant) and right.value is None):
            raise self._refusal(right, "`is` is for None; compare values with ==")
        return pc.field(name).is_null() if isinstance(test, ast.Is) else pc.field(name).is_valid()

    def _membership(self, left: ast.expr, test: ast.cmpop, right: ast.expr) -> Any:
        name = self._column(left)
        if name is None or not isinstance(right, ast.List | ast.Tuple | ast.Set) or not right.elts:
            raise self._refusal(right, "`in` needs a column and a list of constants, such as ['en', 'de']")
        kind = self._kind(left)
        values = _array([self._value(value, kind) for value in right.elts])
        is_known, unknown = pc.field(name).is_valid(), pa.scalar(None, pa.bool_())
        found = pc.if_else(is_known, pc.field(name).isin(values), unknown)
        return found if isinstance(test, ast.In) else ~found

    def _operand(self, node: ast.expr, kind: pa.DataType | None) -> Any:
        name = self._column(node)
        return pc.scalar(self._value(node, kind)) if name is None else pc.field(name)

    def _column(self, node: ast.expr) -> str | None:
        """The name of a column, or of a nested field such as ``meta.n``; None for anything else."""
        parts: list[str] = []
        inner = node
        while isinstance(inner, ast.Attribute):
            parts.append(inner.attr)
            inner = inner.value
        if not isinstance(inner, ast.Name):
            return None
        name = ".".join(self._quoted.get(part, part) for part in [inner.id, *reversed(parts)])
        self._names[name] = None
        return name

    def _kind(self, node: ast.expr) -> pa.DataType | None:
        """The type of a column, if it is known."""
        name = self._column(node)
        if name is None or self._schema is None or name not in self._schema.names:
            return None
        kind = self._schema.field(name).type
        return kind.value_type if pa.types.is_dictionary(kind) else kind

    def _value(self, node: ast.expr, kind: pa.DataType | None) -> pa.Scalar:
        """A constant as a value that can be compared with a column."""
        sign = 1
        inner = node
        if isinstance(inner, ast.UnaryOp) and isinstance(inner.op, ast.USub | ast.UAdd):
            sign = -1 if isinstance(inner.op, ast.USub) else 1
            inner = inner.operand
        value = inner.value if isinstance(inner, ast.Constant) else None
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not isinstance(value, _Constant) or (inner is not node and not is_number):
            if isinstance(inner, ast.Constant) and value is None:
                raise self._refusal(node, "compare with None by `is None` or `is not None`")
            raise self._refusal(node)
        return _scalar(sign * value if is_number else value, kind)

    def _refusal(self, node: ast.expr, why: str = "") -> UsageError:
        shown = ast.unparse(node)
        for name, given in self._quoted.items():
            shown = shown.replace(name, f"`{given}`")
        remedy = why or (
            "use columns, constants, comparisons, `and`, `or`, `not`, `in` and `is None`, " + _EXAMPLE
        )
        return UsageError("filter-invalid-where", f"`where` cannot use {shown[:80]!r}; {remedy}")


def _scalar(value: _Constant, kind: pa.DataType | None) -> pa.Scalar:
    """A constant in the type of its column, where pyarrow does not convert it, or compares more digits."""
    if kind is not None and isinstance(value, str) and pa.types.is_temporal(kind):
        return _moment(value, kind)
    if kind in {pa.float16(), pa.float32()} and isinstance(value, int | float):
        return pa.scalar(value, pa.float64()).cast(kind)
    if kind is not None and pa.types.is_decimal(kind) and isinstance(value, int | float):
        return pa.scalar(decimal.Decimal(repr(value)))
    return pa.scalar(value)


def _array(values: Sequence[pa.Scalar]) -> pa.Array:
    """Constants as an array; whole numbers among others become floats."""
    kinds = {value.type for value in values}
    return pa.array(values) if len(kinds) == 1 else pa.array([value.as_py() for value in values])


def _moment(text: str, kind: pa.DataType) -> pa.Scalar:
    """A date or a time as a value of a type; without a zone it is UTC."""
    if pa.types.is_time(kind):
        return pa.scalar(datetime.time.fromisoformat(text), pa.time64("us")).cast(kind)
    if not pa.types.is_timestamp(kind):
        return pa.scalar(text).cast(kind)
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise pa.ArrowInvalid(f"{text!r} is not a time such as 2026-01-31T12:00:00") from None
    if moment.tzinfo is not None:
        moment = moment.astimezone(datetime.UTC).replace(tzinfo=None)
    plain = pa.scalar(moment, pa.timestamp("us")).cast(pa.timestamp(kind.unit))
    return plain.cast(kind)
