//! The best rows of a stream that a budget pays for, by the greedy rule of the selection over a whole column.

use super::super::budget::{check_budget, check_costs};
use super::super::{Score, SelectError};
use super::{position, rank, refuse_nan};
use crate::Argument;

/// The rows so far that the budget pays for.
///
/// Costs are never negative, so a row that does not fit now never will, and neither will any that ranks behind it.
#[derive(Clone, Debug)]
pub struct WithinBudget {
    budget: f64,
    rows: Vec<(u128, f64)>, // rank and cost
    end: u128,              // the best row that does not fit; it and all behind it are out
    tidy_at: usize,
}

/// Rows that are always held before they are sorted and cut.
const LEAST: usize = 1024;

impl WithinBudget {
    /// Nothing seen yet.
    ///
    /// # Errors
    /// [`SelectError::BadBudget`] where the budget is negative or NaN.
    pub fn new(budget: f64) -> Result<Self, SelectError> {
        check_budget(budget)?;
        Ok(Self { budget, rows: Vec::new(), end: u128::MAX, tidy_at: LEAST })
    }

    /// Adds a shard whose first row is at position `start` of the stream.
    ///
    /// # Errors
    /// A score is NaN or a cost negative or not finite, named by its position in the stream; lengths differ.
    /// Nothing of the shard is then added.
    pub fn push<S: Score>(&mut self, start: u64, scores: &[S], costs: &[f64]) -> Result<(), SelectError> {
        if costs.len() != scores.len() {
            return Err(SelectError::LengthMismatch {
                argument: Argument::Costs,
                len: costs.len(),
                expected: scores.len(),
            });
        }
        check_costs(costs).map_err(|error| error.shifted(start as usize))?;
        refuse_nan(start, scores)?;
        for (i, (&score, &cost)) in scores.iter().zip(costs).enumerate() {
            self.see(rank(score, start + i as u64), cost);
        }
        Ok(())
    }

    /// Adds what another one, of the same budget, has kept.
    pub fn merge(&mut self, other: Self) {
        debug_assert_eq!(self.budget, other.budget);
        self.end = self.end.min(other.end);
        other.rows.into_iter().for_each(|(rank, cost)| self.see(rank, cost));
    }

    /// Positions of the rows, best first, and their total cost.
    #[must_use]
    pub fn finish(mut self) -> (Vec<u64>, f64) {
        let spent = self.tidy();
        (self.rows.into_iter().map(|(rank, _)| position(rank)).collect(), spent)
    }

    // Called for each row from code that is compiled in the caller's crate.
    #[inline]
    fn see(&mut self, rank: u128, cost: f64) {
        if rank < self.end {
            self.keep(rank, cost);
        }
    }

    fn keep(&mut self, rank: u128, cost: f64) {
        self.rows.push((rank, cost));
        if self.rows.len() >= self.tidy_at {
            self.tidy();
            self.tidy_at = LEAST.max(2 * self.rows.len());
        }
    }

    /// Sorts the rows and drops those that do not fit; returns the total cost of the others.
    fn tidy(&mut self) -> f64 {
        self.rows.sort_unstable_by_key(|(rank, _)| *rank);
        let mut spent = 0.0;
        let fits = self.rows.iter().position(|&(rank, cost)| {
            let ends = rank >= self.end || spent + cost > self.budget;
            if !ends {
                spent += cost;
            }
            ends
        });
        if let Some(count) = fits {
            self.end = self.end.min(self.rows[count].0);
            self.rows.truncate(count);
        }
        spent
    }
}
