//! Zero-based skill: weighted majority whose weights move towards how often each worker agrees with it.
//!
//! There is no probabilistic model. Definition: crowd-kit's documentation of ZeroBasedSkill. A gradient step
//! on the squared distance between a worker's skill and its agreement with the current labels, at a rate that
//! halves every 20 iterations.

use super::climb::repeat;
use super::consensus::{Consensus, Workers};
use super::error::CrowdError;
use super::majority::{agreement, voted_shares};
use super::options::Options;
use super::votes::Votes;
use std::sync::atomic::AtomicBool;

const FIRST_RATE: f64 = 1.0;
const RATE_FACTOR: f64 = 0.5;
const STEPS_A_RATE: usize = 20;
/// The assumed advantage of every worker over a guess at first.
const FIRST_ADVANTAGE: f64 = 1e-5;
/// Shares that are closer than this are tied: the order in which votes are added up may not choose the label.
const TIE: f64 = 1e-9;

/// Zero-based skill. The objective is minus the mean squared distance, over the workers who voted, between
/// skill and agreement; unlike the others it may fall for a while, and the fit has converged when the
/// distance is within the tolerance. A worker's skill is in [0, 1], its first value for workers
/// without votes.
pub(super) fn zero_based(
    votes: &Votes,
    options: &Options,
    stop: &AtomicBool,
) -> Result<Consensus, CrowdError> {
    let shape = votes.shape();
    let priors = options.priors_or_equal(shape.classes);
    let voted: Vec<bool> = votes.totals().iter().map(|total| *total > 0.0).collect();
    let mut skills = vec![1.0 / shape.classes as f64 + FIRST_ADVANTAGE; shape.workers];
    let (mut rate, mut step) = (FIRST_RATE, 0);
    let close = |_, objective: f64| -objective <= options.tolerance * options.tolerance;
    let course = repeat(options, close, || {
        step += 1;
        rate *= if step % STEPS_A_RATE == 0 { RATE_FACTOR } else { 1.0 };
        let labels = labels(votes, &voted_shares(votes, &skills, &priors, stop)?, &priors);
        let agreement = agreement(votes, &labels, stop)?;
        Ok(-move_towards(&mut skills, &agreement, &voted, rate))
    })?;
    let posterior = voted_shares(votes, &skills, &priors, stop)?;
    let workers = Workers { skill: skills, ..Workers::default() };
    Ok(Consensus::close(votes, posterior, &priors.clone(), priors, workers, course))
}

/// The first class of each item whose share is tied with the largest.
fn labels(votes: &Votes, shares: &[f64], priors: &[f64]) -> Vec<u32> {
    if let Some(cells) = votes.cells() {
        return cells.best(shares, priors, priors, TIE).0;
    }
    let label = |row: &[f64]| {
        let largest = row.iter().copied().fold(0.0, f64::max);
        row.iter().position(|share| *share >= largest - TIE).unwrap_or(0) as u32
    };
    shares.chunks_exact(priors.len()).map(label).collect()
}

/// Moves the skills of workers who voted; returns the mean squared distance before.
fn move_towards(skills: &mut [f64], agreement: &[f64], voted: &[bool], rate: f64) -> f64 {
    let mut squares = 0.0;
    let movable = skills.iter_mut().zip(agreement).zip(voted).filter(|(_, voted)| **voted);
    for ((skill, agreement), _) in movable {
        let distance = agreement - *skill;
        squares += distance * distance;
        *skill += rate * distance;
    }
    squares / voted.iter().filter(|voted| **voted).count().max(1) as f64
}
