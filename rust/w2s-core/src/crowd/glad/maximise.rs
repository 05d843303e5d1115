//! GLAD's maximisation step: abilities and easiness that make the expected votes likelier.
//!
//! Knows nothing about how the posterior came about.
//!
//! With p the probability that a vote is right and x = ability × easiness, a vote contributes p x - softplus(x). It is
//! concave in x. Items and workers take turns; none of their moves can lower the expected log-probability:
//! - an item moves along the quadratic lower bound of T. S. Jaakkola and M. I. Jordan (Bayesian Parameter Estimation via
//!   Variational Methods, 2000): softplus(x) ≤ softplus(z) + (x - z) / 2 + λ(z) (x² - z²), 2 λ(z) = (σ(z) - ½) / z;
//! - a worker makes a damped Newton step, log(1 + r) / r of the full one, where r bounds how far x moves; that is safe
//!   because softplus is self-concordant in the sense of |f'''| ≤ f'' (T. Sun, Q. Tran-Dinh, Generalized
//!   Self-Concordant Functions, 2019).

use super::super::error::CrowdError;
use super::super::sweep::sweep;
use super::super::votes::Votes;
use super::scale::rescale;
use super::{ABILITY_MEAN, Abilities, LOG_EASINESS_MEAN};
use std::ops::Range;
use std::sync::atomic::AtomicBool;

/// How often items and workers take turns.
const TURNS: usize = 5;

/// Improves abilities and easiness for a posterior.
pub(super) fn maximise(
    votes: &Votes,
    posterior: &mut [f64],
    abilities: &mut Abilities<'_>,
    stop: &AtomicBool,
) -> Result<(), CrowdError> {
    let right = right_probabilities(votes, posterior);
    for _ in 0..turns() {
        take_turns(votes, &right, abilities, stop)?;
        rescale(votes, &mut abilities.ability, &mut abilities.log_easiness);
    }
    Ok(())
}
fn turns() -> usize { std::env::var("TURNS").map_or(TURNS, |t| t.parse().unwrap()) }

/// The probability of each vote to be right.
fn right_probabilities(votes: &Votes, posterior: &[f64]) -> Vec<f64> {
    let classes = votes.shape().classes;
    let of_item = |(item, row): (usize, &[f64])| -> Vec<f64> { votes.of(item).map(|at| row[votes.vote(at).1]).collect() };
    posterior.chunks_exact(classes).enumerate().flat_map(of_item).collect()
}

/// Items first, then workers. The table holds, by worker, slope and curvature of the expected log-likelihood, and in
/// a third row the largest easiness met.
fn take_turns(
    votes: &Votes,
    right: &[f64],
    abilities: &mut Abilities<'_>,
    stop: &AtomicBool,
) -> Result<(), CrowdError> {
    let workers = votes.shape().workers;
    let Abilities { ability, log_easiness, .. } = abilities;
    let table = sweep(votes, 2 * workers, 1, log_easiness, stop, |run, log_easiness, table| {
        for (item, log_easiness) in run.zip(log_easiness) {
            let range = votes.of(item);
            if !range.is_empty() {
                move_item(votes, range.clone(), right, ability, log_easiness);
                slopes(votes, range, right, ability, log_easiness.exp(), table);
            }
        }
    })?;
    let reach = log_easiness.iter().copied().fold(f64::NEG_INFINITY, f64::max).exp();
    for (ability, sums) in ability.iter_mut().zip(table.chunks_exact(2)) {
        let slope = sums[0] - (*ability - ABILITY_MEAN);
        let step = slope / (sums[1] + 1.0);
        *ability += step * damping(reach * step.abs());
    }
    Ok(())
}

/// log(1 + r) / r.
fn damping(reach: f64) -> f64 {
    if reach > 1e-12 { reach.ln_1p() / reach } else { 1.0 }
}

/// σ(x), without overflow.
#[inline(always)]
fn sigmoid(x: f64) -> f64 {
    let small = (-x.abs()).exp();
    (if x < 0.0 { small } else { 1.0 }) / (1.0 + small)
}

/// (σ(x) - ½) ÷ x, which is ¼ at 0.
#[inline(always)]
fn curvature_bound(x: f64) -> f64 {
    if x.abs() < 1e-4 { 0.25 } else { (sigmoid(x) - 0.5) / x }
}

/// Moves an item's easiness t to where linear · t - square · t² / 2 plus its log-prior is higher.
#[inline(always)]
fn move_item(votes: &Votes, range: Range<usize>, right: &[f64], ability: &[f64], log_easiness: &mut f64) {
    let easiness = log_easiness.exp();
    let (mut linear, mut square) = (0.0, 0.0);
    for at in range {
        let (worker, _, weight) = votes.vote(at);
        let ability = ability[worker];
        linear += weight * (right[at] - 0.5) * ability;
        square += weight * ability * ability * curvature_bound(ability * easiness);
    }
    *log_easiness = climb_bound(linear, square, *log_easiness, easiness);
}

/// A Newton step on the bound, halved until it does not fall.
#[inline(always)]
fn climb_bound(linear: f64, square: f64, log_easiness: f64, easiness: f64) -> f64 {
    let value = |log: f64, easiness: f64| {
        linear * easiness - 0.5 * square * easiness * easiness - 0.5 * (log - LOG_EASINESS_MEAN).powi(2)
    };
    let bend = square * easiness * easiness;
    let slope = linear * easiness - bend - (log_easiness - LOG_EASINESS_MEAN);
    let mut step = slope / (2.0 * bend - linear * easiness + 1.0).max(1.0);
    let before = value(log_easiness, easiness);
    for _ in 0..40 {
        let log = log_easiness + step;
        if value(log, log.exp()) >= before {
            return log;
        }
        step *= 0.5;
    }
    log_easiness
}

#[inline(always)]
fn slopes(
    votes: &Votes,
    range: Range<usize>,
    right: &[f64],
    ability: &[f64],
    easiness: f64,
    table: &mut [f64],
) {
    for at in range {
        let (worker, _, weight) = votes.vote(at);
        let chance = sigmoid(ability[worker] * easiness);
        table[2 * worker] += weight * (right[at] - chance) * easiness;
        table[2 * worker + 1] += weight * chance * (1.0 - chance) * easiness * easiness;
    }
}
