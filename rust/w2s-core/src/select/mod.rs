//! Which rows are kept: scores in, positions or weights out.
//!
//! | door | which rows |
//! |---|---|
//! | [`top`], [`top_k`] | the k best: as a set, or best first; a share of them by [`rows_of_fraction`] |
//! | [`threshold`], [`band`], [`quantile`] | by their scores alone |
//! | [`top_by_group`] | the best of each group |
//! | [`stratified`] | the best of each stratum, in the pool's proportions |
//! | [`within_budget`] | the best that a budget pays for |
//! | [`random_k`] | drawn by a seed |
//! | [`weights`] | all, the trusted ones more |
//! | [`stream`] | the same of a stream, in memory that does not grow with it |
//!
//! ```
//! use w2s_core::select::{top, top_k};
//! let scores = [0.25f32, 1.0, 0.5, 1.0];
//! assert_eq!(top(&scores, 3)?.rows.positions(), [1, 2, 3]);
//! assert_eq!(top_k(&scores, 3)?, [1, 3, 2]);
//! # Ok::<(), w2s_core::select::SelectError>(())
//! ```
//!
//! Everywhere: the higher score is the better, ties go to the lower position, NaN is refused, and the answer
//! does not depend on the number of threads.

mod blocks;
mod bracket;
mod budget;
mod error;
mod group;
mod histogram;
mod lanes;
mod order;
mod random;
mod rows;
mod rules;
mod score;
mod segments;
mod stratified;
pub mod stream;
mod top;
mod weights;

#[cfg(test)]
mod tests;

pub use budget::{BudgetSelection, within_budget};
pub use error::SelectError;
pub use group::{GroupRule, GroupedTop, PerGroup, dense_groups, top_by_group};
pub use order::{best_first, top_k};
pub use random::{draw, random_k};
pub use rows::Rows;
pub use rules::{band, quantile, rows_of_fraction, threshold};
pub use score::Score;
pub use stratified::{largest_remainder, stratified};
pub use top::{Top, top};
pub use weights::{Scale, weights};
