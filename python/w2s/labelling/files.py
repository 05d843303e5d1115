"""Labels of a file of examples, written in parts, so that a run that was killed goes on where it stopped.

Knows nothing about how an example is answered.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from w2s.errors import DataError, UsageError, W2sError
from w2s.evidence import VECTORS, write_labels
from w2s.labelling.batch import Request, label_batch
from w2s.labelling.joining import TABLE, join_parts
from w2s.models.few_shot import give_shots
from w2s.tasks import Example, task_for

EXAMPLES_A_PART = 512
Report = Callable[[int, int], None]
"""Told how many of how many examples are labelled."""


def label_file(
    examples: Sequence[Example],
    request: Request,
    out: Path,
    *,
    identity: dict[str, object] | None = None,
    overwrite: bool = False,
    report: Report | None = None,
) -> None:
    """Label examples and write ``out`` with its vectors beside it; a part of them is in memory at a time.

    Finished parts lie in a hidden folder beside ``out`` until the whole is written. They are used again by a
    call with the same examples, models and ``identity``, whoever killed the one before.

    Args:
        examples: what to label; ids are distinct.
        request: who labels, and what is kept.
        out: the table, ``.parquet``.
        identity: what else decides the labels, as plain values: seeds, states of files.
        overwrite: replace a table that is there, and vectors beside it.
        report: told after every part.

    Raises:
        UsageError: ``out`` or vectors beside it exist, or it is no ``.parquet``.
        DataError: an id stands twice.
        ModelError: a model did not answer.
    """
    check_place(out, overwrite)
    for model in (request.model, request.student):
        give_shots(model, request.shots)
    _check_distinct(examples)
    _make_folder(out.parent)
    parts = out.with_name(f".{out.name}.{digest_of(examples, request, identity or {})}")
    folders = []
    for number, start in enumerate(range(0, len(examples), EXAMPLES_A_PART)):
        some = examples[start : start + EXAMPLES_A_PART]
        folders.append(parts / f"{number:06d}")
        _write_part(folders[-1], some, request)
        if report is not None:
            report(start + len(some), len(examples))
    join_parts(folders, out)
    shutil.rmtree(parts)


def check_place(out: Path, overwrite: bool) -> None:
    """Refuse a place where labels cannot or should not be written, before any work is done."""
    if out.suffix.lower() not in (".parquet", ".pq"):
        raise UsageError("label-out-not-parquet", f"{out}: labels are Parquet; end the name in .parquet")
    taken = next((place for place in out.parents if place.exists() and not place.is_dir()), None)
    if taken is not None:
        raise UsageError(
            "label-out-not-in-folder",
            f"{taken} is not a folder, so {out} cannot be written; choose another --out",
        )
    beside = [path for path in (out.with_name(f"{name}.parquet") for name in VECTORS) if path.exists()]
    if beside and not out.exists() and not _other_tables(out) and any(out.parent.glob(f".{out.name}.*/")):
        return  # this table's own, by a run that was killed while it wrote them
    if beside and not out.exists() and _other_tables(out):
        raise UsageError(
            "label-vectors-of-other-table",
            f"{beside[0]} belongs to {_other_tables(out)[0].name}; choose an --out in another folder",
        )
    there = [out, *beside] if out.exists() else beside
    if there and not overwrite:
        raise UsageError(
            "label-out-exists", f"{there[0]} exists; add --overwrite, or choose an --out in another folder"
        )


def _check_distinct(examples: Sequence[Example]) -> None:
    seen: set[str] = set()
    for example in examples:
        if example.id in seen:
            raise DataError(
                "label-duplicate-id", f"duplicate id {example.id[:40]!r} in the examples; ids must be unique"
            )
        seen.add(example.id)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise W2sError(
            "label-folder-not-writable",
            f"cannot create the folder {folder}: {error.strerror}; choose another --out",
        ) from None
    if not os.access(folder, os.W_OK):
        raise W2sError("label-folder-not-writable", f"cannot write in {folder}; choose another --out")


def _other_tables(out: Path) -> list[Path]:
    """Tables in the same folder that are not vectors."""
    return sorted(path for path in out.parent.glob("*.parquet") if path != out and path.stem not in VECTORS)


def digest_of(examples: Sequence[Example], request: Request, identity: dict[str, object]) -> str:
    """Twelve hexadecimal digits that change with whatever decides the labels."""
    about = {
        "model": request.model.reference,
        "vectors": sorted(request.vectors),
        "student": getattr(request.student, "reference", None),
        "oracles": [oracle.reference for oracle in request.oracles.values()],
        "asked": [request.asked, request.reward],
        "shots": [[repr(task_for(example).row(example)), label] for example, label in request.shots],
        "proposals": request.proposals,
        **identity,
    }
    digest = hashlib.blake2b(json.dumps(about, sort_keys=True).encode(), digest_size=6)
    for example in examples:
        digest.update(repr(task_for(example).row(example)).encode())
    return digest.hexdigest()


def _write_part(folder: Path, examples: Sequence[Example], request: Request) -> None:
    """Label one part unless its folder has it: the table is written last.

    Nothing is handed back, so that no part is held in memory while others are labelled.
    """
    if (folder / TABLE).exists():
        return
    labels = label_batch(examples, request)
    _make_folder(folder)
    write_labels(labels, folder / TABLE)
