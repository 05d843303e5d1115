"""What a deliberation says about the moves of a position: values, an improved policy, evidence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from w2s.evidence_kinds import DELIBERATION
from w2s.kernels import CoreFinding
from w2s.models.confidence import mate_cp

Numbers = npt.NDArray[np.float64]

_CP_SCALE, _CP_ANGLE = 111.714640912, 1.5620688421
"""Lc0's relation of a value from -1 to 1 and hundredths of a pawn."""
_PROOF_STEP = 1e-5


@dataclass(frozen=True)
class Lookahead:
    """A position after a deliberation.

    Attributes:
        legal: all legal moves, in their order.
        found: what the core found; its moves are some of ``legal``, in the same order.
        gain: how strongly values change the policy, see :attr:`improved`.
        policy: probabilities of the network's policy, float64, one for each legal move.
    """

    legal: Sequence[str]
    found: CoreFinding
    gain: float
    policy: Numbers

    @cached_property
    def places(self) -> npt.NDArray[np.int64]:
        """Indices of the considered moves in ``legal``, int64."""
        index = {move: place for place, move in enumerate(self.legal)}
        return np.array([index[move] for move in self.found.moves], np.int64)

    @cached_property
    def values(self) -> Numbers:
        """Values of all legal moves for the player to move, from -1 to 1.

        A move that was not considered has the mean value of the others, weighted by the policy.
        """
        found = np.array(self.found.values, np.float64)
        priors = np.array(self.found.priors, np.float64)
        mean = float((priors * found).sum() / max(priors.sum(), 1e-300)) if len(found) else 0.0
        values = np.full(len(self.legal), mean)
        values[self.places] = found
        return values

    @cached_property
    def improved(self) -> Numbers:
        """The policy times the exponential of ``gain`` times the value, over the legal moves; sums to one.

        It is the policy that gains most value for its divergence from the network's own: Grill et al.,
        *Monte-Carlo Tree Search as Regularized Policy Optimization*, arXiv 2007.12509.
        """
        if not len(self.legal):
            return np.zeros(0)
        with np.errstate(divide="ignore"):
            logits = np.log(self.policy) + self.gain * self.values
        raised = np.exp(logits - logits.max())
        improved: Numbers = raised / raised.sum()
        return improved

    @cached_property
    def ranks(self) -> Numbers:
        """How good each legal move is, larger for better.

        The best move of the search comes first, then quick proven wins, then values, then proven losses, and
        moves that were not considered last; the policy decides between equal ones.
        """
        ranks = self.values.copy()
        considered = np.zeros(len(ranks), bool)
        considered[self.places] = True
        ranks[~considered] -= 4.0
        for place, plies in zip(self.places, self.found.proofs, strict=True):
            if plies:
                ranks[place] = math.copysign(2.0, plies) - plies * _PROOF_STEP
        if self.found.best is not None:
            ranks[self.legal.index(self.found.best)] = 8.0
        return ranks + 1e-9 * self.policy

    def value_cp(self, move: str) -> int:
        """The value of a move in hundredths of a pawn; a proven win or loss counts moves, as with engines."""
        if move in self.found.moves and (plies := self.found.proofs[self.found.moves.index(move)]):
            distance = mate_cp((abs(plies) + 1) // 2)
            return distance if plies > 0 else -distance
        return value_to_cp(float(self.values[self.legal.index(move)]))

    def evidence(self, move: str) -> npt.NDArray[np.float32]:
        """Numbers about one move that was considered, float32, as :data:`w2s.evidence_kinds.DELIBERATION`."""
        found, place = self.found, self.legal.index(move)
        at = found.moves.index(move)
        values, first = np.array(found.values), np.array(found.first_values)
        numbers = {
            "value": values[at],
            "lead": _lead(values, at),
            "spread": float(values.std()),
            "first_value": first[at],
            "first_lead": _lead(first, at),
            "position_value": found.first_value,
            "is_policy_choice": float(place == int(self.policy.argmax())),
            "is_best": float(move == found.best),
            "changes": found.changes,
            "settled": found.settled,
            "share": float(self.improved[place]),
            "visits": found.visits[at] / max(sum(found.visits), 1),
        }
        return np.array([numbers[name] for name in DELIBERATION], np.float32)


def value_to_cp(value: float) -> int:
    """A value from -1 to 1 in hundredths of a pawn, by the formula of Lc0's UCI output.

    Example:
        >>> value_to_cp(0.5), value_to_cp(-0.5)
        (111, -111)
    """
    return round(_CP_SCALE * math.tan(_CP_ANGLE * max(-1.0, min(1.0, value))))


def _lead(values: npt.NDArray[np.float64], at: int) -> float:
    """How much a value is above the best of the others; 0 if it is the only one."""
    others = np.delete(values, at)
    return float(values[at] - others.max()) if len(others) else 0.0
