//! What can be wrong with the input of a selection, one variant a cause.

use thiserror::Error;

/// Why rows could not be selected.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum SelectError {
    /// A score is not a number.
    #[error("score {index} is NaN; drop such rows first")]
    NanScore {
        /// Position of the first such row.
        index: usize,
    },
    /// A share lies outside [0, 1].
    #[error("{name} {value} lies outside [0, 1]")]
    NotAShare {
        /// Which argument it is.
        name: &'static str,
        /// What was given.
        value: f64,
    },
    /// A limit is not a number.
    #[error("{name} is NaN")]
    NanLimit {
        /// Which argument it is.
        name: &'static str,
    },
    /// A band ends below its start.
    #[error("the band ends at {high}, below its start {low}")]
    BandUpsideDown {
        /// Lowest score of the band.
        low: f64,
        /// Highest score of the band.
        high: f64,
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
    /// A group id lies beyond the number of groups.
    #[error("row {index} has group {group}, but there are {n_groups} groups")]
    UnknownGroup {
        /// Position of the first such row.
        index: usize,
        /// Its group.
        group: u32,
        /// How many groups there are.
        n_groups: usize,
    },
    /// Settings per group do not fit the number of groups.
    #[error("{len} values of {name} for {n_groups} groups; give one, or one for each group")]
    PerGroup {
        /// Which setting it is.
        name: &'static str,
        /// How many were given.
        len: usize,
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
    #[error("more than {} groups", u32::MAX)]
    TooManyGroups,
    /// A cost is negative, infinite or not a number.
    #[error("the cost of row {index} is {cost}; costs are finite and not negative")]
    BadCost {
        /// Position of the first such row.
        index: usize,
        /// What was given.
        cost: f64,
    },
    /// A budget is negative or not a number.
    #[error("the budget is {budget}; a budget is not negative")]
    BadBudget {
        /// What was given.
        budget: f64,
    },
    /// A power for weights is negative, infinite or not a number.
    #[error("the power is {power}; a power is finite and not negative")]
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
}
