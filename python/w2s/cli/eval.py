"""``w2s eval``: the accuracy of models on a file of examples."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from w2s.cli import options

if TYPE_CHECKING:
    from w2s.labelling import Evaluation
    from w2s.metrics import Interval


def eval(
    examples: options.Examples,
    model: Annotated[
        list[str], typer.Option(help="Model to evaluate; repeat the option to compare several.")
    ],
    game: options.Game = "chess",
    task: options.Task = "move",
    column_mapping: options.ColumnMapping = None,
    few_shot: options.FewShot = None,
    limit: options.Limit = None,
    bad_rows: options.BadRows = "error",
    concurrency: options.Concurrency = 1,
    seed: options.Seed = 0,
    json: options.Json = False,
) -> int:
    """Measure the accuracy of each model, and the difference of each pair on the same examples.

    Intervals are bootstrap intervals at 95 %. Replies of an endpoint are kept in a hidden folder of the
    working folder until the command has finished, so that the same command continues after a kill.

    Examples:

      w2s eval puzzles-test.csv --model students/a --model students/b

      w2s eval STS1-STS15.epd --model search:depth=4 --model "uci:stockfish?nodes=1000"

      w2s eval arc-test.jsonl --task choice --model hf:students/a --model hf:Qwen/Qwen3-0.6B

      w2s eval arc-test.jsonl --task choice --model "hf:Qwen/Qwen3-0.6B?shots=4" --few-shot arc-gold.jsonl
    """
    from w2s.cli import output
    from w2s.cli.example_file import read_file
    from w2s.cli.progress import CountProgress
    from w2s.errors import UsageError
    from w2s.files import remove
    from w2s.labelling import evaluate_models
    from w2s.models import Model, load_model
    from w2s.models.few_shot import labelled_shots
    from w2s.resume import digest

    if len(set(model)) < len(model):
        raise UsageError("eval-repeated-model", "a model is given twice; remove one")
    found = read_file(examples, task, game, bad_rows, column_mapping)[:limit]
    solved = [] if few_shot is None else read_file(few_shot, task, game, bad_rows, column_mapping)
    question = [str(examples), task, game, column_mapping, str(few_shot), limit, model, seed]
    replies = Path(f".w2s-eval-{digest(question)}")
    models: dict[str, Model] = {}
    try:
        for name in model:
            models[name] = load_model(name, seed=seed, concurrency=concurrency, cache=replies)
        result = evaluate_models(
            found, models, shots=labelled_shots(solved), seed=seed, progress=CountProgress("answered")
        )
    finally:
        for loaded in models.values():
            loaded.close()
    remove(replies)
    output.data(_plain(result), as_json=json, text=_text(result))
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
    from w2s.cli import output

    header = ["model", "accuracy", "95 % interval"]
    header += ["score"] if result.grades else []
    rows = []
    for name, value in result.accuracy.items():
        grades = [f"{100 * result.grades[name].value:.1f} %"] if result.grades else []
        rows.append([name, f"{100 * value.value:.1f} %", _span(value), *grades])
    lines = [f"{result.examples:,} examples", "", output.table(header, rows)]
    if result.differences:
        pairs = [
            [f"{second} − {first}", f"{100 * value.value:+.1f}", _span(value)]
            for (first, second), value in result.differences.items()
        ]
        lines += ["", output.table(["difference", "points", "95 % interval"], pairs)]
    lines += [f"{name} gave no answer {count} times" for name, count in result.failures.items() if count]
    return "\n".join(lines)


def _span(value: Interval) -> str:
    return f"{100 * value.low:.1f} to {100 * value.high:.1f}"
