//! The best rows of each group.
//!
//! | file | question it answers |
//! |---|---|
//! | `ids` | which groups are there, and how large are they? |
//! | `quota` | how many rows does each keep? |
//! | `near` | which rows are those, as far as one reading tells? |
//! | `cut` | at which score is each group cut, by an exact count? |

mod cut;
mod ids;
mod near;
mod quota;

use rayon::prelude::*;

pub use ids::dense_groups;
pub(super) use ids::sizes;
pub use quota::{GroupRule, PerGroup};

use self::cut::{Cuts, cuts};
use super::blocks::{CHUNK, refuse_nan};
use super::lanes::LANES;
use super::{Rows, Score, SelectError};
use crate::Argument;

/// The rows that groups keep, and the size of each group.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupedTop {
    /// The rows that are kept.
    pub rows: Rows,
    /// Rows of each group.
    pub sizes: Vec<usize>,
    /// Rows that each group keeps.
    pub kept: Vec<usize>,
}

/// The best rows of each group, by a rule; ties go to the lower position. `groups[i] < n_groups`.
///
/// ```
/// use w2s_core::select::{GroupRule, PerGroup, top_by_group};
/// let rule = GroupRule::of(PerGroup::Count(&[1]));
/// let top = top_by_group(&[0.5, 0.75, 0.25, 0.25], &[0, 0, 2, 2], 3, &rule).unwrap();
/// assert_eq!(top.rows.positions(), [1, 2]);
/// assert_eq!(top.kept, [1, 0, 1]);
/// ```
///
/// # Errors
/// A score is NaN; lengths differ; a group is unknown; a setting fits neither one nor every group, or is out of range.
pub fn top_by_group<S: Score>(
    scores: &[S],
    groups: &[u32],
    n_groups: usize,
    rule: &GroupRule,
) -> Result<GroupedTop, SelectError> {
    if groups.len() != scores.len() {
        return Err(SelectError::LengthMismatch {
            argument: Argument::Groups,
            len: groups.len(),
            expected: scores.len(),
        });
    }
    refuse_nan(scores)?;
    let sizes = sizes(groups, n_groups)?;
    let kept = rule.quotas(scores, groups, &sizes)?;
    Ok(GroupedTop { rows: top_of_quotas(scores, groups, &sizes, &kept), sizes, kept })
}

/// The best rows of each group, `quotas[g] <= sizes[g]` of them. No score is NaN.
pub(super) fn top_of_quotas<S: Score>(
    scores: &[S],
    groups: &[u32],
    sizes: &[usize],
    quotas: &[usize],
) -> Rows {
    near::top_near(scores, groups, sizes, quotas)
        .unwrap_or_else(|| keep(scores, groups, &cuts(scores, groups, sizes, quotas)))
}

fn keep<S: Score>(scores: &[S], groups: &[u32], cuts: &Cuts<S>) -> Rows {
    let mut rows = Rows::none(scores.len());
    let limits: Vec<S> = cuts.scores.iter().map(|cut| cut.unwrap_or(S::NAN)).collect();
    let columns = scores.par_chunks(CHUNK).zip(groups.par_chunks(CHUNK));
    if cuts.last_tie.is_empty() {
        columns.zip(rows.chunks_mut()).for_each(|((scores, groups), words)| {
            fill(words, scores, groups, |_, score, group| score >= limits[group]);
        });
        return rows;
    }
    let mut last = vec![usize::MAX; limits.len()];
    cuts.last_tie.iter().for_each(|&(group, position)| last[group as usize] = position);
    columns.zip(rows.chunks_mut()).enumerate().for_each(|(chunk, ((scores, groups), words))| {
        fill(words, scores, groups, |offset, score, group| {
            score > limits[group] || (score == limits[group] && chunk * CHUNK + offset <= last[group])
        });
    });
    rows
}

#[inline(always)]
fn fill<S: Score>(words: &mut [u64], scores: &[S], groups: &[u32], keep: impl Fn(usize, S, usize) -> bool) {
    let blocks = scores.chunks(LANES).zip(groups.chunks(LANES));
    for (i, (word, (scores, groups))) in words.iter_mut().zip(blocks).enumerate() {
        *word = scores.iter().zip(groups).enumerate().fold(0, |word, (j, (&score, &group))| {
            word | u64::from(keep(i * LANES + j, score, group as usize)) << j
        });
    }
}
