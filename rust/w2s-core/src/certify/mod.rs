//! The largest share of a pool whose purity is guaranteed: held-back rows with known answers in, a threshold out.
//!
//! | file | question it answers |
//! |---|---|
//! | `bound` | how low may the purity be, given what was seen? |
//! | `beta` | how likely is a binomial count that high? |
//! | `betting` | does a gambler against that purity get rich? |
//!
//! The guarantee: where pool and held-back rows are exchangeable, the true purity at the threshold returned is below
//! the target with probability at most δ. It holds for all thresholds of the grid at once, which therefore has to be
//! fixed before the rows are counts. Under a shift between the two it is a heuristic.

mod beta;
mod betting;
mod bound;
mod error;

#[cfg(test)]
mod tests;

use rayon::prelude::*;

pub use bound::Bound;
pub use error::CertifyError;

use crate::Argument;
use crate::select::Score;
use bound::GridCounts;

/// The target of a certificate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target<'a> {
    /// The purity to reach, in (0, 1).
    pub purity: f64,
    /// The probability with which it may be missed, in (0, 1).
    pub delta: f64,
    /// How it is bounded.
    pub bound: Bound,
    /// The thresholds to choose from, fixed before the rows were seen; see [`even_grid`].
    pub grid: &'a [f64],
}

/// Which rows were held back from fitting the trust function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Folds<'a> {
    /// The fold of each row.
    pub of_row: &'a [u32],
    /// The folds on which the trust function was fitted.
    pub fitted: &'a [u32],
}

/// The calibration result at one threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Certificate {
    /// Rows with at least this score are kept.
    pub threshold: f64,
    /// Share of the held-back rows that are kept.
    pub coverage: f64,
    /// Number of these rows.
    pub kept: usize,
    /// Number of these rows that are right.
    pub correct: usize,
    /// Lower bound of the purity; with probability 1 − δ it holds at all thresholds of the grid.
    pub bound: f64,
}

/// The result of a certification.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Certification {
    /// The threshold with the largest coverage among those whose bound reaches the target.
    Reached(Certificate),
    /// No threshold reaches it; the one with the highest bound, if any keeps a row.
    Nothing(Option<Certificate>),
}

/// Thresholds 0, 1/k, …, (k − 1)/k, for scores in [0, 1].
#[must_use]
pub fn even_grid(k: usize) -> Vec<f64> {
    (0..k).map(|i| i as f64 / k as f64).collect()
}

/// The largest coverage whose purity is at least the target with probability 1 − δ.
///
/// ```
/// use w2s_core::certify::{Bound, Certification, Target, certify, even_grid};
/// let scores: Vec<f32> = (0..1000).map(|i| i as f32 / 1000.0).collect();
/// let correct: Vec<bool> = scores.iter().map(|&score| score >= 0.5).collect();
/// let target = Target { purity: 0.9, delta: 0.05, bound: Bound::ClopperPearson, grid: &even_grid(20) };
/// let Ok(Certification::Reached(answer)) = certify(&scores, &correct, None, target) else { panic!() };
/// assert!(answer.threshold == 0.5 && answer.bound >= 0.9);
/// ```
///
/// # Errors
/// A score is NaN; lengths differ; every row is right, or none; a row was fitted on; a setting is out of range.
pub fn certify<S: Score>(
    scores: &[S],
    correct: &[bool],
    folds: Option<Folds>,
    target: Target,
) -> Result<Certification, CertifyError> {
    check_target(target)?;
    check_rows(scores, correct)?;
    folds.map_or(Ok(()), |folds| check_folds(folds, scores.len()))?;
    let mut grid = target.grid.to_vec();
    grid.sort_unstable_by(f64::total_cmp);
    let alpha = target.delta / grid.len() as f64;
    let counts = GridCounts::of(scores, correct, &grid, target.bound);
    let certificate = |i: usize| Certificate {
        threshold: grid[i],
        coverage: counts.kept(i) as f64 / scores.len() as f64,
        kept: counts.kept(i),
        correct: counts.correct(i),
        bound: counts.lower_bound(i, alpha),
    };
    let reached = (0..grid.len()).into_par_iter().find_first(|&i| counts.reaches(i, target.purity, alpha));
    Ok(match reached {
        Some(i) => Certification::Reached(certificate(i)),
        None => Certification::Nothing(highest((0..grid.len()).into_par_iter().map(certificate).collect())),
    })
}

/// The highest bound, ties to the larger coverage.
fn highest(certificates: Vec<Certificate>) -> Option<Certificate> {
    let kept = certificates.into_iter().filter(|certificate| certificate.kept > 0);
    kept.reduce(|best, next| if next.bound > best.bound { next } else { best })
}

fn check_target(target: Target) -> Result<(), CertifyError> {
    for (argument, value) in [(Argument::Purity, target.purity), (Argument::Delta, target.delta)] {
        if !(value > 0.0 && value < 1.0) {
            return Err(CertifyError::OutOfRange { argument, value });
        }
    }
    if target.grid.is_empty() {
        return Err(CertifyError::NoGrid);
    }
    let nan = target.grid.iter().position(|threshold| threshold.is_nan());
    nan.map_or(Ok(()), |index| Err(CertifyError::NanThreshold { index }))
}

fn check_rows<S: Score>(scores: &[S], correct: &[bool]) -> Result<(), CertifyError> {
    if correct.len() != scores.len() {
        return Err(CertifyError::LengthMismatch {
            argument: Argument::Correct,
            len: correct.len(),
            expected: scores.len(),
        });
    }
    if let Some(index) = scores.iter().position(|score| score.is_nan()) {
        return Err(CertifyError::NanScore { index });
    }
    match correct.first() {
        None => Err(CertifyError::NoRows),
        Some(&first) if correct.iter().all(|&right| right == first) => {
            Err(CertifyError::OneClass { correct: first })
        }
        Some(_) => Ok(()),
    }
}

fn check_folds(folds: Folds, rows: usize) -> Result<(), CertifyError> {
    if folds.of_row.len() != rows {
        return Err(CertifyError::LengthMismatch {
            argument: Argument::Folds,
            len: folds.of_row.len(),
            expected: rows,
        });
    }
    let fitted = folds.of_row.iter().position(|fold| folds.fitted.contains(fold));
    fitted.map_or(Ok(()), |index| Err(CertifyError::FittedRow { index, fold: folds.of_row[index] }))
}
