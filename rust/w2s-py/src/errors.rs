//! Rust errors as Python exceptions: bad values are `ValueError`, bad settings its kind `SettingError`.
//!
//! The message is the remedy.

use pyo3::exceptions::PyValueError;
use pyo3::{PyErr, create_exception};
use std::fmt::Display;
use w2s_core::aggregate::AggregateError;
use w2s_core::certify::CertifyError;
use w2s_core::crowd::CrowdError;
use w2s_core::select::SelectError;

create_exception!(w2s._core, SettingError, PyValueError, "An argument that no data could make right.");

/// An error of the core as a `ValueError` with the same words.
pub fn value_error(error: impl Display) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// An error of the core as a `SettingError` with the same words.
pub fn setting_error(error: impl Display) -> PyErr {
    SettingError::new_err(error.to_string())
}

/// Why rows could not be selected.
pub fn select_error(error: SelectError) -> PyErr {
    use SelectError::{
        BadBudget, BadPower, BandUpsideDown, MinAboveMax, NanLimit, NotAShare, PerGroup, TooManyGroups,
    };
    match error {
        NotAShare { .. }
        | NanLimit { .. }
        | BandUpsideDown { .. }
        | PerGroup { .. }
        | MinAboveMax { .. }
        | TooManyGroups
        | BadBudget { .. }
        | BadPower { .. } => setting_error(error),
        _ => value_error(error),
    }
}

/// Why scores could not be combined.
pub fn aggregate_error(error: AggregateError) -> PyErr {
    use AggregateError::{ColumnLength, NanScore, NotAProbability, Ragged};
    match error {
        NanScore { .. } | NotAProbability { .. } | Ragged { .. } | ColumnLength { .. } => value_error(error),
        _ => setting_error(error),
    }
}

/// Why nothing could be certified.
pub fn certify_error(error: CertifyError) -> PyErr {
    use CertifyError::{NanThreshold, NoGrid, OutOfRange};
    match error {
        OutOfRange { .. } | NoGrid | NanThreshold { .. } => setting_error(error),
        _ => value_error(error),
    }
}

/// Why there is no consensus.
pub fn crowd_error(error: CrowdError) -> PyErr {
    use CrowdError::{Code, Empty, Length, Weight};
    match error {
        Empty { .. } | Length { .. } | Code { .. } | Weight { .. } => value_error(error),
        _ => setting_error(error),
    }
}
