//! The registry of methods. A new method is its module and one line in each list here.

use super::cells::{Cells, is_held};
use super::consensus::Consensus;
use super::dawid_skene::dawid_skene;
use super::error::CrowdError;
use super::glad::glad;
use super::mace::mace;
use super::majority::{majority, weighted_majority};
use super::one_coin::one_coin;
use super::options::Options;
use super::votes::{Shape, Votes};
use super::zero_based::zero_based;
use crate::Argument;
use std::str::FromStr;
use std::sync::atomic::AtomicBool;

/// A way to reconcile votes. See the crate's `crowd` module for when to use which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// Each class gets its share of the votes.
    Majority,
    /// Votes count as much as their worker's skill, which is given.
    WeightedMajority,
    /// A confusion matrix a worker.
    DawidSkene,
    /// One probability of being right a worker.
    OneCoin,
    /// An ability a worker and a difficulty an item.
    Glad,
    /// A worker knows, or guesses by a habit.
    Mace,
    /// Weighted majority whose weights are learned.
    ZeroBased,
}

/// Every method, by the order in which lists show them.
pub const METHODS: [Method; 7] = [
    Method::Majority,
    Method::WeightedMajority,
    Method::DawidSkene,
    Method::OneCoin,
    Method::Glad,
    Method::Mace,
    Method::ZeroBased,
];

impl Method {
    /// The name by which users call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Majority => "majority",
            Self::WeightedMajority => "weighted_majority",
            Self::DawidSkene => "dawid_skene",
            Self::OneCoin => "one_coin",
            Self::Glad => "glad",
            Self::Mace => "mace",
            Self::ZeroBased => "zero_based",
        }
    }
}

impl FromStr for Method {
    type Err = CrowdError;

    fn from_str(name: &str) -> Result<Self, CrowdError> {
        METHODS.into_iter().find(|method| method.name() == name).ok_or_else(|| CrowdError::UnknownMethod {
            name: name.to_string(),
            known: METHODS.map(Self::name).join(", "),
        })
    }
}

/// Reconciles votes: a label for each item, and a skill for each worker.
///
/// The number of threads does not change the answer; it runs in the rayon pool of the caller. Memory grows
/// with votes, items, workers and classes. Tables of items × classes and of workers × classes are made where
/// they are at most 2²⁴ numbers, or 32 a vote. Only Dawid–Skene cannot do without them, and makes workers ×
/// classes × classes.
///
/// # Errors
/// Says how much memory Dawid–Skene needs where there is not so much; names an option out of range, needed but
/// missing, or of no use to the method; says when `stop` was set before the fit was done.
///
/// # Examples
/// ```
/// use std::sync::atomic::AtomicBool;
/// use w2s_core::crowd::{ABSTAIN, Method, Options, Rows, Shape, Votes, fit};
///
/// let shape = Shape { items: 3, workers: 3, classes: 2 };
/// let rows = Rows {
///     items: &[0, 0, 0, 1, 1, 1],
///     workers: &[0, 1, 2, 0, 1, 2],
///     votes: &[1, 1, 0, 0, 0, ABSTAIN],
///     weights: None,
/// };
/// let votes = Votes::new(shape, rows)?;
/// let consensus = fit(&votes, Method::Majority, &Options::default(), &AtomicBool::new(false))?;
/// assert_eq!(consensus.labels, [1, 0, 0]);
/// assert_eq!(consensus.posterior[4..], [0.5, 0.5]); // item 2 has no votes
/// # Ok::<(), w2s_core::crowd::CrowdError>(())
/// ```
pub fn fit(
    votes: &Votes,
    method: Method,
    options: &Options,
    stop: &AtomicBool,
) -> Result<Consensus, CrowdError> {
    options.check(votes.shape())?;
    check_use(method, options)?;
    let Shape { items, workers, classes } = votes.shape();
    let is_small = [[items, classes], [workers, classes]].iter().all(|sides| is_held(votes.len(), sides));
    let with_cells = (!is_small && method != Method::DawidSkene).then(|| Cells::of(votes));
    by_method(with_cells.as_ref().unwrap_or(votes), method, options, stop)
}

/// Reconciles votes in the form that they have.
pub(super) fn by_method(
    votes: &Votes,
    method: Method,
    options: &Options,
    stop: &AtomicBool,
) -> Result<Consensus, CrowdError> {
    match (method, &options.skills) {
        (Method::WeightedMajority, Some(skills)) => weighted_majority(votes, skills, options, stop),
        (Method::WeightedMajority, None) => {
            Err(CrowdError::MissingSetting { argument: Argument::Skills, method: method.name() })
        }
        (Method::Majority, _) => majority(votes, options, stop),
        (Method::DawidSkene, _) => dawid_skene(votes, options, stop),
        (Method::OneCoin, _) => one_coin(votes, options, stop),
        (Method::Glad, _) => glad(votes, options, stop),
        (Method::Mace, _) => mace(votes, options, stop),
        (Method::ZeroBased, _) => zero_based(votes, options, stop),
    }
}

fn check_use(method: Method, options: &Options) -> Result<(), CrowdError> {
    let unused = |argument| Err(CrowdError::UnusedSetting { argument, method: method.name() });
    match method {
        Method::WeightedMajority => {}
        _ if options.skills.is_some() => return unused(Argument::Skills),
        _ => {}
    }
    if options.restarts > 1 && method != Method::Mace { unused(Argument::Restarts) } else { Ok(()) }
}
