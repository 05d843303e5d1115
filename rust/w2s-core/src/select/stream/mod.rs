//! Selections over a stream: shards are pushed as they come, and what is kept so far fits in memory.
//!
//! | type | keeps | memory |
//! |---|---|---|
//! | [`TopK`] | the k best rows | O(k) |
//! | [`TopKByGroup`] | the k best rows of each group | O(groups · k) |
//! | [`RandomK`] | k rows drawn by a seed | O(k) |
//! | [`WithinBudget`] | the best rows that a budget pays for | O(rows that it pays for) |
//! | [`Narrowing`] | where each group is cut, by passes over a stream that can be read again | O(groups) |
//!
//! Each is merged with others of its kind, and neither the order of the shards nor how they were cut or merged changes
//! the answer. A threshold and a band look at one row at a time and need no accumulator. A fraction, a quantile and
//! strata depend on how many rows there will have been: they need a first pass that counts.

mod budget;
mod grouped;
mod narrowing;
mod top_k;

pub use budget::WithinBudget;
pub use grouped::TopKByGroup;
pub use narrowing::{Cut, Narrowing, kept};
pub use top_k::{RandomK, TopK};

use super::Score;

/// Where a row stands, best first: the inverted key above the position.
fn rank<S: Score>(score: S, position: u64) -> u128 {
    let key: u64 = score.key().into();
    (u128::from(!key) << 64) | u128::from(position)
}

/// The position in a rank.
fn position(rank: u128) -> u64 {
    rank as u64
}

/// Position in the stream of the first NaN of a shard that starts at a position.
fn refuse_nan<S: Score>(start: u64, scores: &[S]) -> Result<(), super::SelectError> {
    super::blocks::first_nan(scores)
        .map_or(Ok(()), |index| Err(super::SelectError::NanScore { index: start as usize + index }))
}
