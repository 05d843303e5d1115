//! Rows drawn at random by a seed: the baseline that any trust function has to beat.
//!
//! The draw of a row depends on the seed and its position alone, so shards can be drawn in any order.

use rayon::prelude::*;

use super::blocks::CHUNK;
use super::rows::Rows;

/// `k` of `rows` rows, every set of that size as likely as any other; all of them where there are no more.
///
/// The rows with the highest draws are kept, ties to the lower position.
///
/// ```
/// use w2s_core::select::random_k;
/// assert_eq!(random_k(1000, 10, 7).count(), 10);
/// assert_eq!(random_k(1000, 10, 7), random_k(1000, 10, 7));
/// ```
#[must_use]
pub fn random_k(rows: usize, k: usize, seed: u64) -> Rows {
    if k >= rows {
        return Rows::all(rows);
    }
    // The k-th best of `rows` uniform draws is known within a few standard errors.
    let mean = k as f64;
    let likely = 1.0 - (mean + 8.0 * mean.sqrt() + 16.0) / rows as f64;
    let mut drawn = drawn_above(rows, seed, likely);
    if drawn.len() < k {
        drawn = drawn_above(rows, seed, 0.0);
    }
    if 0 < k && k < drawn.len() {
        drawn.select_nth_unstable_by(k - 1, |a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    }
    Rows::of_positions(rows, drawn[..k].iter().map(|&(_, row)| row))
}

fn drawn_above(rows: usize, seed: u64, low: f64) -> Vec<(f64, usize)> {
    (0..rows)
        .into_par_iter()
        .with_min_len(CHUNK)
        .map(|row| (draw(seed, row as u64), row))
        .filter(|&(draw, _)| draw >= low)
        .collect()
}

/// The draw of a row: uniform in [0, 1), 53 bits.
#[inline(always)]
#[must_use]
pub fn draw(seed: u64, position: u64) -> f64 {
    (hash(seed, position) >> 11) as f64 / (1u64 << 53) as f64
}

/// 64 mixed bits for a position under a seed: the finaliser of SplitMix64 over a counter.
///
/// Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
#[inline(always)]
pub fn hash(seed: u64, position: u64) -> u64 {
    let start = mix(seed.wrapping_add(GOLDEN));
    mix(start.wrapping_add(position.wrapping_mul(GOLDEN)))
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

#[inline(always)]
fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
