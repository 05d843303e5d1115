//! Rust errors as Python exceptions: bad values are `ValueError`; the message is the remedy.

use pyo3::PyErr;
use pyo3::exceptions::PyValueError;
use std::fmt::Display;

/// An error of the core as a `ValueError` with the same words.
pub fn value_error(error: impl Display) -> PyErr {
    PyValueError::new_err(error.to_string())
}
