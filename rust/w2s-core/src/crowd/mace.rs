//! MACE: each worker either knows the class or guesses by a habit; learned by variational Bayes.
//!
//! Items have no difficulty.
//!
//! Source: D. Hovy, T. Berg-Kirkpatrick, A. Vaswani, E. Hovy, Learning Whom to Trust with MACE, NAACL-HLT
//! (2013), with its Beta(½, ½) prior on knowing, and a Dirichlet prior of 10 votes per class on the habits.

use super::belief::{Evidence, Expectation, expect};
use super::climb::{Course, climb};
use super::consensus::{Consensus, Workers};
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
    let kinds = Kinds::of(votes);
    let mut best = fit(votes, Habits::even(&kinds), options, stop)?;
    let mut random = Random::new(options.seed);
    for _ in 1..options.restarts {
        let next = fit(votes, Habits::random(&kinds, &mut random), options, stop)?;
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
    let kinds = habits.kinds;
    let priors = Priors::new(options, kinds.classes);
    let log_priors = priors.log();
    let mut posterior = vec![0.0; votes.posterior_len()];
    let mut expected = habits.expect(votes, &log_priors, &mut posterior, stop)?;
    let mut counts = habits.counts(&expected.table);
    let course: Course = climb(options, || {
        habits = Habits::learn(kinds, &counts);
        expected = habits.expect(votes, &log_priors, &mut posterior, stop)?;
        let bound = habits.log_guessed() + expected.log_likelihood - counts.divergence(kinds);
        counts = habits.counts(&expected.table);
        Ok(bound / votes.total().max(f64::MIN_POSITIVE))
    })?;
    let shares = priors.into_shares();
    Ok(Consensus::close(votes, posterior, &shares.clone(), shares, counts.workers(kinds), course))
}

/// The kinds of votes: by worker and class. Where workers × classes is too much to hold, only those that occur:
/// a class that a worker never voted for keeps its prior habit, and adds nothing to any sum below.
struct Kinds {
    /// Where the kinds of each worker start.
    starts: Vec<usize>,
    /// The weight of the votes of each kind.
    given: Vec<f64>,
    /// The kind of each vote, where not all kinds are held.
    of_vote: Option<Vec<u32>>,
    classes: usize,
}

impl Kinds {
    fn of(votes: &Votes) -> Self {
        let Shape { workers, classes, .. } = votes.shape();
        let Some(cells) = votes.cells() else {
            let starts = (0..=workers).map(|worker| worker * classes).collect();
            return Self { starts, given: votes.given().to_vec(), of_vote: None, classes };
        };
        let of_item = |item: usize| {
            let voted = cells.voted(item);
            votes.of(item).map(move |at| {
                let (worker, place, weight) = votes.vote(at);
                (worker, voted[place], weight)
            })
        };
        let kinds: Vec<(usize, u32, f64)> = (0..votes.shape().items).flat_map(of_item).collect();
        let mut order: Vec<u32> = (0..kinds.len() as u32).collect();
        order.sort_by_key(|&at| (kinds[at as usize].0, kinds[at as usize].1));
        let mut own = Self { starts: vec![0], given: vec![], of_vote: None, classes };
        let mut of_vote = vec![0; kinds.len()];
        let mut last = None;
        for at in order {
            let (worker, class, weight) = kinds[at as usize];
            if last != Some((worker, class)) {
                own.starts.resize(worker + 1, own.given.len());
                own.given.push(0.0);
                last = Some((worker, class));
            }
            of_vote[at as usize] = own.given.len() as u32 - 1;
            own.given[of_vote[at as usize] as usize] += weight;
        }
        own.starts.resize(workers + 1, own.given.len());
        own.of_vote = Some(of_vote);
        own
    }

    fn workers(&self) -> usize {
        self.starts.len() - 1
    }

    /// The values of the kinds of each worker.
    fn rows<'a>(&'a self, values: &'a [f64]) -> impl Iterator<Item = &'a [f64]> {
        self.starts.windows(2).map(|ends| &values[ends[0]..ends[1]])
    }

    fn row_sums(&self, values: &[f64]) -> Vec<f64> {
        self.rows(values).map(|row| row.iter().sum()).collect()
    }
}

/// Expected number of votes that each worker knew, and that it guessed: by worker, and by kind.
struct Counts {
    known: Vec<f64>,
    guessed: Vec<f64>,
}

impl Counts {
    /// Kullback–Leibler divergence of what is believed about the workers from the priors.
    fn divergence(&self, kinds: &Kinds) -> f64 {
        let workers = self.known.iter().zip(kinds.rows(&self.guessed));
        let one = |(known, guessed): (&f64, &[f64])| {
            let knowing = [*known, guessed.iter().sum()];
            let knows = KNOWING_PRIOR + GUESSING_PRIOR;
            dirichlet_divergence(&knowing, &[KNOWING_PRIOR, GUESSING_PRIOR], knows)
                + dirichlet_divergence(
                    guessed,
                    &vec![HABIT_PRIOR; guessed.len()],
                    HABIT_PRIOR * kinds.classes as f64,
                )
        };
        workers.map(one).sum()
    }

    fn workers(&self, kinds: &Kinds) -> Workers {
        let guessed = kinds.row_sums(&self.guessed);
        let skill = |(known, guessed): (&f64, &f64)| {
            (known + KNOWING_PRIOR) / (known + guessed + KNOWING_PRIOR + GUESSING_PRIOR)
        };
        let habit = |(row, sum): (&[f64], &f64)| -> Vec<f64> {
            let total = sum + HABIT_PRIOR * kinds.classes as f64;
            row.iter().map(|count| (count + HABIT_PRIOR) / total).collect()
        };
        Workers {
            skill: self.known.iter().zip(&guessed).map(skill).collect(),
            confusion: Vec::new(),
            strategy: match kinds.of_vote {
                None => kinds.rows(&self.guessed).zip(&guessed).flat_map(habit).collect(),
                Some(_) => Vec::new(),
            },
        }
    }
}

/// How likely each worker knows, and guesses each kind of vote, and what follows for a vote.
struct Habits<'a> {
    kinds: &'a Kinds,
    /// Log-probability that a worker guesses, and guesses this class.
    log_guess: Vec<f64>,
    /// What a vote adds to the score of its class relative to the others.
    gain: Vec<f64>,
    /// Probability that a right vote was known, not guessed.
    known_share: Vec<f64>,
}

impl<'a> Habits<'a> {
    fn even(kinds: &'a Kinds) -> Self {
        let habits = vec![1.0 / kinds.classes as f64; kinds.given.len()];
        Self::new(kinds, &vec![[0.5, 0.5]; kinds.workers()], &habits)
    }

    /// Classes that are not held have the mean of a draw.
    fn random(kinds: &'a Kinds, random: &mut Random) -> Self {
        let mut knowing = Vec::with_capacity(kinds.workers());
        let mut habits = Vec::with_capacity(kinds.given.len());
        for row in kinds.rows(&kinds.given) {
            let known = random.unit();
            knowing.push([known, 1.0 - known]);
            let draws: Vec<f64> = row.iter().map(|_| 1.0 + random.unit()).collect();
            let sum: f64 = draws.iter().sum();
            let sum = sum + 1.5 * (kinds.classes - row.len()) as f64;
            habits.extend(draws.iter().map(|draw| draw / sum));
        }
        Self::new(kinds, &knowing, &habits)
    }

    /// The variational step: geometric means under the posterior of the workers.
    fn learn(kinds: &'a Kinds, counts: &Counts) -> Self {
        let mut knowing = Vec::with_capacity(counts.known.len());
        let mut habits = Vec::with_capacity(counts.guessed.len());
        for (known, row) in counts.known.iter().zip(kinds.rows(&counts.guessed)) {
            let guessed: f64 = row.iter().sum();
            let all = digamma(known + guessed + KNOWING_PRIOR + GUESSING_PRIOR);
            let mean = |alpha: f64, all: f64| (digamma(alpha) - all).exp();
            knowing.push([mean(known + KNOWING_PRIOR, all), mean(guessed + GUESSING_PRIOR, all)]);
            let all = digamma(guessed + HABIT_PRIOR * kinds.classes as f64);
            habits.extend(row.iter().map(|count| mean(count + HABIT_PRIOR, all)));
        }
        Self::new(kinds, &knowing, &habits)
    }

    fn new(kinds: &'a Kinds, knowing: &[[f64; 2]], habits: &[f64]) -> Self {
        let mut own = Self { kinds, log_guess: vec![], gain: vec![], known_share: vec![] };
        for (&[known, guesses], habits) in knowing.iter().zip(kinds.rows(habits)) {
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
        self.kinds.given.iter().zip(&self.log_guess).map(|(votes, log)| votes * log).sum()
    }

    /// Splits the expected right votes, and all wrong ones, into known and guessed.
    fn counts(&self, right_votes: &[f64]) -> Counts {
        let known: Vec<f64> =
            right_votes.iter().zip(&self.known_share).map(|(votes, share)| votes * share).collect();
        let guessed = self.kinds.given.iter().zip(&known).map(|(votes, known)| (votes - known).max(0.0));
        Counts { guessed: guessed.collect(), known: self.kinds.row_sums(&known) }
    }

    fn expect(
        &self,
        votes: &Votes,
        log_priors: &[f64],
        posterior: &mut [f64],
        stop: &AtomicBool,
    ) -> Result<Expectation, CrowdError> {
        match &self.kinds.of_vote {
            None => {
                let evidence = Habitual {
                    votes,
                    habits: self,
                    kind: |_, worker, class, classes| worker * classes + class,
                };
                expect(votes, &evidence, log_priors, posterior, stop)
            }
            Some(of_vote) => {
                let evidence =
                    Habitual { votes, habits: self, kind: |at: usize, _, _, _| of_vote[at] as usize };
                expect(votes, &evidence, log_priors, posterior, stop)
            }
        }
    }
}

/// Habits as evidence on votes, whose kinds follow from their place, worker, class and the number of classes.
struct Habitual<'a, K> {
    votes: &'a Votes,
    habits: &'a Habits<'a>,
    kind: K,
}

impl<K: Fn(usize, usize, usize, usize) -> usize + Sync> Evidence for Habitual<'_, K> {
    fn cells(&self) -> usize {
        self.habits.gain.len()
    }

    #[inline(always)]
    fn score(&self, _item: usize, votes: Range<usize>, scores: &mut [f64]) -> f64 {
        for at in votes {
            let (worker, class, weight) = self.votes.vote(at);
            scores[class] += weight * self.habits.gain[(self.kind)(at, worker, class, scores.len())];
        }
        0.0
    }

    #[inline(always)]
    fn count(&self, votes: Range<usize>, posterior: &[f64], table: &mut [f64]) {
        for at in votes {
            let (worker, class, weight) = self.votes.vote(at);
            table[(self.kind)(at, worker, class, posterior.len())] += weight * posterior[class];
        }
    }
}

/// Divergence of Dirichlet(counts + prior) from Dirichlet(prior); what has no count may be left out of both,
/// but not of the sum of the prior.
fn dirichlet_divergence(counts: &[f64], prior: &[f64], prior_sum: f64) -> f64 {
    let count_sum: f64 = counts.iter().sum();
    let all = digamma(count_sum + prior_sum);
    let terms = counts.iter().zip(prior).map(|(count, prior)| {
        ln_gamma(*prior) - ln_gamma(count + prior) + count * (digamma(count + prior) - all)
    });
    ln_gamma(count_sum + prior_sum) - ln_gamma(prior_sum) + terms.sum::<f64>()
}
