//! Rules that say which rows are kept by their scores alone: a fraction, a quantile, a threshold, a band.

use super::blocks::refuse_nan;
use super::top::top;
use super::{Rows, Score, SelectError};
use crate::Argument;

/// How many of `rows` a fraction is: ⌊rows · fraction + ½⌋, so none at 0 and all at 1.
///
/// # Errors
/// [`SelectError::ShareOutOfRange`] outside [0, 1].
pub fn rows_of_fraction(rows: usize, fraction: f64) -> Result<usize, SelectError> {
    share(Argument::Fraction, fraction)?;
    Ok(((rows as f64 * fraction + 0.5).floor() as usize).min(rows))
}

/// The score below or at which a share `q` of the rows lies: the smallest score `v` such that at least `q · n` rows
/// are at most `v` (the inverse of the empirical distribution); none without rows.
///
/// # Errors
/// A score is NaN, or `q` lies outside [0, 1].
pub fn quantile<S: Score>(scores: &[S], q: f64) -> Result<Option<S>, SelectError> {
    share(Argument::Quantile, q)?;
    let below = ((scores.len() as f64 * q).ceil() as usize).max(1);
    Ok(top(scores, (scores.len() + 1).saturating_sub(below))?.cut)
}

/// Rows with a score of at least `low`.
///
/// ```
/// use w2s_core::select::threshold;
/// assert_eq!(threshold(&[0.5f32, 0.25, 0.75], 0.5).unwrap().positions(), [0, 2]);
/// ```
///
/// The limit is compared in double precision.
///
/// # Errors
/// A score or the limit is NaN.
pub fn threshold<S: Score>(scores: &[S], low: f64) -> Result<Rows, SelectError> {
    if low.is_nan() {
        return Err(SelectError::NanLimit { argument: Argument::Threshold });
    }
    refuse_nan(scores)?;
    let low = S::at_or_above(low);
    Ok(Rows::where_scores(scores, |block| S::at_least(block, low)))
}

/// Rows with `low <= score <= high`. The limits are compared in double precision.
///
/// # Errors
/// A score or a limit is NaN, or `high < low`.
pub fn band<S: Score>(scores: &[S], low: f64, high: f64) -> Result<Rows, SelectError> {
    for (argument, limit) in [(Argument::Low, low), (Argument::High, high)] {
        if limit.is_nan() {
            return Err(SelectError::NanLimit { argument });
        }
    }
    if high < low {
        return Err(SelectError::LimitsReversed { low, high });
    }
    refuse_nan(scores)?;
    let (low, high) = (S::at_or_above(low), S::at_or_below(high));
    Ok(Rows::where_scores(scores, |block| S::at_least(block, low) & !S::not_at_most(block, high)))
}

fn share(argument: Argument, value: f64) -> Result<(), SelectError> {
    if (0.0..=1.0).contains(&value) { Ok(()) } else { Err(SelectError::ShareOutOfRange { argument, value }) }
}
