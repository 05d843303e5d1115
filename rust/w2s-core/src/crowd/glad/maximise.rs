//! GLAD's maximisation step: abilities and easiness that make the expected votes likelier.
//!
//! The posterior is fixed here.
//!
//! With p the probability that a vote is right and x = ability × easiness, a vote contributes p x -
//! softplus(x). It is concave in x. Items and workers take turns; none of their moves can lower the expected
//! log-probability:
//! - an item moves along the quadratic lower bound of T. S. Jaakkola and M. I. Jordan (Bayesian Parameter
//!   Estimation via Variational Methods, 2000): softplus(x) ≤ softplus(z) + (x - z) / 2 + λ(z) (x² - z²), 2
//!   λ(z) = (σ(z) - ½) / z;
//! - a worker makes a damped Newton step, log(1 + r) / r of the full one, where r bounds how far x moves;
//!   that is safe because softplus is self-concordant in the sense of |f'''| ≤ f'' (T. Sun, Q. Tran-Dinh,
//!   Generalized Self-Concordant Functions, 2019).

use super::super::error::CrowdError;
use super::super::exponential::{exp, sigmoid};
use super::super::sweep::sweep;
use super::super::votes::Votes;
use super::scale::rescale;
use super::{ABILITY_MEAN, Abilities, LOG_EASINESS_MEAN};
use std::sync::atomic::AtomicBool;

/// How often items and workers take turns.
const TURNS: usize = 3;
const ITEMS_A_BLOCK: usize = 128;
const HALVINGS: usize = 40;

/// Improves abilities and easiness for a posterior.
pub(super) fn maximise(
    votes: &Votes,
    posterior: &mut [f64],
    abilities: &mut Abilities<'_>,
    stop: &AtomicBool,
) -> Result<(), CrowdError> {
    let right = right_probabilities(votes, posterior);
    for _ in 0..TURNS {
        take_turns(votes, &right, abilities, stop)?;
        rescale(votes, &mut abilities.ability, &mut abilities.log_easiness);
    }
    Ok(())
}

/// The probability of each vote to be right.
fn right_probabilities(votes: &Votes, posterior: &[f64]) -> Vec<f64> {
    if let Some(cells) = votes.cells() {
        let of_item = |item| votes.of(item).map(move |at| posterior[cells.row(item)][votes.vote(at).1]);
        return (0..votes.shape().items).flat_map(of_item).collect();
    }
    let classes = votes.shape().classes;
    let of_item = |(item, row): (usize, &[f64])| -> Vec<f64> {
        votes.of(item).map(|at| row[votes.vote(at).1]).collect()
    };
    posterior.chunks_exact(classes).enumerate().flat_map(of_item).collect()
}

/// Items first, then workers. The table holds, by worker, slope and curvature of the expected log-likelihood.
fn take_turns(
    votes: &Votes,
    right: &[f64],
    abilities: &mut Abilities<'_>,
    stop: &AtomicBool,
) -> Result<(), CrowdError> {
    let Abilities { ability, log_easiness, .. } = abilities;
    let table = sweep(votes, 2 * ability.len(), 1, log_easiness, stop, |run, log_easiness, table| {
        let mut block = Block::default();
        let starts = run.clone().step_by(ITEMS_A_BLOCK);
        for (start, log_easiness) in starts.zip(log_easiness.chunks_mut(ITEMS_A_BLOCK)) {
            block.load(votes, ability, start, log_easiness);
            block.move_items(votes, right, start, log_easiness);
            block.add_slopes(right, table);
        }
    })?;
    let largest = log_easiness.iter().copied().fold(f64::NEG_INFINITY, f64::max).exp();
    for (ability, sums) in ability.iter_mut().zip(table.chunks_exact(2)) {
        let slope = sums[0] - (*ability - ABILITY_MEAN);
        let step = slope / (sums[1] + 1.0);
        *ability += step * damping(largest * step.abs());
    }
    Ok(())
}

/// log(1 + r) / r.
fn damping(reach: f64) -> f64 {
    if reach > 1e-12 { reach.ln_1p() / reach } else { 1.0 }
}

/// Columns over the votes on some items in a row, so that the costly functions run over plain arrays.
#[derive(Default)]
struct Block {
    first: usize,
    workers: Vec<usize>,
    weights: Vec<f64>,
    abilities: Vec<f64>,
    easiness: Vec<f64>,
    x: Vec<f64>,
    values: Vec<f64>,
}

impl Block {
    /// Reads the votes on the items from `start`, and x of each.
    fn load(&mut self, votes: &Votes, ability: &[f64], start: usize, log_easiness: &[f64]) {
        self.first = votes.of(start).start;
        [&mut self.weights, &mut self.abilities, &mut self.easiness].into_iter().for_each(Vec::clear);
        self.workers.clear();
        for (item, log) in (start..).zip(log_easiness) {
            let easiness = exp(*log);
            for at in votes.of(item) {
                let (worker, _, weight) = votes.vote(at);
                self.workers.push(worker);
                self.weights.push(weight);
                self.abilities.push(ability[worker]);
                self.easiness.push(easiness);
            }
        }
        self.multiply();
    }

    fn multiply(&mut self) {
        self.x.clear();
        self.x
            .extend(self.abilities.iter().zip(&self.easiness).map(|(ability, easiness)| ability * easiness));
    }

    /// Moves each item's easiness t to where linear · t - square · t² / 2 plus its log-prior is higher.
    fn move_items(&mut self, votes: &Votes, right: &[f64], start: usize, log_easiness: &mut [f64]) {
        self.values.clear();
        self.values.extend(self.x.iter().map(|&x| curvature_bound(x)));
        for (item, log) in (start..).zip(log_easiness) {
            let range = votes.of(item);
            if range.is_empty() {
                continue;
            }
            let own = range.start - self.first..range.end - self.first;
            let (mut linear, mut square) = (0.0, 0.0);
            for at in own.clone() {
                let (weight, ability) = (self.weights[at], self.abilities[at]);
                linear += weight * (right[self.first + at] - 0.5) * ability;
                square += weight * ability * ability * self.values[at];
            }
            let easiness;
            (*log, easiness) = climb_bound(linear, square, *log, self.easiness[own.start]);
            self.easiness[own].fill(easiness);
        }
        self.multiply();
    }

    /// Adds slope and curvature of the votes, at the current easiness, to the tables of their workers.
    fn add_slopes(&mut self, right: &[f64], table: &mut [f64]) {
        self.values.clear();
        self.values.extend(self.x.iter().map(|&x| sigmoid(x)));
        for (at, &worker) in self.workers.iter().enumerate() {
            let (chance, easiness) = (self.values[at], self.easiness[at]);
            let scaled = self.weights[at] * easiness;
            table[2 * worker] += scaled * (right[self.first + at] - chance);
            table[2 * worker + 1] += scaled * easiness * chance * (1.0 - chance);
        }
    }
}

/// (σ(x) - ½) ÷ x, which is ¼ at 0 and even: with s = e^-|x| it is (1 - s) / (1 + s) ÷ 2 |x|.
#[inline(always)]
fn curvature_bound(x: f64) -> f64 {
    let size = x.abs();
    let small = exp(-size);
    let bound = (1.0 - small) / ((1.0 + small) * (2.0 * size));
    if size < 1e-4 { 0.25 } else { bound }
}

/// A Newton step on the bound, halved until it does not fall; the log easiness and the easiness after it.
#[inline(always)]
fn climb_bound(linear: f64, square: f64, log_easiness: f64, easiness: f64) -> (f64, f64) {
    let value = |log: f64, easiness: f64| {
        linear * easiness - 0.5 * square * easiness * easiness - 0.5 * (log - LOG_EASINESS_MEAN).powi(2)
    };
    let bend = square * easiness * easiness;
    let slope = linear * easiness - bend - (log_easiness - LOG_EASINESS_MEAN);
    let mut step = slope / (2.0 * bend - linear * easiness + 1.0).max(1.0);
    let before = value(log_easiness, easiness);
    for _ in 0..HALVINGS {
        let log = log_easiness + step;
        let easiness = exp(log);
        if value(log, easiness) >= before {
            return (log, easiness);
        }
        step *= 0.5;
    }
    (log_easiness, easiness)
}
