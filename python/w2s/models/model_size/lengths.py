"""Tokens per example, measured on a sample with a model's own tokenizer, or assumed.

For a policy net a position has one token per square.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

from w2s.errors import W2sError
from w2s.models.candidates import list_candidates
from w2s.models.policy.settings import expected_positions
from w2s.models.reference import resolve_reference
from w2s.tasks import AnswerExample, Example

if TYPE_CHECKING:
    from w2s.models.hf.prompting import PromptBuilder

_SAMPLE = 64


@dataclass(frozen=True)
class ExampleLengths:
    """Mean numbers of tokens of one example.

    Attributes:
        prompt: tokens of the prompt.
        options: tokens of all options together if they are scored, 0 if a label is generated.
        reply: tokens of one reply: a label, or a generated answer.
        longest: maximum tokens of a prompt with a reply.
        source: how these numbers are known.
        assumed: whether they are only assumed.
    """

    prompt: float
    options: float
    reply: float
    longest: float
    source: str
    assumed: bool = False

    @property
    def learned(self) -> float:
        """Tokens of a prompt with its reply."""
        return self.prompt + self.reply


ASSUMED_LENGTHS = {
    "choice": ExampleLengths(90, 4, 2, 400, "assumed of multiple choice", assumed=True),
    "answer": ExampleLengths(150, 0, 350, 1024, "assumed of worked answers", assumed=True),
    "move": ExampleLengths(260, 105, 4, 400, "assumed of positions with their legal moves", assumed=True),
}
"""ExampleLengths by task if nothing can be measured: 35 legal moves of three tokens, four letters."""


def measure_lengths(
    reference: str, task: str, examples: Sequence[Example], squares: int = 0
) -> ExampleLengths:
    """The lengths of a task for a model.

    Args:
        reference: reference of the model.
        task: ``move``, ``choice`` or ``answer``.
        examples: examples to measure; may be empty.
        squares: number of squares of the board, for a policy net.

    Example:
        >>> measure_lengths("policy:a", "move", [], squares=64).prompt
        64
    """
    if squares:
        positions = expected_positions(reference)
        source = "a token for each square" + (f" of {positions:,} positions" if positions > 1 else "")
        return ExampleLengths(squares * positions, 0, 0, squares, source)
    sample = examples[:: max(1, len(examples) // _SAMPLE)][:_SAMPLE]
    return (_measure(reference, sample) if sample else None) or ASSUMED_LENGTHS[task]


def _measure(reference: str, sample: Sequence[Example]) -> ExampleLengths | None:
    parsed = resolve_reference(reference)
    if parsed.kind != "hf" or find_spec("transformers") is None:
        return None
    from w2s.models.few_shot import labelled_shots
    from w2s.models.hf.prompting import PromptBuilder
    from w2s.models.hf.settings import locate_model, read_settings
    from w2s.models.hf.tokenization import PromptTokenizer
    from w2s.models.model_size.language import find_tokenizer

    settings = read_settings(parsed)
    try:
        tokenizer = find_tokenizer(locate_model(parsed), settings)
    except W2sError:
        return None
    if tokenizer is None:
        return None
    solved = labelled_shots(sample)
    shots = min(settings.shots, max(0, len(solved) - 1))  # as many as are available besides the question
    builder = PromptBuilder(reference, PromptTokenizer(tokenizer), replace(settings, shots=shots), None, 0)
    builder.show(solved)
    rows = [_count_tokens(builder, example) for example in sample]
    prompts, options, replies = (sum(column) / len(rows) for column in zip(*rows, strict=True))
    longest = max(prompt + reply for prompt, _, reply in rows)
    limit = settings.max_new_tokens
    if isinstance(sample[0], AnswerExample) and limit:
        replies = min(replies, float(limit))
    return ExampleLengths(prompts, options, replies, longest, f"measured on {len(rows)} examples")


def _count_tokens(builder: PromptBuilder, example: Example) -> tuple[int, int, int]:
    """Tokens of the prompt, of all options, and of one reply."""
    if isinstance(example, AnswerExample):
        solution = example.solution
        reply = (
            len(builder.tokenizer.tokens(solution)) if solution else round(ASSUMED_LENGTHS["answer"].reply)
        )
        return len(builder.generation_request(example).prompt), 0, reply
    labels = list_candidates(example).labels
    if not labels:
        return len(builder.generation_request(example).prompt), 0, 1
    tokens = builder.scoring_request(example, labels, lambda _: 0).tokens
    sizes = [len(reply) for reply in tokens.replies]
    return len(tokens.prompt), sum(sizes), round(sum(sizes) / len(sizes))
