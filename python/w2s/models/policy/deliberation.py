"""A policy network that looks ahead with its own policy and values, as a model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from w2s import kernels
from w2s.errors import ModelError
from w2s.models import keyed_random
from w2s.models.candidates import allowed_moves, no_move_answer, runner_ups
from w2s.models.model import Answer, Want
from w2s.models.policy import evidence
from w2s.models.policy.device import default_batch_size, select_device
from w2s.models.policy.inference import BatchedNet, log_softmax
from w2s.models.policy.lookahead import Lookahead
from w2s.models.policy.model import PolicyModel
from w2s.models.policy.nets import PolicyNet, inference_copy, weights_digest
from w2s.models.policy.settings import PolicySettings
from w2s.tasks import MoveExample

_TREES_PER_BATCH = 2


class DeliberationModel:
    """A policy network that looks ahead before it answers; implements ``Model``, ``SupportsScoring``,
    ``SupportsDistribution``, ``SupportsCandidates`` and ``SupportsValues``.

    The network chooses the moves that are considered and values the positions that they lead to; the rules
    say what a finished game is worth. Nothing else decides the answer. Hidden states and those after the
    label are those of the network without looking ahead.

    Args:
        reference: the reference that loads the same model again.
        net: a network with a value head.
        settings: device, batch size, how much the model thinks, and its precision, float32 or bfloat16.
        seed: random seed of draws.

    Raises:
        ModelError: the network has no value head.
    """

    tasks: tuple[str, ...] = ("move",)
    slots: int | None = None
    deterministic = True

    def __init__(self, reference: str, net: PolicyNet, settings: PolicySettings, seed: int) -> None:
        if net.value_head is None:
            raise ModelError(
                "policy-without-values",
                f"{reference} cannot look ahead, because its network has no value head; leave think and "
                "nodes out, or train a network with one",
            )
        self.reference = reference
        self.game = net.config.game
        device = select_device(settings.device)
        batch = settings.batch or _TREES_PER_BATCH * default_batch_size(device)
        dtype = torch.bfloat16 if settings.dtype == "bfloat16" else torch.float32
        self._policy = PolicyModel(reference, net, settings, seed)
        self._net = BatchedNet(inference_copy(net, dtype), device, batch)
        self._settings = settings
        self._name = weights_digest(net) if settings.temperature else ""
        self._seed = seed

    def __repr__(self) -> str:
        return f"load_model({self.reference!r})"

    def answer(self, examples: Sequence[MoveExample], want: Want) -> list[Answer]:
        """One legal move per example, with its value."""
        return [answer for (answer,) in self.propose(examples, 1, want)]

    def propose(self, examples: Sequence[MoveExample], count: int, want: Want) -> list[list[Answer]]:
        """Up to ``count`` legal moves per example: the label, then the likeliest by the improved policy."""
        self.check(examples)
        asked = [self._asked(example, want) for example in examples]
        lookaheads = self._think(examples, asked)
        labels = [self._labels(*pair, count) for pair in zip(examples, lookaheads, strict=True)]
        rows = [place for place, some in enumerate(labels) for _ in some]
        flat = [label for some in labels for label in some]
        answers = self._answers(
            [examples[row] for row in rows], [lookaheads[row] for row in rows], flat, want
        )
        proposed: list[list[Answer]] = [[] for _ in examples]
        for row, answer in zip(rows, answers, strict=True):
            proposed[row].append(answer)
        return [some or [no_move_answer()] for some in proposed]

    def judge(self, examples: Sequence[MoveExample], labels: Sequence[str]) -> list[Answer]:
        """The model's view of one label of each example, after it has looked ahead."""
        self.check(examples)
        moves = [example.state.read(label)[0] for example, label in zip(examples, labels, strict=True)]
        legal = [row for row, move in enumerate(moves) if move is not None]
        chosen, read = [examples[row] for row in legal], [moves[row] or "" for row in legal]
        lookaheads = self._think(chosen, [[] for _ in chosen])
        answers = [Answer(label) for label in labels]
        want = Want(evidence=True, hidden=True)
        for row, answer in zip(legal, self._answers(chosen, lookaheads, read, want), strict=True):
            answers[row] = answer
        return answers

    def distributions(self, examples: Sequence[MoveExample]) -> list[dict[str, float]]:
        """The probability of each legal move of each example, improved by looking ahead."""
        self.check(examples)
        lookaheads = self._think(examples, [[] for _ in examples])
        return [dict(zip(one.legal, map(float, one.improved), strict=True)) for one in lookaheads]

    def position_values(self, examples: Sequence[MoveExample]) -> npt.NDArray[np.float32] | None:
        """The network's value of each position without looking ahead, float32, (n,), from -1 to 1."""
        return self._policy.position_values(examples)

    def think(self, examples: Sequence[MoveExample]) -> list[Lookahead]:
        """What the model finds out about each example."""
        self.check(examples)
        return self._think(examples, [[] for _ in examples])

    def check(self, examples: Sequence[MoveExample]) -> None:
        """Refuse examples of another game.

        Raises:
            UsageError: names the game that the network plays.
        """
        self._policy.check(examples)

    def close(self) -> None:
        """Nothing to release."""

    def _asked(self, example: MoveExample, want: Want) -> list[str]:
        """Moves that must be considered."""
        legal = example.state.legal_moves()
        return (
            legal
            if want.values
            else allowed_moves(example, legal)
            if example.only or example.rejected
            else []
        )

    def _think(self, examples: Sequence[MoveExample], moves: Sequence[Sequence[str]]) -> list[Lookahead]:
        """A lookahead per example, which considers these moves; the same question is asked once."""
        keys = [(id(example.state), *some) for example, some in zip(examples, moves, strict=True)]
        first = {key: row for row, key in reversed(list(enumerate(keys)))}
        rows = sorted(first.values())
        found = self._think_distinct([examples[row] for row in rows], [moves[row] for row in rows])
        by_row = dict(zip(rows, found, strict=True))
        return [by_row[first[key]] for key in keys]

    def _think_distinct(
        self, examples: Sequence[MoveExample], moves: Sequence[Sequence[str]]
    ) -> list[Lookahead]:
        settings = self._settings
        found = kernels.deliberate(
            self.game,
            [example.state._core for example in examples],
            moves,
            self._net.evaluate,
            view=self._net.config.view,
            widths=settings.think or None,
            visits=settings.nodes,
            batch=self._net.batch,
            trees=_TREES_PER_BATCH * self._net.batch,
        )
        policies = self._policy.distributions(examples)
        return [
            Lookahead(list(policy), one, settings.gain, np.fromiter(policy.values(), np.float64, len(policy)))
            for one, policy in zip(found, policies, strict=True)
        ]

    def _labels(self, example: MoveExample, found: Lookahead, count: int) -> list[str]:
        """The label, then up to ``count - 1`` of the other allowed moves, the likeliest first."""
        allowed = allowed_moves(example, list(found.legal))
        if not allowed:
            return []
        improved = dict(zip(found.legal, map(float, found.improved), strict=True))
        label = self._draw(example, found, allowed) if self._settings.temperature else ""
        if not label:
            scores = {"best": found.ranks, "policy": found.policy, "improved": found.improved}
            by_move = dict(zip(found.legal, scores[self._settings.label], strict=True))
            label = max(allowed, key=lambda move: by_move[move])
        return [label, *runner_ups({move: improved[move] for move in allowed}, label, count - 1)]

    def _draw(self, example: MoveExample, found: Lookahead, allowed: Sequence[str]) -> str:
        """A move drawn from the improved policy at the temperature."""
        improved = dict(zip(found.legal, np.log(np.maximum(found.improved, 1e-300)), strict=True))
        scaled = log_softmax(np.array([improved[move] for move in allowed]) / self._settings.temperature)
        cumulative = np.exp(scaled).cumsum()
        drawn = keyed_random.uniform(self._seed, self._name, *keyed_random.position_keys(example))
        place = int(np.searchsorted(cumulative, drawn * cumulative[-1], side="right"))
        return allowed[min(place, len(allowed) - 1)]

    def _answers(
        self,
        examples: Sequence[MoveExample],
        lookaheads: Sequence[Lookahead],
        labels: Sequence[str],
        want: Want,
    ) -> list[Answer]:
        """One answer for each label, with what is wanted."""
        answers = [Answer(label) for label in labels]
        if want.hidden:
            for answer, judged in zip(answers, self._policy.judge(examples, labels), strict=True):
                answer.hidden = judged.hidden
        if want.afterstate:
            self._policy.add_afterstates(examples, answers)
        if want.deliberation:
            self._add_deliberation(examples, lookaheads, answers)
        for example, found, answer in zip(examples, lookaheads, answers, strict=True):
            answer.value_cp = found.value_cp(answer.label)
            if want.evidence:
                _add_confidence(example, found, answer)
            if want.values:
                answer.values_cp = {move: found.value_cp(move) for move in found.legal}
            if want.improved:
                answer.improved = dict(zip(found.legal, map(float, found.improved), strict=True))
                answer.move_values = dict(zip(found.legal, map(float, found.values), strict=True))
        return answers

    def _add_deliberation(
        self, examples: Sequence[MoveExample], lookaheads: Sequence[Lookahead], answers: Sequence[Answer]
    ) -> None:
        """Add the evidence; for labels that were not considered, the model looks ahead once more."""
        missing = [
            row for row, answer in enumerate(answers) if answer.label not in lookaheads[row].found.moves
        ]
        again = self._think([examples[row] for row in missing], [[answers[row].label] for row in missing])
        seen = {**dict(enumerate(lookaheads)), **dict(zip(missing, again, strict=True))}
        for row, answer in enumerate(answers):
            answer.deliberation = seen[row].evidence(answer.label)


def _add_confidence(example: MoveExample, found: Lookahead, answer: Answer) -> None:
    """Log-probability, margin, entropy and rank by the improved policy among the allowed moves."""
    allowed = allowed_moves(example, list(found.legal))
    with np.errstate(divide="ignore"):
        improved = dict(zip(found.legal, np.log(found.improved), strict=True))
    log_probs = log_softmax(np.maximum(np.array([improved[move] for move in allowed]), -700.0))
    known = evidence.choice_confidence(log_probs, allowed.index(answer.label))
    answer.log_prob, answer.margin, answer.entropy = known.log_prob, known.margin, known.entropy
    answer.rank, answer.n_options = known.rank, len(found.legal)
