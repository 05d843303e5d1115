"""``w2s eval``: how many of a file's examples models answer right.

Knows nothing about how they answer.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from w2s.labelling import Evaluation
    from w2s.metrics import Interval


def eval(
    examples: Annotated[
        str,
        typer.Argument(
            help="Positions: .parquet, .csv (Lichess puzzles), .epd, .pgn, a run's folder; questions: "
            ".jsonl, .json, .csv, .parquet, or hf:OWNER/NAME?split=NAME."
        ),
    ],
    model: Annotated[list[str], typer.Option(help="Model reference; repeat it to compare several.")],
    game: Annotated[str, typer.Option(help="The game, where the file does not say it.")] = "chess",
    task: Annotated[str, typer.Option(help="Kind of example: move, choice or answer.")] = "move",
    columns: Annotated[
        str | None,
        typer.Option(help="Which column holds what: the name of a known data set, or a .toml file."),
    ] = None,
    gold: Annotated[
        Path | None, typer.Option(help="Solved examples, of which hf:DIR?shots=4 shows four to the model.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many examples.")] = None,
    bad_rows: Annotated[str, typer.Option(help="A row that cannot be used: error, or skip.")] = "error",
    concurrency: Annotated[int, typer.Option(min=1, help="Engine processes side by side.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Of everything that is drawn, the bootstrap too.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print the result for machines.")] = False,
) -> int:
    """Accuracy of each model with a bootstrap interval, and the difference of each pair on the same examples.

    Examples:

      w2s eval puzzles-test.csv --model students/a --model students/b

      w2s eval STS1-STS15.epd --model search:depth=4 --model "uci:stockfish?nodes=1000"

      w2s eval arc-test.jsonl --task choice --model hf:students/a --model hf:Qwen/Qwen3-0.6B

      w2s eval arc-test.jsonl --task choice --model "hf:Qwen/Qwen3-0.6B?shots=4" --gold arc-gold.jsonl
    """
    from w2s.cli import screen
    from w2s.cli.counting import CountLine
    from w2s.cli.example_file import read_file
    from w2s.errors import UsageError
    from w2s.labelling import evaluate_models
    from w2s.models import Model, load_model
    from w2s.models.solved import shots_of

    if len(set(model)) < len(model):
        raise UsageError("a model stands there twice: it answers alike; leave one out")
    found = read_file(examples, task, game, bad_rows, columns)[:limit]
    solved = [] if gold is None else read_file(gold, task, game, bad_rows, columns)
    models: dict[str, Model] = {}
    try:
        for name in model:
            models[name] = load_model(name, seed=seed, concurrency=concurrency)
        result = evaluate_models(
            found, models, shots=shots_of(solved), seed=seed, progress=CountLine("answered")
        )
    finally:
        for loaded in models.values():
            loaded.close()
    screen.data(_plain(result), as_json=json, text=_text(result))
    return 0


def _plain(result: Evaluation) -> dict[str, Any]:
    return {
        "examples": result.examples,
        "models": [
            {
                "model": name,
                "accuracy": value._asdict(),
                "grade": result.grades[name]._asdict() if name in result.grades else None,
                "failures": result.failures[name],
            }
            for name, value in result.accuracy.items()
        ],
        "differences": [
            {"model": second, "less": first, "difference": value._asdict()}
            for (first, second), value in result.differences.items()
        ],
    }


def _text(result: Evaluation) -> str:
    from w2s.cli import screen

    header = ["model", "accuracy", "95 % interval"]
    header += ["score"] if result.grades else []
    rows = []
    for name, value in result.accuracy.items():
        grades = [f"{100 * result.grades[name].value:.1f} %"] if result.grades else []
        rows.append([name, f"{100 * value.value:.1f} %", _span(value), *grades])
    lines = [f"{result.examples:,} examples", "", screen.table(header, rows)]
    if result.differences:
        pairs = [
            [f"{second} − {first}", f"{100 * value.value:+.1f}", _span(value)]
            for (first, second), value in result.differences.items()
        ]
        lines += ["", screen.table(["difference", "points", "95 % interval"], pairs)]
    lines += [f"{name} gave no answer {count} times" for name, count in result.failures.items() if count]
    return "\n".join(lines)


def _span(value: Interval) -> str:
    return f"{100 * value.low:.1f} to {100 * value.high:.1f}"
