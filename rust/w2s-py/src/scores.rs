//! Columns of numbers from Python: contiguous arrays, borrowed; scores may be f32 or f64.

use crate::errors::data_error;
use numpy::{Element, PyReadonlyArray1};
use pyo3::prelude::*;

/// A column of scores that keeps its Python owner alive.
#[derive(FromPyObject)]
pub enum Scores<'py> {
    /// Single precision.
    #[pyo3(transparent, annotation = "float32")]
    F32(PyReadonlyArray1<'py, f32>),
    /// Double precision.
    #[pyo3(transparent, annotation = "float64")]
    F64(PyReadonlyArray1<'py, f64>),
}

/// The values of a column.
///
/// # Errors
/// `CoreError` where they are not contiguous.
pub fn values<'a, T: Element>(column: &'a PyReadonlyArray1<'_, T>) -> PyResult<&'a [T]> {
    column.as_slice().map_err(|_| data_error("table-not-contiguous", "a column must be contiguous"))
}

/// Runs the same code over scores of either precision.
macro_rules! with_scores {
    ($scores:expr, |$slice:ident| $body:expr) => {
        match $scores {
            $crate::scores::Scores::F32(column) => {
                let $slice = $crate::scores::values(column)?;
                $body
            }
            $crate::scores::Scores::F64(column) => {
                let $slice = $crate::scores::values(column)?;
                $body
            }
        }
    };
}
pub(crate) use with_scores;
