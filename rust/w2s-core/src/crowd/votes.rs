//! Votes: workers, items and classes, checked and sorted by item.

use super::cells::{Cells, is_held};
use super::error::CrowdError;
use crate::Argument;
use std::ops::Range;

/// The vote code of an abstention.
pub const ABSTAIN: u32 = u32::MAX;

/// Codes are 32-bit numbers below [`ABSTAIN`].
const MOST_CODES: usize = ABSTAIN as usize;

/// How many items, workers and classes there are; codes run from 0 below each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Number of items, with and without votes.
    pub items: usize,
    /// Number of workers, with and without votes.
    pub workers: usize,
    /// Number of classes.
    pub classes: usize,
}

/// The columns of a table of votes, one row a vote.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// Item codes.
    pub items: &'a [u32],
    /// Worker codes.
    pub workers: &'a [u32],
    /// Class codes, or [`ABSTAIN`].
    pub votes: &'a [u32],
    /// The weight of each vote: 2 counts the vote twice, 0 ignores it. Without weights each counts 1.
    pub weights: Option<&'a [f64]>,
}

/// Votes sorted by item; within an item they keep the order of the rows. Abstentions and weights of 0 are
/// left out.
#[derive(Clone, Debug)]
pub struct Votes {
    shape: Shape,
    starts: Vec<usize>,
    /// Worker and class, side by side because a pass reads both.
    votes: Vec<(u32, u32)>,
    /// Empty where all votes count 1.
    weights: Vec<f64>,
    /// Workers × classes; empty where that is too much to hold.
    given: Vec<f64>,
    /// The weight of all votes of each worker, where `given` is empty.
    totals: Vec<f64>,
    /// Where items × classes is too much to hold: then a vote has a place among the cells of its item.
    cells: Option<Cells>,
}

impl Votes {
    /// Checks and sorts a table of votes. Time and memory grow with rows, items and workers.
    ///
    /// # Errors
    /// Names the first row with a code out of range or a bad weight, columns whose lengths differ, and what
    /// is empty.
    pub fn new(shape: Shape, rows: Rows<'_>) -> Result<Self, CrowdError> {
        check(shape, rows)?;
        let starts = starts(shape, rows)?;
        let kept = starts[shape.items];
        let mut next = starts.clone();
        let mut votes = vec![(0, 0); kept];
        let mut weights = vec![0.0; if rows.weights.is_some() { kept } else { 0 }];
        let is_held = is_held(kept, &[shape.workers, shape.classes]);
        let mut given = vec![0.0; if is_held { shape.workers * shape.classes } else { 0 }];
        let mut totals = vec![0.0; if is_held { 0 } else { shape.workers }];
        for (row, &item) in rows.items.iter().enumerate().filter(|&(row, _)| rows.counts(row)) {
            let (worker, class) = (rows.workers[row], rows.votes[row]);
            let slot = &mut next[item as usize];
            votes[*slot] = (worker, class);
            if let Some(column) = rows.weights {
                weights[*slot] = column[row];
            }
            if is_held {
                given[worker as usize * shape.classes + class as usize] += rows.weight(row);
            } else {
                totals[worker as usize] += rows.weight(row);
            }
            *slot += 1;
        }
        Ok(Self { shape, starts, votes, weights, given, totals, cells: None })
    }

    /// The same votes with a place among the cells of its item where the class was.
    pub(super) fn with_cells(&self, cells: Cells, places: &[u32]) -> Self {
        let votes = self.votes.iter().zip(places).map(|(&(worker, _), &place)| (worker, place)).collect();
        Self {
            shape: self.shape,
            starts: self.starts.clone(),
            votes,
            weights: self.weights.clone(),
            given: Vec::new(),
            totals: self.totals(),
            cells: Some(cells),
        }
    }

    /// The cells of the posterior where it is not items × classes.
    pub(super) fn cells(&self) -> Option<&Cells> {
        self.cells.as_ref()
    }

    /// How many numbers the posterior has.
    pub(super) fn posterior_len(&self) -> usize {
        self.cells.as_ref().map_or_else(|| self.shape.items * self.shape.classes, Cells::len)
    }

    /// How many items, workers and classes there are.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Number of votes that count.
    #[must_use]
    pub fn len(&self) -> usize {
        self.votes.len()
    }

    /// Whether there is no vote.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.votes.is_empty()
    }

    /// Where the votes on an item lie; for use with [`Votes::vote`].
    #[inline(always)]
    #[must_use]
    pub fn of(&self, item: usize) -> Range<usize> {
        self.starts[item]..self.starts[item + 1]
    }

    /// Worker, class and weight of the vote at a place.
    #[inline(always)]
    #[must_use]
    pub fn vote(&self, at: usize) -> (usize, usize, f64) {
        let weight = if self.weights.is_empty() { 1.0 } else { self.weights[at] };
        let (worker, class) = self.votes[at];
        (worker as usize, class as usize, weight)
    }

    /// The weight that each worker gave to each class: workers × classes; empty where that is over 2²⁴ numbers
    /// and over 32 a vote.
    #[must_use]
    pub fn given(&self) -> &[f64] {
        &self.given
    }

    /// The weight of all votes of each worker.
    #[must_use]
    pub fn totals(&self) -> Vec<f64> {
        if self.given.is_empty() {
            return self.totals.clone();
        }
        self.given.chunks(self.shape.classes).map(|row| row.iter().sum()).collect()
    }

    /// The weight of all votes.
    #[must_use]
    pub fn total(&self) -> f64 {
        if self.given.is_empty() { self.totals.iter().sum() } else { self.given.iter().sum() }
    }

    /// Splits the items into at most `count` runs of about equally many votes. The same votes give the same
    /// runs.
    #[must_use]
    pub fn runs(&self, count: usize) -> Vec<Range<usize>> {
        let share = |run: usize| (self.len() as u128 * run as u128 / count as u128) as usize;
        let mut ends: Vec<usize> =
            (1..count).map(|run| self.starts.partition_point(|&start| start < share(run))).collect();
        ends.push(self.shape.items);
        let mut begin = 0;
        let mut runs = Vec::with_capacity(count);
        for end in ends {
            let end = end.clamp(begin, self.shape.items);
            if end > begin {
                runs.push(begin..end);
            }
            begin = end;
        }
        runs
    }
}

impl Rows<'_> {
    fn weight(&self, row: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[row])
    }

    fn counts(&self, row: usize) -> bool {
        self.votes[row] != ABSTAIN && self.weight(row) > 0.0
    }
}

fn check(shape: Shape, rows: Rows<'_>) -> Result<(), CrowdError> {
    let sizes = [
        (Argument::Rows, rows.items.len()),
        (Argument::Items, shape.items),
        (Argument::Workers, shape.workers),
        (Argument::Classes, shape.classes),
    ];
    if let Some((argument, _)) = sizes.into_iter().find(|&(_, size)| size == 0) {
        return Err(CrowdError::Empty { argument });
    }
    for (table, size) in [("items", shape.items), ("workers", shape.workers), ("classes", shape.classes)] {
        if size > MOST_CODES {
            return Err(CrowdError::TooLarge { table, bytes: size as u128 * size_of::<f64>() as u128 });
        }
    }
    let expected = rows.items.len();
    let mut columns = vec![(Argument::Workers, rows.workers.len()), (Argument::Votes, rows.votes.len())];
    columns.extend(rows.weights.map(|weights| (Argument::Weights, weights.len())));
    if let Some((argument, len)) = columns.into_iter().find(|&(_, len)| len != expected) {
        return Err(CrowdError::LengthMismatch { argument, len, expected });
    }
    Ok(())
}

fn check_row(shape: Shape, rows: Rows<'_>, row: usize) -> Result<(), CrowdError> {
    let code = |argument, code: u32, limit| {
        if (code as usize) < limit {
            Ok(())
        } else {
            Err(CrowdError::UnknownCode { argument, row, code, limit })
        }
    };
    code(Argument::Items, rows.items[row], shape.items)?;
    code(Argument::Workers, rows.workers[row], shape.workers)?;
    if rows.votes[row] != ABSTAIN {
        code(Argument::Votes, rows.votes[row], shape.classes)?;
    }
    let weight = rows.weight(row);
    if weight >= 0.0 && weight.is_finite() { Ok(()) } else { Err(CrowdError::BadWeight { row, weight }) }
}

/// Checks every row; where each item's votes start once they are sorted, and the number of all.
fn starts(shape: Shape, rows: Rows<'_>) -> Result<Vec<usize>, CrowdError> {
    let mut starts = vec![0; shape.items + 1];
    for (row, &item) in rows.items.iter().enumerate() {
        check_row(shape, rows, row)?;
        starts[item as usize + 1] += usize::from(rows.counts(row));
    }
    for item in 0..shape.items {
        starts[item + 1] += starts[item];
    }
    Ok(starts)
}
