//! The result of a fit.

use super::belief::{best, fill_unvoted};
use super::climb::Course;
use super::votes::Votes;

/// The labels of the crowd, and the skill of each worker.
#[derive(Clone, Debug, PartialEq)]
pub struct Consensus {
    /// Items × classes: the probability of each class, in [0, 1], summing to 1. Items without votes have the
    /// priors. Empty where they would be over 2²⁴ numbers and over 32 a vote.
    pub posterior: Vec<f64>,
    /// The likeliest class of each item, ties to the lower.
    pub labels: Vec<u32>,
    /// The probability of that class.
    pub trust: Vec<f64>,
    /// Share of each class: the priors given, or estimated.
    pub priors: Vec<f64>,
    /// What was learned about the workers.
    pub workers: Workers,
    /// GLAD: how hard each item is, 1/β in (0, ∞), 1/e for items without votes. Empty for other methods.
    pub difficulty: Vec<f64>,
    /// The objective after each iteration, per unit of vote weight; each method says which it is.
    pub trace: Vec<f64>,
    /// Iterations done.
    pub iterations: usize,
    /// Whether the objective converged before the maximum number of iterations.
    pub converged: bool,
}

/// What was learned about the workers; row-major.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Workers {
    /// One value for each worker, higher is better; the scale depends on the method.
    pub skill: Vec<f64>,
    /// Workers × true class × vote: how likely a worker gives a vote. Dawid–Skene and one-coin,
    /// where this is not too large; else empty.
    pub confusion: Vec<f64>,
    /// Workers × vote: how a worker votes when guessing. MACE, where this is not too
    /// large; else empty.
    pub strategy: Vec<f64>,
}

impl Consensus {
    /// Closes a fit: items without votes get the priors, labels follow from the posterior. Classes without a
    /// vote on an item share their probability as `spread` does.
    pub(super) fn close(
        votes: &Votes,
        mut posterior: Vec<f64>,
        spread: &[f64],
        priors: Vec<f64>,
        workers: Workers,
        course: Course,
    ) -> Self {
        fill_unvoted(votes, &priors, &mut posterior);
        let (labels, trust) = match votes.cells() {
            None => best(&posterior, priors.len()),
            Some(cells) => cells.best(&posterior, spread, &priors, 0.0),
        };
        Self {
            labels,
            trust,
            posterior: if votes.cells().is_some() { Vec::new() } else { posterior },
            priors,
            workers,
            difficulty: Vec::new(),
            iterations: course.trace.len(),
            trace: course.trace,
            converged: course.converged,
        }
    }
}

/// Per worker `right` ÷ `all`, and the chance of a guess for workers without votes.
pub(super) fn shares(right: &[f64], all: &[f64], classes: usize) -> Vec<f64> {
    let share = |(right, all): (&f64, &f64)| if *all > 0.0 { right / all } else { 1.0 / classes as f64 };
    right.iter().zip(all).map(share).collect()
}
