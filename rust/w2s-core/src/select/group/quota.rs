//! The number of rows that each group keeps.

use super::ids::count;
use crate::Argument;
use crate::select::score::Score;
use crate::select::{SelectError, rows_of_fraction};

/// What each group keeps: one value for all groups, or one for each.
#[derive(Clone, Debug, PartialEq)]
pub enum PerGroup<'a> {
    /// This number of its best rows.
    Count(&'a [usize]),
    /// Its best rows, a share of the group; see [`rows_of_fraction`].
    Fraction(&'a [f64]),
    /// Its rows at or above a score.
    Threshold(&'a [f64]),
}

/// The rule of a selection by group. A group of fewer rows than it should keep keeps all of them.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupRule<'a> {
    /// What each group keeps.
    pub keep: PerGroup<'a>,
    /// Minimum number of rows that each group keeps, its best ones: no value, one for all groups, or one for
    /// each.
    pub min: &'a [usize],
    /// Maximum number of rows that each group keeps: no value, one for all groups, or one for each.
    pub max: &'a [usize],
}

impl<'a> GroupRule<'a> {
    /// A rule without minimum and maximum.
    #[must_use]
    pub fn of(keep: PerGroup<'a>) -> Self {
        Self { keep, min: &[], max: &[] }
    }

    /// Rows that each group keeps, no more than it has.
    pub(super) fn quotas<S: Score>(
        &self,
        scores: &[S],
        groups: &[u32],
        sizes: &[usize],
    ) -> Result<Vec<usize>, SelectError> {
        let n_groups = sizes.len();
        let wanted = match self.keep {
            PerGroup::Count(counts) => spread(Argument::Count, counts, n_groups)?,
            PerGroup::Fraction(fractions) => {
                let fractions = spread(Argument::Fraction, fractions, n_groups)?;
                let quotas =
                    fractions.iter().zip(sizes).map(|(&fraction, &size)| rows_of_fraction(size, fraction));
                quotas.collect::<Result<_, _>>()?
            }
            PerGroup::Threshold(limits) => {
                let limits = spread(Argument::Threshold, limits, n_groups)?;
                if limits.iter().any(|limit| limit.is_nan()) {
                    return Err(SelectError::NanLimit { argument: Argument::Threshold });
                }
                rows_at_least(scores, groups, &limits)
            }
        };
        self.bounded(wanted, sizes)
    }

    fn bounded(&self, wanted: Vec<usize>, sizes: &[usize]) -> Result<Vec<usize>, SelectError> {
        let bound = |argument, values: &[usize], default| match values {
            [] => Ok(vec![default; sizes.len()]),
            values => spread(argument, values, sizes.len()),
        };
        let (min, max) = (bound(Argument::Min, self.min, 0)?, bound(Argument::Max, self.max, usize::MAX)?);
        if let Some(group) = (0..sizes.len()).find(|&group| min[group] > max[group]) {
            return Err(SelectError::MinAboveMax { group, min: min[group], max: max[group] });
        }
        let bounded =
            wanted.iter().enumerate().map(|(i, wanted)| (*wanted).clamp(min[i], max[i]).min(sizes[i]));
        Ok(bounded.collect())
    }
}

/// One value for each group.
fn spread<T: Copy>(argument: Argument, values: &[T], n_groups: usize) -> Result<Vec<T>, SelectError> {
    match values {
        &[one] => Ok(vec![one; n_groups]),
        many if many.len() == n_groups => Ok(many.to_vec()),
        _ => Err(SelectError::SettingLength { argument, len: values.len(), expected: n_groups }),
    }
}

/// Rows of each group at or above the limit of the group.
fn rows_at_least<S: Score>(scores: &[S], groups: &[u32], limits: &[f64]) -> Vec<usize> {
    let counts = count(groups, limits.len(), |start, block| {
        let mut table = vec![0; limits.len()];
        for (score, &group) in scores[start..].iter().zip(block) {
            table[group as usize] += u32::from(score.to_f64() >= limits[group as usize]);
        }
        Some(table)
    });
    counts.unwrap_or_default()
}
