"""``w2s label``: label a file of examples with a model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from w2s.cli import options

if TYPE_CHECKING:
    from w2s.labelling import LabelSpec

_VECTORS = ("hidden", "afterstate", "deliberation")


def label(
    examples: options.Examples,
    model: Annotated[str, typer.Option(help="Model that labels; see w2s models.")],
    out: Annotated[
        Path, typer.Option(help="Table of labels, .parquet; vectors are written into the same folder.")
    ],
    game: options.Game = "chess",
    task: options.Task = "move",
    column_mapping: options.ColumnMapping = None,
    hidden: Annotated[bool, typer.Option("--hidden", help="Write the hidden state of each label.")] = False,
    evidence: Annotated[
        list[str] | None,
        typer.Option(
            help="Evidence to write: hidden, afterstate, deliberation; from language models also icl:4, "
            "verbalised, p_true, samples:8, reward. Comma-separated or repeated."
        ),
    ] = None,
    student: Annotated[
        str | None, typer.Option(help="Model whose view of each label is written to student.parquet.")
    ] = None,
    oracles: options.Oracles = None,
    few_shot: options.FewShot = None,
    reward: Annotated[str | None, typer.Option(help="Reward model, hf:DIR, for the evidence reward.")] = None,
    proposals: Annotated[
        int,
        typer.Option(min=1, max=20, help="Labels per example: the answer, then the most likely others."),
    ] = 1,
    limit: options.Limit = None,
    bad_rows: options.BadRows = "error",
    concurrency: options.Concurrency = 1,
    seed: options.Seed = 0,
    overwrite: options.Overwrite = False,
    json: options.Json = False,
) -> int:
    """Label a file of examples: one row per label, with log-probability, margin, entropy and other evidence.

    If the command is killed, the same command continues. Replies of an endpoint are kept next to the output
    until it is complete; other runs request them again.

    Examples:

      w2s label puzzles.csv --model search:depth=2 --out labels.parquet

      w2s label puzzles:chess --model students/a --hidden --out labels.parquet

      w2s label puzzles.csv --model lc0:maia-1100.pb.gz --evidence hidden,afterstate
      --student lc0:maia-1900.pb.gz --oracle search:depth=2 --out runs/labels.parquet

      w2s label arc.jsonl --task choice --model hf:DIR --hidden --evidence verbalised,samples:8
      --out labels.parquet

      w2s label gsm8k.jsonl --task answer --model "openai:http://127.0.0.1:8000/v1#small"
      --evidence samples:8 --out labels.parquet
    """
    from w2s.cli import output
    from w2s.cli.example_file import read_file
    from w2s.errors import UsageError
    from w2s.files import remove
    from w2s.labelling.files import check_out, finished_digest, label_file
    from w2s.models import load_model
    from w2s.models.few_shot import labelled_shots

    vectors, requested = _evidence(hidden, evidence or [])
    if reward is not None and "reward" not in requested:
        raise UsageError("label-reward-without-evidence", "--reward needs --evidence reward")
    if Path(examples).is_file() and out.exists() and out.samefile(examples):
        raise UsageError(
            "output-is-input", f"the output {out} is also the input {examples}; choose another --out"
        )
    if finished_digest(out) is None:
        check_out(out, overwrite)
    found = read_file(examples, task, game, bad_rows, column_mapping)[:limit]
    shots = [] if few_shot is None else read_file(few_shot, task, game, bad_rows, column_mapping)
    replies = out.with_name(f".{out.name}.replies")
    labeller = load_model(model, seed=seed, concurrency=concurrency, cache=replies)
    judge = None if student is None else load_model(student, seed=seed, concurrency=concurrency)
    try:
        request = _request(labeller, judge, vectors, oracles or [], concurrency)
        request = replace(
            request, evidence=requested, shots=labelled_shots(shots), reward=reward, proposals=proposals
        )
        is_new = label_file(
            found,
            request,
            out,
            inputs={"seed": seed, **_states([model, student, reward])},
            overwrite=overwrite,
            progress=_reporter(),
        )
    finally:
        labeller.close()
        if judge is not None:
            judge.close()
    remove(replies)
    summary = _summary(examples, out, requested)
    if not is_new:
        output.note(f"{out} holds these labels already; nothing was done")
    output.data(summary, as_json=json, text=_text(summary, model))
    return 0


def _evidence(hidden: bool, evidence: list[str]) -> tuple[frozenset[str], tuple[str, ...]]:
    """The vectors to keep, and the evidence to request from a language model, in the order given."""
    from w2s.errors import UsageError
    from w2s.evidence_kinds import REQUESTS

    names = [name.strip() for text in evidence for name in text.split(",") if name.strip()]
    known = [*_VECTORS, *REQUESTS]
    if unknown := [name for name in names if name.partition(":")[0] not in known]:
        raise UsageError(
            "evidence-unknown", f"unknown evidence {unknown[0]!r}; choose from {', '.join(known)}"
        )
    if numbered := [name for name in names if name.partition(":")[0] in _VECTORS and ":" in name]:
        raise UsageError(
            "evidence-bad-number", f"{numbered[0]!r} takes no number; write {numbered[0].partition(':')[0]}"
        )
    requested = tuple(dict.fromkeys(name for name in names if name not in _VECTORS))
    kinds = [name.partition(":")[0] for name in requested]
    if twice := [kind for kind in kinds if kinds.count(kind) > 1]:
        raise UsageError("evidence-repeated", f"evidence {twice[0]} is given twice; remove one")
    vectors = {name for name in names if name in _VECTORS} | ({"hidden"} if hidden else set())
    return frozenset(vectors), requested


def _request(
    model: Any, student: Any, vectors: frozenset[str], oracles: list[str], concurrency: int
) -> LabelSpec:
    from w2s.labelling import LabelSpec
    from w2s.labelling.evidence import as_judge, load_oracles_by_prefix

    judge = None if student is None else as_judge(student)
    return LabelSpec(model, vectors, judge, load_oracles_by_prefix(oracles, concurrency=concurrency))


def _states(references: list[str | None]) -> dict[str, object]:
    """Size and time of the files that references name: labels by other weights or another prompt are not
    continued."""
    from w2s.models.reference import local_path, resolve_reference

    found: dict[str, object] = {}
    for reference in filter(None, references):
        parsed = resolve_reference(reference)
        for name in filter(None, (parsed.target, parsed.options.get("prompt"))):
            path = local_path(name)
            files = sorted(path.iterdir()) if path.is_dir() else [path] if path.is_file() else []
            if files:
                found[name] = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return found


def _reporter() -> Any:
    from w2s.cli.progress import CountProgress

    return CountProgress("labelled")


def _summary(examples: str, out: Path, requested: tuple[str, ...]) -> dict[str, Any]:
    from w2s.evidence import read_table
    from w2s.evidence_kinds import STATES, parse_evidence

    evidence = [column for name in requested for column in parse_evidence(name).kind.columns]
    table = read_table(out, ["label", "log_prob", "correct", *evidence])
    labels, correct = table.column("label"), table.column("correct").to_pylist()
    known = [right for right in correct if right is not None]
    return {
        "labels": len(labels) - labels.null_count,
        "unanswered": labels.null_count,
        "known": len(known),
        "correct": sum(known),
        "right_is": "the move that was played" if ".pgn" in Path(examples).suffixes else "the known answer",
        "without_log_prob": table.column("log_prob").null_count - labels.null_count,
        "out": str(out),
        "empty": [name for name in evidence if table.column(name).null_count == len(table)],
        "vectors": [name for name in STATES if out.with_name(f"{name}.parquet").exists()],
    }


def _text(summary: dict[str, Any], model: str) -> str:
    line = f"{summary['labels']:,} labels of {model}: {summary['out']}"
    if summary["vectors"]:
        line += f", with {', '.join(f'{name}.parquet' for name in summary['vectors'])} next to it"
    if summary["unanswered"]:
        line += f"\nanswers without a label: {summary['unanswered']:,}"
    if summary["empty"]:
        line += f"\nnull for every label: {', '.join(summary['empty'])}"
    if summary["known"]:
        line += (
            f"\n{summary['correct']:,} of {summary['known']:,} are right: the label is {summary['right_is']}"
        )
    if summary["without_log_prob"]:
        line += (
            f"\n{summary['without_log_prob']:,} labels have no log_prob, which most trust functions read; an "
            "openai: model gives it with logprobs=true"
        )
    return line
