"""Self-check: the model is asked whether a reply is correct, and gives log-odds and a hidden state there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from w2s.errors import ModelError
from w2s.models.hf.batching import BatchCost, BatchRunner
from w2s.models.hf.forward import CausalNetwork
from w2s.models.hf.numerics import Vector, log_odds, to_float16
from w2s.models.hf.prompting import PromptBuilder
from w2s.models.hf.tokenization import Tokens, bundled_prompt
from w2s.models.reference import quote
from w2s.tasks import Example

_YES, _NO = ("yes", "Yes", "YES"), ("no", "No", "NO")


class SelfCheck(NamedTuple):
    """Log-odds of yes against no, and the float16 hidden state (d,) at the last token before the verdict."""

    logit: float
    state: Vector


class _Item(NamedTuple):
    """The tokens of one check; ``name`` is the id of the example, for messages."""

    name: str
    tokens: Tokens


class SelfChecker:
    """Asks a network whether replies are correct.

    Args:
        reference: reference of the model, for messages.
        prompts: builds its prompts.
        network: the network.
        batches: cuts the work into batches.
    """

    def __init__(
        self, reference: str, prompts: PromptBuilder, network: CausalNetwork, batches: BatchRunner
    ) -> None:
        self._reference = reference
        self._prompts = prompts
        self._network = network
        self._batches = batches
        self._template = bundled_prompt("check")

    def check(self, examples: Sequence[Example], replies: Sequence[str]) -> list[SelfCheck]:
        """The check of one reply to each example, in their order."""
        yes, no = self._verdict_tokens()
        items = [
            _Item(example.id, self._prompts.follow_up(example, reply, self._template))
            for example, reply in zip(examples, replies, strict=True)
        ]

        def work(batch: Sequence[_Item], budget: int) -> list[SelfCheck]:
            del budget
            out = self._network.read([item.tokens for item in batch])
            logits = log_odds(out.logits[:, -1], yes, no)
            states = to_float16(out.states[:, -1])
            return [SelfCheck(float(logit), state) for logit, state in zip(logits, states, strict=True)]

        return self._batches.run(
            items, lambda item: BatchCost(1, len(item.tokens)), lambda item: item.name, work
        )

    def _verdict_tokens(self) -> tuple[set[int], set[int]]:
        """First tokens of yes and of no; those that begin both, such as a space, are left out."""
        yes, no = self._prompts.tokenizer.first_tokens(_YES), self._prompts.tokenizer.first_tokens(_NO)
        if not yes - no or not no - yes:
            raise ModelError(
                "hf-no-yes-no-tokens",
                f"{quote(self._reference)} has no tokens that distinguish yes from no; leave out p_true and "
                "afterstate",
            )
        return yes - no, no - yes
