//! One pass over all items in parallel, whose answer does not depend on the number of threads.
//!
//! The items are cut into runs that follow from the votes alone; each run fills its own table, and the tables
//! are added up in the order of the runs.

use super::climb::go_on;
use super::error::CrowdError;
use super::votes::Votes;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::atomic::AtomicBool;

const MOST_RUNS: usize = 64;
const FEWEST_RUNS: usize = 4;
const VOTES_A_RUN: usize = 64;

/// The runs of a pass whose table has `cells` cells: at least four, and otherwise as many as keep all tables
/// together about as large as the votes.
pub(super) fn runs(votes: &Votes, cells: usize) -> Vec<Range<usize>> {
    let affordable = (votes.len() / cells.max(1)).clamp(FEWEST_RUNS, MOST_RUNS);
    votes.runs((votes.len() / VOTES_A_RUN).clamp(1, affordable))
}

/// Calls `work` once a run with the run, its rows of `values` (`width` an item) and a table of zeros;
/// returns the sum of the tables.
pub(super) fn sweep(
    votes: &Votes,
    cells: usize,
    width: usize,
    values: &mut [f64],
    stop: &AtomicBool,
    work: impl Fn(Range<usize>, &mut [f64], &mut [f64]) + Sync,
) -> Result<Vec<f64>, CrowdError> {
    sweep_rows(votes, cells, &|item| item * width, values, stop, work)
}

/// As [`sweep`], with rows of any width: `start` says where that of an item begins.
pub(super) fn sweep_rows(
    votes: &Votes,
    cells: usize,
    start: &impl Fn(usize) -> usize,
    values: &mut [f64],
    stop: &AtomicBool,
    work: impl Fn(Range<usize>, &mut [f64], &mut [f64]) + Sync,
) -> Result<Vec<f64>, CrowdError> {
    let runs = runs(votes, cells);
    let tables: Result<Vec<Vec<f64>>, CrowdError> = cut(&runs, start, values)
        .into_par_iter()
        .map(|(run, rows)| {
            go_on(stop)?;
            let mut table = vec![0.0; cells];
            work(run, rows, &mut table);
            Ok(table)
        })
        .collect();
    Ok(add_up(tables?, cells))
}

/// Each run with its rows of a matrix over items.
fn cut<'a>(
    runs: &[Range<usize>],
    start: &impl Fn(usize) -> usize,
    mut values: &'a mut [f64],
) -> Vec<(Range<usize>, &'a mut [f64])> {
    let mut pieces = Vec::with_capacity(runs.len());
    for run in runs {
        let (rows, rest) = values.split_at_mut(start(run.end) - start(run.start));
        pieces.push((run.clone(), rows));
        values = rest;
    }
    pieces
}

fn add_up(tables: Vec<Vec<f64>>, cells: usize) -> Vec<f64> {
    let mut tables = tables.into_iter();
    let mut sum = tables.next().unwrap_or_else(|| vec![0.0; cells]);
    for table in tables {
        for (total, value) in sum.iter_mut().zip(table) {
            *total += value;
        }
    }
    sum
}
