//! Thresholds whose purity is guaranteed.

use crate::errors::raised;
use crate::interrupt;
use crate::scores::{Scores, values, with_scores};
use numpy::PyReadonlyArray1;
use pyo3::prelude::*;
use w2s_core::certify::{self as core, Certification, Folds, Target};

/// Threshold, coverage, rows kept, rows of them that are right, lower bound of the purity.
type Certificate = (f64, f64, usize, usize, f64);

/// Whether a threshold of the grid reaches the purity, and what was seen at it, or else at the best one.
#[pyfunction]
#[pyo3(signature = (scores, correct, purity, delta, bound, grid, folds = None, fitted = None))]
#[expect(clippy::too_many_arguments, reason = "the signature is that of the Python function")]
pub fn certify<'py>(
    py: Python<'py>,
    scores: Scores<'py>,
    correct: PyReadonlyArray1<'py, bool>,
    purity: f64,
    delta: f64,
    bound: &str,
    grid: Vec<f64>,
    folds: Option<PyReadonlyArray1<'py, u32>>,
    fitted: Option<Vec<u32>>,
) -> PyResult<(bool, Option<Certificate>)> {
    let target = Target { purity, delta, bound: bound.parse().map_err(raised)?, grid: &grid };
    let correct = values(&correct)?;
    let fitted = fitted.unwrap_or_default();
    let of_row = folds.as_ref().map(values).transpose()?;
    let folds = of_row.map(|of_row| Folds { of_row, fitted: &fitted });
    with_scores!(&scores, |slice| {
        let found = interrupt::run(py, |_| core::certify(slice, correct, folds, target))?;
        Ok(match found.map_err(raised)? {
            Certification::Reached(certificate) => (true, Some(open(certificate))),
            Certification::Nothing(best) => (false, best.map(open)),
        })
    })
}

fn open(found: core::Certificate) -> Certificate {
    (found.threshold, found.coverage, found.kept, found.correct, found.bound)
}
