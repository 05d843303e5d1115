//! The binding: check, release the GIL, wrap. No algorithm lives here.

mod agree;
mod errors;
mod interrupt;
mod search;
mod state;
mod texts;

use pyo3::prelude::*;

/// The compiled core of w2s; `w2s.kernels` is its only importer.
#[pymodule]
mod _core {
    #[pymodule_export]
    use crate::agree::agree;
    #[pymodule_export]
    use crate::search::{Searched, perft, search, solve};
    #[pymodule_export]
    use crate::state::{State, game_names, planes_shape, policy_size, start};
}
