//! A first guess of a cut: two scores between which the k-th best of many lies, from a sample of them.
//!
//! A guess may be wrong; the caller counts the rows and notices.

use rayon::prelude::*;

use super::random::hash;
use super::score::Score;

/// Rows that are sampled for a guess.
const SAMPLE: usize = 1 << 16;
/// Standard errors of the sampled rank on either side of the guess.
const SIGMAS: f64 = 4.0;

/// Two scores of the column, `low <= high`, that probably enclose the k-th best.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bracket<S> {
    pub low: S,
    pub high: S,
}

/// Guesses where the k-th best of the scores lies. `1 <= k <= scores.len()`; NaN is read as some score.
///
/// One row is drawn from each of 65,536 stretches of equal length, so that sorted columns are sampled evenly;
/// the open interval then holds about 1 % of the rows of any distribution.
pub fn guess<S: Score>(scores: &[S], k: usize) -> Bracket<S> {
    let mut keys = sample(scores);
    let share_below = 1.0 - k as f64 / scores.len() as f64;
    let size = keys.len() as f64;
    let rank = share_below * size;
    let margin =
        if keys.len() == scores.len() { 0.0 } else { SIGMAS * (rank * (1.0 - share_below)).sqrt() + 4.0 };
    let last = keys.len() - 1;
    let low = ((rank - margin).max(0.0) as usize).min(last);
    let high = ((rank + margin).ceil() as usize).min(last);
    let (_, &mut high, _) = keys.select_nth_unstable(high);
    let (_, &mut low, _) = keys.select_nth_unstable(low);
    Bracket { low: S::of_key(low), high: S::of_key(high) }
}

fn sample<S: Score>(scores: &[S]) -> Vec<S::Key> {
    if scores.len() <= SAMPLE {
        return scores.iter().map(|score| score.key()).collect();
    }
    let stretch = scores.len() / SAMPLE;
    (0..SAMPLE)
        .into_par_iter()
        .map(|i| scores[i * stretch + (hash(0, i as u64) % stretch as u64) as usize].key())
        .collect()
}
