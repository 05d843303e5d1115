//! The expectation step that all probabilistic methods share: evidence in, posterior and expected counts out.

use super::error::CrowdError;
use super::exponential::exp;
use super::sweep::sweep;
use super::votes::Votes;
use std::ops::Range;
use std::sync::atomic::AtomicBool;

/// What votes say about the class of an item, and what the posterior says about the workers in return.
pub(super) trait Evidence: Sync {
    /// Number of cells of the table of expected counts.
    fn cells(&self) -> usize;

    /// Adds the log-likelihood of the votes on an item to the score of each class; returns what it left out
    /// because it is the same for all classes.
    fn score(&self, item: usize, votes: Range<usize>, scores: &mut [f64]) -> f64;

    /// Adds an item's posterior to the expected counts.
    fn count(&self, votes: Range<usize>, posterior: &[f64], table: &mut [f64]);
}

/// Sums over all items that have votes.
#[derive(Clone, Debug)]
pub(super) struct Expectation {
    /// The evidence's table of expected counts.
    pub table: Vec<f64>,
    /// Expected number of items of each class.
    pub mass: Vec<f64>,
    /// Log-likelihood of the votes, as far as the evidence includes it.
    pub log_likelihood: f64,
    /// Entropy of the posterior.
    pub entropy: f64,
}

/// Replaces the posterior (items × classes) of all items that have votes, and counts.
pub(super) fn expect<E: Evidence>(
    votes: &Votes,
    evidence: &E,
    log_priors: &[f64],
    posterior: &mut [f64],
    stop: &AtomicBool,
) -> Result<Expectation, CrowdError> {
    if let Some(cells) = votes.cells() {
        return cells.expect(votes, evidence, log_priors, posterior, stop);
    }
    pass(votes, evidence, posterior, stop, &|item, range, row| {
        row.copy_from_slice(log_priors);
        let rest = evidence.score(item, range, row);
        let (log_sum, entropy) = normalise(row);
        (log_sum + rest, entropy)
    })
}

/// Counts with the current posterior.
pub(super) fn count<E: Evidence>(
    votes: &Votes,
    evidence: &E,
    log_priors: &[f64],
    posterior: &mut [f64],
    stop: &AtomicBool,
) -> Result<Expectation, CrowdError> {
    if let Some(cells) = votes.cells() {
        return cells.count(votes, evidence, log_priors, posterior, stop);
    }
    pass(votes, evidence, posterior, stop, &|_, _, _| (0.0, 0.0))
}

fn pass<E: Evidence>(
    votes: &Votes,
    evidence: &E,
    posterior: &mut [f64],
    stop: &AtomicBool,
    update: &(impl Fn(usize, Range<usize>, &mut [f64]) -> (f64, f64) + Sync),
) -> Result<Expectation, CrowdError> {
    let (classes, cells) = (votes.shape().classes, evidence.cells());
    let mut table = sweep(votes, cells + classes + 2, classes, posterior, stop, |run, rows, table| {
        // The same code, compiled for the numbers of classes that are usual.
        match classes {
            2 => items(2, votes, evidence, run, rows, table, update),
            3 => items(3, votes, evidence, run, rows, table, update),
            4 => items(4, votes, evidence, run, rows, table, update),
            5 => items(5, votes, evidence, run, rows, table, update),
            _ => items(classes, votes, evidence, run, rows, table, update),
        }
    })?;
    let mass = table[cells..cells + classes].to_vec();
    let [log_likelihood, entropy] = [table[cells + classes], table[cells + classes + 1]];
    table.truncate(cells);
    Ok(Expectation { table, mass, log_likelihood, entropy })
}

#[inline(always)]
fn items<E: Evidence>(
    classes: usize,
    votes: &Votes,
    evidence: &E,
    run: Range<usize>,
    rows: &mut [f64],
    table: &mut [f64],
    update: &(impl Fn(usize, Range<usize>, &mut [f64]) -> (f64, f64) + Sync),
) {
    let (table, sums) = table.split_at_mut(evidence.cells());
    for (item, row) in run.zip(rows.chunks_exact_mut(classes)) {
        let range = votes.of(item);
        if range.is_empty() {
            continue;
        }
        let (log_likelihood, entropy) = update(item, range.clone(), row);
        for (mass, value) in sums.iter_mut().zip(&*row) {
            *mass += value;
        }
        sums[classes] += log_likelihood;
        sums[classes + 1] += entropy;
        evidence.count(range, row, table);
    }
}

/// Below this a probability is 0 relative to the largest; it keeps 0 × ∞ out of the entropy.
const NEGLIGIBLE_LOG: f64 = -1e3;

/// Turns scores (log, unnormalised) into probabilities; returns the log of their sum, and the entropy.
#[inline(always)]
pub(super) fn normalise(scores: &mut [f64]) -> (f64, f64) {
    let largest =
        scores.iter().copied().fold(f64::NEG_INFINITY, |left, right| if right > left { right } else { left });
    let (mut sum, mut weighted) = (0.0, 0.0);
    for score in scores.iter_mut() {
        let log = (*score - largest).max(NEGLIGIBLE_LOG);
        *score = exp(log);
        sum += *score;
        weighted += *score * log;
    }
    let inverse = 1.0 / sum;
    for score in scores.iter_mut() {
        *score *= inverse;
    }
    let log_sum = sum.ln();
    (largest + log_sum, log_sum - weighted * inverse)
}

/// Rows × columns: each row's largest column, ties to the lower, and its value.
pub(super) fn best(values: &[f64], columns: usize) -> (Vec<u32>, Vec<f64>) {
    let best = |row: &[f64]| {
        let at = largest(row);
        (at as u32, row[at])
    };
    values.chunks_exact(columns).map(best).unzip()
}

fn largest(row: &[f64]) -> usize {
    (1..row.len()).fold(0, |best, at| if row[at] > row[best] { at } else { best })
}

/// Gives every item without votes the priors.
pub(super) fn fill_unvoted(votes: &Votes, priors: &[f64], posterior: &mut [f64]) {
    if let Some(cells) = votes.cells() {
        let unvoted = (0..votes.shape().items).filter(|&item| votes.of(item).is_empty());
        unvoted.for_each(|item| posterior[cells.row(item)].fill(1.0));
        return;
    }
    for (item, row) in posterior.chunks_exact_mut(priors.len()).enumerate() {
        if votes.of(item).is_empty() {
            row.copy_from_slice(priors);
        }
    }
}
