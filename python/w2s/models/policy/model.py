"""Policy nets as models: batched answers and judgements, legal moves only.

Knows nothing about how a net is made, trained or stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from w2s import kernels
from w2s.errors import UsageError
from w2s.games import State
from w2s.models import draws
from w2s.models.choosing import choices, no_move
from w2s.models.model import Answer, Want
from w2s.models.policy import evidence
from w2s.models.policy.device import batch_of, device_of
from w2s.models.policy.net import PolicyNet, fingerprint
from w2s.models.policy.seeing import Eye, Seen, log_softmax
from w2s.models.policy.settings import PolicySettings
from w2s.tasks import MoveExample


@dataclass(frozen=True, slots=True)
class _Choice:
    """One example as the net sees it: its legal moves, and the places of those that may be answered."""

    legal: list[str]
    seen: Seen
    places: list[int]

    def log_probs(self) -> npt.NDArray[np.float64]:
        """Of the moves that may be answered; they sum to one."""
        return log_softmax(self.seen.log_probs[self.places])


class PolicyModel:
    """A net that looks once at each position; implements ``Model``, ``Judges``, ``Believes`` and
    ``Proposes``.

    The label is the likeliest legal move, the first of them where several are. With a temperature it is
    drawn by the seed, the net's weights and the position, in a match also by its name and the ply: a net
    draws the same wherever it lies. Evidence is that of the policy as it stands: the
    temperature does not change what the model believes.

    Args:
        reference: the name that loads the same model again.
        net: the net.
        settings: device, batch and temperature.
        seed: decides every draw.
    """

    tasks: tuple[str, ...] = ("move",)
    slots: int | None = None
    deterministic = True

    def __init__(self, reference: str, net: PolicyNet, settings: PolicySettings, seed: int) -> None:
        self.reference = reference
        self.game = net.config.game
        device = device_of(settings.device)
        self._name = fingerprint(net) if settings.temperature else ""
        self._eye = Eye(net, device, settings.batch or batch_of(device))
        self._temperature = settings.temperature
        self._seed = seed

    def answer(self, examples: Sequence[MoveExample], want: Want) -> list[Answer]:
        """One legal move per example; there are no values."""
        return [answer for (answer,) in self.propose(examples, 1, want)]

    def propose(self, examples: Sequence[MoveExample], count: int, want: Want) -> list[list[Answer]]:
        """Up to so many legal moves of each example: the label, then the likeliest others."""
        seen = self._see([example.state for example in examples])
        proposed = [
            self._answers(example, one, count, want) for example, one in zip(examples, seen, strict=True)
        ]
        if want.afterstate:
            asked = [example for example, some in zip(examples, proposed, strict=True) for _ in some]
            self._add_afterstates(asked, [answer for some in proposed for answer in some])
        return proposed

    def judge(self, examples: Sequence[MoveExample], labels: Sequence[str]) -> list[Answer]:
        """How the net sees one label of each example among all legal moves."""
        if len(examples) != len(labels):
            raise UsageError(
                "model-label-count", f"{len(examples)} examples but {len(labels)} labels; give one label each"
            )
        read = [example.state.read(label)[0] for example, label in zip(examples, labels, strict=True)]
        legal = [i for i, move in enumerate(read) if move is not None]
        seen = self._see([examples[i].state for i in legal])
        answers = [Answer(label) for label in labels]
        for i, one in zip(legal, seen, strict=True):
            moves = examples[i].state.legal_moves()
            label = read[i] or ""
            choice = _Choice(moves, one, list(range(len(moves))))
            answers[i] = _with_evidence(Answer(label), choice, Want(evidence=True, hidden=True))
        return answers

    def believe(self, examples: Sequence[MoveExample]) -> list[dict[str, float]]:
        """The net's policy over the legal moves of each example."""
        seen = self._see([example.state for example in examples])
        return [
            dict(zip(example.state.legal_moves(), map(float, np.exp(one.log_probs)), strict=True))
            for example, one in zip(examples, seen, strict=True)
        ]

    def close(self) -> None:
        """Nothing to release."""

    def _see(self, states: Sequence[State]) -> list[Seen]:
        """What the net sees in each state; one that stands there several times is looked at once."""
        for state in states:
            if state.game != self.game:
                raise UsageError(
                    "model-other-game",
                    f"{self.reference} plays {self.game}, not {state.game}; use another model",
                )
        once = {id(state): state for state in states}
        seen = dict(zip(once, self._eye.see(list(once.values())), strict=True))
        return [seen[id(state)] for state in states]

    def _answers(self, example: MoveExample, seen: Seen, count: int, want: Want) -> list[Answer]:
        """The label, then as many of the other moves that may be answered, the likeliest first."""
        legal = example.state.legal_moves()
        moves = choices(example, legal)
        if not moves:
            return [no_move()]
        allowed = set(moves)
        choice = _Choice(legal, seen, [i for i, move in enumerate(legal) if move in allowed])
        log_probs = choice.log_probs()
        first = self._chosen(example, log_probs)
        others = [int(place) for place in np.argsort(-log_probs, kind="stable") if place != first]
        labels = [legal[choice.places[place]] for place in (first, *others)[:count]]
        return [_with_evidence(Answer(label), choice, want) for label in labels]

    def _chosen(self, example: MoveExample, log_probs: npt.NDArray[np.float64]) -> int:
        """The place of the label among the moves that may be answered."""
        if not self._temperature:
            return int(log_probs.argmax())
        shares = np.exp(log_softmax(log_probs / self._temperature)).cumsum()
        drawn = draws.uniform(self._seed, self._name, *draws.names_of(example))
        return min(int(np.searchsorted(shares, drawn * shares[-1], side="right")), len(shares) - 1)

    def _add_afterstates(self, examples: Sequence[MoveExample], answers: list[Answer]) -> None:
        played = [i for i, example in enumerate(examples) if example.state.legal_moves()]
        before = [examples[i].state for i in played]
        labels = [answers[i].label for i in played]
        after = [state.play(label) for state, label in zip(before, labels, strict=True)]
        signs = kernels.signs(
            [s._core for s in before], [s._number(m) for s, m in zip(before, labels, strict=True)]
        )
        over = np.array([state.outcome() is not None for state in after], bool)
        flags = np.column_stack([signs, over]) if played else signs
        for i, seen, row in zip(played, self._see(after), flags, strict=True):
            answers[i].afterstate = evidence.afterstate(seen, row)


def _with_evidence(answer: Answer, choice: _Choice, want: Want) -> Answer:
    if not (want.evidence or want.hidden):
        return answer
    place = choice.legal.index(answer.label)
    sure = evidence.sureness(choice.log_probs(), choice.places.index(place))
    if want.evidence:
        answer.log_prob, answer.margin, answer.entropy = sure.log_prob, sure.margin, sure.entropy
        answer.n_options = len(choice.legal)
        answer.rank = evidence.sureness(choice.seen.log_probs, place).rank
    if want.hidden:
        answer.hidden = evidence.hidden(choice.seen, place, sure)
    return answer
