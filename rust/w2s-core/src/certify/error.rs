//! What can be wrong with the input of a certificate, one variant a cause.

use crate::Argument;
use thiserror::Error;

/// Why nothing could be certified.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum CertifyError {
    /// A score is not a number.
    #[error("score {index} is NaN; drop such rows first")]
    NanScore {
        /// Position of the first such row.
        index: usize,
    },
    /// Two columns of one table differ in length.
    #[error("{argument} has {len} values for {expected} scores")]
    LengthMismatch {
        /// Which column it is.
        argument: Argument,
        /// Its length.
        len: usize,
        /// Length of the scores.
        expected: usize,
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
    /// A probability lies outside (0, 1).
    #[error("{argument} is {value}; it must be between 0 and 1")]
    OutOfRange {
        /// Which argument it is.
        argument: Argument,
        /// What was given.
        value: f64,
    },
    /// There is no threshold to choose from.
    #[error("the grid has no threshold; give at least one")]
    NoGrid,
    /// A threshold is not a number.
    #[error("threshold {index} of the grid is NaN")]
    NanThreshold {
        /// Its place in the grid.
        index: usize,
    },
    /// A row belongs to a fold on which the trust function was fitted.
    #[error(
        "row {index} is in fold {fold}, on which the trust function was fitted; calibrate on rows held back"
    )]
    FittedRow {
        /// Position of the first such row.
        index: usize,
        /// Its fold.
        fold: u32,
    },
    /// No bound has this name.
    #[error("unknown bound {name:?}; use one of: {known}")]
    UnknownBound {
        /// What was given.
        name: String,
        /// The names that exist.
        known: String,
    },
}

impl CertifyError {
    /// Whether an argument is wrong that no data could make right; otherwise the data is.
    #[must_use]
    pub fn is_setting(&self) -> bool {
        match self {
            Self::OutOfRange { .. }
            | Self::NoGrid
            | Self::NanThreshold { .. }
            | Self::UnknownBound { .. } => true,
            Self::NanScore { .. }
            | Self::LengthMismatch { .. }
            | Self::NoRows
            | Self::OneClass { .. }
            | Self::FittedRow { .. } => false,
        }
    }

    /// A stable identifier of the fault.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NanScore { .. } => "certify-nan-score",
            Self::LengthMismatch { .. } => "certify-length-mismatch",
            Self::NoRows => "certify-no-rows",
            Self::OneClass { .. } => "certify-one-class",
            Self::OutOfRange { .. } => "certify-out-of-range",
            Self::NoGrid => "certify-bad-grid",
            Self::NanThreshold { .. } => "certify-nan-threshold",
            Self::FittedRow { .. } => "certify-fitted-row",
            Self::UnknownBound { .. } => "certify-unknown-method",
        }
    }
}
