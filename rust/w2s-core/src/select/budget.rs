//! The best rows that a budget pays for.
//!
//! The greedy rule: rows are taken best first while the sum of their costs stays within the budget, and the first row
//! that does not fit ends the selection, even if a cheaper one further down would fit. The sum is taken in that order,
//! in double precision.

use rayon::prelude::*;

use super::blocks::{CHUNK, first_where, refuse_nan};
use super::order::best_first;
use super::top::top;
use super::{Rows, Score, SelectError};
use crate::Argument;

/// The rows that a budget pays for.
#[derive(Clone, Debug, PartialEq)]
pub struct BudgetSelection {
    /// Positions of the rows, best first.
    pub positions: Vec<i64>,
    /// Their total cost.
    pub spent: f64,
}

impl BudgetSelection {
    /// Positions of the rows, ascending.
    #[must_use]
    pub fn ascending(&self) -> Vec<i64> {
        let mut positions = self.positions.clone();
        positions.par_sort_unstable();
        positions
    }
}

/// Takes rows best first, ties by lower position, until one does not fit the budget; see the module.
///
/// # Errors
/// A score is NaN; a cost is negative or not finite; the budget is negative or NaN; lengths differ.
pub fn within_budget<S: Score>(
    scores: &[S],
    costs: &[f64],
    budget: f64,
) -> Result<BudgetSelection, SelectError> {
    if costs.len() != scores.len() {
        return Err(SelectError::LengthMismatch {
            argument: Argument::Costs,
            len: costs.len(),
            expected: scores.len(),
        });
    }
    check_budget(budget)?;
    check_costs(costs)?;
    refuse_nan(scores)?;
    let total: f64 =
        costs.par_chunks(CHUNK).map(|chunk| chunk.iter().sum::<f64>()).collect::<Vec<_>>().iter().sum();
    let mut looked_at = first_look(scores.len(), total, budget);
    loop {
        let rows =
            if looked_at < scores.len() { top(scores, looked_at)?.rows } else { Rows::all(scores.len()) };
        let bought = buy(best_first(scores, &rows), costs, budget);
        if bought.positions.len() < looked_at || looked_at >= scores.len() {
            return Ok(bought);
        }
        looked_at *= 2;
    }
}

/// Rows to sort at first: what the budget pays for at the mean cost, and half as many again.
fn first_look(rows: usize, total: f64, budget: f64) -> usize {
    let affordable = if total > budget { rows as f64 * (budget / total) * 1.5 } else { rows as f64 };
    (affordable as usize + 1024).min(rows)
}

fn buy(mut order: Vec<i64>, costs: &[f64], budget: f64) -> BudgetSelection {
    let mut spent = 0.0;
    let fits = order.iter().take_while(|&&row| {
        let sum = spent + costs[row as usize];
        if sum <= budget {
            spent = sum;
        }
        sum <= budget
    });
    let count = fits.count();
    order.truncate(count);
    BudgetSelection { positions: order, spent }
}

/// Nothing, or the error for an invalid budget.
pub(super) fn check_budget(budget: f64) -> Result<(), SelectError> {
    if budget >= 0.0 { Ok(()) } else { Err(SelectError::BadBudget { budget }) }
}

/// Nothing, or the error that names the first invalid cost.
pub(super) fn check_costs(costs: &[f64]) -> Result<(), SelectError> {
    let is_bad = |cost: f64| !(0.0..f64::INFINITY).contains(&cost);
    first_where(costs, is_bad).map_or(Ok(()), |index| Err(SelectError::BadCost { index, cost: costs[index] }))
}
