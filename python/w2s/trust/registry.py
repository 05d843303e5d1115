"""The trust functions by name. A new one is its file and one line here, or an entry point ``w2s.trust``.

The module of a function is imported when the function is first named.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from typing import Any, cast

from w2s.callables import import_callable, user_code
from w2s.config import parse_config
from w2s.errors import UsageError, suggest_name
from w2s.trust.function import Function, TrustMethod
from w2s.trust.user_function import user_function

ENTRY_POINTS = "w2s.trust"

_METHODS = {
    "confidence": "zero_shot:CONFIDENCE",
    "margin": "zero_shot:MARGIN",
    "entropy": "zero_shot:ENTROPY",
    "self_consistency": "zero_shot:SELF_CONSISTENCY",
    "icl": "zero_shot:ICL",
    "verbalised": "zero_shot:VERBALISED",
    "p_true": "zero_shot:P_TRUE",
    "reward": "zero_shot:REWARD",
    "temperature": "calibration:TEMPERATURE",
    "isotonic": "calibration:ISOTONIC",
    "confident_learning": "confident_learning:CONFIDENT_LEARNING",
    "search_agreement": "agreement:SEARCH_AGREEMENT",
    "peer_agreement": "agreement:PEER_AGREEMENT",
    "crowd": "crowd:CROWD",
    "logistic": "logistic:LOGISTIC",
    "knn": "knn:KNN",
    "boosting": "boosting:BOOSTING",
    "neural": "neural:NEURAL",
    "stack": "stacking:STACK",
}


def function_names() -> list[str]:
    """Names of all trust functions, built in and then installed, in the order of the registry."""
    return [*_METHODS, *sorted(entry.name for entry in entry_points(group=ENTRY_POINTS))]


def is_builtin(name: str) -> bool:
    """Whether a trust function of that name is built in."""
    return name in _METHODS


def builtin_method(name: str) -> TrustMethod:
    """Return the method of a built-in trust function."""
    module, _, attribute = _METHODS[name].partition(":")
    return cast(TrustMethod, getattr(importlib.import_module(f"w2s.trust.{module}"), attribute))


def option_names(name: str) -> frozenset[str]:
    """Names of the options of a built-in trust function; empty for any other function."""
    return frozenset(builtin_method(name).options.model_fields) if is_builtin(name) else frozenset()


def trust_function(function: str | Callable[..., Any], **options: Any) -> Function:
    """Return a trust function that is not fitted yet.

    Args:
        function: one of ``w2s.trust.function_names()``, which include the entry points of the group
            ``w2s.trust``; ``module:callable``; or the callable itself. A callable is a plain function
            ``def trust(labels, gold)`` that returns a score in [0, 1] for each label, a class of a
            :class:`w2s.trust.TrustMethod`, or anything that takes the options and returns a
            :class:`w2s.trust.TrustFunction`.
        options: options of the function, as values or as text; ``features="hidden,afterstate,student"`` says
            which evidence a probe reads.

    Raises:
        UsageError: the name is unknown, an option is invalid, or the callable is not a trust function.
        UserCodeError: the code of the callable raised an exception.

    Example:
        >>> import w2s
        >>> sorted(w2s.trust_function("neural", features="hidden,afterstate").needs)
        ['afterstate', 'hidden']
        >>> w2s.trust_function(lambda labels: labels.numbers("conf")).needs
        frozenset()
    """
    if not isinstance(function, str):
        return user_function(function, _reference(function), options)
    if is_builtin(function):
        method = builtin_method(function)
        chosen = parse_config(method.options, options, f"trust function {function}")
        return Function(method, chosen, source=function)
    found = import_callable(function) if ":" in function else _load_entry_point(function)
    return user_function(found, function, options)


def _reference(function: Callable[..., Any]) -> str:
    """The name by which another process finds a callable."""
    if not callable(function):
        raise UsageError(
            "trust-function-not-callable",
            f"{function!r} is neither the name of a trust function nor callable",
        )
    of = function if hasattr(function, "__qualname__") else type(function)
    return f"{of.__module__}:{of.__qualname__}"


def _load_entry_point(name: str) -> Any:
    installed = {entry.name: entry for entry in entry_points(group=ENTRY_POINTS)}
    if name not in installed:
        raise UsageError(
            "trust-unknown-function",
            f"{name!r} is not a trust function; {suggest_name(name, function_names())}",
        )
    with user_code(f"the installed trust function {name}"):
        return installed[name].load()


def parse_options(pairs: Sequence[str], features: str | None) -> dict[str, Any]:
    """Parse ``name=value`` texts as options of a function; the value ``None`` means None.

    Raises:
        UsageError: a text has no ``=``, or an option is given twice.
    """
    options: dict[str, Any] = {} if features is None else {"features": features}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not name or not equals:
            raise UsageError("trust-bad-option", f"option {pair!r} is not name=value")
        if name in options:
            raise UsageError("trust-repeated-option", f"option {name} is given twice: leave one out")
        options[name] = None if value == "None" else value
    return options
