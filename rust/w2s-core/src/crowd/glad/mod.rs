//! GLAD: workers have an ability, items a difficulty, and a vote is right with probability σ(ability ÷
//! difficulty).
//!
//! All confusions are equally likely.
//!
//! Source: J. Whitehill, P. Ruvolo, T. Wu, J. Bergsma, J. Movellan, Whose Vote Should Count More, NIPS
//! (2009), with its normal priors: ability ~ N(1, 1), and log easiness ~ N(1, 1), easiness being 1 ÷
//! difficulty.

mod maximise;
mod scale;

use super::belief::{Evidence, expect};
use super::climb::climb;
use super::consensus::{Consensus, Workers};
use super::error::CrowdError;
use super::exponential::exp;
use super::options::Options;
use super::priors::Priors;
use super::votes::Votes;
use std::ops::Range;
use std::sync::atomic::AtomicBool;

const ABILITY_MEAN: f64 = 1.0;
const LOG_EASINESS_MEAN: f64 = 1.0;

/// GLAD. The objective is the log-probability of the votes and of the parameters under their priors, at the
/// parameters that made the posterior. A worker's skill is its ability, in (-∞, ∞): 0 guesses, below 0 is
/// wrong on purpose, 1 for workers without votes.
pub(super) fn glad(votes: &Votes, options: &Options, stop: &AtomicBool) -> Result<Consensus, CrowdError> {
    let shape = votes.shape();
    let priors = Priors::new(options, shape.classes);
    let log_priors = priors.log();
    let mut posterior = vec![0.0; votes.posterior_len()];
    let mut abilities = Abilities::new(votes);
    let mut started = false;
    let course = climb(options, || {
        if started {
            maximise::maximise(votes, &mut posterior, &mut abilities, stop)?;
        }
        started = true;
        let expected = expect(votes, &abilities, &log_priors, &mut posterior, stop)?;
        let objective = expected.log_likelihood + abilities.log_prior();
        Ok(objective / votes.total().max(f64::MIN_POSITIVE))
    })?;
    let workers = Workers { skill: abilities.ability.clone(), ..Workers::default() };
    let shares = priors.into_shares();
    let mut consensus = Consensus::close(votes, posterior, &shares.clone(), shares, workers, course);
    consensus.difficulty = abilities.log_easiness.iter().map(|log| (-log).exp()).collect();
    Ok(consensus)
}

/// Ability of each worker, log easiness of each item.
struct Abilities<'a> {
    votes: &'a Votes,
    ability: Vec<f64>,
    log_easiness: Vec<f64>,
    /// Log of the number of ways to be wrong.
    log_wrong_classes: f64,
}

impl<'a> Abilities<'a> {
    fn new(votes: &'a Votes) -> Self {
        let shape = votes.shape();
        Self {
            votes,
            ability: vec![ABILITY_MEAN; shape.workers],
            log_easiness: vec![LOG_EASINESS_MEAN; shape.items],
            log_wrong_classes: (shape.classes.saturating_sub(1).max(1) as f64).ln(),
        }
    }

    /// Log-density of the parameters, up to a constant.
    fn log_prior(&self) -> f64 {
        let squares =
            |values: &[f64], mean: f64| values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
        -0.5 * (squares(&self.ability, ABILITY_MEAN) + squares(&self.log_easiness, LOG_EASINESS_MEAN))
    }
}

impl Evidence for Abilities<'_> {
    fn cells(&self) -> usize {
        0
    }

    /// A vote is right with log-probability -softplus(-x) and one particular wrong one with -softplus(x)
    /// less the log of the number of ways to be wrong: they differ by x plus that log.
    #[inline(always)]
    fn score(&self, item: usize, votes: Range<usize>, scores: &mut [f64]) -> f64 {
        let easiness = exp(self.log_easiness[item]);
        let mut log_wrong = LogProduct::default();
        for at in votes {
            let (worker, class, weight) = self.votes.vote(at);
            let x = self.ability[worker] * easiness;
            scores[class] += weight * (x + self.log_wrong_classes);
            log_wrong.log += weight * (x.max(0.0) + self.log_wrong_classes);
            log_wrong.multiply(1.0 + exp(-x.abs()), weight);
        }
        -log_wrong.value()
    }

    #[inline(always)]
    fn count(&self, _votes: Range<usize>, _posterior: &[f64], _table: &mut [f64]) {}
}

/// The log of a product of numbers from 1 to 2, with few logarithms.
struct LogProduct {
    log: f64,
    product: f64,
}

impl Default for LogProduct {
    fn default() -> Self {
        Self { log: 0.0, product: 1.0 }
    }
}

impl LogProduct {
    const LARGE: f64 = 1e200;

    #[inline(always)]
    fn multiply(&mut self, factor: f64, power: f64) {
        if power != 1.0 {
            self.log += power * factor.ln();
            return;
        }
        self.product *= factor;
        if self.product > Self::LARGE {
            self.log += self.product.ln();
            self.product = 1.0;
        }
    }

    fn value(self) -> f64 {
        self.log + self.product.ln()
    }
}
