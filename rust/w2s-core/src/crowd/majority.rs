//! Majority vote: each class gets its share of the votes' weight. Skills of workers are given, not learned.

use super::belief::fill_unvoted;
use super::climb::Course;
use super::consensus::{Consensus, Workers, shares};
use super::error::CrowdError;
use super::options::Options;
use super::sweep::sweep;
use super::votes::Votes;
use std::ops::Range;
use std::sync::atomic::AtomicBool;

/// Majority vote. A worker's skill is the share of its votes' weight that went to the label. No objective.
///
/// # Errors
/// Says when it was stopped.
pub(super) fn majority(votes: &Votes, options: &Options, stop: &AtomicBool) -> Result<Consensus, CrowdError> {
    weighted_majority(votes, &vec![1.0; votes.shape().workers], options, stop)
}

/// Majority vote in which a vote counts its weight times its worker's skill. The given skills are returned
/// unchanged; plain [`majority`] estimates them.
pub(super) fn weighted_majority(
    votes: &Votes,
    skills: &[f64],
    options: &Options,
    stop: &AtomicBool,
) -> Result<Consensus, CrowdError> {
    let classes = votes.shape().classes;
    let priors = options.priors_or_equal(classes);
    let mut posterior = voted_shares(votes, skills, &priors, stop)?;
    fill_unvoted(votes, &priors, &mut posterior);
    let spread = priors.clone();
    let mut consensus =
        Consensus::close(votes, posterior, &spread, priors, Workers::default(), Course::default());
    consensus.workers.skill = agreement(votes, &consensus.labels, stop)?;
    consensus.converged = true;
    Ok(consensus)
}

/// Items × classes: shares of weight × skill; the priors where these sum to 0.
pub(super) fn voted_shares(
    votes: &Votes,
    skills: &[f64],
    priors: &[f64],
    stop: &AtomicBool,
) -> Result<Vec<f64>, CrowdError> {
    if let Some(cells) = votes.cells() {
        return cells.voted_shares(votes, skills, priors, stop);
    }
    let classes = votes.shape().classes;
    let mut posterior = vec![0.0; votes.posterior_len()];
    sweep(votes, 0, classes, &mut posterior, stop, |run, rows, _| {
        for (item, row) in run.zip(rows.chunks_exact_mut(classes)) {
            for at in votes.of(item) {
                let (worker, class, weight) = votes.vote(at);
                row[class] += weight * skills[worker];
            }
            let sum: f64 = row.iter().sum();
            if sum > 0.0 {
                row.iter_mut().for_each(|value| *value /= sum);
            } else {
                row.copy_from_slice(priors);
            }
        }
    })?;
    Ok(posterior)
}

/// The share of each worker's weight that went to the labels.
pub(super) fn agreement(votes: &Votes, labels: &[u32], stop: &AtomicBool) -> Result<Vec<f64>, CrowdError> {
    let shape = votes.shape();
    let right = sweep(votes, shape.workers, 0, &mut [], stop, |run, _, right| match votes.cells() {
        None => add_right(votes, run, right, |item| labels[item] as usize),
        Some(cells) => add_right(votes, run, right, |item| cells.place(item, labels[item])),
    })?;
    Ok(shares(&right, &votes.totals(), shape.classes))
}

/// Adds the weight of the votes at the place of each item's label to that of their workers.
#[inline(always)]
fn add_right(votes: &Votes, run: Range<usize>, right: &mut [f64], place: impl Fn(usize) -> usize) {
    for item in run {
        let label = place(item);
        for at in votes.of(item) {
            let (worker, class, weight) = votes.vote(at);
            if class == label {
                right[worker] += weight;
            }
        }
    }
}
