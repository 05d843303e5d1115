//! The binding: check, release the GIL, wrap. No algorithm lives here.

mod aggregate;
mod agree;
mod certify;
mod crowd;
mod deliberation;
mod encode;
mod errors;
mod interrupt;
mod lines;
mod pages;
mod parquet;
mod pool;
mod scores;
mod search;
mod select;
mod state;
mod stream;
mod texts;

use pyo3::prelude::*;

/// The compiled core of w2s; `w2s.kernels` is its only importer.
///
/// Free-threaded Python is not tested yet: there, importing this module turns the GIL on.
#[pymodule(gil_used = true)]
mod _core {
    #[pymodule_export]
    use crate::aggregate::aggregate;
    #[pymodule_export]
    use crate::agree::agree;
    #[pymodule_export]
    use crate::certify::certify;
    #[pymodule_export]
    use crate::crowd::{Consensus, crowd_fit, crowd_methods};
    #[pymodule_export]
    use crate::deliberation::{Deliberation, DeliberationFinding};
    #[pymodule_export]
    use crate::encode::{encode, lc0_places, move_traits, view_shape};
    #[pymodule_export]
    use crate::errors::{CoreError, SettingError};
    #[pymodule_export]
    use crate::lines::{check_lines, key_count};
    #[pymodule_export]
    use crate::pages::footer;
    #[pymodule_export]
    use crate::parquet::GroupReader;
    #[pymodule_export]
    use crate::search::{SearchResult, perft, search, solve};
    #[pymodule_export]
    use crate::select::{
        apportion, between, dense_groups, quantile, random_k, rows_of_share, top, top_by_group, top_k,
        weights, within_budget,
    };
    #[pymodule_export]
    use crate::state::{State, game_names, planes_shape, policy_size, start};
    #[pymodule_export]
    use crate::stream::{Narrowing, RandomK, TopK, TopKByGroup, WithinBudget};

    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::errors::add_code(module.py())
    }
}
