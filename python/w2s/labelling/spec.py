"""What to label with and what to keep: the specification of a labelling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from w2s.arena.oracles import Oracle
from w2s.models import Model, SupportsScoring, Want
from w2s.models.few_shot import Shots

ProgressCallback = Callable[[int, int], None]
"""Called with the number of finished items and the total."""


@dataclass(frozen=True, slots=True)
class LabelSpec:
    """Who labels, and which evidence is kept.

    Attributes:
        model: the model whose answers become the labels.
        vectors: which vectors to keep: some of ``hidden``, ``afterstate`` and ``deliberation``.
        student: a model whose log-probability, rank and hidden state of each label are kept.
        oracles: oracles that verify each label, by the prefix of their columns.
        evidence: evidence to request from the model after its answer, for example ``icl:4``; each name
            becomes one or two columns, see :data:`w2s.evidence_kinds.EVIDENCE`.
        shots: examples with their labels, which ``icl`` and few-shot prompts show to the model.
        reward: reference of the reward model that ``reward`` needs.
        proposals: number of labels per example: the model's answer, then the likeliest others.
        improved: whether to keep the improved policy and the value of every move, of a model that looks
            ahead.
    """

    model: Model
    vectors: frozenset[str] = frozenset()
    student: SupportsScoring | None = None
    oracles: dict[str, Oracle] = field(default_factory=dict)
    evidence: tuple[str, ...] = ()
    shots: Shots = ()
    reward: str | None = None
    proposals: int = 1
    improved: bool = False

    @property
    def want(self) -> Want:
        """The request to the model; its label is always a legal move."""
        return Want(
            evidence=True,
            mask=True,
            hidden="hidden" in self.vectors,
            afterstate="afterstate" in self.vectors,
            deliberation="deliberation" in self.vectors,
            improved=self.improved,
        )
