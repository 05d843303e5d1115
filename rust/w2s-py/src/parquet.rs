//! Kept rows of the column chunks of a Parquet file.

use crate::errors::{Fault, data_error};
use crate::scores::values;
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyString;
use std::fs::File;
use std::path::PathBuf;
use w2s_tables::{Cast, Chunk, Codec, ColumnError, GroupError, Layout, Offsets, Piece};

/// Name, layout, bytes of a value in the file and in Arrow, physical type, codec, whether values can be null, begin,
/// end, bytes when decompressed.
type Column = (String, String, usize, usize, i64, i64, bool, u64, u64, u64);
/// Number of values, offsets, values, bits of those that are not null, nulls.
type Buffers<'py> =
    (usize, Option<Bound<'py, PyAny>>, Bound<'py, PyArray1<u8>>, Option<Bound<'py, PyArray1<u8>>>, usize);

/// A reader of the kept rows of some columns of a row group.
#[derive(Debug)]
#[pyclass(module = "w2s._core")]
pub struct GroupReader {
    names: Vec<String>,
    inner: w2s_tables::GroupReader<File>,
}

#[pymethods]
impl GroupReader {
    #[new]
    fn new(
        py: Python<'_>,
        path: PathBuf,
        columns: Vec<Column>,
        keep: PyReadonlyArray1<'_, bool>,
    ) -> PyResult<Self> {
        let chunks = columns.iter().map(chunk).collect::<PyResult<_>>()?;
        let names = columns.into_iter().map(|column| column.0).collect();
        let keep = values(&keep)?;
        let inner =
            py.detach(|| File::open(path).map(|file| w2s_tables::GroupReader::new(file, chunks, keep)))?;
        Ok(Self { names, inner })
    }

    /// The pieces of each column of the next `count` kept rows.
    fn take<'py>(&mut self, py: Python<'py>, count: usize) -> PyResult<Vec<Vec<Buffers<'py>>>> {
        let inner = &mut self.inner;
        let found = py.detach(|| inner.take(count));
        let columns = found.map_err(|error| self.raised(py, error))?;
        columns
            .into_iter()
            .map(|pieces| pieces.into_iter().map(|piece| buffers(py, piece)).collect())
            .collect()
    }

    /// Checks that the pages behind the last kept row have the other rows.
    fn finish(&mut self, py: Python<'_>) -> PyResult<()> {
        let inner = &mut self.inner;
        py.detach(|| inner.finish()).map_err(|error| self.raised(py, error))
    }
}

impl GroupReader {
    /// The error of a column, by its name.
    fn raised(&self, py: Python<'_>, error: GroupError) -> PyErr {
        let code = error.code();
        let why = match error.error {
            ColumnError::Io(error) => return error.into(),
            why => why,
        };
        let name = self.names.get(error.column).map_or("", String::as_str);
        match PyString::new(py, name).repr() {
            Ok(name) => data_error(code, format!("column {name}: {why}")),
            Err(error) => error,
        }
    }
}

impl Fault for GroupError {
    fn code(&self) -> &'static str {
        Self::code(self)
    }

    fn is_setting(&self) -> bool {
        Self::is_setting(self)
    }
}

fn chunk(column: &Column) -> PyResult<Chunk> {
    let &(_, ref layout, stored, width, physical_type, codec, nullable, begin, end, bytes) = column;
    let numbers = |cast| Layout::Numbers { stored, width, cast };
    let layout = match layout.as_str() {
        "bits" => Layout::Bits,
        "texts" => Layout::Texts { wide: false },
        "wide-texts" => Layout::Texts { wide: true },
        "same" => numbers(Cast::Same),
        "low" => numbers(Cast::Low),
        "signed" => numbers(Cast::Signed),
        "reversed" => numbers(Cast::Reversed),
        other => return Err(PyValueError::new_err(format!("no layout is called {other}"))),
    };
    let codec = Codec::of_number(codec)
        .ok_or_else(|| PyValueError::new_err(format!("codec {codec} is not read here")))?;
    Ok(Chunk { physical_type, layout, codec, nullable, begin, end, bytes })
}

fn buffers(py: Python<'_>, piece: Piece) -> PyResult<Buffers<'_>> {
    let offsets = match piece.offsets {
        None => None,
        Some(Offsets::Narrow(offsets)) => Some(offsets.into_pyarray(py).into_bound_py_any(py)?),
        Some(Offsets::Wide(offsets)) => Some(offsets.into_pyarray(py).into_bound_py_any(py)?),
    };
    let valid = piece.valid.map(|bits| bits.into_pyarray(py));
    Ok((piece.rows, offsets, piece.data.into_pyarray(py), valid, piece.nulls))
}
