"""A check behind a reply: is it right, yes or no? How the model answers, and its state there.

Knows nothing about how replies come about. Verifying is easier than generating, also for one model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from w2s.errors import ModelError
from w2s.models.hf.asking import Asking
from w2s.models.hf.network import Network
from w2s.models.hf.passes import Passes, Room
from w2s.models.hf.vectors import Vector, half, log_odds
from w2s.models.hf.wording import Tokens, own_prompt
from w2s.models.reference import shown
from w2s.tasks import Example

_YES, _NO = ("yes", "Yes", "YES"), ("no", "No", "NO")


class Check(NamedTuple):
    """``logit``: log-odds of yes against no; ``state``: that at the last token before the verdict."""

    logit: float
    state: Vector


class _Asked(NamedTuple):
    name: str
    tokens: Tokens


class Checker:
    """Asks a network whether replies are right.

    Args:
        reference: the model's name, for messages.
        asking: how it is asked.
        network: who reads.
        passes: how its work is cut.
    """

    def __init__(self, reference: str, asking: Asking, network: Network, passes: Passes) -> None:
        self._reference = reference
        self._asking = asking
        self._network = network
        self._passes = passes
        self._prompt = own_prompt("check")

    def check(self, examples: Sequence[Example], replies: Sequence[str]) -> list[Check]:
        """What the model says of one reply to each example, in their order."""
        yes, no = self._verdicts()
        asked = [
            _Asked(example.id, self._asking.follow_up(example, reply, self._prompt))
            for example, reply in zip(examples, replies, strict=True)
        ]

        def work(some: Sequence[_Asked], budget: int) -> list[Check]:
            del budget
            seen = self._network.read([one.tokens for one in some])
            logits = log_odds(seen.logits[:, -1], yes, no)
            states = half(seen.states[:, -1])
            return [Check(float(logit), state) for logit, state in zip(logits, states, strict=True)]

        return self._passes.run(asked, lambda one: Room(1, len(one.tokens)), lambda one: one.name, work)

    def _verdicts(self) -> tuple[set[int], set[int]]:
        """First tokens of yes and of no; those that begin both, a space say, tell nothing."""
        yes, no = self._asking.wording.starts(_YES), self._asking.wording.starts(_NO)
        if not yes - no or not no - yes:
            raise ModelError(
                "hf-no-yes-no-tokens",
                f"{shown(self._reference)} has no tokens that distinguish yes from no; leave out p_true and "
                "afterstate",
            )
        return yes - no, no - yes
