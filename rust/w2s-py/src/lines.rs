//! Lines of JSON.

use crate::scores::values;
use numpy::PyReadonlyArray1;
use pyo3::prelude::*;
use w2s_core::lines::{self, LineFault};

/// Indices of blank lines; the first line with a fault, and whether it nests too deep.
type LineNumbers = (Vec<usize>, Option<(usize, bool)>);

/// How many different keys, each with the keys around it, a block of JSON holds.
#[pyfunction]
pub fn key_count(py: Python<'_>, block: PyReadonlyArray1<'_, u8>) -> PyResult<usize> {
    let block = values(&block)?;
    Ok(py.detach(|| lines::keys(block)))
}

/// Indices of blank lines; the first line with a fault, and whether it nests too deep.
#[pyfunction]
pub fn check_lines(
    py: Python<'_>,
    block: PyReadonlyArray1<'_, u8>,
    offsets: PyReadonlyArray1<'_, i64>,
    deepest: usize,
) -> PyResult<LineNumbers> {
    let (block, offsets) = (values(&block)?, values(&offsets)?);
    let found = py.detach(|| lines::check(block, offsets, deepest));
    Ok((found.blank, found.fault.map(|(line, fault)| (line, fault == LineFault::TooDeep))))
}
