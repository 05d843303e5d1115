//! The k best rows of a stream, or k rows drawn from it by a seed.

use super::super::random::draw;
use super::super::{Score, SelectError};
use super::{position, rank, refuse_nan};

/// The k best rows so far, by global positions; ties to the lower position.
///
/// ```
/// use w2s_core::select::stream::TopK;
/// let (mut left, mut right) = (TopK::new(2), TopK::new(2));
/// left.push(0, &[0.5, 0.75]).unwrap();
/// right.push(2, &[1.0, 0.75]).unwrap();
/// right.merge(left);
/// assert_eq!(right.finish(), [2, 1]);
/// ```
#[derive(Clone, Debug)]
pub struct TopK {
    k: usize,
    ranks: Vec<u128>, // at most 2k and a few; the k best of the stream are among them
    worst: u128,      // no row that ranks behind this one can be among the k best
}

impl TopK {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(k: usize) -> Self {
        Self { k, ranks: Vec::new(), worst: u128::MAX }
    }

    /// Adds a shard whose first row is at position `start` of the stream.
    ///
    /// # Errors
    /// [`SelectError::NanScore`] with the position in the stream; nothing of the shard is then added.
    pub fn push<S: Score>(&mut self, start: u64, scores: &[S]) -> Result<(), SelectError> {
        refuse_nan(start, scores)?;
        scores.iter().enumerate().for_each(|(i, &score)| self.see(rank(score, start + i as u64)));
        Ok(())
    }

    /// Adds what another one has kept.
    pub fn merge(&mut self, other: Self) {
        other.ranks.into_iter().for_each(|rank| self.see(rank));
    }

    /// Positions of the k best rows, best first.
    pub fn finish(mut self) -> Vec<u64> {
        self.ranks.sort_unstable();
        self.ranks.truncate(self.k);
        self.ranks.into_iter().map(position).collect()
    }

    // Called for each row from code that is compiled in the caller's crate.
    #[inline]
    pub(super) fn see(&mut self, rank: u128) {
        if self.k > 0 && rank <= self.worst {
            self.keep(rank);
        }
    }

    fn keep(&mut self, rank: u128) {
        self.ranks.push(rank);
        if self.ranks.len() >= self.k.saturating_mul(2).max(1024) {
            let (_, worst, _) = self.ranks.select_nth_unstable(self.k - 1);
            self.worst = *worst;
            self.ranks.truncate(self.k);
        }
    }
}

/// k rows of a stream, drawn by a seed: the same as [`random_k`](super::super::random_k) draws of the whole.
#[derive(Clone, Debug)]
pub struct RandomK {
    seed: u64,
    top: TopK,
}

impl RandomK {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(k: usize, seed: u64) -> Self {
        Self { seed, top: TopK::new(k) }
    }

    /// Adds `rows` rows from position `start` on.
    pub fn push(&mut self, start: u64, rows: usize) {
        (start..start + rows as u64).for_each(|row| self.top.see(rank(draw(self.seed, row), row)));
    }

    /// Adds what another one, of the same seed, has kept.
    pub fn merge(&mut self, other: Self) {
        debug_assert_eq!(self.seed, other.seed);
        self.top.merge(other.top);
    }

    /// Positions of the rows drawn, ascending.
    #[must_use]
    pub fn finish(self) -> Vec<u64> {
        let mut rows = self.top.finish();
        rows.sort_unstable();
        rows
    }
}
