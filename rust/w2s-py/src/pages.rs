//! Footers of Parquet files.

use crate::errors::{raised, shape_error};
use crate::scores::values;
use numpy::ndarray::Array2;
use numpy::{IntoPyArray, PyArray2, PyReadonlyArray1};
use pyo3::prelude::*;
use w2s_core::pages;

type Table<'py> = Bound<'py, PyArray2<i64>>;

/// Rows and bytes of each row group; type, codec, encodings, begin, end, bytes, values and dictionary of each chunk.
#[pyfunction]
pub fn footer<'py>(
    py: Python<'py>,
    bytes: PyReadonlyArray1<'py, u8>,
    size: i64,
) -> PyResult<(Table<'py>, Table<'py>)> {
    let bytes = values(&bytes)?;
    let found = py.detach(|| pages::footer(bytes, size)).map_err(raised)?;
    let groups = found.groups.iter().flat_map(|group| [group.rows, group.bytes]).collect();
    let chunks = found.chunks.iter().flat_map(|chunk| {
        [
            chunk.physical_type,
            chunk.codec,
            chunk.encodings,
            chunk.begin,
            chunk.end,
            chunk.bytes,
            chunk.values,
            i64::from(chunk.has_dictionary),
        ]
    });
    let groups = Array2::from_shape_vec((found.groups.len(), 2), groups).map_err(shape_error)?;
    let chunks = Array2::from_shape_vec((found.chunks.len(), 8), chunks.collect()).map_err(shape_error)?;
    Ok((groups.into_pyarray(py), chunks.into_pyarray(py)))
}
