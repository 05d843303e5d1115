//! The combined score of one row.

use super::Method;
use crate::select::Score;

/// A method prepared for rows of a fixed length.
pub struct RowRule<'a> {
    method: Method<'a>,
    weights: Vec<f64>,
}

/// Memory that rows use one after another.
#[derive(Default)]
pub struct Scratch {
    scores: Vec<f64>,
    weights: Vec<f64>,
}

impl<'a> RowRule<'a> {
    /// The rule for rows of `columns` scores.
    pub fn of(method: Method<'a>, columns: usize) -> Self {
        Self { method, weights: method.weights().map_or_else(|| vec![1.0; columns], <[f64]>::to_vec) }
    }

    /// Combines each row of a row-major part of a table.
    pub fn apply<S: Score>(&self, rows: &[S], has_missing: bool, scratch: &mut Scratch, out: &mut [f64]) {
        let rows = rows.chunks_exact(self.weights.len());
        match self.method {
            Method::Mean if !has_missing => mean_rows(rows, self.weights.len(), out),
            _ => out.iter_mut().zip(rows).for_each(|(slot, row)| *slot = self.combine(row, scratch)),
        }
    }

    fn combine<S: Score>(&self, row: &[S], scratch: &mut Scratch) -> f64 {
        let Scratch { scores, weights } = scratch;
        scores.clear();
        weights.clear();
        for (score, &weight) in row.iter().zip(&self.weights) {
            if !score.is_nan() {
                scores.push(score.to_f64());
                weights.push(weight);
            }
        }
        if scores.is_empty() { f64::NAN } else { self.of_present(scores, weights) }
    }

    fn of_present(&self, scores: &mut [f64], weights: &[f64]) -> f64 {
        match self.method {
            Method::Mean | Method::WeightedMean(_) => weighted_mean(scores.iter().copied(), weights),
            Method::Median => median(scores),
            Method::TrimmedMean(share) => trimmed_mean(scores, share),
            Method::Min => scores.iter().copied().fold(f64::INFINITY, f64::min),
            Method::Max => scores.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            Method::Product => scores.iter().product(),
            Method::LogOdds { clip, .. } => probability(weighted_mean(
                scores.iter().map(|&p| log_odds(p.clamp(clip, 1.0 - clip))),
                weights,
            )),
            Method::Majority { limit } => {
                let share = weighted_mean(votes(scores, limit), weights);
                f64::from(u8::from(share > 0.5)) + if share == 0.5 { 0.5 } else { 0.0 }
            }
            Method::Vote { limit, .. } => weighted_mean(votes(scores, limit), weights),
            Method::MeanRank | Method::Borda => unreachable!("ranks need the whole column"),
        }
    }
}

/// Means of rows without missing scores, as fast as they can be read.
fn mean_rows<'a, S: Score>(rows: impl Iterator<Item = &'a [S]>, columns: usize, out: &mut [f64]) {
    let columns = columns as f64;
    out.iter_mut().zip(rows).for_each(|(slot, row)| {
        *slot = row.iter().fold(0.0, |sum, score| sum + score.to_f64()) / columns;
    });
}

/// NaN where the weights that are left sum to 0.
fn weighted_mean(scores: impl Iterator<Item = f64>, weights: &[f64]) -> f64 {
    let (sum, weight) = scores.zip(weights).fold((0.0, 0.0), |(sum, total), (score, &weight)| {
        // A score of weight 0 does not count, even if it is infinite.
        (if weight > 0.0 { sum + weight * score } else { sum }, total + weight)
    });
    sum / weight
}

fn median(scores: &mut [f64]) -> f64 {
    let middle = scores.len() / 2;
    let odd = !scores.len().is_multiple_of(2);
    let (below, &mut upper, _) = scores.select_nth_unstable_by(middle, f64::total_cmp);
    if odd { upper } else { midpoint(below.iter().copied().fold(f64::NEG_INFINITY, f64::max), upper) }
}

/// The mean of two scores; that of equal infinities is the same infinity.
pub fn midpoint(a: f64, b: f64) -> f64 {
    if a == b { a } else { a * 0.5 + b * 0.5 }
}

fn trimmed_mean(scores: &mut [f64], share: f64) -> f64 {
    scores.sort_unstable_by(f64::total_cmp);
    let cut = (scores.len() as f64 * share) as usize;
    let kept = &scores[cut..scores.len() - cut];
    kept.iter().sum::<f64>() / kept.len() as f64
}

fn votes(scores: &[f64], limit: f64) -> impl Iterator<Item = f64> {
    scores.iter().map(move |&score| f64::from(u8::from(score >= limit)))
}

fn log_odds(p: f64) -> f64 {
    p.ln() - (-p).ln_1p()
}

fn probability(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}
