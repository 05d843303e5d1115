//! Rust errors as Python exceptions: each has a message and a stable `code`.
//!
//! Bad data is a `CoreError`, a `ValueError`. An argument that no data could make valid is a `SettingError`,
//! a subclass of `CoreError`. Each Rust error names its code and says which of the two it is.

use numpy::ndarray::ShapeError;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::{PyTypeInfo, create_exception};
use std::fmt::Display;
use w2s_core::aggregate::AggregateError;
use w2s_core::certify::CertifyError;
use w2s_core::crowd::CrowdError;
use w2s_core::pages::FooterError;
use w2s_core::select::SelectError;
use w2s_games::game::UnknownNotation;
use w2s_games::registry::UnknownGame;
use w2s_games::view::UnknownView;
use w2s_games::{MoveError, PositionError};

create_exception!(
    w2s._core,
    CoreError,
    PyValueError,
    "Data that cannot be used; its code says why, the message where."
);
create_exception!(w2s._core, SettingError, CoreError, "An argument that no data could make right.");

/// Gives both exceptions the attribute that instances fill.
pub fn add_code(py: Python<'_>) -> PyResult<()> {
    py.get_type::<CoreError>().setattr("code", "")
}

/// An error that says what kind of fault it is.
pub trait Fault: Display {
    /// A stable identifier of the fault.
    fn code(&self) -> &'static str;
    /// Whether an argument is wrong that no data could make right.
    fn is_setting(&self) -> bool;
}

macro_rules! fault {
    ($($error:ty),+ $(,)?) => {
        $(impl Fault for $error {
            fn code(&self) -> &'static str {
                <$error>::code(self)
            }

            fn is_setting(&self) -> bool {
                <$error>::is_setting(self)
            }
        })+
    };
}

fault!(
    AggregateError,
    CertifyError,
    CrowdError,
    FooterError,
    MoveError,
    PositionError,
    SelectError,
    UnknownGame,
    UnknownNotation,
    UnknownView,
);

/// An error as its exception.
pub fn raised(error: impl Fault) -> PyErr {
    if error.is_setting() { setting_error(error.code(), &error) } else { data_error(error.code(), &error) }
}

/// Data that cannot be used.
pub fn data_error(code: &'static str, message: impl Display) -> PyErr {
    exception::<CoreError>(code, message)
}

/// An argument that no data could make right.
pub fn setting_error(code: &'static str, message: impl Display) -> PyErr {
    exception::<SettingError>(code, message)
}

/// An array whose values do not fit its shape: a fault of the binding.
pub fn shape_error(error: ShapeError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

fn exception<E: PyTypeInfo>(code: &'static str, message: impl Display) -> PyErr {
    let error = PyErr::new::<E, _>(message.to_string());
    Python::attach(|py| match error.value(py).setattr("code", code) {
        Ok(()) => error,
        Err(other) => other,
    })
}
