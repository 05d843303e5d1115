//! The rank of each row in each column, and aggregates of the ranks over all columns.
//!
//! Ranks rise with the score from 1; ties share the mean of their ranks; a missing score has none.

use rayon::prelude::*;

use super::Table;
use crate::select::Score;

/// The mean rank of each row over the columns in which it has a score; NaN where it has none.
pub fn mean_ranks<S: Score>(table: Table<S>) -> Vec<f64> {
    let (mut sums, counts) = sum_ranks(table);
    sums.par_iter_mut().zip(&counts).for_each(|(sum, &count)| *sum /= f64::from(count));
    sums
}

/// The number of rows that each row beats, summed over the columns in which it has a score; NaN where it has none.
pub fn borda<S: Score>(table: Table<S>) -> Vec<f64> {
    let (mut sums, counts) = sum_ranks(table);
    sums.par_iter_mut().zip(&counts).for_each(|(sum, &count)| {
        *sum = if count == 0 { f64::NAN } else { *sum - f64::from(count) };
    });
    sums
}

/// The sum of the ranks of each row, and in how many columns it has one.
fn sum_ranks<S: Score>(table: Table<S>) -> (Vec<f64>, Vec<u32>) {
    let (mut sums, mut counts) = (vec![0.0; table.n_rows()], vec![0; table.n_rows()]);
    for column in 0..table.n_columns() {
        for (row, rank) in column_ranks(table, column) {
            sums[row] += rank;
            counts[row] += 1;
        }
    }
    (sums, counts)
}

fn column_ranks<S: Score>(table: Table<S>, column: usize) -> impl Iterator<Item = (usize, f64)> {
    let present = (0..table.n_rows()).into_par_iter().filter(|&row| !table.at(row, column).is_nan());
    let mut order: Vec<(S::Key, usize)> = present.map(|row| (table.at(row, column).key(), row)).collect();
    order.par_sort_unstable();
    let mut ranks = Vec::with_capacity(order.len());
    for ties in order.chunk_by(|a, b| a.0 == b.0) {
        let before = ranks.len() as f64;
        let rank = before + (ties.len() as f64 + 1.0) / 2.0;
        ranks.extend(ties.iter().map(|&(_, row)| (row, rank)));
    }
    ranks.into_iter()
}
