//! One-coin Dawid–Skene: a worker is right with one probability and otherwise picks any other class alike.
//!
//! All confusions are equally likely.
//!
//! Source: Y. Zhang, X. Chen, D. Zhou, M. I. Jordan, Spectral Methods Meet EM, JMLR 17 (2016), the one-coin
//! model.

use super::belief::{Evidence, count, expect};
use super::cells::is_held;
use super::climb::climb;
use super::consensus::{Consensus, Workers, shares};
use super::error::CrowdError;
use super::majority::voted_shares;
use super::options::Options;
use super::priors::{FLOOR, Priors};
use super::votes::Votes;
use std::ops::Range;
use std::sync::atomic::AtomicBool;

/// One-coin Dawid–Skene, started from the majority. The objective is the evidence lower bound, as for
/// Dawid–Skene. A worker's skill is the probability that a vote is right, in [0, 1].
pub(super) fn one_coin(votes: &Votes, options: &Options, stop: &AtomicBool) -> Result<Consensus, CrowdError> {
    let shape = votes.shape();
    let mut priors = Priors::new(options, shape.classes);
    let equal_skills = vec![1.0; shape.workers];
    let mut posterior = voted_shares(votes, &equal_skills, &options.priors_or_equal(shape.classes), stop)?;
    let mut coins = Coins::new(votes);
    let start = count(votes, &coins, &priors.log(), &mut posterior, stop)?;
    priors.learn(&start.mass);
    coins.learn(start.table);
    let mut spread = Priors::new(options, shape.classes);
    let course = climb(options, || {
        spread = priors.clone();
        let expected = expect(votes, &coins, &priors.log(), &mut posterior, stop)?;
        priors.learn(&expected.mass);
        coins.learn(expected.table);
        let bound = coins.expected_log() + priors.expected_log(&expected.mass) + expected.entropy;
        Ok(bound / votes.total().max(f64::MIN_POSITIVE))
    })?;
    let (spread, shares) = (spread.into_shares(), priors.into_shares());
    Ok(Consensus::close(votes, posterior, &spread, shares, coins.workers(), course))
}

/// Each worker's coin: the log-probabilities of a right vote and of one particular wrong vote.
struct Coins<'a> {
    votes: &'a Votes,
    right_votes: Vec<f64>,
    totals: Vec<f64>,
    log_right: Vec<f64>,
    log_wrong: Vec<f64>,
    /// What a vote adds to the score of its class relative to the others.
    gain: Vec<f64>,
}

impl<'a> Coins<'a> {
    fn new(votes: &'a Votes) -> Self {
        let totals = votes.totals();
        Self { votes, totals, right_votes: vec![], log_right: vec![], log_wrong: vec![], gain: vec![] }
    }

    fn learn(&mut self, right_votes: Vec<f64>) {
        let classes = self.votes.shape().classes;
        let skill = shares(&right_votes, &self.totals, classes);
        let wrong_classes = classes.saturating_sub(1).max(1) as f64;
        let log = |probability: f64| probability.clamp(FLOOR, 1.0 - FLOOR).ln();
        self.log_right = skill.iter().map(|skill| log(*skill)).collect();
        self.log_wrong = skill.iter().map(|skill| log((1.0 - skill) / wrong_classes)).collect();
        self.gain = self.log_right.iter().zip(&self.log_wrong).map(|(right, wrong)| right - wrong).collect();
        self.right_votes = right_votes;
    }

    fn expected_log(&self) -> f64 {
        let right = self.right_votes.iter().zip(&self.gain).map(|(votes, gain)| votes * gain);
        let all = self.totals.iter().zip(&self.log_wrong).map(|(votes, log)| votes * log);
        right.sum::<f64>() + all.sum::<f64>()
    }

    fn workers(&self) -> Workers {
        let classes = self.votes.shape().classes;
        let skill = shares(&self.right_votes, &self.totals, classes);
        if !is_held(self.votes.len(), &[skill.len(), classes, classes]) {
            return Workers { skill, ..Workers::default() };
        }
        let wrong_classes = classes.saturating_sub(1).max(1) as f64;
        let row = |skill: f64, class: usize| {
            (0..classes).map(move |vote| if vote == class { skill } else { (1.0 - skill) / wrong_classes })
        };
        let matrix = |skill: &f64| {
            let skill = *skill;
            (0..classes).flat_map(move |class| row(skill, class))
        };
        Workers { confusion: skill.iter().flat_map(matrix).collect(), skill, strategy: Vec::new() }
    }
}

impl Evidence for Coins<'_> {
    fn cells(&self) -> usize {
        self.votes.shape().workers
    }

    #[inline(always)]
    fn score(&self, _item: usize, votes: Range<usize>, scores: &mut [f64]) -> f64 {
        for at in votes {
            let (worker, class, weight) = self.votes.vote(at);
            scores[class] += weight * self.gain[worker];
        }
        0.0
    }

    #[inline(always)]
    fn count(&self, votes: Range<usize>, posterior: &[f64], table: &mut [f64]) {
        for at in votes {
            let (worker, class, weight) = self.votes.vote(at);
            table[worker] += weight * posterior[class];
        }
    }
}
