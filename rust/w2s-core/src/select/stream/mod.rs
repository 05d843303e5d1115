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
pub use narrowing::{Cut, Cuts, Narrowing};
pub use top_k::{RandomK, TopK};

use super::Score;

/// The place of a row in the order, best first: the inverted key above the position.
fn rank<S: Score>(score: S, position: u64) -> u128 {
    let key: u64 = score.key().into();
    (u128::from(!key) << 64) | u128::from(position)
}

/// The position in a rank.
fn position(rank: u128) -> u64 {
    rank as u64
}

/// Nothing, or the error that names the first NaN of a shard by its position in the stream.
fn refuse_nan<S: Score>(start: u64, scores: &[S]) -> Result<(), super::SelectError> {
    super::blocks::refuse_nan(scores).map_err(|error| error.shifted(start as usize))
}
