//! The best rows of each stratum, in the proportions that the strata have in the pool.

use super::blocks::refuse_nan;
use super::group::{GroupedTop, sizes, top_of_quotas};
use super::{Score, SelectError};
use crate::Argument;

/// The best rows of each stratum, `k` in all, shared among the strata by their sizes; `strata[i] < n_strata`.
///
/// Each stratum gets ⌊k · size / n⌋ rows, and the rest go one each to the strata with the largest remainders, ties to
/// the lower stratum. A stratum with fewer than `min` is then given its best rows up to `min`, beyond the `k`.
///
/// # Errors
/// A score is NaN; lengths differ; a stratum is unknown.
pub fn stratified<S: Score>(
    scores: &[S],
    strata: &[u32],
    n_strata: usize,
    k: usize,
    min: usize,
) -> Result<GroupedTop, SelectError> {
    if strata.len() != scores.len() {
        return Err(SelectError::LengthMismatch {
            argument: Argument::Strata,
            len: strata.len(),
            expected: scores.len(),
        });
    }
    refuse_nan(scores)?;
    let sizes = sizes(strata, n_strata)?;
    let shares = largest_remainder(&sizes, k);
    let kept: Vec<usize> =
        shares.iter().zip(&sizes).map(|(share, &size)| (*share).max(min).min(size)).collect();
    Ok(GroupedTop { rows: top_of_quotas(scores, strata, &sizes, &kept), sizes, kept })
}

/// Shares `k` among parts by their sizes; the sum of the shares is `k`, or the sum of the sizes where that is less.
///
/// ```
/// use w2s_core::select::largest_remainder;
/// assert_eq!(largest_remainder(&[50, 30, 20], 7), [4, 2, 1]);
/// assert_eq!(largest_remainder(&[1, 2], 9), [1, 2]);
/// ```
///
/// Source: Hamilton's method of apportionment.
#[must_use]
pub fn largest_remainder(sizes: &[usize], k: usize) -> Vec<usize> {
    let total: u128 = sizes.iter().map(|&size| size as u128).sum();
    if total == 0 {
        return vec![0; sizes.len()];
    }
    let k = u128::min(k as u128, total);
    let product = |size: usize| size as u128 * k;
    let mut shares: Vec<usize> = sizes.iter().map(|&size| (product(size) / total) as usize).collect();
    let rest = k as usize - shares.iter().sum::<usize>();
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by_key(|&i| (std::cmp::Reverse(product(sizes[i]) % total), i));
    order.iter().take(rest).for_each(|&i| shares[i] += 1);
    shares
}
