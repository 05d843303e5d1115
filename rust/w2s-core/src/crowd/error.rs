//! What can be wrong with votes, and that a fit was stopped.
//!
//! Knows nothing about how votes are reconciled.

use thiserror::Error;

/// Why there is no consensus.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum CrowdError {
    /// There is nothing to reconcile.
    #[error("no {what}: a crowd needs at least one row, item, worker and class")]
    Empty {
        /// What is missing: rows, items, workers or classes.
        what: &'static str,
    },
    /// Two inputs that belong together have different lengths.
    #[error("{what} has {found} values, expected {expected}")]
    Length {
        /// Which input.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The length that the other inputs ask for.
        expected: usize,
    },
    /// A code is not below the number of items, workers or classes.
    #[error("row {row}: {what} code {code} is out of range, there are {limit}")]
    Code {
        /// The first such row.
        row: usize,
        /// Which column: item, worker or vote.
        what: &'static str,
        /// The code found.
        code: u32,
        /// How many items, workers or classes there are.
        limit: usize,
    },
    /// A vote's weight is negative, infinite or not a number.
    #[error("row {row}: weight {weight} is not a finite number of at least 0")]
    Weight {
        /// The first such row.
        row: usize,
        /// The weight found.
        weight: f64,
    },
    /// A class prior is negative, infinite or not a number.
    #[error("prior of class {class} is {prior}, not a number from 0 to 1")]
    Prior {
        /// The first such class.
        class: usize,
        /// The prior found.
        prior: f64,
    },
    /// The class priors do not sum to one.
    #[error("class priors sum to {sum}, not to 1")]
    PriorSum {
        /// Their sum.
        sum: f64,
    },
    /// A worker's skill is negative, infinite or not a number.
    #[error("skill of worker {worker} is {skill}, not a finite number of at least 0")]
    Skill {
        /// The first such worker.
        worker: usize,
        /// The skill found.
        skill: f64,
    },
    /// The tolerance is negative or not a number.
    #[error("tolerance {tolerance} is not a number of at least 0")]
    Tolerance {
        /// The tolerance found.
        tolerance: f64,
    },
    /// A count that must be at least one is zero.
    #[error("{what} is 0, at least 1 is needed")]
    Zero {
        /// Which option.
        what: &'static str,
    },
    /// The method has no use for an option that was given.
    #[error("{option} mean nothing to {method}; leave them out")]
    Unused {
        /// The option.
        option: &'static str,
        /// The method's name.
        method: &'static str,
    },
    /// The method needs an option that was not given.
    #[error("{method} needs {option}")]
    Missing {
        /// The option.
        option: &'static str,
        /// The method's name.
        method: &'static str,
    },
    /// A table would have more cells than memory can address.
    #[error("a table of {what} is larger than memory can address")]
    TooLarge {
        /// What it is made of.
        what: &'static str,
    },
    /// No method has this name.
    #[error("no method is called {name:?}; the methods are: {known}")]
    UnknownMethod {
        /// The name that was asked for.
        name: String,
        /// The names that exist.
        known: String,
    },
    /// Somebody asked the fit to stop before it was done.
    #[error("stopped before the fit was done")]
    Stopped,
}
