"""What a filter did: its summary, and the record of it that is kept with the output.

The record is written before the output gets its name. It identifies the output by sizes and times, so that a
filter that was killed in between runs again.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from w2s.certification import Certificate, FdrCertificate
from w2s.errors import UsageError
from w2s.files import publish, refuse_other_files, remove, sync
from w2s.resume import Record
from w2s.tables.decision import Decision
from w2s.tables.spec import FilterSpec


def build_summary(decision: Decision, spec: FilterSpec) -> dict[str, Any]:
    """The numbers of a decision; what does not apply is left out."""
    found: dict[str, Any] = {
        "rows_in": decision.rows,
        "rows_kept": decision.kept.total,
        "share_kept": decision.kept.total / decision.rows if decision.rows else 0.0,
        "rows_dropped_for_null": decision.dropped,
        "threshold": decision.threshold,
        "ties_at_threshold": {"kept": decision.ties_kept, "left_out": decision.ties_left_out},
        "rule": spec.rule.kind,
        "passes": decision.passes,
    }
    if decision.candidates is not None:
        found["rows_where"] = decision.candidates
    if spec.groups:
        groups = decision.groups
        found["groups"] = {
            "column": spec.groups[0] if len(spec.groups) == 1 else list(spec.groups),
            "counts": [{"group": group.key, "rows": group.rows, "kept": group.kept} for group in groups],
        }
    if decision.spent is not None:
        found["spent"] = decision.spent
    if decision.purity is not None:
        purity = decision.purity
        found["purity"] = {
            "value": purity.value,
            "known": purity.known,
            "right": purity.right,
            "bound": purity.bound,
            "delta": purity.delta,
        }
    if decision.certificate is not None:
        found["certificate"] = _certificate(decision.certificate)
    return found


def _certificate(found: Certificate | FdrCertificate) -> dict[str, Any]:
    if isinstance(found, FdrCertificate):
        return {
            "fdr": found.fdr,
            "threshold": found.threshold,
            "estimate": found.estimate,
            "coverage": found.coverage,
            "rows": found.known,
            "wrong": found.wrong,
            "pool": found.pool,
            "kept": found.kept,
        }
    assert found.reached is not None
    return {
        "purity": found.purity,
        "delta": found.delta,
        "method": found.method,
        "threshold": found.reached.threshold,
        "bound": found.reached.bound,
        "coverage": found.reached.coverage,
        "rows": found.rows,
    }


def with_quantiles(summary: dict[str, Any], decision: Decision) -> dict[str, Any]:
    """The same with the rows kept by tenths of the score."""
    rows = [
        {"from": low, "to": high, "rows": rows, "kept": kept} for low, high, rows, kept in decision.quantiles
    ]
    return {**summary, "by_score": rows}


def with_text_infinities(value: Any) -> Any:
    """The same JSON value with the texts ``inf``, ``-inf`` and ``nan`` for numbers that JSON lacks.

    ``float`` reads them in Python; readers in other languages find a text where the number is not finite.

    Example:
        >>> with_text_infinities({"threshold": float("-inf"), "rows_kept": 3})
        {'threshold': '-inf', 'rows_kept': 3}
    """
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {name: with_text_infinities(one) for name, one in value.items()}
    return [with_text_infinities(one) for one in value] if isinstance(value, list | tuple) else value


def plain_summary(summary: Mapping[str, Any]) -> dict[str, Any]:
    """A summary as its record holds it: JSON values only."""
    found: dict[str, Any] = json.loads(
        json.dumps(with_text_infinities(summary), default=str, allow_nan=False)
    )
    return found


def restored_summary(plain: Mapping[str, Any]) -> dict[str, Any]:
    """A summary from its record; the threshold is a number again."""
    threshold = plain.get("threshold")
    return {**plain} if threshold is None else {**plain, "threshold": float(threshold)}


def record_path(out: Path) -> Path:
    """Where the record of an output is: next to a file; in a folder under a name that readers skip."""
    in_folder = out.is_dir() or not out.suffix
    return out / "_w2s.json" if in_folder else out.with_name(f"{out.name}.w2s.json")


def read_finished(out: Path, inputs: Mapping[str, object], *, overwrite: bool) -> dict[str, Any] | None:
    """The summary of the same filter if it is finished; None if there is work to do.

    Raises:
        UsageError: the output exists and was made by something else.
    """
    if not out.exists():
        return None
    found = Record.read(record_path(out))
    changed = found.changed(inputs) if found is not None else []
    if found is not None and not changed and found.facts.get("output") == _stamps(out):
        return restored_summary(found.facts["summary"])
    if overwrite:
        check_replaceable(out)
        return None
    if found is None:
        how = "made by something else"
    elif changed:
        how = f"made by another filter (changed: {', '.join(changed)})"
    else:
        how = "and has changed since it was made"
    raise UsageError("output-exists", f"{out} exists, {how}; use `overwrite=True`, or choose another `out`")


def check_replaceable(out: Path) -> None:
    """Refuse to replace a folder that holds anything but the output of a filter.

    Raises:
        UsageError: names what the folder holds.
    """
    if not out.is_dir():
        return
    record = record_path(out)
    found = Record.read(record)
    ours = (
        {record.name, *(name for name, *_ in found.facts.get("output", []))} if found is not None else set()
    )
    refuse_other_files(out, ours)


def publish_output(part: Path, out: Path, inputs: Mapping[str, object], summary: Mapping[str, Any]) -> None:
    """Give a finished output its name, and write its record."""
    record = Record.of(inputs, {"output": _stamps(part), "summary": plain_summary(summary)})
    place = record_path(part if part.is_dir() else out)
    sync(part)
    record.write(place)
    try:
        publish(part, out)
    except BaseException:
        if not out.exists():
            remove(place)
        raise


def write_record(out: Path, inputs: Mapping[str, object], summary: Mapping[str, Any]) -> None:
    """Write the record of a folder whose files have their names already."""
    Record.of(inputs, {"output": _stamps(out), "summary": plain_summary(summary)}).write(record_path(out))


def _stamps(out: Path) -> list[list[Any]]:
    """Name, bytes and modification time of the files of an output."""
    if not out.is_dir():
        return [["", *_stamp(out)]]
    return [[path.name, *_stamp(path)] for path in sorted(out.iterdir()) if path.name[0] not in "_."]


def _stamp(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_size, found.st_mtime_ns]
