//! What can be wrong with votes, and that a fit was stopped.

use crate::Argument;
use thiserror::Error;

/// Why there is no consensus.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum CrowdError {
    /// Rows, items, workers or classes are missing altogether.
    #[error("no {argument}: a crowd needs at least one row, item, worker and class")]
    Empty {
        /// What there is none of.
        argument: Argument,
    },
    /// Two columns of one table differ in length.
    #[error("{argument} has {len} values for {expected} votes")]
    LengthMismatch {
        /// Which column it is.
        argument: Argument,
        /// Its length.
        len: usize,
        /// How many rows there are.
        expected: usize,
    },
    /// A setting does not have one value for each class or worker.
    #[error("{argument} has {len} values, expected {expected}")]
    SettingLength {
        /// Which setting it is.
        argument: Argument,
        /// How many values were given.
        len: usize,
        /// How many are needed.
        expected: usize,
    },
    /// A code is not below the number of items, workers or classes.
    #[error("{argument}: row {row} has code {code}, but codes are below {limit}")]
    UnknownCode {
        /// Which column it is.
        argument: Argument,
        /// The first such row.
        row: usize,
        /// Its code.
        code: u32,
        /// How many codes there are.
        limit: usize,
    },
    /// A weight is negative, infinite or not a number.
    #[error("row {row}: weight {weight} is not a finite number of at least 0")]
    BadWeight {
        /// The first such row.
        row: usize,
        /// What was given.
        weight: f64,
    },
    /// A prior lies outside [0, 1].
    #[error("prior of class {class} is {prior}, not a number from 0 to 1")]
    BadPrior {
        /// Its class.
        class: usize,
        /// What was given.
        prior: f64,
    },
    /// Priors do not sum to 1.
    #[error("class priors sum to {sum}, not to 1")]
    BadPriorSum {
        /// What they sum to.
        sum: f64,
    },
    /// A skill is negative, infinite or not a number.
    #[error("skill of worker {worker} is {skill}, not a finite number of at least 0")]
    BadSkill {
        /// Its worker.
        worker: usize,
        /// What was given.
        skill: f64,
    },
    /// A tolerance is negative or not a number.
    #[error("tolerance {tolerance} is not a number of at least 0")]
    BadTolerance {
        /// What was given.
        tolerance: f64,
    },
    /// A count that must be positive is 0.
    #[error("{argument} is 0; it must be at least 1")]
    ZeroCount {
        /// Which setting it is.
        argument: Argument,
    },
    /// A setting was given that the method does not use.
    #[error("{method} does not use {argument}; leave them out")]
    UnusedSetting {
        /// Which setting it is.
        argument: Argument,
        /// The name of the method.
        method: &'static str,
    },
    /// A method needs a setting that was not given.
    #[error("{method} needs {argument}")]
    MissingSetting {
        /// Which setting it is.
        argument: Argument,
        /// The name of the method.
        method: &'static str,
    },
    /// The tables that a fit needs do not fit in memory.
    #[error(
        "{table} need {} of memory, more than there is; merge rare classes, or use a method whose memory grows with \
         the votes only, such as majority or one-coin",
        in_units(*bytes)
    )]
    TooLarge {
        /// What there is too much of.
        table: &'static str,
        /// The memory that the tables need.
        bytes: u128,
    },
    /// No method has this name.
    #[error("unknown method {name:?}; use one of: {known}")]
    UnknownMethod {
        /// What was given.
        name: String,
        /// The names that exist.
        known: String,
    },
    /// The caller ended the fit.
    #[error("stopped before the fit was done")]
    Stopped,
}

impl CrowdError {
    /// Whether an argument is wrong that no data could make right; otherwise the data is.
    #[must_use]
    pub fn is_setting(&self) -> bool {
        match self {
            Self::SettingLength { .. }
            | Self::BadPrior { .. }
            | Self::BadPriorSum { .. }
            | Self::BadSkill { .. }
            | Self::BadTolerance { .. }
            | Self::ZeroCount { .. }
            | Self::UnusedSetting { .. }
            | Self::MissingSetting { .. }
            | Self::UnknownMethod { .. } => true,
            Self::Empty { .. }
            | Self::LengthMismatch { .. }
            | Self::UnknownCode { .. }
            | Self::BadWeight { .. }
            | Self::TooLarge { .. }
            | Self::Stopped => false,
        }
    }

    /// A stable identifier of the fault.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty { .. } => "votes-empty",
            Self::LengthMismatch { .. } => "votes-length-mismatch",
            Self::SettingLength { .. } => "votes-setting-length",
            Self::UnknownCode { .. } => "votes-unknown-code",
            Self::BadWeight { .. } => "votes-bad-weight",
            Self::BadPrior { .. } => "votes-bad-prior",
            Self::BadPriorSum { .. } => "votes-bad-prior-sum",
            Self::BadSkill { .. } => "votes-bad-skill",
            Self::BadTolerance { .. } => "votes-bad-tolerance",
            Self::ZeroCount { .. } => "votes-bad-count",
            Self::UnusedSetting { .. } => "votes-unused-option",
            Self::MissingSetting { .. } => "votes-missing-skills",
            Self::TooLarge { .. } => "votes-table-too-large",
            Self::UnknownMethod { .. } => "votes-unknown-method",
            Self::Stopped => "votes-stopped",
        }
    }
}

/// Bytes in the largest unit that leaves at least one.
fn in_units(bytes: u128) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let step = |(value, unit): (f64, usize), _| {
        if value < 1024.0 { (value, unit) } else { (value / 1024.0, unit + 1) }
    };
    let (value, unit) = (1..units.len()).fold((bytes as f64, 0), step);
    format!("{value:.1} {}", units[unit])
}
