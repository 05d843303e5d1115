//! What can be wrong with the input of a certificate, one variant a cause.

use thiserror::Error;

/// Why nothing could be certified.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum CertifyError {
    /// A score is not a number.
    #[error("score {index} is NaN; drop such rows first")]
    NanScore {
        /// Position of the first such row.
        index: usize,
    },
    /// Two columns of one table differ in length.
    #[error("{name} has {len} values for {rows} scores")]
    Lengths {
        /// Which column it is.
        name: &'static str,
        /// Its length.
        len: usize,
        /// Length of the scores.
        rows: usize,
    },
    /// There are no rows.
    #[error("there are no rows to calibrate on")]
    NoRows,
    /// All rows are right, or all wrong.
    #[error("every row is {}; a calibration needs right and wrong ones", if *.correct { "right" } else { "wrong" })]
    OneClass {
        /// Whether they are right.
        correct: bool,
    },
    /// A probability is none.
    #[error("{name} {value} lies outside (0, 1)")]
    OutOfRange {
        /// Which argument it is.
        name: &'static str,
        /// What was given.
        value: f64,
    },
    /// There is no threshold to choose from.
    #[error("the grid has no threshold")]
    NoGrid,
    /// A threshold is not a number.
    #[error("threshold {index} of the grid is NaN")]
    NanThreshold {
        /// Its place in the grid.
        index: usize,
    },
    /// The trust function was fitted on a row.
    #[error(
        "row {index} is of fold {fold}, on which the trust function was fitted; calibrate on rows held back"
    )]
    FittedRow {
        /// Position of the first such row.
        index: usize,
        /// Its fold.
        fold: u32,
    },
}
