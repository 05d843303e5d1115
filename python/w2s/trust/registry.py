"""Which trust functions there are. A new one is its file and one line here, or an entry point ``w2s.trust``.

Knows nothing about how they work; a function's module is imported when it is first named.
"""

from __future__ import annotations

import difflib
import importlib
from dataclasses import replace
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

from w2s.config import parse_config
from w2s.errors import UsageError
from w2s.trust.function import Function, Recipe, TrustFunction

ENTRY_POINTS = "w2s.trust"

_RECIPES = {
    "confidence": "signals:CONFIDENCE",
    "margin": "signals:MARGIN",
    "entropy": "signals:ENTROPY",
    "self_consistency": "signals:SELF_CONSISTENCY",
    "icl": "signals:ICL",
    "verbalised": "signals:VERBALISED",
    "p_true": "signals:P_TRUE",
    "reward": "signals:REWARD",
    "temperature": "calibrated:TEMPERATURE",
    "isotonic": "calibrated:ISOTONIC",
    "confident_learning": "confident:CONFIDENT",
    "search_agreement": "agreement:SEARCH",
    "peer_agreement": "agreement:PEER",
    "crowd": "teachers:CROWD",
    "logistic": "logistic:LOGISTIC",
    "knn": "neighbours:KNN",
    "boosting": "boosting:BOOSTING",
    "neural": "neural:NEURAL",
    "stack": "stacking:STACK",
}


def names() -> list[str]:
    """The names of all trust functions, built in and installed, in the order of the registry."""
    return [*_RECIPES, *sorted(entry.name for entry in entry_points(group=ENTRY_POINTS))]


def is_recipe(name: str) -> bool:
    """Whether a name is of a built-in recipe."""
    return name in _RECIPES


def recipe(name: str) -> Recipe:
    """A built-in recipe by its name."""
    module, _, attribute = _RECIPES[name].partition(":")
    return cast(Recipe, getattr(importlib.import_module(f"w2s.trust.{module}"), attribute))


def option_names(name: str) -> frozenset[str]:
    """The options of a built-in function by its name; of any other none are known."""
    return frozenset(recipe(name).options.model_fields) if name in _RECIPES else frozenset()


def trust_function(name: str, **options: Any) -> TrustFunction:
    """A trust function, not yet fitted.

    Args:
        name: one of ``w2s.trust.names()``, an entry point of the group ``w2s.trust``, or ``module:callable``:
            called with the options, it returns a :class:`w2s.trust.TrustFunction`, which can be saved if it
            is a :class:`w2s.trust.Function`.
        options: of that function, as values or as text; ``reads="hidden,afterstate,student"`` says which
            evidence a probe reads.

    Raises:
        UsageError: no function has that name, or an option makes no sense.

    Example:
        >>> import w2s
        >>> sorted(w2s.trust_function("neural", reads="hidden,afterstate").needs)
        ['afterstate', 'hidden', 'log_prob']
    """
    if name in _RECIPES:
        found = recipe(name)
        return Function(found, parse_config(found.options, options, f"trust function {name}"), source=name)
    return _called(name, _factory(name), options)


def _factory(name: str) -> Any:
    if ":" in name:
        return _imported(name)
    installed = {entry.name: entry for entry in entry_points(group=ENTRY_POINTS)}
    if name in installed:
        return _loaded(installed[name])
    near = difflib.get_close_matches(name, names(), n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise UsageError(
        "trust-unknown-function",
        f"{name!r} is not a trust function; {hint}known names: {', '.join(names())}",
    )


def _imported(name: str) -> Any:
    module, _, attribute = name.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise UsageError(
            "trust-function-not-importable", f"trust function {name!r} cannot be imported: {error}"
        ) from None


def _loaded(entry: EntryPoint) -> Any:
    try:
        return entry.load()
    except (ImportError, AttributeError) as error:
        raise UsageError(
            "trust-function-not-importable", f"trust function {entry.name!r} cannot be imported: {error}"
        ) from None


def _called(name: str, factory: Any, options: dict[str, Any]) -> TrustFunction:
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
