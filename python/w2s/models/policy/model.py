"""A policy network as a model: legal moves, candidates, scores of given moves, and distributions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from w2s import kernels
from w2s.errors import UsageError
from w2s.games import State
from w2s.models import keyed_random
from w2s.models.candidates import allowed_moves, no_move_answer
from w2s.models.model import Answer, Want
from w2s.models.policy import evidence
from w2s.models.policy.device import default_batch_size, select_device
from w2s.models.policy.inference import BatchedNet, NetOutput, log_softmax
from w2s.models.policy.nets import PolicyNet, weights_digest
from w2s.models.policy.settings import PolicySettings
from w2s.tasks import MoveExample


@dataclass(frozen=True, slots=True)
class _Candidates:
    """The legal moves of one example, the output of the network, and which moves may be the answer.

    ``allowed`` holds indices into ``legal``.
    """

    legal: list[str]
    output: NetOutput
    allowed: list[int]

    def log_probs(self) -> npt.NDArray[np.float64]:
        """Log-probabilities of the allowed moves; the probabilities sum to one."""
        return log_softmax(self.output.log_probs[self.allowed])


class PolicyModel:
    """A policy network as a model; implements ``Model``, ``SupportsScoring``,
    ``SupportsDistribution``, ``SupportsCandidates`` and ``SupportsValues``.

    The label is the likeliest legal move, the first of them where several are equally likely. With a
    temperature it is drawn; the draw depends on the seed, the weights and the position, in a match also on
    the name of the match and the ply, but not on where the network is stored. Evidence is computed from the
    policy without the temperature.

    Args:
        reference: the reference that loads the same model again.
        net: the network.
        settings: device, batch size and temperature.
        seed: random seed for all draws.
    """

    tasks: tuple[str, ...] = ("move",)
    slots: int | None = None
    deterministic = True

    def __init__(self, reference: str, net: PolicyNet, settings: PolicySettings, seed: int) -> None:
        self.reference = reference
        self.game = net.config.game
        device = select_device(settings.device)
        self._name = weights_digest(net) if settings.temperature else ""
        self._net = BatchedNet(net, device, settings.batch or default_batch_size(device))
        self._temperature = settings.temperature
        self._seed = seed

    def __repr__(self) -> str:
        return f"load_model({self.reference!r})"

    def answer(self, examples: Sequence[MoveExample], want: Want) -> list[Answer]:
        """One legal move per example; there are no values."""
        return [answer for (answer,) in self.propose(examples, 1, want)]

    def propose(self, examples: Sequence[MoveExample], count: int, want: Want) -> list[list[Answer]]:
        """Up to ``count`` legal moves per example: the label, then the likeliest other moves."""
        outputs = self._run([example.state for example in examples])
        proposed = [
            self._answers(example, output, count, want)
            for example, output in zip(examples, outputs, strict=True)
        ]
        if want.afterstate:
            repeated = [example for example, some in zip(examples, proposed, strict=True) for _ in some]
            self.add_afterstates(repeated, [answer for some in proposed for answer in some])
        return proposed

    def judge(self, examples: Sequence[MoveExample], labels: Sequence[str]) -> list[Answer]:
        """Evidence about one given label per example, among all legal moves.

        Raises:
            UsageError: the numbers of examples and labels differ, or the network plays another game.
        """
        if len(examples) != len(labels):
            raise UsageError(
                "model-label-count", f"{len(examples)} examples but {len(labels)} labels; give one label each"
            )
        moves = [example.state.read(label)[0] for example, label in zip(examples, labels, strict=True)]
        legal = [i for i, move in enumerate(moves) if move is not None]
        outputs = self._run([examples[i].state for i in legal])
        answers = [Answer(label) for label in labels]
        for i, output in zip(legal, outputs, strict=True):
            options = examples[i].state.legal_moves()
            candidates = _Candidates(options, output, list(range(len(options))))
            answers[i] = _with_evidence(Answer(moves[i] or ""), candidates, Want(evidence=True, hidden=True))
        return answers

    def distributions(self, examples: Sequence[MoveExample]) -> list[dict[str, float]]:
        """The probability of each legal move of each example."""
        outputs = self._run([example.state for example in examples])
        return [
            dict(zip(example.state.legal_moves(), map(float, np.exp(output.log_probs)), strict=True))
            for example, output in zip(examples, outputs, strict=True)
        ]

    def position_values(self, examples: Sequence[MoveExample]) -> npt.NDArray[np.float32] | None:
        """The value of each position for the player to move, float32, (n,), from -1 to 1; None if the network
        has no value head."""
        self.check(examples)
        return self._net.position_values([example.state for example in examples])

    def check(self, examples: Sequence[MoveExample]) -> None:
        """Refuse examples of another game.

        Raises:
            UsageError: names the game that the network plays.
        """
        self._check_game([example.state for example in examples])

    def close(self) -> None:
        """Nothing to release."""

    def _check_game(self, states: Sequence[State]) -> None:
        for state in states:
            if state.game != self.game:
                raise UsageError(
                    "model-other-game",
                    f"{self.reference} plays {self.game}, not {state.game}; use another model",
                )

    def _run(self, states: Sequence[State]) -> list[NetOutput]:
        """The output for each state; a state that is listed several times is computed once."""
        self._check_game(states)
        distinct = {id(state): state for state in states}
        outputs = dict(zip(distinct, self._net.run(list(distinct.values())), strict=True))
        return [outputs[id(state)] for state in states]

    def _answers(self, example: MoveExample, output: NetOutput, count: int, want: Want) -> list[Answer]:
        """The label, then up to ``count - 1`` of the other allowed moves, the likeliest first."""
        legal = example.state.legal_moves()
        moves = allowed_moves(example, legal)
        if not moves:
            return [no_move_answer()]
        allowed = set(moves)
        candidates = _Candidates(legal, output, [i for i, move in enumerate(legal) if move in allowed])
        log_probs = candidates.log_probs()
        first = self._pick(example, log_probs)
        others = [int(index) for index in np.argsort(-log_probs, kind="stable") if index != first]
        labels = [legal[candidates.allowed[index]] for index in (first, *others)[:count]]
        return [_with_evidence(Answer(label), candidates, want) for label in labels]

    def _pick(self, example: MoveExample, log_probs: npt.NDArray[np.float64]) -> int:
        """The index of the label among the allowed moves."""
        if not self._temperature:
            return int(log_probs.argmax())
        cumulative = np.exp(log_softmax(log_probs / self._temperature)).cumsum()
        drawn = keyed_random.uniform(self._seed, self._name, *keyed_random.position_keys(example))
        index = int(np.searchsorted(cumulative, drawn * cumulative[-1], side="right"))
        return min(index, len(cumulative) - 1)

    def add_afterstates(self, examples: Sequence[MoveExample], answers: Sequence[Answer]) -> None:
        """Add to each answer the state after its label has been played."""
        played = [i for i, example in enumerate(examples) if example.state.legal_moves()]
        before = [examples[i].state for i in played]
        labels = [answers[i].label for i in played]
        after = [state.play(label) for state, label in zip(before, labels, strict=True)]
        signs = kernels.move_traits(
            [s._core for s in before], [s._number(m) for s, m in zip(before, labels, strict=True)]
        )
        over = np.array([state.outcome() is not None for state in after], bool)
        flags = np.column_stack([signs, over]) if played else signs
        for i, output, row in zip(played, self._run(after), flags, strict=True):
            answers[i].afterstate = evidence.afterstate_vector(output, row)


def _with_evidence(answer: Answer, candidates: _Candidates, want: Want) -> Answer:
    if not (want.evidence or want.hidden):
        return answer
    move = candidates.legal.index(answer.label)
    confidence = evidence.choice_confidence(candidates.log_probs(), candidates.allowed.index(move))
    if want.evidence:
        answer.log_prob, answer.margin, answer.entropy = confidence[:3]
        answer.n_options = len(candidates.legal)
        answer.rank = evidence.choice_confidence(candidates.output.log_probs, move).rank
    if want.hidden:
        answer.hidden = evidence.hidden_vector(candidates.output, move, confidence)
    return answer
