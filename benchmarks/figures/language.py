"""Labelling with a language model, next to plain loops over transformers."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.figure import Figure, Measurement, Row, SkippedError, Target
from benchmarks.language import (
    BLOCKS,
    VOCABULARY,
    WIDTH,
    choice_questions,
    has_transformers,
    open_questions,
    write_language_model,
)
from benchmarks.loops import Loops
from benchmarks.memory import grown_mib
from benchmarks.timing import hot_spots, interleaved

LETTERS, OPTIONS, WRITTEN = 128, 32, 32
ALONE = 4  # every fourth is also asked alone
TOKENS = 24
SIZES = (8, 16, 32, 64)
REPEATS = 3
FEW, MANY = 1100, 8800
SMALL = (128, 2)
OF_LOOP, OVER_ALONE, HIDDEN = Target(least=0.9), Target(least=3), Target(most=1.05)
NOT_GROWING = Target(most=1.1)
Work = Callable[[], Any]


def measure() -> Measurement:
    if not has_transformers():
        raise SkippedError("needs transformers (pip install 'w2s[models]')")
    with tempfile.TemporaryDirectory() as folder:
        write_language_model(Path(folder))
        contest = Contest(folder)
        letters, sizes = contest.letters()
        options, more = contest.options()
        written, most = contest.written()
    memory = Row(
        f"peak memory of labelling {MANY:,}",
        "MiB",
        grown(MANY),
        f"labelling {FEW:,}",
        grown(FEW),
        NOT_GROWING,
    )
    note = (
        f"Best batches of the loops: {sizes} by letter, {more} by option, {most} written. Labels agree with "
        "the loops'. Multiplying matrices takes most of the time of one prompt alone on a processor, and no "
        "batch shortens that; writing, token by token, gains what batching can give. The state of a letter "
        "takes a second pass over one token behind the cache of the prompts. Reading all letters in the "
        "first pass, as leaves of a tree mask, took as long where it was tried."
    )
    return Measurement((*letters, *options, *written, memory), (note,))


class Contest:
    """A model that is run by w2s and by plain loops.

    Args:
        folder: where the model lies.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._loops = Loops(folder)

    def letters(self) -> tuple[list[Row], int]:
        """Rows of choices answered by letter, and the best batch of the loop."""
        examples = choice_questions(LETTERS)
        prompts = [listed(example, "letter") for example in examples]
        counts = [len(example.options) for example in examples]
        size, loop = best(lambda size: self._loops.by_letter(prompts, counts, size))
        ours, alone = self.asked("score=letter", examples)
        hidden = partial(label, self._model("score=letter"), examples, True)
        check(ours(), loop())
        works = {"ours": ours, "loop": loop, "hidden": hidden, "alone": alone}
        seconds = interleaved(works, REPEATS)
        rows = self._rows("label by letter", prompts, seconds)
        kept = Row("the same, hidden states kept", "s", seconds["hidden"], "without", seconds["ours"], HIDDEN)
        return [*rows, kept], size

    def options(self) -> tuple[list[Row], int]:
        """The same where the texts of options are scored."""
        examples = choice_questions(OPTIONS)
        prompts = [listed(example, "text") for example in examples]
        texts = [example.options for example in examples]
        size, loop = best(lambda size: self._loops.by_option(prompts, texts, size))
        ours, alone = self.asked("score=option", examples)
        check(ours(), loop())
        seconds = interleaved({"ours": ours, "loop": loop, "alone": alone}, REPEATS)
        return self._rows("label by option", prompts, seconds), size

    def written(self) -> tuple[list[Row], int]:
        """The same if answers are written; these rows have no target."""
        examples = open_questions(WRITTEN)
        prompts = [
            f"Question: {example.question}\n\nThink step by step, then give the final answer in \\boxed{{}}."
            "\nAnswer:"
            for example in examples
        ]
        size, loop = best(lambda size: self._loops.written(prompts, TOKENS, size))
        ours, alone = self.asked(f"max_new_tokens={TOKENS}", examples)
        seconds = interleaved({"ours": ours, "loop": loop, "alone": alone}, REPEATS)
        loop_row, alone_row = self._rows(f"write {TOKENS} tokens", prompts, seconds)
        told = Row(loop_row.work, loop_row.unit, loop_row.ours, "batched generate", loop_row.theirs)
        return [told, alone_row], size

    def _model(self, options: str) -> Any:
        from w2s.models import load_model

        return load_model(f"hf:{self._folder}?{options}", seed=0)

    def asked(self, options: str, examples: Sequence[Any]) -> tuple[Work, Work]:
        """All examples together, and every fourth alone."""
        model = self._model(options)
        some = examples[::ALONE]
        return partial(label, model, examples), lambda: [label(model, [one]) for one in some]

    def _rows(self, work: str, prompts: Sequence[str], seconds: dict[str, float]) -> list[Row]:
        every, some = self._loops.tokens(prompts), self._loops.tokens(prompts[::ALONE])
        ours = every / seconds["ours"]
        return [
            Row(work, "tokens/s", ours, "transformers loop, best batch", every / seconds["loop"], OF_LOOP),
            Row(work, "tokens/s", ours, "one at a time", some / seconds["alone"], OVER_ALONE),
        ]


def label(model: Any, examples: Sequence[Any], hidden: bool = False) -> list[str | None]:
    """The labels that w2s gives, evidence and table included."""
    from w2s.labelling import LabelSpec, label_batch

    vectors = frozenset({"hidden"}) if hidden else frozenset[str]()
    labels: list[str | None] = (
        label_batch(examples, LabelSpec(model, vectors)).table.column("label").to_pylist()
    )
    return labels


def listed(example: Any, what: str) -> str:
    """The prompt of a choice, as the loops give it."""
    options = "\n".join(
        f"{letter}. {text}" for letter, text in zip(example.letters, example.options, strict=True)
    )
    return (
        f"Question: {example.question}\n\n{options}\n\nAnswer with the {what} of the right option.\nAnswer:"
    )


def best(at: Callable[[int], Any]) -> tuple[int, Work]:
    """The batch at which a loop is fastest, and the loop."""
    seconds = interleaved({str(size): partial(at, size) for size in SIZES}, 1)
    size = int(min(seconds, key=lambda name: seconds[name]))
    return size, partial(at, size)


def check(ours: Sequence[str | None], theirs: Sequence[str]) -> None:
    """Check that both give the same labels."""
    if list(ours) != list(theirs):
        raise AssertionError("w2s and the loop give different labels")


def grown(count: int) -> float:
    """MiB by which the peak of a separate process exceeds its memory before it labels."""
    command = [sys.executable, "-m", "benchmarks.figures.language", str(count)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return float(json.loads(printed.splitlines()[-1]))


def _worker(count: int) -> float:
    from w2s.labelling import LabelSpec, label_file
    from w2s.models import load_model

    with tempfile.TemporaryDirectory() as folder:
        write_language_model(Path(folder) / "model", *SMALL)
        request = LabelSpec(load_model(f"hf:{folder}/model", seed=0), frozenset({"hidden"}))
        examples = choice_questions(count)
        return grown_mib(lambda: label_file(examples, request, Path(folder) / "labels.parquet"))


def _where_time_goes() -> str:
    with tempfile.TemporaryDirectory() as folder:
        write_language_model(Path(folder))
        contest = Contest(folder)
        _, alone = contest.asked("score=letter", choice_questions(LETTERS))
        return f"one at a time, {hot_spots(alone)}"


FIGURE = Figure(
    name="language",
    title="Labelling with a language model",
    how=(
        f"A Llama with random weights, {WIDTH} wide, {BLOCKS} blocks, float32, and a vocabulary of "
        f"{VOCABULARY:,} tokens, on the CPU. `w2s.labelling.label_batch`, evidence and table included, "
        "on questions of 5 to 40 words with three to five options: "
        f"{LETTERS} answered by letter, {OPTIONS} by the likeliest "
        f"option; {WRITTEN} answers of {TOKENS} tokens are written. The loops over transformers sort by "
        f"length and pad, the fastest of batches of {', '.join(map(str, SIZES))}; tokens are those of the "
        f"prompts. One at a time is w2s with every {ALONE}th example alone. Memory is what `label_file` with "
        f"hidden states adds at its peak in a separate process, a net of {SMALL[0]} × {SMALL[1]}. "
        f"Medians of {REPEATS} interleaved repeats."
    ),
    measure=measure,
    peers=("torch", "transformers"),
    explain=_where_time_goes,
)

if __name__ == "__main__":
    print(json.dumps(_worker(int(sys.argv[1]))))
