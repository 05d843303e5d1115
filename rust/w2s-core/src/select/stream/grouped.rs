//! The k best rows of each group of a stream.

use std::collections::HashMap;

use super::super::{Score, SelectError};
use super::{TopK, rank, refuse_nan};
use crate::Argument;

/// The k best rows so far of each group, for any group ids; ties to the lower position.
#[derive(Clone, Debug)]
pub struct TopKByGroup {
    k: usize,
    groups: HashMap<u64, TopK>,
}

impl TopKByGroup {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(k: usize) -> Self {
        Self { k, groups: HashMap::new() }
    }

    /// Adds a shard whose first row is at position `start` of the stream.
    ///
    /// # Errors
    /// A score is NaN, named by its position in the stream; lengths differ. Nothing of the shard is then
    /// added.
    pub fn push<S: Score>(&mut self, start: u64, scores: &[S], groups: &[u64]) -> Result<(), SelectError> {
        if groups.len() != scores.len() {
            return Err(SelectError::LengthMismatch {
                argument: Argument::Groups,
                len: groups.len(),
                expected: scores.len(),
            });
        }
        refuse_nan(start, scores)?;
        for (i, (&score, &group)) in scores.iter().zip(groups).enumerate() {
            self.group(group).see(rank(score, start + i as u64));
        }
        Ok(())
    }

    /// Adds what another one has kept.
    pub fn merge(&mut self, other: Self) {
        other.groups.into_iter().for_each(|(group, top)| self.group(group).merge(top));
    }

    /// The groups, ascending, with the positions of their best rows, best first.
    #[must_use]
    pub fn finish(self) -> Vec<(u64, Vec<u64>)> {
        let mut groups: Vec<_> = self.groups.into_iter().map(|(group, top)| (group, top.finish())).collect();
        groups.sort_unstable_by_key(|(group, _)| *group);
        groups
    }

    fn group(&mut self, group: u64) -> &mut TopK {
        let k = self.k;
        self.groups.entry(group).or_insert_with(|| TopK::new(k))
    }
}
