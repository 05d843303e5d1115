"""Trust functions of users: a plain function, a class of a trust method, or anything that makes one.

:func:`user_function` accepts them and refuses the rest. w2s does not know what a plain function or an object
learned, so it saves their gold instead.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import pyarrow as pa
from pydantic import ConfigDict, create_model

from w2s.callables import user_code
from w2s.config import Config, parse_config
from w2s.errors import DataError, UsageError
from w2s.evidence import Labels
from w2s.kernels.arrays import Flags
from w2s.kernels.columns import Doubles
from w2s.trust.function import FittedState, Function, TrustFunction, checked_scores

CORRECT = "correct"
"""The column of gold that says whether each label is right."""


class _OpenOptions(Config):
    """Options that only the user's code knows."""

    model_config = ConfigDict(extra="allow", frozen=True)


def user_function(found: Any, name: str, options: Mapping[str, Any]) -> Function:
    """Return the trust function, not fitted yet, that the user's code is or makes.

    Args:
        found: a plain function whose first parameter is ``labels``; a class of a :class:`TrustMethod`; or a
            callable that takes the options and returns a :class:`TrustFunction`.
        name: the name that the user gave.
        options: its options.

    Raises:
        UsageError: it is none of these, an option is invalid, or a member is missing or has a wrong type.
        UserCodeError: it raised an exception.
    """
    if _is_plain(found):
        method = PlainFunction(name, found, _options_of(found, name))
        return Function(method, parse_config(method.options, dict(options), name), source=name)
    if _is_method_class(found):
        made = _make(found, name, {})
        chosen = parse_config(found.options, dict(options), name)
        return _checked(Function(made, chosen, source=name), name)
    made = _make(found, name, options)
    if isinstance(made, Function):
        return _checked(replace(made, source=name), name)
    _check_members(made, name, _FUNCTION_MEMBERS)
    return Function(FunctionObject(name, found), _OpenOptions(**options), source=name)


# Plain functions -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PlainFunction:
    """The trust method of ``scores = function(labels, gold=…, seed=…, **options)``.

    The function is called once for each set of labels to score, with the gold labels that it was fitted on.
    Without the parameter ``gold`` it learns nothing, and no gold is kept.

    Attributes:
        name: the name that the user gave.
        call: the function.
        options: its other parameters, which have default values.
    """

    name: str
    call: Callable[..., Any]
    options: type[Config]
    about: str = "a function of the user"

    def needs(self, options: Config) -> frozenset[str]:
        """Return nothing: only the function knows what it reads."""
        return frozenset()

    def fit(self, labels: Labels, correct: Flags, seed: int, options: Config) -> FittedState:
        """Keep the gold and the seed."""
        takes_gold = "gold" in inspect.signature(self.call).parameters
        gold = labels.with_column(CORRECT, pa.array(correct)) if takes_gold else None
        return FittedState({"seed": seed}, labels=gold)

    def score(self, labels: Labels, state: FittedState, options: Config) -> Doubles:
        """Return n scores."""
        named = {"gold": state.labels, "seed": state.facts.get("seed", 0)}
        taken = {name: named[name] for name in named if name in inspect.signature(self.call).parameters}
        if "gold" in taken and state.labels is None:
            raise DataError(
                "trust-without-gold", f"{self.name} was fitted without a parameter gold: fit it again"
            )
        with user_code(self.name):
            scores = self.call(_without_answers(labels, state.labels), **taken, **options.model_dump())
        return checked_scores(scores, self.name, len(labels))


def _without_answers(labels: Labels, gold: Labels | None) -> Labels:
    """Labels without the answers, and only with columns that gold has too."""
    known = labels.table.column_names if gold is None else gold.table.column_names
    names = [name for name in labels.table.column_names if name in known and name != CORRECT]
    return Labels(labels.table.select(names), labels.vectors)


def _is_plain(found: Any) -> bool:
    if inspect.isclass(found):
        return False
    try:
        return next(iter(inspect.signature(found).parameters), "") == "labels"
    except (TypeError, ValueError):  # a callable that whose parameters cannot be read
        return False


def _options_of(found: Callable[..., Any], name: str) -> type[Config]:
    """The class of the options of a plain function: its parameters except labels, gold and seed."""
    fields: dict[str, Any] = {}
    for one in list(inspect.signature(found).parameters.values())[1:]:
        is_named = one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)
        if is_named and one.name in ("gold", "seed"):
            continue
        if not is_named or not isinstance(one.default, _OPTION_TYPES) or one.name.startswith("_"):
            raise UsageError(
                "trust-function-bad-signature",
                f"{name!r}: the parameter {one} is neither labels, gold, seed nor an option; an option has a "
                "number, a text, True, False or None as default, as in def trust(labels, gold, power=2.0)",
            )
        fields[one.name] = (Any if one.default is None else type(one.default), one.default)
    return create_model("Options", __base__=Config, **fields)


_OPTION_TYPES = (bool, int, float, str, type(None))


# Objects ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _FittedObject(FittedState):
    """The state of an object that was fitted in this process."""

    fitted: TrustFunction | None = None


@dataclass(frozen=True)
class FunctionObject:
    """The trust method of an object with name, needs, fit and score, which is fitted again when it is loaded.

    Attributes:
        name: as the user named it.
        make: returns the object for options.
    """

    name: str
    make: Callable[..., Any]
    about: str = "an object of the user"
    options: type[Config] = _OpenOptions

    def needs(self, options: Config) -> frozenset[str]:
        """Return what the object needs."""
        return self._made(options).needs

    def fit(self, labels: Labels, correct: Flags, seed: int, options: Config) -> FittedState:
        """Fit the object, and keep the gold."""
        made = self._made(options)
        with user_code(self.name):
            fitted = made.fit(labels, correct, seed)
        _check_members(fitted, f"{self.name}, fitted", _FUNCTION_MEMBERS)
        return _FittedObject(
            {"seed": seed}, labels=labels.with_column(CORRECT, pa.array(correct)), fitted=fitted
        )

    def score(self, labels: Labels, state: FittedState, options: Config) -> Doubles:
        """Return n scores."""
        fitted = state.fitted if isinstance(state, _FittedObject) else None
        if fitted is None:
            if state.labels is None:
                raise DataError("trust-without-gold", f"{self.name} was saved without gold: fit it again")
            again = self.fit(state.labels, state.labels.correct, state.facts.get("seed", 0), options)
            fitted = cast(_FittedObject, again).fitted
        assert fitted is not None
        with user_code(self.name):
            scores = fitted.score(_without_answers(labels, state.labels))
        return checked_scores(scores, self.name, len(labels))

    def _made(self, options: Config) -> TrustFunction:
        return cast(TrustFunction, _make(self.make, self.name, options.model_dump()))


# Checks ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Member:
    name: str
    wanted: str
    is_right: Callable[[Any], bool]


def _is_names(value: Any) -> bool:
    return isinstance(value, frozenset) and all(isinstance(one, str) for one in value)


def _takes(count: int) -> Callable[[Any], bool]:
    """Return a check whether a value can be called with ``count`` arguments."""

    def is_right(value: Any) -> bool:
        if not callable(value):
            return False
        try:
            inspect.signature(value).bind(*range(count))
        except TypeError:
            return False
        except ValueError:
            pass  # a callable that whose parameters cannot be read
        return True

    return is_right


_NAME = _Member("name", "text", lambda value: isinstance(value, str) and value != "")
_FUNCTION_MEMBERS = (
    _NAME,
    _Member("needs", "a frozenset of names of evidence, such as frozenset({'log_prob'})", _is_names),
    _Member("fit", "a method fit(labels, correct, seed)", _takes(3)),
    _Member("score", "a method score(labels)", _takes(1)),
)
_METHOD_MEMBERS = (
    _NAME,
    _Member("about", "text", lambda value: isinstance(value, str)),
    _Member(
        "options",
        "a subclass of w2s.config.Config",
        lambda value: isinstance(value, type) and issubclass(value, Config),
    ),
    _Member("needs", "a method needs(options)", _takes(1)),
    _Member("fit", "a method fit(labels, correct, seed, options)", _takes(4)),
    _Member("score", "a method score(labels, state, options)", _takes(3)),
)


def _check_members(found: Any, name: str, members: tuple[_Member, ...]) -> None:
    """Refuse an object of which a member is missing or has a wrong type."""
    kind = type(found).__name__
    for member in members:
        with user_code(name):
            has = hasattr(found, member.name)
            value = getattr(found, member.name) if has else None
        if not has:
            raise UsageError(
                "trust-function-incomplete",
                f"{name!r} gives {kind}, which has no {member.name}; add {member.name}, {member.wanted}",
            )
        if not member.is_right(value):
            raise UsageError(
                "trust-function-bad-member",
                f"{name!r} gives {kind}, whose {member.name} is {_shown(value)}; it must be {member.wanted}",
            )


def _shown(value: Any) -> str:
    return f"{type(value).__name__} {value!r:.40}" if not callable(value) else f"a {type(value).__name__}"


def _checked(function: Function, name: str) -> Function:
    """The function, if its method and what the method needs are valid."""
    _check_members(function.method, name, _METHOD_MEMBERS)
    with user_code(name):
        needs = function.needs
    if not _is_names(needs):
        raise UsageError(
            "trust-function-bad-member",
            f"{name!r}: needs(options) returned {_shown(needs)}; it must return a frozenset of names of "
            "evidence",
        )
    return function


def _is_method_class(found: Any) -> bool:
    options = getattr(found, "options", None)
    return inspect.isclass(found) and isinstance(options, type) and issubclass(options, Config)


def _make(make: Callable[..., Any], name: str, options: Mapping[str, Any]) -> Any:
    try:
        inspect.signature(make).bind(**options)
    except TypeError as error:
        raise UsageError(
            "trust-function-bad-options",
            f"{name!r} cannot be called with these options: {error}; the first parameter of a plain "
            "function is labels, as in def trust(labels, gold)",
        ) from None
    except ValueError:
        pass  # a callable that whose parameters cannot be read
    with user_code(name):
        return make(**options)
