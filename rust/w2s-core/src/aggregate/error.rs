//! What can be wrong with the input of an aggregation, one variant a cause.

use crate::Argument;
use thiserror::Error;

/// Why scores could not be combined.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum AggregateError {
    /// A score is not a number, and none may be missing.
    #[error("the score in row {row}, column {column} is NaN; drop the row, or count NaN as missing")]
    NanScore {
        /// Its row, the first that has one.
        row: usize,
        /// Its column.
        column: usize,
    },
    /// There is no column.
    #[error("there is no column of scores; give at least one")]
    NoColumns,
    /// Values cannot be cut into rows of equal length.
    #[error("{len} values are not a whole number of rows of {columns}")]
    IncompleteRow {
        /// How many values there are.
        len: usize,
        /// How many columns were named.
        columns: usize,
    },
    /// Columns differ in length.
    #[error("column {column} has {len} values, but column 0 has {expected}")]
    LengthMismatch {
        /// Which column it is.
        column: usize,
        /// Its length.
        len: usize,
        /// Length of the first.
        expected: usize,
    },
    /// A setting does not have one value for each column.
    #[error("{argument} has {len} values for {expected} columns")]
    SettingLength {
        /// Which setting it is.
        argument: Argument,
        /// How many values were given.
        len: usize,
        /// How many columns there are.
        expected: usize,
    },
    /// A weight is negative, infinite or not a number.
    #[error("the weight of column {column} is {weight}; weights must be finite and not negative")]
    BadWeight {
        /// Its column.
        column: usize,
        /// What was given.
        weight: f64,
    },
    /// All weights are zero.
    #[error("every weight is 0; at least one must be positive")]
    NoWeight,
    /// A share to trim is out of range.
    #[error("the share to trim at each end is {share}; it must be in [0, 0.5)")]
    BadTrim {
        /// What was given.
        share: f64,
    },
    /// A clip of probabilities is out of range.
    #[error("the clip is {clip}; it must be in (0, 0.5)")]
    BadClip {
        /// What was given.
        clip: f64,
    },
    /// The limit of a vote is not a number.
    #[error("the limit of a vote is NaN; it must be a number")]
    NanLimit,
    /// A score is not a probability.
    #[error("the score in row {row}, column {column} is {score}; this method needs probabilities in [0, 1]")]
    NotAProbability {
        /// Its row, the first that has one.
        row: usize,
        /// Its column.
        column: usize,
        /// What was given.
        score: f64,
    },
    /// No method has this name.
    #[error("unknown method {name:?}; use one of: {known}")]
    UnknownMethod {
        /// What was given.
        name: String,
        /// The names that exist.
        known: String,
    },
    /// A method needs a setting that was not given.
    #[error("{method} needs {argument}")]
    MissingSetting {
        /// Which setting it is.
        argument: Argument,
        /// The name of the method.
        method: &'static str,
    },
    /// A setting was given that the method does not use.
    #[error("{method} does not use {argument}; leave them out")]
    UnusedSetting {
        /// Which setting it is.
        argument: Argument,
        /// The name of the method.
        method: &'static str,
    },
}

impl AggregateError {
    /// Whether an argument is wrong that no data could make right; otherwise the data is.
    #[must_use]
    pub fn is_setting(&self) -> bool {
        match self {
            Self::SettingLength { .. }
            | Self::BadWeight { .. }
            | Self::NoWeight
            | Self::BadTrim { .. }
            | Self::BadClip { .. }
            | Self::NanLimit
            | Self::UnknownMethod { .. }
            | Self::MissingSetting { .. }
            | Self::UnusedSetting { .. } => true,
            Self::NanScore { .. }
            | Self::NoColumns
            | Self::IncompleteRow { .. }
            | Self::LengthMismatch { .. }
            | Self::NotAProbability { .. } => false,
        }
    }

    /// A stable identifier of the fault.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NanScore { .. } => "aggregate-nan-score",
            Self::NoColumns => "aggregate-no-columns",
            Self::IncompleteRow { .. } => "aggregate-incomplete-row",
            Self::LengthMismatch { .. } => "aggregate-length-mismatch",
            Self::SettingLength { .. } => "aggregate-setting-length",
            Self::BadWeight { .. } => "aggregate-bad-weight",
            Self::NoWeight => "aggregate-no-weight",
            Self::BadTrim { .. } => "aggregate-bad-trim",
            Self::BadClip { .. } => "aggregate-bad-clip",
            Self::NanLimit => "aggregate-nan-limit",
            Self::NotAProbability { .. } => "aggregate-not-probability",
            Self::UnknownMethod { .. } => "aggregate-unknown-method",
            Self::MissingSetting { .. } => "aggregate-missing-weights",
            Self::UnusedSetting { .. } => "aggregate-unused-weights",
        }
    }
}
