"""How many tokens examples take: measured on some of them with a model's own tokenizer, or assumed.

Knows nothing about weights. A position takes one token a square where a net over moves sees it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

from w2s.errors import W2sError
from w2s.models.named import read_reference
from w2s.tasks import AnswerExample, Example

_SAMPLE = 64


@dataclass(frozen=True)
class Lengths:
    """Mean tokens of an example.

    Attributes:
        prompt: of the question as it is asked.
        options: of all its options together, where they are scored; 0 where a label is written.
        reply: of one reply: a label, or a written answer.
        longest: of a question with a reply, the most that was seen.
        source: where this is known from.
        assumed: whether it is only assumed.
    """

    prompt: float
    options: float
    reply: float
    longest: float
    source: str
    assumed: bool = False

    @property
    def learned(self) -> float:
        """Of a question with its reply."""
        return self.prompt + self.reply


ASSUMED = {
    "choice": Lengths(90, 4, 2, 400, "assumed of multiple choice", assumed=True),
    "answer": Lengths(150, 0, 350, 1024, "assumed of worked answers", assumed=True),
    "move": Lengths(260, 105, 4, 400, "assumed of positions with their legal moves", assumed=True),
}
"""By task, where nothing is at hand: 35 legal moves of three tokens, four letters."""


def lengths_of(reference: str, task: str, examples: Sequence[Example], squares: int = 0) -> Lengths:
    """The lengths of a task for a model.

    Args:
        reference: who is asked.
        task: ``move``, ``choice`` or ``answer``.
        examples: at least some of those that are at hand, or none.
        squares: of the board, for a net over moves.

    Example:
        >>> lengths_of("policy:a", "move", [], squares=64).prompt
        64
    """
    if squares:
        return Lengths(squares, 0, 0, squares, "a token for each square")
    some = examples[:: max(1, len(examples) // _SAMPLE)][:_SAMPLE]
    return (_measured(reference, some) if some else None) or ASSUMED[task]


def _measured(reference: str, some: Sequence[Example]) -> Lengths | None:
    parsed = read_reference(reference)
    if parsed.kind != "hf" or find_spec("transformers") is None:
        return None
    from w2s.models.hf.asking import Asking
    from w2s.models.hf.loading import place_of
    from w2s.models.hf.settings import read_settings
    from w2s.models.hf.wording import Wording
    from w2s.models.sizes.language import tokenizer_at
    from w2s.models.solved import shots_of

    settings = read_settings(parsed)
    try:
        tokenizer = tokenizer_at(place_of(parsed), settings)
    except W2sError:
        return None
    if tokenizer is None:
        return None
    solved = shots_of(some)
    shots = min(settings.shots, max(0, len(solved) - 1))  # as many as are at hand beside the question
    asking = Asking(reference, Wording(tokenizer), replace(settings, shots=shots), None, 0)
    asking.show(solved)
    rows = [_one(asking, example) for example in some]
    prompts, options, replies = (sum(column) / len(rows) for column in zip(*rows, strict=True))
    longest = max(prompt + reply for prompt, _, reply in rows)
    most = settings.max_new_tokens
    if isinstance(some[0], AnswerExample) and most:
        replies = min(replies, float(most))
    return Lengths(prompts, options, replies, longest, f"measured on {len(rows)} examples")


def _one(asking: Any, example: Example) -> tuple[int, int, int]:
    """Tokens of the prompt, of all options, of one reply."""
    from w2s.models.hf.asking import choices_of

    if isinstance(example, AnswerExample):
        solution = example.solution
        reply = len(asking.wording.tokens(solution)) if solution else round(ASSUMED["answer"].reply)
        return len(asking.request(example).prompt), 0, reply
    labels = choices_of(example).labels
    if not labels:
        return len(asking.request(example).prompt), 0, 1
    worded = asking.question(example, labels, lambda _: 0).worded
    sizes = [len(reply) for reply in worded.replies]
    return len(worded.prompt), sum(sizes), round(sum(sizes) / len(sizes))
