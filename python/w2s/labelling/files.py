"""Labelling of a file of examples, part by part, so that a killed run continues where it stopped."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from w2s.errors import DataError, UsageError, W2sError
from w2s.evidence import Labels, Vectors, check_ids, read_table, write_labels, write_tables
from w2s.evidence_kinds import STATES
from w2s.files import remove, restore
from w2s.labelling.label import label_batch
from w2s.labelling.spec import LabelSpec, ProgressCallback
from w2s.locks import lock_output
from w2s.models.few_shot import give_shots
from w2s.tasks import Example, task_for

PART_SIZE = 512
"""Examples per part."""
DIGEST = b"w2s.labels"
"""The key of :func:`labels_digest` in the metadata of a table."""
TABLE = "labels.parquet"
"""The table in the folder of a part."""


def label_file(
    examples: Sequence[Example],
    spec: LabelSpec,
    out: Path,
    *,
    inputs: dict[str, object] | None = None,
    overwrite: bool = False,
    progress: ProgressCallback | None = None,
) -> bool:
    """Label examples and write ``out`` and its vectors; one part is in memory at a time.

    Finished parts are kept in a hidden folder next to ``out`` until the table is written. After a kill, a
    call with the same examples, specification and ``inputs`` uses them again. If ``out`` already holds those
    labels, nothing is done.

    Args:
        examples: examples with distinct ids.
        spec: who labels, and which evidence is kept.
        out: path of the table, ``.parquet``.
        inputs: what else decides the labels, as JSON values by name: seeds, states of files.
        overwrite: replace an existing table and its vectors.
        progress: called after every part with the number of labelled examples and the total.

    Returns:
        Whether the labels were made; False if ``out`` held them already.

    Raises:
        UsageError: ``out`` or its vectors exist, or ``out`` is not ``.parquet``.
        DataError: two examples have the same id.
        ModelError: a model did not answer.
    """
    with _lock(out):
        for model in (spec.model, spec.student):
            give_shots(model, spec.shots)
        _check_distinct(examples)
        digest = labels_digest(examples, spec, inputs or {})
        folder = out.with_name(f".{out.name}.{digest}")
        if (
            not overwrite
            and finished_digest(out) == digest
            and pq.read_metadata(out).num_rows >= len(examples)
        ):
            remove(folder)
            return False
        check_out(out, overwrite)
        parts = []
        for number, start in enumerate(range(0, len(examples), PART_SIZE)):
            part = examples[start : start + PART_SIZE]
            parts.append(folder / f"{number:06d}")
            _label_part(parts[-1], part, spec)
            if progress is not None:
                progress(start + len(part), len(examples))
        concat_parts(parts, out, digest)
        remove(folder)
    return True


@contextmanager
def _lock(out: Path) -> Iterator[None]:
    """Hold the table and its vectors; remove what killed processes left of them."""
    with lock_output(out):
        for name in STATES:
            restore(out.with_name(f"{name}.parquet"))
        yield


def finished_digest(out: Path) -> str | None:
    """The digest of what decided the labels in a table; None if there is no table or it has no digest."""
    try:
        metadata = pq.read_metadata(out).metadata or {}
    except (OSError, pa.ArrowException, UnicodeDecodeError):
        return None
    found = metadata.get(DIGEST)
    return None if found is None else found.decode(errors="replace")


def check_out(out: Path, overwrite: bool) -> None:
    """Refuse a path where labels cannot or should not be written, before any work is done.

    Raises:
        UsageError: says what is in the way.
    """
    if out.suffix.lower() not in (".parquet", ".pq"):
        raise UsageError("label-out-not-parquet", f"{out}: labels are Parquet; end the name in .parquet")
    taken = next((place for place in out.parents if place.exists() and not place.is_dir()), None)
    if taken is not None:
        raise UsageError(
            "label-out-not-in-folder",
            f"{taken} is not a folder, so {out} cannot be written; choose another --out",
        )
    vectors = [path for path in (out.with_name(f"{name}.parquet") for name in STATES) if path.exists()]
    if vectors and not out.exists() and not _other_tables(out) and any(out.parent.glob(f".{out.name}.*/")):
        return  # this table's own vectors, from a run that was killed before it wrote the table
    if vectors and not out.exists() and _other_tables(out):
        raise UsageError(
            "label-vectors-of-other-table",
            f"{vectors[0]} belongs to {_other_tables(out)[0].name}; choose an --out in another folder",
        )
    there = [out, *vectors] if out.exists() else vectors
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
    return sorted(path for path in out.parent.glob("*.parquet") if path != out and path.stem not in STATES)


def labels_digest(examples: Sequence[Example], spec: LabelSpec, inputs: dict[str, object]) -> str:
    """Twelve hexadecimal digits that identify everything that decides the labels."""
    about = {
        "model": spec.model.reference,
        "vectors": sorted(spec.vectors),
        "student": getattr(spec.student, "reference", None),
        "oracles": [oracle.reference for oracle in spec.oracles.values()],
        "evidence": [spec.evidence, spec.reward],
        "shots": [[repr(task_for(example).row(example)), label] for example, label in spec.shots],
        "proposals": spec.proposals,
        **({"improved": True} if spec.improved else {}),
        **inputs,
    }
    digest = hashlib.blake2b(json.dumps(about, sort_keys=True).encode(), digest_size=6)
    for example in examples:
        digest.update(repr(task_for(example).row(example)).encode())
    return digest.hexdigest()


# Parts ------------------------------------------------------------------------------------------------------


def _label_part(folder: Path, examples: Sequence[Example], spec: LabelSpec) -> None:
    """Label one part, unless its folder holds the table, which is written last and atomically.

    The labels are not returned, so that no part stays in memory while others are labelled.
    """
    if not (folder / TABLE).exists():
        labels = label_batch(examples, spec)
        _make_folder(folder)
        write_labels(labels, folder / TABLE)


def concat_parts(parts: Sequence[Path], out: Path, digest: str) -> None:
    """Write the vectors and then the table of one or more parts, in their order.

    Existing vectors next to ``out`` are replaced or removed.

    Raises:
        DataError: a part cannot be read, or an id occurs twice.
        W2sError: ``out`` cannot be written.
    """
    check_ids(pa.concat_tables([read_table(part / TABLE, ["id"]) for part in parts]), str(out))
    for name in STATES:
        vectors = out.with_name(f"{name}.parquet")
        remove(vectors)
        files = [part / vectors.name for part in parts]
        if files[0].exists():
            write_tables(_equal_width(files), vectors)
    write_tables((read_table(part / TABLE) for part in parts), out, {DIGEST: digest.encode()})


def _equal_width(files: Sequence[Path]) -> Iterator[pa.Table]:
    """The vectors of each part; a part without any label has width 1 and takes the width of the others."""
    widths = [pq.read_schema(file).field("vector").type.list_size for file in files]
    kind = pa.list_(pa.float16(), max(widths))
    for file, width in zip(files, widths, strict=True):
        table = read_table(file)
        if width < max(widths):
            table = pa.table({"id": table.column("id"), "vector": pa.nulls(table.num_rows, kind)})
        yield table


def concat_labels(parts: Sequence[Labels]) -> Labels:
    """The rows of one or more tables of labels with the same columns and vectors, in their order."""
    vectors = {name: _stack([part.vectors[name] for part in parts]) for name in parts[0].vectors}
    return Labels(pa.concat_tables([part.table for part in parts]).combine_chunks(), vectors)


def _stack(vectors: Sequence[Vectors]) -> Vectors:
    """Concatenated rows; a part without any label has width 1 and takes the width of the others."""
    width = max(rows.shape[1] for rows in vectors)
    return np.concatenate(
        [
            rows if np.isfinite(rows).any() else np.full((len(rows), width), np.nan, np.float32)
            for rows in vectors
        ]
    )
