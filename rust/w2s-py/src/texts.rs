//! Columns of text from Python: a list of `str`, or the buffers of an Arrow string array.

use crate::errors::data_error;
use numpy::PyReadonlyArray1;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyList, PyString, PyTuple};

/// The replacement for a value that is not text: null, another type, or bytes that are not UTF-8.
const NO_TEXT: &str = "\u{fffd}";

/// A column of text that keeps its Python owner alive.
pub enum Texts<'py> {
    /// A list of `str`.
    List(Vec<Option<PyBackedStr>>),
    /// The data and the offsets of an Arrow string array.
    Arrow(PyReadonlyArray1<'py, u8>, PyReadonlyArray1<'py, i64>),
}

impl<'py> Texts<'py> {
    /// Reads a list, or a tuple `(data, offsets)` of a uint8 and an int64 array.
    ///
    /// # Errors
    /// `TypeError` where it is neither.
    pub fn read(column: &Bound<'py, PyAny>) -> PyResult<Self> {
        if let Ok(buffers) = column.cast::<PyTuple>() {
            let (data, offsets) = (buffers.get_item(0)?, buffers.get_item(1)?);
            return Ok(Self::Arrow(data.extract()?, offsets.extract()?));
        }
        let list = column.cast::<PyList>()?;
        Ok(Self::List(list.iter().map(|item| backed(&item)).collect()))
    }

    /// Every row as a text; a value that is not text becomes one that no game can read.
    ///
    /// # Errors
    /// `CoreError` where the offsets do not fit the data.
    pub fn rows(&self) -> PyResult<Vec<&str>> {
        match self {
            Self::List(list) => {
                Ok(list.iter().map(|text| text.as_deref().map_or(NO_TEXT, |text| text)).collect())
            }
            Self::Arrow(data, offsets) => arrow_rows(data.as_slice()?, offsets.as_slice()?),
        }
    }
}

fn backed(item: &Bound<'_, PyAny>) -> Option<PyBackedStr> {
    PyBackedStr::try_from(item.cast::<PyString>().ok()?.clone()).ok()
}

fn arrow_rows<'a>(data: &'a [u8], offsets: &[i64]) -> PyResult<Vec<&'a str>> {
    let whole = std::str::from_utf8(data).ok();
    let row = |ends: &[i64]| -> Option<&'a str> {
        let (begin, end) = (usize::try_from(ends[0]).ok()?, usize::try_from(ends[1]).ok()?);
        let bytes = data.get(begin..end)?;
        let text = whole.map_or_else(|| std::str::from_utf8(bytes).ok(), |text| text.get(begin..end));
        Some(text.unwrap_or(NO_TEXT))
    };
    offsets
        .windows(2)
        .map(|ends| {
            row(ends).ok_or_else(|| {
                let message = "the offsets of a text column do not fit its data";
                data_error("table-bad-offsets", message)
            })
        })
        .collect()
}
