//! Weights instead of a cut: every row counts, the trusted ones more.

use rayon::prelude::*;

use super::blocks::{CHUNK, first_where, refuse_nan};
use super::{Score, SelectError};

/// What weights are scaled to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Their sum is 1.
    Sum,
    /// Their mean is 1.
    Mean,
}

/// score^power of each row, scaled. A power of 0 weighs all rows alike, 0⁰ being 1.
///
/// ```
/// use w2s_core::select::{Scale, weights};
/// assert_eq!(weights(&[0.5f32, 1.0, 0.5], 1.0, Scale::Sum).unwrap(), [0.25, 0.5, 0.25]);
/// ```
///
/// # Errors
/// A score is NaN, negative or infinite; the power is negative or not finite; every weight is 0.
pub fn weights<S: Score>(scores: &[S], power: f64, scale: Scale) -> Result<Vec<f64>, SelectError> {
    if !(0.0..f64::INFINITY).contains(&power) {
        return Err(SelectError::BadPower { power });
    }
    refuse_nan(scores)?;
    let is_bad = |score: S| !(0.0..f64::INFINITY).contains(&score.to_f64());
    if let Some(index) = first_where(scores, is_bad) {
        return Err(SelectError::BadWeight { index, score: scores[index].to_f64() });
    }
    // Relative to the best score, so that no power overflows.
    let best = scores.par_iter().map(|score| score.to_f64()).reduce(|| 0.0, f64::max);
    let unit = if best > 0.0 { best } else { 1.0 };
    let mut weights: Vec<f64> = scores.par_iter().map(|score| (score.to_f64() / unit).powf(power)).collect();
    let sums: Vec<f64> = weights.par_chunks(CHUNK).map(|chunk| chunk.iter().sum()).collect();
    let sum: f64 = sums.iter().sum();
    if weights.is_empty() {
        return Ok(weights);
    }
    if sum == 0.0 {
        return Err(SelectError::NoWeight);
    }
    let factor = match scale {
        Scale::Sum => 1.0 / sum,
        Scale::Mean => weights.len() as f64 / sum,
    };
    weights.par_iter_mut().for_each(|weight| *weight *= factor);
    Ok(weights)
}
