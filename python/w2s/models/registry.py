"""The kinds of model that can be named. A new one is its file and one line here."""

from __future__ import annotations

import difflib
from pathlib import Path

from w2s.errors import UsageError
from w2s.models import endpoint, hf, lc0, policy, random, search, uci
from w2s.models.model import Model, ModelKind
from w2s.models.reference import quote, resolve_reference

_KINDS = {
    kind.name: kind
    for kind in (
        random.KIND,
        search.KIND,
        uci.KIND,
        policy.KIND,
        lc0.KIND,
        hf.KIND,
        endpoint.KIND,
    )
}


def model_kinds() -> list[ModelKind]:
    """All kinds of model, in the order of the registry."""
    return list(_KINDS.values())


def find_kind(name: str, reference: str | None = None) -> ModelKind:
    """The kind of model with this name, which came from ``reference`` if one is given.

    Raises:
        UsageError: there is no such kind; the message lists those that exist.
    """
    kind = _KINDS.get(name)
    if kind is None:
        near = difflib.get_close_matches(name, list(_KINDS), n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise UsageError(
            "model-unknown-kind",
            f"{quote(reference or name)} names no model: the kind {quote(name)} is unknown; {hint}the kinds "
            f"are: {', '.join(_KINDS)}",
        )
    return kind


def load_model(
    reference: str, *, seed: int = 0, concurrency: int = 1, cache: str | Path | None = None
) -> Model:
    """The model that a reference names, ready to answer.

    Args:
        reference: ``random``, ``search:depth=3``, ``uci:stockfish?nodes=2000``, …; ``w2s models`` lists the
            kinds, and :func:`w2s.models.reference.parse_reference` describes the grammar. The folder of a
            trained model is a reference, too.
        seed: random seed, at least 0; with the question it decides everything that the model draws.
        concurrency: number of processes that the model may run in parallel, at least 1. It does not change
            the answers of a deterministic model.
        cache: folder that stores the replies of an endpoint, normally that of the run, so that a killed run
            does not request them again. The option ``cache`` of a reference takes precedence over it. None
            for no cache.

    Returns:
        A :class:`w2s.models.Model`. It answers lists of examples; ``close`` releases its processes.

    Raises:
        UsageError: the kind or one of its options is unknown or invalid.
        ModelError: the model cannot be loaded or started.

    Example:
        >>> import w2s
        >>> from w2s.models import Want
        >>> from w2s.tasks import MoveExample
        >>> state = w2s.game("chess").state("6k1/5ppp/8/8/8/8/8/R3K3 w - - 0 1")
        >>> model = w2s.load_model("search:depth=3")
        >>> model.answer([MoveExample("mate in one", state)], Want())[0].label
        'a1a8'
    """
    parsed = resolve_reference(reference)
    kind = find_kind(parsed.kind, reference)
    if seed < 0:
        raise UsageError("model-negative-seed", f"seed is {seed}; it must be at least 0")
    if concurrency < 1:
        raise UsageError(
            "model-concurrency-too-small", f"concurrency is {concurrency}; it must be at least 1"
        )
    folder = None if cache is None else Path(cache)
    return kind.load(parsed, seed=seed, concurrency=concurrency, cache=folder)
