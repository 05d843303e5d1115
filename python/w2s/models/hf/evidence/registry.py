"""Which kinds of evidence can be named. A new one is its file and one line here.

Knows nothing about how they are measured.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from w2s.errors import UsageError
from w2s.evidence import number_of
from w2s.models.hf.evidence import icl, p_true, reward, verbalised
from w2s.models.hf.evidence.kind import Asked, Column, EvidenceKind
from w2s.models.hf.model import HfModel
from w2s.models.model import Model
from w2s.models.solved import Shots
from w2s.tasks import Example

_KINDS = {kind.name: kind for kind in (icl.KIND, verbalised.KIND, p_true.KIND, reward.KIND)}
_SHOWN = 40


def evidence_kinds() -> list[EvidenceKind]:
    """All kinds of evidence, in the order of the registry."""
    return list(_KINDS.values())


def check_evidence(model: Model, names: Sequence[str]) -> None:
    """Refuse names that a model cannot be asked for.

    Raises:
        UsageError: it is no ``hf:`` model that writes, or no kind has that name or number.
    """
    _hf(model)
    for name in names:
        _named(name)


def evidence(
    model: Model,
    names: Sequence[str],
    examples: Sequence[Example],
    labels: Sequence[str],
    *,
    replies: Sequence[str | None] | None = None,
    gold: Shots = (),
    reward: str | None = None,
) -> dict[str, Column]:
    """Evidence about labels.

    Args:
        model: an ``hf:`` model that writes, ready to answer.
        names: of kinds, with a number where they take one: ``icl``, ``icl:8``, ``verbalised``, ``p_true``,
            ``reward``.
        examples: n of them.
        labels: one for each.
        replies: the text that gave each label, where it is known; else the label as the prompt words it.
        gold: solved examples with their labels, for ``icl``.
        reward: reference of a reward model, ``hf:DIR``, for ``reward``.

    Returns:
        By name of a column float64, (n,): NaN where there is no number.

    Raises:
        UsageError: no kind has that name, or what it needs is not given.
    """
    speaker = _hf(model)
    if len(examples) != len(labels):
        raise UsageError(f"{len(examples)} examples but {len(labels)} labels: give one label each")
    kinds = [_named(name) for name in names]
    given = replies or [None] * len(labels)
    texts = [
        speaker.asking.reply(example, label) if reply is None else reply
        for example, label, reply in zip(examples, labels, given, strict=True)
    ]
    found: dict[str, Column] = {}
    for kind, count in kinds:
        found.update(kind.measure(Asked(speaker, examples, labels, texts, count, gold, reward)))
    return found


def _hf(model: Model) -> HfModel:
    if not isinstance(model, HfModel):
        raise UsageError(
            f"{model.reference} gives no evidence by name: name an hf: model that writes; of an endpoint ask "
            "for samples alone"
        )
    return model


def _named(name: str) -> tuple[EvidenceKind, int | None]:
    word, colon, _ = name.partition(":")
    kind = _KINDS.get(word)
    if kind is None:
        near = difflib.get_close_matches(word, list(_KINDS), n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise UsageError(f"no evidence is called {word[:_SHOWN]!r}: {hint}there are: {', '.join(_KINDS)}")
    if colon and ":" not in kind.example:
        raise UsageError(f"{word} takes no number, {name[:_SHOWN]!r} has one: write {kind.example}")
    return kind, number_of(name)
