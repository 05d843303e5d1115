//! The k best rows in the order of their scores.
//!
//! The selected rows alone are sorted: first into ranges of scores, then within each range.

use rayon::prelude::*;

use super::SelectError;
use super::blocks::{CHUNK, CHUNK_WORDS, for_each_bit};
use super::lanes::LANES;
use super::rows::{Rows, split_by_counts};
use super::score::Score;
use super::segments::{Block, gather};
use super::top::top;

/// Up to this number, rows are sorted at once.
const SMALL: usize = 1 << 13;
/// Ranges of scores into which the rows go before they are sorted: 2¹⁰.
const RANGE_BITS: u32 = 10;
/// Rows that one block brings to their ranges.
const BLOCK: usize = 1 << 17;
/// A range with more rows than this is sorted by all threads together.
const LARGE: usize = 1 << 18;

/// Positions of the `k` best scores, best first, ties to the lower position; all of them if there are at most
/// `k`.
///
/// ```
/// assert_eq!(w2s_core::select::top_k(&[0.25, 1.0, 0.5, 1.0], 3), Ok(vec![1, 3, 2]));
/// ```
///
/// # Errors
/// [`SelectError::NanScore`] with the first NaN.
pub fn top_k<S: Score>(scores: &[S], k: usize) -> Result<Vec<i64>, SelectError> {
    Ok(best_first(scores, &top(scores, k)?.rows))
}

/// Positions of the rows, those with the best scores first, ties to the lower position. No score is NaN.
pub fn best_first<S: Score>(scores: &[S], rows: &Rows) -> Vec<i64> {
    if S::KEY_BITS == 32 && scores.len() <= u32::MAX as usize {
        positions_of(ranked::<S, u64>(scores, rows))
    } else {
        positions_of(ranked::<S, u128>(scores, rows))
    }
}

/// The place of a row in the order, best first: an integer with the inverted key above the position.
trait Rank: Copy + Default + Ord + Send + Sync {
    fn new(key: u64, position: u64) -> Self;
    fn key(self) -> u64;
    fn position(self) -> i64;
}

/// For keys and positions of 32 bits.
impl Rank for u64 {
    #[inline(always)]
    fn new(key: u64, position: u64) -> Self {
        (!key << 32) | position
    }

    #[inline(always)]
    fn key(self) -> u64 {
        !self >> 32
    }

    #[inline(always)]
    fn position(self) -> i64 {
        i64::from(self as u32)
    }
}

impl Rank for u128 {
    #[inline(always)]
    fn new(key: u64, position: u64) -> Self {
        (u128::from(!key) << 64) | u128::from(position)
    }

    #[inline(always)]
    fn key(self) -> u64 {
        !(self >> 64) as u64
    }

    #[inline(always)]
    fn position(self) -> i64 {
        (self as u64).cast_signed()
    }
}

/// The ranks of the rows, in the order of their positions.
fn ranked<S: Score, R: Rank>(scores: &[S], rows: &Rows) -> Vec<R> {
    let counts = rows.chunk_counts();
    let mut ranks = vec![R::default(); counts.iter().sum()];
    split_by_counts(&mut ranks, &counts)
        .into_par_iter()
        .zip(scores.par_chunks(CHUNK).zip(rows.words().par_chunks(CHUNK_WORDS)))
        .enumerate()
        .for_each(|(chunk, (out, (scores, words)))| {
            let mut slots = out.iter_mut();
            for (i, &word) in words.iter().enumerate() {
                for_each_bit(word, |bit| {
                    let offset = i * LANES + bit;
                    if let Some(slot) = slots.next() {
                        *slot = R::new(scores[offset].key().into(), (chunk * CHUNK + offset) as u64);
                    }
                });
            }
        });
    ranks
}

fn positions_of<R: Rank>(mut ranks: Vec<R>) -> Vec<i64> {
    if ranks.len() <= SMALL {
        ranks.sort_unstable();
        return ranks.into_iter().map(R::position).collect();
    }
    let (Some(best), Some(worst)) = (ranks.par_iter().min(), ranks.par_iter().max()) else {
        return Vec::new();
    };
    let (best, worst) = (best.key(), worst.key());
    let shift = (u64::BITS - (best - worst).leading_zeros()).saturating_sub(RANGE_BITS);
    let range = move |rank: R| ((best - rank.key()) >> shift) as usize;
    let n_ranges = ((best - worst) >> shift) as usize + 1;
    let blocks: Vec<Block<R>> = ranks
        .par_chunks(BLOCK)
        .map(|block| Block::sort(n_ranges, block.iter().map(|&rank| (range(rank), rank))))
        .collect();
    let sizes: Vec<usize> =
        (0..n_ranges).map(|range| blocks.iter().map(|block| block.segment(range).len()).sum()).collect();
    let mut positions = vec![0; ranks.len()];
    split_by_counts(&mut positions, &sizes).into_par_iter().enumerate().for_each_init(
        Vec::new,
        |buffer, (range, out)| {
            gather(&blocks, range, buffer);
            sort(buffer);
            out.iter_mut().zip(buffer).for_each(|(slot, rank)| *slot = rank.position());
        },
    );
    positions
}

fn sort<R: Rank>(ranks: &mut [R]) {
    if ranks.len() > LARGE {
        ranks.par_sort_unstable();
    } else {
        ranks.sort_unstable();
    }
}
