"""Kinds of evidence about labels: description, columns, cost, and the remedy if labels do not have it.

A new kind is one row of :data:`EVIDENCE`. If a language model gives it, the function that measures it is one
row in :mod:`w2s.models.hf.evidence`, and returns one column.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal, Protocol

from w2s.errors import UsageError

Source = Literal["answer", "state", "request", "oracle", "table"]
"""Who gives the evidence:

- ``answer``: the model, together with its label, if it computes probabilities.
- ``state``: a network; vectors in a Parquet file of that name next to the labels.
- ``request``: a language model, in a further prompt about its label; one column, or several for samples.
- ``oracle``: the built-in search; columns ``search…``. Columns of other oracles are named one by one.
- ``table``: the user, who adds a column to the table of labels.
"""

_MAX_COUNT = 10_000
_SHOWN = 40


class TokenLengths(Protocol):
    """Mean numbers of tokens of one example."""

    @property
    def prompt(self) -> float:
        """Tokens of the question."""
        ...

    @property
    def options(self) -> float:
        """Tokens of all options together; 0 where a label is generated."""
        ...

    @property
    def reply(self) -> float:
        """Tokens of one reply."""
        ...


@dataclass(frozen=True, slots=True)
class EvidenceCost:
    """Tokens that the labelling model reads and generates to give the evidence of one label."""

    read: float = 0.0
    generated: float = 0.0


Cost = Callable[[TokenLengths, int], EvidenceCost]
"""The cost of one label, from the lengths of an example and the number in the name of the evidence."""


def _free(lengths: TokenLengths, count: int) -> EvidenceCost:
    """Nothing: it comes with the label, or another model gives it."""
    return EvidenceCost()


def _cost_of_check(lengths: TokenLengths, count: int) -> EvidenceCost:
    """Question and reply once more with a question about them; a policy net reads only the next position."""
    return EvidenceCost(lengths.prompt + lengths.reply + (30 if lengths.reply else 0))


def _cost_of_rating(lengths: TokenLengths, count: int) -> EvidenceCost:
    """Question and reply once more, and a number is generated."""
    return EvidenceCost(lengths.prompt + lengths.reply + 40, 8)


def _cost_of_few_shot(lengths: TokenLengths, count: int) -> EvidenceCost:
    """The few-shot examples and the question, each with its reply."""
    return EvidenceCost((lengths.prompt + lengths.reply) * (count + 1))


def _cost_of_samples(lengths: TokenLengths, count: int) -> EvidenceCost:
    """The options once, however many are drawn, or that many generated replies."""
    if lengths.options:
        return EvidenceCost(lengths.prompt + lengths.options)
    return EvidenceCost(lengths.prompt, count * lengths.reply)


@dataclass(frozen=True, slots=True)
class EvidenceKind:
    """One kind of evidence.

    Attributes:
        name: how configurations, ``--evidence`` and trust functions name it.
        about: one line of documentation.
        source: who gives it.
        remedy: what to do if labels do not have it, as the second half of an error message.
        columns: columns of the table of labels that hold it; ``*`` matches any text. Empty for vectors.
        default_count: the number that it takes after a colon, such as 4 in ``icl:4``, if none is written;
            None if it takes no number.
        cost: tokens that the labelling model needs for one label.

    Example:
        >>> EVIDENCE["search"].find_columns(["label", "search_depth2_best", "search_depth2_regret_cp"])
        ['search_depth2_best', 'search_depth2_regret_cp']
        >>> EVIDENCE["icl"].example
        'icl:4'
    """

    name: str
    about: str
    source: Source
    remedy: str
    columns: tuple[str, ...] = ()
    default_count: int | None = None
    cost: Cost = _free

    @property
    def example(self) -> str:
        """How it is requested."""
        return self.name if self.default_count is None else f"{self.name}:{self.default_count}"

    def find_columns(self, columns: Iterable[str]) -> list[str]:
        """Those columns of a table that hold this evidence, sorted."""
        return sorted(name for name in columns if any(fnmatchcase(name, one) for one in self.columns))


_PROBABILITIES = "label with a model that gives probabilities, an openai: model with ?logprobs=true"

EVIDENCE = {
    kind.name: kind
    for kind in (
        EvidenceKind(
            "log_prob", "log-probability of the label, nats", "answer", _PROBABILITIES, ("log_prob",)
        ),
        EvidenceKind(
            "margin", "lead in probability over the runner-up", "answer", _PROBABILITIES, ("margin",)
        ),
        EvidenceKind(
            "entropy", "entropy over the possible labels, nats", "answer", _PROBABILITIES, ("entropy",)
        ),
        EvidenceKind(
            "n_options", "number of possible labels", "answer", "add a column n_options", ("n_options",)
        ),
        EvidenceKind(
            "hidden",
            "hidden state at the label",
            "state",
            "label with --hidden, which writes hidden.parquet next to the labels",
        ),
        EvidenceKind(
            "afterstate",
            "state after the label: the next position, or a check of the reply",
            "state",
            "label with --evidence afterstate, which writes afterstate.parquet next to the labels",
            cost=_cost_of_check,
        ),
        EvidenceKind(
            "deliberation",
            "what the model found out about the label by looking ahead",
            "state",
            "label with a model that looks ahead, such as policy:NAME?nodes=200, and --evidence deliberation",
        ),
        EvidenceKind(
            "student",
            "hidden state of the untrained student at the label",
            "state",
            "label with --student MODEL, which writes student.parquet next to the labels",
        ),
        EvidenceKind(
            "icl",
            "probability of the label after that many few-shot examples",
            "request",
            "label with --evidence icl:4 and --few-shot FILE",
            ("icl",),
            4,
            _cost_of_few_shot,
        ),
        EvidenceKind(
            "verbalised",
            "confidence that the model states, from 0 to 100, as a share",
            "request",
            "label with --evidence verbalised",
            ("verbalised",),
            cost=_cost_of_rating,
        ),
        EvidenceKind(
            "p_true",
            "probability of yes to the question whether the label is correct",
            "request",
            "label with --evidence p_true",
            ("p_true",),
            cost=_cost_of_check,
        ),
        EvidenceKind(
            "samples",
            "agreement of that many sampled labels, and their entropy over meanings, nats",
            "request",
            "label with --evidence samples:8",
            ("self_consistency", "predictive_entropy"),
            8,
            _cost_of_samples,
        ),
        EvidenceKind(
            "reward",
            "score of a reward model for the reply",
            "request",
            "label with --evidence reward and --reward hf:DIR",
            ("reward",),
        ),
        EvidenceKind(
            "search",
            "best move of a search, and what the label loses against it, centipawns",
            "oracle",
            "label with --oracle search:depth=2, which adds search_depth2_best and search_depth2_regret_cp",
            ("search*_regret_cp", "search*_best"),
        ),
        EvidenceKind(
            "peer_label",
            "labels of other models",
            "table",
            "add a column peer_label, or peer_label_NAME for each other model, with its label",
            ("peer_label*",),
        ),
        EvidenceKind(
            "peer",
            "whether other models agree with the label",
            "table",
            "add a column peer_agrees, or peer_label with the label of another model",
            ("peer_agrees", "peer_label*"),
        ),
    )
}
"""All kinds of evidence, by name."""

DELIBERATION = {
    "value": "value of the label, from -1 to 1",
    "lead": "its value minus that of the best other move",
    "spread": "standard deviation of the values of all moves that were considered",
    "first_value": "its value as soon as it was made, without looking further",
    "first_lead": "the same, minus that of the best other move",
    "position_value": "value of the position before looking ahead",
    "is_policy_choice": "1 if the label is the first choice without looking ahead, else 0",
    "is_best": "1 if the label is the first choice after looking ahead, else 0",
    "changes": "how often the best move changed while looking ahead",
    "settled": "share of the deliberation after which it did not change any more",
    "share": "probability of the label in the policy that looking ahead has improved",
    "visits": "share of the positions that were considered below the label",
}
"""Numbers of the evidence ``deliberation``, in the order of its vector; columns ``deliberation_NAME``."""

STATES = tuple(name for name, kind in EVIDENCE.items() if kind.source == "state")
"""Kinds that are vectors, each in a Parquet file of its name next to the labels."""

REQUESTS = tuple(name for name, kind in EVIDENCE.items() if kind.source == "request")
"""Kinds that are requested from a language model."""


@dataclass(frozen=True, slots=True)
class EvidenceRequest:
    """Evidence as a user names it: ``icl:4`` is the kind ``icl`` with the count 4; 0 if it takes none."""

    kind: EvidenceKind
    count: int = 0

    @property
    def name(self) -> str:
        """The name of the kind."""
        return self.kind.name

    def cost(self, lengths: TokenLengths) -> EvidenceCost:
        """Tokens that the labelling model needs for one label."""
        return self.kind.cost(lengths, self.count)


def parse_evidence(text: str, known: Collection[str] = REQUESTS) -> EvidenceRequest:
    """The evidence that a text such as ``samples:8`` names.

    Args:
        text: the name of a kind, with a colon and a whole number from 1 to 10,000 if the kind takes one.
        known: names that are allowed here, listed in the error message.

    Raises:
        UsageError: the name is unknown, or its number is invalid.

    Example:
        >>> parse_evidence("samples").count
        8
        >>> parse_evidence("icl:2").kind.columns
        ('icl',)
    """
    name, colon, number = text.partition(":")
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise UsageError(
            "label-unknown-evidence",
            f"unknown evidence {text[:_SHOWN]!r}; {hint}the kinds are: {', '.join(known)}",
        )
    kind = EVIDENCE[name]
    if not colon:
        return EvidenceRequest(kind, kind.default_count or 0)
    if kind.default_count is None:
        raise UsageError(
            "label-evidence-number",
            f"{name} takes no number, but {text[:_SHOWN]!r} has one; write {name}",
        )
    if not (number.isascii() and number.isdigit() and len(number) < 9 and 1 <= int(number) <= _MAX_COUNT):
        raise UsageError(
            "label-evidence-number",
            f"the number of {text[:_SHOWN]!r} must be a whole number from 1 to {_MAX_COUNT}; write "
            f"{kind.example}",
        )
    return EvidenceRequest(kind, int(number))


def remedy(name: str) -> str:
    """What to do if labels lack evidence of that name, which may be any column."""
    return EVIDENCE[name].remedy if name in EVIDENCE else f"add a column {name}"
