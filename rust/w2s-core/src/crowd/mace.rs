//! MACE: each worker either knows the class or guesses by a habit; learned by variational Bayes.
//!
//! Items have no difficulty.
//!
//! Source: D. Hovy, T. Berg-Kirkpatrick, A. Vaswani, E. Hovy, Learning Whom to Trust with MACE, NAACL-HLT
//! (2013), with its Beta(½, ½) prior on knowing, and a Dirichlet prior of 10 votes per class on the habits.

use super::belief::{Evidence, expect};
use super::climb::{Course, climb};
use super::consensus::{Consensus, Workers, row_sums};
use super::error::CrowdError;
use super::gamma::{digamma, ln_gamma};
use super::options::Options;
use super::priors::Priors;
use super::random::Random;
use super::votes::{Shape, Votes};
use std::ops::Range;
use std::sync::atomic::AtomicBool;

const KNOWING_PRIOR: f64 = 0.5;
const GUESSING_PRIOR: f64 = 0.5;
const HABIT_PRIOR: f64 = 10.0;

/// MACE. The objective is the variational lower bound on the log-probability of the votes. A worker's skill
/// is the expected probability that it knows, in [0, 1].
///
/// The first start takes every worker to know half of the time and to guess evenly; further starts are
/// random. The start that ends with the highest objective wins, the earlier of equals.
pub(super) fn mace(votes: &Votes, options: &Options, stop: &AtomicBool) -> Result<Consensus, CrowdError> {
    let mut best = fit(votes, Habits::even(votes), options, stop)?;
    let mut random = Random::new(options.seed);
    for _ in 1..options.restarts {
        let next = fit(votes, Habits::random(votes, &mut random), options, stop)?;
        if next.trace.last() > best.trace.last() {
            best = next;
        }
    }
    Ok(best)
}

fn fit<'a>(
    votes: &'a Votes,
    mut habits: Habits<'a>,
    options: &Options,
    stop: &AtomicBool,
) -> Result<Consensus, CrowdError> {
    let shape = votes.shape();
    let priors = Priors::new(options, shape.classes);
    let log_priors = priors.log();
    let mut posterior = vec![0.0; shape.items * shape.classes];
    let mut expected = expect(votes, &habits, &log_priors, &mut posterior, stop)?;
    let mut counts = habits.counts(&expected.table);
    let course: Course = climb(options, || {
        habits = Habits::learn(votes, &counts);
        expected = expect(votes, &habits, &log_priors, &mut posterior, stop)?;
        let bound = habits.log_guessed() + expected.log_likelihood - counts.divergence(shape);
        counts = habits.counts(&expected.table);
        Ok(bound / votes.total().max(f64::MIN_POSITIVE))
    })?;
    Ok(Consensus::close(votes, posterior, priors.into_shares(), counts.workers(shape), course))
}

/// Expected number of votes that each worker knew, and that it guessed: by worker, and by worker × class.
struct Counts {
    known: Vec<f64>,
    guessed: Vec<f64>,
}

impl Counts {
    /// Kullback–Leibler divergence of what is believed about the workers from the priors.
    fn divergence(&self, shape: Shape) -> f64 {
        let workers = self.known.iter().zip(self.guessed.chunks_exact(shape.classes));
        let one = |(known, guessed): (&f64, &[f64])| {
            let knowing = [*known, guessed.iter().sum()];
            dirichlet_divergence(&knowing, &[KNOWING_PRIOR, GUESSING_PRIOR])
                + dirichlet_divergence(guessed, &vec![HABIT_PRIOR; shape.classes])
        };
        workers.map(one).sum()
    }

    fn workers(&self, shape: Shape) -> Workers {
        let guessed = row_sums(&self.guessed, shape.classes);
        let skill = |(known, guessed): (&f64, &f64)| {
            (known + KNOWING_PRIOR) / (known + guessed + KNOWING_PRIOR + GUESSING_PRIOR)
        };
        let habit = |(row, sum): (&[f64], &f64)| -> Vec<f64> {
            let total = sum + HABIT_PRIOR * shape.classes as f64;
            row.iter().map(|count| (count + HABIT_PRIOR) / total).collect()
        };
        Workers {
            skill: self.known.iter().zip(&guessed).map(skill).collect(),
            confusion: Vec::new(),
            strategy: self.guessed.chunks_exact(shape.classes).zip(&guessed).flat_map(habit).collect(),
        }
    }
}

/// How likely each worker knows, and guesses each class (workers × classes), and what follows for a vote.
struct Habits<'a> {
    votes: &'a Votes,
    /// Log-probability that a worker guesses, and guesses this class.
    log_guess: Vec<f64>,
    /// What a vote adds to the score of its class relative to the others.
    gain: Vec<f64>,
    /// Probability that a right vote was known, not guessed.
    known_share: Vec<f64>,
}

impl<'a> Habits<'a> {
    fn even(votes: &'a Votes) -> Self {
        let shape = votes.shape();
        let habits = vec![1.0 / shape.classes as f64; shape.workers * shape.classes];
        Self::new(votes, &vec![[0.5, 0.5]; shape.workers], &habits)
    }

    fn random(votes: &'a Votes, random: &mut Random) -> Self {
        let shape = votes.shape();
        let mut knowing = Vec::with_capacity(shape.workers);
        let mut habits = Vec::with_capacity(shape.workers * shape.classes);
        for _ in 0..shape.workers {
            let known = random.unit();
            knowing.push([known, 1.0 - known]);
            let draws: Vec<f64> = (0..shape.classes).map(|_| 1.0 + random.unit()).collect();
            let sum: f64 = draws.iter().sum();
            habits.extend(draws.iter().map(|draw| draw / sum));
        }
        Self::new(votes, &knowing, &habits)
    }

    /// The variational step: geometric means under the posterior of the workers.
    fn learn(votes: &'a Votes, counts: &Counts) -> Self {
        let classes = votes.shape().classes;
        let mut knowing = Vec::with_capacity(counts.known.len());
        let mut habits = Vec::with_capacity(counts.guessed.len());
        for (known, row) in counts.known.iter().zip(counts.guessed.chunks_exact(classes)) {
            let guessed: f64 = row.iter().sum();
            let all = digamma(known + guessed + KNOWING_PRIOR + GUESSING_PRIOR);
            let mean = |alpha: f64, all: f64| (digamma(alpha) - all).exp();
            knowing.push([mean(known + KNOWING_PRIOR, all), mean(guessed + GUESSING_PRIOR, all)]);
            let all = digamma(guessed + HABIT_PRIOR * classes as f64);
            habits.extend(row.iter().map(|count| mean(count + HABIT_PRIOR, all)));
        }
        Self::new(votes, &knowing, &habits)
    }

    fn new(votes: &'a Votes, knowing: &[[f64; 2]], habits: &[f64]) -> Self {
        let classes = votes.shape().classes;
        let mut own = Self { votes, log_guess: vec![], gain: vec![], known_share: vec![] };
        for (&[known, guesses], habits) in knowing.iter().zip(habits.chunks_exact(classes)) {
            for habit in habits {
                let guess = guesses * habit;
                own.log_guess.push(guess.ln());
                own.gain.push((known / guess).ln_1p());
                own.known_share.push(known / (guess + known));
            }
        }
        own
    }

    /// Log-probability of all votes, had they been guesses: the part of the likelihood that knows no class.
    fn log_guessed(&self) -> f64 {
        self.votes.given().iter().zip(&self.log_guess).map(|(votes, log)| votes * log).sum()
    }

    /// Splits the expected right votes, and all wrong ones, into known and guessed.
    fn counts(&self, right_votes: &[f64]) -> Counts {
        let classes = self.votes.shape().classes;
        let known: Vec<f64> =
            right_votes.iter().zip(&self.known_share).map(|(votes, share)| votes * share).collect();
        let guessed = self.votes.given().iter().zip(&known).map(|(votes, known)| (votes - known).max(0.0));
        Counts { guessed: guessed.collect(), known: row_sums(&known, classes) }
    }
}

impl Evidence for Habits<'_> {
    fn cells(&self) -> usize {
        self.gain.len()
    }

    #[inline(always)]
    fn score(&self, _item: usize, votes: Range<usize>, scores: &mut [f64]) -> f64 {
        for at in votes {
            let (worker, class, weight) = self.votes.vote(at);
            scores[class] += weight * self.gain[worker * scores.len() + class];
        }
        0.0
    }

    #[inline(always)]
    fn count(&self, votes: Range<usize>, posterior: &[f64], table: &mut [f64]) {
        for at in votes {
            let (worker, class, weight) = self.votes.vote(at);
            table[worker * posterior.len() + class] += weight * posterior[class];
        }
    }
}

/// Divergence of Dirichlet(counts + prior) from Dirichlet(prior).
fn dirichlet_divergence(counts: &[f64], prior: &[f64]) -> f64 {
    let (count_sum, prior_sum): (f64, f64) = (counts.iter().sum(), prior.iter().sum());
    let all = digamma(count_sum + prior_sum);
    let terms = counts.iter().zip(prior).map(|(count, prior)| {
        ln_gamma(*prior) - ln_gamma(count + prior) + count * (digamma(count + prior) - all)
    });
    ln_gamma(count_sum + prior_sum) - ln_gamma(prior_sum) + terms.sum::<f64>()
}
