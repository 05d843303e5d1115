//! What can be wrong with the input of an aggregation, one variant a cause.

use thiserror::Error;

/// Why scores could not be combined.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum AggregateError {
    /// A score is not a number, and none may be missing.
    #[error("the score in row {row}, column {column} is NaN; drop it or let it count as missing")]
    NanScore {
        /// Its row, the first that has one.
        row: usize,
        /// Its column.
        column: usize,
    },
    /// There is no column.
    #[error("there is no column of scores")]
    NoColumns,
    /// Values cannot be cut into rows of equal length.
    #[error("{len} values are no whole number of rows of {columns}")]
    Ragged {
        /// How many values there are.
        len: usize,
        /// How many columns were named.
        columns: usize,
    },
    /// Columns differ in length.
    #[error("column {column} has {len} rows, column 0 has {rows}")]
    ColumnLength {
        /// Which column it is.
        column: usize,
        /// Its length.
        len: usize,
        /// Length of the first.
        rows: usize,
    },
    /// There are not as many weights as columns.
    #[error("{len} weights for {columns} columns")]
    Weights {
        /// How many weights were given.
        len: usize,
        /// How many columns there are.
        columns: usize,
    },
    /// A weight is negative, infinite or not a number.
    #[error("the weight of column {column} is {weight}; weights are finite and not negative")]
    BadWeight {
        /// Its column.
        column: usize,
        /// What was given.
        weight: f64,
    },
    /// All weights are zero.
    #[error("every weight is 0")]
    NoWeight,
    /// A share to trim is none.
    #[error("the share to trim at each end is {share}; it lies in [0, 0.5)")]
    BadTrim {
        /// What was given.
        share: f64,
    },
    /// A clip of probabilities is none.
    #[error("the clip is {clip}; it lies in (0, 0.5)")]
    BadClip {
        /// What was given.
        clip: f64,
    },
    /// The limit of a vote is not a number.
    #[error("the limit of a vote is NaN")]
    NanLimit,
    /// A score is no probability.
    #[error("the score in row {row}, column {column} is {score}; this method needs probabilities in [0, 1]")]
    NotAProbability {
        /// Its row, the first that has one.
        row: usize,
        /// Its column.
        column: usize,
        /// What was given.
        score: f64,
    },
}
