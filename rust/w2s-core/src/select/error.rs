//! What can be wrong with the input of a selection, one variant a cause.

use crate::Argument;
use thiserror::Error;

/// Why rows could not be selected.
///
/// ```
/// use w2s_core::select::{SelectError, rows_of_fraction};
/// let error = rows_of_fraction(10, 1.5).unwrap_err();
/// assert_eq!(error.code(), "select-share-out-of-range");
/// assert!(error.is_setting());
/// assert_eq!(error.to_string(), "fraction is 1.5; it must be between 0 and 1");
/// ```
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum SelectError {
    /// A score is not a number.
    #[error("score {index} is NaN; drop such rows first")]
    NanScore {
        /// Position of the first such row.
        index: usize,
    },
    /// A share lies outside [0, 1].
    #[error("{argument} is {value}; it must be between 0 and 1")]
    ShareOutOfRange {
        /// Which argument it is.
        argument: Argument,
        /// What was given.
        value: f64,
    },
    /// A limit is not a number.
    #[error("{argument} is NaN; it must be a number")]
    NanLimit {
        /// Which argument it is.
        argument: Argument,
    },
    /// A band ends below its start.
    #[error("the band ends at {high}, below its start {low}")]
    LimitsReversed {
        /// Lowest score of the band.
        low: f64,
        /// Highest score of the band.
        high: f64,
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
    /// A setting has neither one value nor one for each group.
    #[error("{argument} has {len} values for {expected} groups; give one, or one for each group")]
    SettingLength {
        /// Which setting it is.
        argument: Argument,
        /// How many values were given.
        len: usize,
        /// How many groups there are.
        expected: usize,
    },
    /// A group id is not below the number of groups.
    #[error("row {index} has group {group}, but there are {n_groups} groups")]
    UnknownGroup {
        /// Position of the first such row.
        index: usize,
        /// Its group.
        group: u32,
        /// How many groups there are.
        n_groups: usize,
    },
    /// A group must keep more than it may.
    #[error("group {group} keeps at least {min} rows but at most {max}")]
    MinAboveMax {
        /// The first such group.
        group: usize,
        /// Rows it keeps at least.
        min: usize,
        /// Rows it keeps at most.
        max: usize,
    },
    /// There are more groups than ids of 32 bits.
    #[error("there are more than {} groups", u32::MAX)]
    TooManyGroups,
    /// A cost is negative, infinite or not a number.
    #[error("the cost of row {index} is {cost}; costs must be finite and not negative")]
    BadCost {
        /// Position of the first such row.
        index: usize,
        /// What was given.
        cost: f64,
    },
    /// A budget is negative or not a number.
    #[error("the budget is {budget}; it must not be negative")]
    BadBudget {
        /// What was given.
        budget: f64,
    },
    /// A power for weights is negative, infinite or not a number.
    #[error("the power is {power}; it must be finite and not negative")]
    BadPower {
        /// What was given.
        power: f64,
    },
    /// A score cannot be a weight.
    #[error("score {index} is {score}; weights need finite scores that are not negative")]
    BadWeight {
        /// Position of the first such row.
        index: usize,
        /// What was given.
        score: f64,
    },
    /// All weights are zero.
    #[error("every weight is 0; nothing can be normalised")]
    NoWeight,
    /// The chunks of a stream differ in precision.
    #[error(
        "this stream has scores of {expected} bits, but a chunk has {bits}; cast every chunk to one type"
    )]
    PrecisionMismatch {
        /// Bits of the chunk's scores.
        bits: u32,
        /// Bits of the stream's scores.
        expected: u32,
    },
    /// A digit of keys that are counted in passes has another size than 8 or 16 bits.
    #[error("a digit has 8 or 16 bits, not {bits}")]
    BadDigit {
        /// What was given.
        bits: u32,
    },
}

impl SelectError {
    /// Whether an argument is wrong that no data could make right; otherwise the data is.
    #[must_use]
    pub fn is_setting(&self) -> bool {
        match self {
            Self::ShareOutOfRange { .. }
            | Self::NanLimit { .. }
            | Self::LimitsReversed { .. }
            | Self::SettingLength { .. }
            | Self::MinAboveMax { .. }
            | Self::BadBudget { .. }
            | Self::BadPower { .. }
            | Self::BadDigit { .. } => true,
            Self::NanScore { .. }
            | Self::LengthMismatch { .. }
            | Self::UnknownGroup { .. }
            | Self::TooManyGroups
            | Self::BadCost { .. }
            | Self::BadWeight { .. }
            | Self::NoWeight
            | Self::PrecisionMismatch { .. } => false,
        }
    }

    /// A stable identifier of the fault.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NanScore { .. } => "select-nan-score",
            Self::ShareOutOfRange { .. } => "select-share-out-of-range",
            Self::NanLimit { .. } => "select-nan-limit",
            Self::LimitsReversed { .. } => "select-limits-reversed",
            Self::LengthMismatch { .. } => "select-length-mismatch",
            Self::SettingLength { .. } => "select-setting-length",
            Self::UnknownGroup { .. } => "select-unknown-group",
            Self::MinAboveMax { .. } => "select-min-above-max",
            Self::TooManyGroups => "select-too-many-groups",
            Self::BadCost { .. } => "select-bad-cost",
            Self::BadBudget { .. } => "select-bad-budget",
            Self::BadPower { .. } => "select-bad-power",
            Self::BadWeight { .. } => "select-bad-weight",
            Self::NoWeight => "select-no-weight",
            Self::PrecisionMismatch { .. } => "select-precision-mismatch",
            Self::BadDigit { .. } => "select-bad-digit",
        }
    }

    /// The same error of a shard whose first row is at position `start` of a stream: rows are named by their
    /// positions in the stream.
    #[must_use]
    pub(super) fn shifted(self, start: usize) -> Self {
        match self {
            Self::NanScore { index } => Self::NanScore { index: start + index },
            Self::BadCost { index, cost } => Self::BadCost { index: start + index, cost },
            Self::UnknownGroup { index, group, n_groups } => {
                Self::UnknownGroup { index: start + index, group, n_groups }
            }
            other => other,
        }
    }
}
