//! Dawid–Skene: every worker has a confusion matrix, estimated together with the classes by expectation
//! maximisation.
//!
//! Items have no difficulty.
//!
//! Source: A. P. Dawid, A. M. Skene, Maximum Likelihood Estimation of Observer Error-Rates Using the EM
//! Algorithm, Applied Statistics 28 (1979).

use super::belief::{Evidence, count, expect};
use super::climb::climb;
use super::consensus::{Consensus, Workers, shares};
use super::error::CrowdError;
use super::majority::voted_shares;
use super::options::Options;
use super::priors::{FLOOR, Priors};
use super::sweep::runs;
use super::votes::{Shape, Votes};
use std::ops::Range;
use std::sync::atomic::AtomicBool;

/// Dawid–Skene, started from the majority. The objective is the evidence lower bound: the expected
/// log-likelihood of votes and classes plus the entropy of the posterior, after the workers have been
/// learned anew. A worker's skill is the expected share of right votes, in [0, 1].
pub(super) fn dawid_skene(
    votes: &Votes,
    options: &Options,
    stop: &AtomicBool,
) -> Result<Consensus, CrowdError> {
    check_memory(votes)?;
    let shape = votes.shape();
    let mut priors = Priors::new(options, shape.classes);
    let equal_skills = vec![1.0; shape.workers];
    let mut posterior = voted_shares(votes, &equal_skills, &options.priors_or_equal(shape.classes), stop)?;
    let mut model = Confusion::new(votes);
    let start = count(votes, &model, &priors.log(), &mut posterior, stop)?;
    priors.learn(&start.mass);
    model.learn(start.table);
    let course = climb(options, || {
        let expected = expect(votes, &model, &priors.log(), &mut posterior, stop)?;
        priors.learn(&expected.mass);
        model.learn(expected.table);
        let bound = model.expected_log() + priors.expected_log(&expected.mass) + expected.entropy;
        Ok(bound / votes.total().max(f64::MIN_POSITIVE))
    })?;
    let shares = priors.into_shares();
    Ok(Consensus::close(votes, posterior, &[], shares, model.workers(), course))
}

fn cells(shape: Shape) -> usize {
    shape.workers * shape.classes * shape.classes
}

/// Tables of the size of the confusion matrices that exist at once, besides those of the runs of a pass.
const TABLES: u128 = 6;

/// Refuses votes whose tables do not fit in memory.
fn check_memory(votes: &Votes) -> Result<(), CrowdError> {
    let Shape { items, workers, classes } = votes.shape();
    let matrices = workers as u128 * classes as u128 * classes as u128;
    let runs = usize::try_from(matrices).map_or(0, |cells| runs(votes, cells).len()) as u128;
    let numbers = items as u128 * classes as u128 + (runs + TABLES) * matrices;
    // Kept from the optimiser, which may leave out unused memory.
    let mut room = Vec::<f64>::new();
    let fits = usize::try_from(numbers).is_ok_and(|numbers| room.try_reserve_exact(numbers).is_ok());
    std::hint::black_box(&mut room);
    let table = "the confusion matrices of dawid-skene";
    if fits { Ok(()) } else { Err(CrowdError::TooLarge { table, bytes: numbers * size_of::<f64>() as u128 }) }
}

/// The confusion matrices. Tables are workers × vote × true class, so that a vote reads and writes one short
/// row.
struct Confusion<'a> {
    votes: &'a Votes,
    counts: Vec<f64>,
    logs: Vec<f64>,
}

impl<'a> Confusion<'a> {
    fn new(votes: &'a Votes) -> Self {
        Self { votes, counts: Vec::new(), logs: Vec::new() }
    }

    fn learn(&mut self, counts: Vec<f64>) {
        let classes = self.votes.shape().classes;
        self.logs = probabilities(&counts, classes);
        for log in self.logs.iter_mut().filter(|probability| **probability > 0.0) {
            *log = log.ln();
        }
        self.counts = counts;
    }

    /// Expected log-likelihood of the votes, given the classes.
    fn expected_log(&self) -> f64 {
        self.counts.iter().zip(&self.logs).map(|(count, log)| count * log).sum()
    }

    fn workers(&self) -> Workers {
        let classes = self.votes.shape().classes;
        let right = |counts: &[f64]| (0..classes).map(|class| counts[class * (classes + 1)]).sum::<f64>();
        let right: Vec<f64> = self.counts.chunks_exact(classes * classes).map(right).collect();
        Workers {
            skill: shares(&right, &self.votes.totals(), classes),
            confusion: by_true_class(&probabilities(&self.counts, classes), classes),
            strategy: Vec::new(),
        }
    }
}

impl Evidence for Confusion<'_> {
    fn cells(&self) -> usize {
        cells(self.votes.shape())
    }

    #[inline(always)]
    fn score(&self, _item: usize, votes: Range<usize>, scores: &mut [f64]) -> f64 {
        let classes = scores.len();
        for at in votes {
            let (worker, class, weight) = self.votes.vote(at);
            let row = (worker * classes + class) * classes;
            for (score, log) in scores.iter_mut().zip(&self.logs[row..row + classes]) {
                *score += weight * log;
            }
        }
        0.0
    }

    #[inline(always)]
    fn count(&self, votes: Range<usize>, posterior: &[f64], table: &mut [f64]) {
        let classes = posterior.len();
        for at in votes {
            let (worker, class, weight) = self.votes.vote(at);
            let row = (worker * classes + class) * classes;
            for (count, share) in table[row..row + classes].iter_mut().zip(posterior) {
                *count += weight * share;
            }
        }
    }
}

/// Expected counts → probability of a vote given the true class, each in its place. A vote that a worker
/// never gave has probability 0; every other count is at least [`FLOOR`].
fn probabilities(counts: &[f64], classes: usize) -> Vec<f64> {
    let mut probabilities = counts.to_vec();
    for matrix in probabilities.chunks_exact_mut(classes * classes) {
        let mut sums = vec![0.0; classes];
        for row in matrix.chunks_exact_mut(classes).filter(|row| row.iter().any(|count| *count > 0.0)) {
            for (count, sum) in row.iter_mut().zip(&mut sums) {
                *count = count.max(FLOOR);
                *sum += *count;
            }
        }
        for row in matrix.chunks_exact_mut(classes) {
            row.iter_mut().zip(&sums).filter(|(_, sum)| **sum > 0.0).for_each(|(count, sum)| *count /= sum);
        }
    }
    probabilities
}

/// Workers × vote × true class → workers × true class × vote; equal probabilities for workers without votes.
fn by_true_class(probabilities: &[f64], classes: usize) -> Vec<f64> {
    let mut confusion = Vec::with_capacity(probabilities.len());
    for matrix in probabilities.chunks_exact(classes * classes) {
        for class in 0..classes {
            let column = (0..classes).map(|vote| matrix[vote * classes + class]);
            let voted = column.clone().sum::<f64>() > 0.0;
            confusion.extend(column.map(|value| if voted { value } else { 1.0 / classes as f64 }));
        }
    }
    confusion
}
