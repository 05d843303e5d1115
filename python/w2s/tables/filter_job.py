"""One filter from an open table to its output: read the scores, apply the rule, write the kept rows."""

from __future__ import annotations

import logging
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from w2s.errors import DataError, UsageError, W2sError
from w2s.tables.candidate_rows import CandidatePartition, of_all_rows
from w2s.tables.copy_rows import RowCopy
from w2s.tables.decision import Decision
from w2s.tables.executor import Executor, ThreadExecutor
from w2s.tables.formats import Format
from w2s.tables.inputs import InputFile, check_output_is_no_input, check_remote_output, find_inputs
from w2s.tables.mirror import remote_names
from w2s.tables.output_spec import OutputSpec, output_lock
from w2s.tables.partition import RowMask
from w2s.tables.progress import ProgressCounter
from w2s.tables.remote_output import RemoteOutput
from w2s.tables.select_rows import select_rows
from w2s.tables.sinks import cannot_write, check_flat, output_part, style_with
from w2s.tables.source import Source, open_source
from w2s.tables.spec import FilterSpec
from w2s.tables.spill import SpilledStream, spill
from w2s.tables.summary import (
    build_summary,
    check_replaceable,
    plain_summary,
    publish_output,
    read_finished,
    restored_summary,
    with_quantiles,
)
from w2s.tables.table_objects import open_table
from w2s.tables.temporary_folder import TemporaryFolder

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class InputSpec:
    """How inputs are read.

    Attributes:
        format: format of standard input; None if its first bytes decide.
        delimiter: character between the values of CSV; None if the first line decides.
    """

    format: Format | None
    delimiter: str | None


@dataclass(frozen=True)
class FilterJob:
    """A filter that is ready to run.

    Attributes:
        spec: which rows are kept.
        inputs: how inputs are read.
        output: where they are written; None if they are not.
        columns: the columns of the output, in their order; None for all.
        memory: bytes for rows and columns.
        executor: reads partitions side by side.
        steps: counts the rows.
        explain: whether rows are counted by score, and nothing is written.
    """

    spec: FilterSpec
    inputs: InputSpec
    output: OutputSpec | None
    columns: tuple[str, ...] | None
    memory: int
    executor: Executor
    steps: ProgressCounter
    explain: bool

    @property
    def number_types(self) -> dict[str, pa.DataType]:
        """Columns of text files that are read as numbers."""
        cost = self.spec.rule.cost
        return {name: pa.float64() for name in [*self.spec.score.columns, *([cost] if cost else [])]}

    @remote_names()
    def of_files(self, texts: Sequence[str]) -> dict[str, Any]:
        """Filter files; gives the summary."""
        source = self.open_files(texts)
        with closing(self.executor), output_lock(self.output):
            return self._summary(source)

    def of_standard_input(self) -> dict[str, Any]:
        """Filter standard input, which is copied to a temporary file first; gives the summary."""
        with output_lock(self.output):
            self._check_replaceable(_check_standard_input_is_other)
            with tempfile.TemporaryDirectory(prefix="w2s-") as folder, _stream_name(folder, "standard input"):
                spilled = spill(sys.stdin.buffer, Path(folder), self.spec, self.inputs.format, self.steps)
                source = open_source([InputFile(spilled.path)], self.inputs.delimiter, memory=self.memory)
                return self._summary(source, spilled)

    def of_table(self, given: object) -> dict[str, Any]:
        """Filter a table that another library holds; gives the summary."""
        folder = TemporaryFolder()
        try:
            with output_lock(self.output), _stream_name(folder.path, "the stream"):
                self._check_replaceable()
                return self._summary(open_table(given, folder, self.memory, self._check_columns))
        finally:
            folder.remove()

    @remote_names()
    def reader_of_files(self, texts: Sequence[str]) -> pa.RecordBatchReader:
        """The kept rows of files; their scores are read now, the rows themselves by the reader."""
        try:
            return self._reader(self.open_files(texts), None)
        except BaseException:
            self.executor.close()
            raise

    def reader_of_table(self, given: object) -> pa.RecordBatchReader:
        """The kept rows of a table that another library holds."""
        folder = TemporaryFolder()
        try:
            with _stream_name(folder.path, "the stream"):
                return self._reader(open_table(given, folder, self.memory, self._check_columns), folder)
        except BaseException:
            folder.remove()
            raise

    def open_files(self, texts: Sequence[str]) -> Source:
        """Open files; an output that is one of them is refused."""
        files = find_inputs(texts)
        if not isinstance(self.executor, ThreadExecutor) and any(file.mirror is not None for file in files):
            raise UsageError(
                "filter-engine-needs-files",
                "remote files are read by threads only; leave `engine` out, or copy them to a folder first",
            )
        source = open_source(files, self.inputs.delimiter, memory=self.memory)
        if self.output is not None and self.output.path is not None:
            check_output_is_no_input(self.output.path, texts, files)
        if self.output is not None and self.output.remote is not None:
            check_remote_output(self.output.remote.address, texts, files)
        return source

    def _check_replaceable(self, check: Callable[[Path], None] | None = None) -> None:
        """Refuse an existing output of an input that cannot be recognised."""
        output = self.output
        if output is not None and output.remote is not None:
            output.remote.check_replaceable(overwrite=output.overwrite)
        if output is None or output.path is None or not output.path.exists():
            return
        if check is not None:
            check(output.path)
        if not output.overwrite:
            raise UsageError(
                "output-exists", f"{output.path} exists; use `overwrite=True`, or choose another `out`"
            )
        check_replaceable(output.path)

    def _summary(self, source: Source, spilled: SpilledStream | None = None) -> dict[str, Any]:
        _LOG.debug("opened %d files with %d partitions", len(source.stamps), len(source.partitions))
        output = self.output
        source = source.with_types(self.number_types)
        made_of: dict[str, object] = {
            "files": [source.stamps, source.format.ending],
            "options": repr(self.spec),
            "output": output and [output.name, output.shards, str(output.format_for(source)), self.columns],
        }
        if output is not None and source.stamps and spilled is None:
            before = _finished(output, made_of)
            if before is not None:
                return {**before, "done_before": True}
        schema = self.output_schema(source)
        if output is not None:
            check_flat(schema, output.format_for(source))
        with read_errors(source):
            decision = self.decision(source)
            summary = {**build_summary(decision, self.spec), **_stream_counts(spilled, decision)}
            if output is None:
                source.check_unchanged()
                return with_quantiles(summary, decision)
            return self._write(source, decision, output, made_of, summary)

    def output_schema(self, source: Source) -> pa.Schema:
        """The columns of the output as far as they are known before the rows are read.

        Raises:
            UsageError: a column does not exist.
        """
        if self.columns is None:
            return source.schema
        found = source.with_fields(self.columns)
        found.require_columns(self.columns)
        return pa.schema([found.schema.field(name) for name in self.columns])

    def row_copy(self, source: Source, kept: RowMask, form: Format) -> RowCopy:
        """The copy of the kept rows, with the columns, types and compression of the output."""
        copy = RowCopy(source, kept, form, self.memory, self.executor, self.steps)
        if form.kind == "csv" and source.format.kind == "csv":
            source = source.with_types({name: pa.string() for name in source.schema.names})
        elif not copy.as_lines or self.columns is not None:
            source = source.complete(self.number_types, self.columns)
        if self.columns is not None:
            source = source.project(self.columns)
        return replace(copy, source=replace(source, style=style_with(source.style, form.codec)))

    def score_source(self, source: Source) -> Source:
        """The table with the columns of the rule, without the rows that do not meet the condition."""
        where = self.spec.where
        asked = [] if where is None else where.names(source.schema)
        names = [*self.spec.columns, *asked]
        columns = source.with_fields(names)
        columns.require_columns(names)
        if where is None:
            return columns
        condition = where.bound(columns.schema)
        partitions = (CandidatePartition(partition, condition, asked) for partition in columns.partitions)
        return replace(columns, partitions=tuple(partitions))

    def decision(self, source: Source) -> Decision:
        """Read the scores and apply the rule."""
        self.executor.start()
        columns = self.score_source(source)
        self.steps.begin("reading scores", columns.rows)
        found = select_rows(
            columns.partitions,
            self.spec,
            memory=self.memory,
            executor=self.executor,
            steps=self.steps,
            explain=self.explain,
        )
        if self.spec.where is None:
            return found
        candidates = [one for one in columns.partitions if isinstance(one, CandidatePartition)]
        kept = of_all_rows(found.kept, candidates)
        return replace(found, kept=kept, rows=sum(kept.partition_rows), candidates=found.rows)

    def _check_columns(self, schema: pa.Schema) -> None:
        """Refuse a stream whose columns do not fit, before it is copied."""
        source = Source(schema, (), Format("parquet"))
        self.score_source(source)
        written = self.output_schema(source)
        if self.output is not None:
            check_flat(written, self.output.format_for(source))

    def _reader(self, source: Source, folder: TemporaryFolder | None) -> pa.RecordBatchReader:
        source = source.with_types(self.number_types)
        self.output_schema(source)
        with read_errors(source):
            copy = self.row_copy(source, self.decision(source).kept, Format("arrow"))

        place = "" if folder is None else folder.path

        def batches() -> Iterator[pa.RecordBatch]:
            try:
                with remote_names(), _stream_name(place, "the stream"), read_errors(source):
                    for table in copy.tables():
                        yield from table.to_batches()
                    source.check_unchanged()
                self.steps.finish()
            finally:
                self.executor.close()
                if folder is not None:
                    folder.remove()

        return pa.RecordBatchReader.from_batches(copy.source.schema, batches())

    def _write(
        self,
        source: Source,
        decision: Decision,
        output: OutputSpec,
        made_of: dict[str, object],
        summary: dict[str, Any],
    ) -> dict[str, Any]:
        form = output.format_for(source)
        copy = self.row_copy(source, decision.kept, form)
        check_flat(copy.source.schema, form)
        if output.remote is not None:
            summary["out"] = output.name
            _write_remote(copy, output, output.remote, made_of, summary)
            return summary
        if output.path is None:
            copy.into(None)
            source.check_unchanged()
            return summary
        summary["out"] = output.name
        with output_part(output.path, folder=output.shards is not None) as part:
            if output.shards is None:
                copy.into(part, output.path)
            else:
                copy.into_shards(part, output.shards, output.path)
            source.check_unchanged()
            try:
                publish_output(part, output.path, made_of, summary)
            except OSError as error:
                raise cannot_write(output.path, error) from None
        return summary


def _finished(output: OutputSpec, made_of: dict[str, object]) -> dict[str, Any] | None:
    """The summary of the same filter if its output is finished."""
    if output.remote is not None:
        plain = output.remote.read_finished(made_of, overwrite=output.overwrite)
        return None if plain is None else restored_summary(plain)
    if output.path is None:
        return None
    return read_finished(output.path, made_of, overwrite=output.overwrite)


def _write_remote(
    copy: RowCopy,
    output: OutputSpec,
    remote: RemoteOutput,
    made_of: dict[str, object],
    summary: dict[str, Any],
) -> None:
    """Write the output to a temporary place and upload it."""
    folder = TemporaryFolder()
    part = folder.path / "output"
    try:
        folder.make()
        if output.shards is None:
            copy.into(part, Path(output.name))
        else:
            part.mkdir()
            copy.into_shards(part, output.shards, Path(output.name))
        copy.source.check_unchanged()
        remote.publish(part, made_of, plain_summary(summary))
    finally:
        folder.remove()


def _check_standard_input_is_other(path: Path) -> None:
    """Refuse to replace the file that standard input is redirected from."""
    try:
        same = os.path.samestat(os.fstat(sys.stdin.fileno()), path.stat())
    except (OSError, ValueError):  # standard input is not a file
        return
    if same:
        raise UsageError(
            "output-is-input", f"the output {path} is also the standard input; choose another `out`"
        )


@contextmanager
def _stream_name(folder: Path | str, name: str) -> Iterator[None]:
    """Call the copy of a stream in a temporary folder by a name in messages."""
    try:
        yield
    except W2sError as error:
        text = re.sub(rf"{re.escape(str(folder))}/stream[.\w]*", name, str(error))
        raise type(error)(error.code, text) from None


@contextmanager
def read_errors(source: Source) -> Iterator[None]:
    """Name the cause of an error of reading: the files changed, or hold text that is not UTF-8.

    Raises:
        W2sError: the files changed since they were opened.
        DataError: the files cannot be read.
    """
    try:
        yield
    except DataError:
        source.check_unchanged()
        raise
    except UnicodeDecodeError as error:
        raise DataError(
            "table-not-unicode", f"a text or a name is not valid UTF-8: {error.object[:40]!a}; correct it"
        ) from None


def _stream_counts(spilled: SpilledStream | None, decision: Decision) -> dict[str, Any]:
    """Counts of a stream of which some rows were not even copied."""
    if spilled is None or spilled.rows is None:
        return {}
    return {
        "rows_in": spilled.rows,
        "share_kept": decision.kept.total / spilled.rows if spilled.rows else 0.0,
        "rows_dropped_for_null": spilled.dropped,
    }
