"""One part of a filter, and the end of all parts; the tasks share nothing but the output folder.

Below the output, a hidden folder holds for each part its sorted scores and a marker. A part first writes its
scores. Where those of all parts are there, it finds the cut of all parts, copies its kept rows and writes its
marker; otherwise it ends, and the same command continues later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from w2s.errors import UsageError, W2sError
from w2s.files import publish, remove, remove_parts
from w2s.locks import lock_output
from w2s.resume import Record
from w2s.tables.filter_job import FilterJob, read_errors
from w2s.tables.mirror import remote_names
from w2s.tables.part_keys import PartCut, cut_of, keys_of, open_keys, write_keys
from w2s.tables.part_spec import PartSpec, check_part_rule
from w2s.tables.score_columns import ColumnsTooLargeError, read_score_columns
from w2s.tables.sinks import cannot_write, check_flat, output_part
from w2s.tables.source import Source
from w2s.tables.summary import build_summary, plain_summary, read_finished, record_path, write_record

FOLDER = ".w2s-parts"
"""The hidden folder in the output, until the parts are merged."""
_SUMS = ("rows_in", "rows_kept", "rows_dropped_for_null", "rows_where")
_SHOWN = 10


@dataclass(frozen=True)
class PartJob:
    """A filter of which this process does one part, or which it ends.

    Attributes:
        job: the whole filter.
        count: number of parts.
    """

    job: FilterJob
    count: int

    @remote_names()
    def run(self, texts: Sequence[str], part: PartSpec) -> dict[str, Any]:
        """Do as much of a part as can be done now; gives its summary, or the parts that it waits for.

        Raises:
            UsageError: the rule or the output has no parts, or the folder holds something else.
            W2sError: the scores of the part do not fit in memory, or the output cannot be written.
        """
        plan = self._plan(texts)
        path = plan.path(part)
        with closing(self.job.executor), _writing(plan.out), lock_output(path):
            before = plan.finished()
            if before is not None:
                return {**before, "done_before": True}
            plan.claim()
            done = plan.marker(part)
            if done is not None:
                return {**done, "done_before": True}
            with read_errors(plan.source):
                return self._part(plan, part, path)

    @remote_names()
    def merge(self, texts: Sequence[str]) -> dict[str, Any]:
        """Check that all parts are done, write the record of the output and remove the hidden folder.

        Raises:
            W2sError: names the parts that are not done.
        """
        plan = self._plan(texts)
        with closing(self.job.executor), _writing(plan.out), lock_output(plan.out):
            before = plan.finished()
            if before is None:
                found = [plan.marker(part) for part in plan.parts]
                missing = [part.number for part, one in zip(plan.parts, found, strict=True) if one is None]
                if missing:
                    plan.without_keys()  # refuses those of another filter
                    raise W2sError(
                        "filter-parts-missing",
                        f"{plan.out}: {parts_text(missing)} of {self.count} not done; run them, then "
                        "merge again",
                    )
                summary = _total([one for one in found if one is not None])
                summary["out"] = str(plan.out)
                write_record(plan.out, plan.made_of, summary)
            if plan.out.is_dir():
                remove(plan.folder)
                remove_parts(plan.out)
            return summary if before is None else {**before, "done_before": True}

    def _plan(self, texts: Sequence[str]) -> _Plan:
        job = self.job
        output = job.output
        check_part_rule(job.spec)
        if output is None or output.path is None or output.shards is None:
            raise UsageError(
                "filter-part-needs-folder", "`part` and `merge` need a local folder; give one such as kept/"
            )
        source = job.open_files(texts)
        form = output.format_for(source)
        if source.format.kind == "jsonl" and (form.kind != "jsonl" or job.columns is not None):
            raise UsageError(
                "filter-part-unsupported",
                "the columns of JSON Lines are known only after all lines are read; copy whole lines to "
                "jsonl, or filter Parquet files",
            )
        source = source.with_types(job.number_types)
        check_flat(job.output_schema(source), form)
        made_of: dict[str, object] = {
            "files": [source.stamps, source.format.ending],
            "options": repr(job.spec),
            "output": [str(form), job.columns],
            "parts": self.count,
        }
        return _Plan(source, output.path, form.ending, made_of, self.count)

    def _part(self, plan: _Plan, part: PartSpec, path: Path) -> dict[str, Any]:
        own = plan.source_of(part)
        job, cut = self.job, None
        if job.spec.rule.kind == "top":
            rows = self._write_keys(plan, part, own)
            missing = plan.without_keys()
            if missing:
                return {"part": str(part), "rows_in": rows, "waiting_for": missing, "out": str(plan.out)}
            cut = self._cut(plan)
            rule = replace(job.spec.rule, top_count=cut.kept[part.number - 1], top_share=None)
            job = replace(job, spec=replace(job.spec, rule=rule))
        decision = job.decision(own)
        summary = {**build_summary(decision, self.job.spec), "part": str(part), "out": str(path)}
        if cut is not None:
            if decision.kept.total != cut.kept[part.number - 1] or _is_below(decision.threshold, cut.score):
                raise _damaged(plan, f"it does not fit the scores of part {part}")
            summary["threshold"] = cut.score
            summary["ties_at_threshold"] = {"kept": cut.ties_kept, "left_out": cut.ties_left_out}
        form = job.output.format_for(plan.source) if job.output is not None else plan.source.format
        with output_part(path) as hidden:
            job.row_copy(own, decision.kept, form).into(hidden, path)
            plan.source.check_unchanged()
            publish(hidden, path)
        plan.write_marker(part, path, summary)
        return summary

    def _write_keys(self, plan: _Plan, part: PartSpec, own: Source) -> int:
        """Write the sorted scores of a part, unless they are there; gives the number of its rows."""
        record = plan.keys_record(part)
        if record is not None:
            return int(record.facts["rows"])
        job = self.job
        job.executor.start()
        columns = job.score_source(own)
        job.steps.begin("reading scores", columns.rows)
        try:
            found = read_score_columns(
                columns.partitions, job.spec, memory=job.memory // 3, executor=job.executor, steps=job.steps
            )
        except ColumnsTooLargeError:
            raise W2sError(
                "filter-part-too-large",
                f"the scores of part {part} do not fit in memory; raise `memory`, or use more parts",
            ) from None
        rows = len(found.scores)
        scores = found.scores if found.valid is None else found.scores[found.valid]
        del found
        keys = keys_of(scores)
        del scores
        keys.sort()
        plan.source.check_unchanged()
        write_keys(plan.keys_path(part), keys)
        plan.write_keys_record(part, {"rows": rows, "bytes": plan.keys_path(part).stat().st_size})
        return rows

    def _cut(self, plan: _Plan) -> PartCut:
        try:
            keys = [open_keys(plan.keys_path(part)) for part in plan.parts]
        except (OSError, ValueError) as error:
            raise _damaged(plan, str(error)) from None
        quota = self.job.spec.rule.quotas([sum(map(len, keys))])
        return cut_of(keys, int(np.sum(quota)))


@dataclass(frozen=True)
class _Plan:
    """The files of a filter in parts.

    Attributes:
        source: the whole table.
        out: the output folder.
        ending: the ending of its files.
        made_of: what identifies the filter.
        count: number of parts.
    """

    source: Source
    out: Path
    ending: str
    made_of: Mapping[str, object]
    count: int

    @property
    def folder(self) -> Path:
        """The hidden folder."""
        return self.out / FOLDER

    @property
    def parts(self) -> list[PartSpec]:
        """All parts."""
        return [PartSpec(number, self.count) for number in range(1, self.count + 1)]

    def path(self, part: PartSpec) -> Path:
        """The output of a part."""
        return self.out / f"{part.name}{self.ending}"

    def keys_path(self, part: PartSpec) -> Path:
        """The sorted scores of a part."""
        return self.folder / f"{part.name}.keys.npy"

    def source_of(self, part: PartSpec) -> Source:
        """The rows of a part as a table."""
        partitions = self.source.partitions
        return replace(self.source, partitions=partitions[part.slice_of(partitions)])

    def finished(self) -> dict[str, Any] | None:
        """The summary of the same filter if its parts are merged.

        Raises:
            UsageError: the output is another one.
        """
        if not record_path(self.out).exists():
            return None
        return read_finished(self.out, self.made_of, overwrite=False)

    def claim(self) -> None:
        """Make the hidden folder.

        Raises:
            UsageError: the output is a file, or a folder that holds something else.
        """
        if not self.folder.is_dir():
            found = [path.name for path in self.out.iterdir() if not path.name.startswith(".")]
            if found:
                raise UsageError(
                    "output-exists",
                    f"{self.out} holds {min(found)}, which no part made; choose another `out`",
                )
        self.folder.mkdir(exist_ok=True)

    def marker(self, part: PartSpec) -> dict[str, Any] | None:
        """The summary of a part that is done."""
        record = self._record(self.folder / f"{part.name}.json", part)
        path = self.path(part)
        if record is None or not path.exists() or record.facts.get("stamp") != _stamp(path):
            return None
        summary: dict[str, Any] = {**record.facts["summary"]}
        if summary.get("threshold") is not None:
            summary["threshold"] = float(summary["threshold"])
        return summary

    def write_marker(self, part: PartSpec, path: Path, summary: Mapping[str, Any]) -> None:
        """Write that a part is done."""
        facts = {"stamp": _stamp(path), "summary": plain_summary(summary)}
        Record.of(self.made_of, facts).write(self.folder / f"{part.name}.json")

    def keys_record(self, part: PartSpec) -> Record | None:
        """The record of the sorted scores of a part, if they are there and whole."""
        record = self._record(self.folder / f"{part.name}.keys.json", part)
        path = self.keys_path(part)
        if record is None or not path.exists() or record.facts.get("bytes") != path.stat().st_size:
            return None
        return record

    def write_keys_record(self, part: PartSpec, facts: Mapping[str, Any]) -> None:
        """Write that the sorted scores of a part are there."""
        Record.of(self.made_of, facts).write(self.folder / f"{part.name}.keys.json")

    def without_keys(self) -> list[int]:
        """The numbers of the parts whose sorted scores are not there."""
        return [part.number for part in self.parts if self.keys_record(part) is None]

    def _record(self, path: Path, part: PartSpec) -> Record | None:
        found = Record.read(path)
        changed = [] if found is None else found.changed(self.made_of)
        if changed:
            raise UsageError(
                "output-exists",
                f"{self.out}: part {part.number} was made by another filter (changed: {', '.join(changed)}); "
                "remove the folder, or choose another `out`",
            )
        return found


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise cannot_write(out, error) from None


def _is_below(own: float | None, cut: float | None) -> bool:
    return own is not None and (cut is None or own < cut)


def _damaged(plan: _Plan, reason: str) -> W2sError:
    return W2sError(
        "filter-part-damaged", f"{plan.folder} is damaged: {reason}; remove {plan.out} and start over"
    )


def _stamp(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_size, found.st_mtime_ns]


def _total(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The summary of all parts."""
    total = {key: one for key, one in parts[0].items() if key != "part"}
    total |= {key: sum(part[key] for part in parts) for key in _SUMS if key in total}
    total["share_kept"] = total["rows_kept"] / total["rows_in"] if total["rows_in"] else 0.0
    if total["rule"] != "top":
        low = [part["threshold"] for part in parts if part["threshold"] is not None]
        total["threshold"] = min(low, default=None)
        at = [part["ties_at_threshold"] for part in parts if part["threshold"] == total["threshold"]]
        total["ties_at_threshold"] = {key: sum(one[key] for one in at) for key in ("kept", "left_out")}
    return total


def parts_text(numbers: Sequence[int]) -> str:
    """The numbers of parts as a text; runs are shortened, and so are long lists.

    Example:
        >>> parts_text([1, 2, 3, 7])
        'parts 1-3, 7'
    """
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    shown = [str(low) if low == high else f"{low}-{high}" for low, high in runs[:_SHOWN]]
    more = f" and {len(runs) - _SHOWN} more runs" if len(runs) > _SHOWN else ""
    return f"part{'s' if len(numbers) > 1 else ''} {', '.join(shown)}{more}"
