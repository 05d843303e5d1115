//! Combines the scores of each row into one: n × m in, n out.
//!
//! | file | question it answers |
//! |---|---|
//! | `table` | how are the scores laid out in memory? |
//! | `method` | how are the scores of a row combined? |
//! | `row` | what is the answer for one row? |
//! | `median` | what is the median of few columns, many rows at once? |
//! | `ranks` | which rank does each row have in each column? |
//!
//! Scores are f32 or f64; the arithmetic is in double precision.

mod error;
mod median;
mod method;
mod ranks;
mod row;
mod table;

#[cfg(test)]
mod tests;

use rayon::prelude::*;

pub use error::AggregateError;
pub use method::{METHODS, Method, Settings};
pub use table::Table;

use crate::select::Score;
use row::RowRule;

/// Rows that one task works on.
const CHUNK: usize = 1 << 12;

/// How NaN is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// It is an error.
    Refuse,
    /// It is a missing score: the row is combined without it.
    Skip,
}

/// One score for each row.
#[derive(Clone, Debug, PartialEq)]
pub struct AggregatedScores {
    /// The combined scores; NaN where every score of the row is missing.
    pub values: Vec<f64>,
    /// How many scores are missing in all.
    pub missing: usize,
    /// How many rows have no score at all.
    pub empty_rows: usize,
}

/// Combines the scores of each row.
///
/// ```
/// use w2s_core::aggregate::{Method, Missing, Table, aggregate};
/// let table = Table::rows(&[0.5f32, 1.0, 0.25, 0.75], 2).unwrap();
/// assert_eq!(aggregate(table, Method::Mean, Missing::Refuse).unwrap().values, [0.75, 0.5]);
/// ```
///
/// # Errors
/// A score is NaN and not allowed to be; a score, a weight or a setting is out of the range of the method.
pub fn aggregate<S: Score>(
    table: Table<S>,
    method: Method,
    missing: Missing,
) -> Result<AggregatedScores, AggregateError> {
    method.check(table.n_columns())?;
    let counts = count_missing(table, missing)?;
    method.check_scores(table)?;
    let values = match method {
        Method::Median if counts.0 == 0 && table.n_columns() <= median::MOST_COLUMNS => {
            median::of_rows(table)
        }
        Method::MeanRank => ranks::mean_ranks(table),
        Method::Borda => ranks::borda(table),
        _ => by_row(table, &RowRule::of(method, table.n_columns()), counts.0 > 0),
    };
    Ok(AggregatedScores { values, missing: counts.0, empty_rows: counts.1 })
}

/// Missing scores and rows without any, or the error that names the first.
fn count_missing<S: Score>(table: Table<S>, missing: Missing) -> Result<(usize, usize), AggregateError> {
    let m = table.n_columns();
    let per_chunk: Vec<(usize, usize)> = table.chunks(CHUNK).map(|chunk| chunk.count_nan()).collect();
    let sums = per_chunk.iter().fold((0, 0), |sums, counts| (sums.0 + counts.0, sums.1 + counts.1));
    if missing == Missing::Refuse && sums.0 > 0 {
        let chunk = per_chunk.iter().position(|counts| counts.0 > 0).unwrap_or_default();
        let first = (chunk * CHUNK..).find_map(|row| {
            (0..m).find(|&column| table.at(row, column).is_nan()).map(|column| (row, column))
        });
        let (row, column) = first.unwrap_or_default();
        return Err(AggregateError::NanScore { row, column });
    }
    Ok(sums)
}

fn by_row<S: Score>(table: Table<S>, rule: &RowRule, has_missing: bool) -> Vec<f64> {
    let mut values = vec![0.0; table.n_rows()];
    values.par_chunks_mut(CHUNK).zip(table.chunks(CHUNK)).for_each_init(
        || (Vec::new(), row::Scratch::default()),
        |(buffer, scratch), (out, chunk)| {
            let rows = chunk.by_rows(buffer);
            rule.apply(rows, has_missing, scratch, out);
        },
    );
    values
}
