"""The trust functions by name. A new one is its file and one line here, or an entry point ``w2s.trust``.

The module of a function is imported when the function is first named.
"""

from __future__ import annotations

import importlib
from dataclasses import replace
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

from w2s.config import parse_config
from w2s.errors import UsageError, suggest_name
from w2s.trust.function import Function, TrustFunction, TrustMethod

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


def trust_function(name: str, **options: Any) -> TrustFunction:
    """Return a trust function that is not fitted yet.

    Args:
        name: one of ``w2s.trust.function_names()``, which include the entry points of the group
            ``w2s.trust``, or ``module:callable``. A callable takes the options and returns a
            :class:`w2s.trust.TrustFunction`, which can be saved if it is a :class:`w2s.trust.Function`.
        options: options of the function, as values or as text; ``features="hidden,afterstate,student"`` says
            which evidence a probe reads.

    Raises:
        UsageError: the name is unknown, or an option is invalid.

    Example:
        >>> import w2s
        >>> sorted(w2s.trust_function("neural", features="hidden,afterstate").needs)
        ['afterstate', 'hidden', 'log_prob']
    """
    if is_builtin(name):
        method = builtin_method(name)
        return Function(method, parse_config(method.options, options, f"trust function {name}"), source=name)
    return _call(name, _factory(name), options)


def _factory(name: str) -> Any:
    if ":" in name:
        return _import_callable(name)
    installed = {entry.name: entry for entry in entry_points(group=ENTRY_POINTS)}
    if name in installed:
        return _load_entry_point(installed[name])
    raise UsageError(
        "trust-unknown-function",
        f"{name!r} is not a trust function; {suggest_name(name, function_names())}",
    )


def _import_callable(name: str) -> Any:
    module, _, attribute = name.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise _not_importable(name, error) from None


def _load_entry_point(entry: EntryPoint) -> Any:
    try:
        return entry.load()
    except (ImportError, AttributeError) as error:
        raise _not_importable(entry.name, error) from None


def _not_importable(name: str, error: Exception) -> UsageError:
    return UsageError("trust-function-not-importable", f"trust function {name!r} cannot be imported: {error}")


def _call(name: str, factory: Any, options: dict[str, Any]) -> TrustFunction:
    if not callable(factory):
        raise UsageError(
            "trust-function-not-callable",
            f"{name!r} is not callable: name a callable that returns a trust function",
        )
    try:
        found = factory(**options)
    except TypeError as error:
        raise UsageError(
            "trust-function-bad-options", f"{name!r} cannot be called with these options: {error}"
        ) from None
    if not all(hasattr(found, part) for part in ("name", "needs", "fit", "score")):
        raise UsageError(
            "trust-function-incomplete",
            f"{name!r} returned {type(found).__name__}: a trust function has name, needs, fit and score",
        )
    return replace(found, source=name) if isinstance(found, Function) else cast(TrustFunction, found)
