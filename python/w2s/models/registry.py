"""Which kinds of model can be named. A new one is its file and one line here.

Knows nothing about how they answer.
"""

from __future__ import annotations

import difflib

from w2s.errors import UsageError
from w2s.models import endpoint, hf, lc0, policy, random, search, uci
from w2s.models.kind import Kind
from w2s.models.model import Model
from w2s.models.named import read_reference
from w2s.models.reference import shown

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


def kinds() -> list[Kind]:
    """All kinds of model, in the order of the registry."""
    return list(_KINDS.values())


def load_model(reference: str, *, seed: int = 0, concurrency: int = 1) -> Model:
    """The model that a reference names, ready to answer.

    Args:
        reference: ``random``, ``search:depth=3``, ``uci:stockfish?nodes=2000``, …; ``w2s models`` lists the
            kinds, and :func:`w2s.models.reference.parse_reference` has the grammar. The folder of a policy
            net names it too.
        seed: from 0 on; with the question it decides everything that the model draws.
        concurrency: from 1 on; how many processes the model may run side by side, where it runs any. It
            changes no answer of a model that is deterministic.

    Returns:
        A :class:`w2s.models.Model`. It answers lists of examples; ``close`` releases its processes.

    Raises:
        UsageError: no kind has that name, or one of its options makes no sense.
        ModelError: it cannot be started.

    Example:
        >>> import w2s
        >>> from w2s.models import Want
        >>> from w2s.tasks import MoveExample
        >>> state = w2s.game("chess").state("6k1/5ppp/8/8/8/8/8/R3K3 w - - 0 1")
        >>> model = w2s.load_model("search:depth=3")
        >>> model.answer([MoveExample("mate in one", state)], Want())[0].label
        'a1a8'
    """
    parsed = read_reference(reference)
    kind = _KINDS.get(parsed.kind)
    if kind is None:
        near = difflib.get_close_matches(parsed.kind, list(_KINDS), n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise UsageError(
            "model-unknown-kind",
            f"{shown(reference)} names no model: the kind {shown(parsed.kind)} is unknown; {hint}the kinds "
            f"are: {', '.join(_KINDS)}",
        )
    if seed < 0:
        raise UsageError("model-negative-seed", f"seed is {seed}; it must be at least 0")
    if concurrency < 1:
        raise UsageError(
            "model-concurrency-too-small", f"concurrency is {concurrency}; it must be at least 1"
        )
    return kind.load(parsed, seed=seed, concurrency=concurrency)
