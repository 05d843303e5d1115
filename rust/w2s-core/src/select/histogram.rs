//! The k-th best key of a column, exactly, by counting digits from the highest down.

use rayon::prelude::*;

use super::blocks::CHUNK;
use super::score::Score;

const DIGIT_BITS: u32 = 11;
const DIGITS: usize = 1 << DIGIT_BITS;
/// Chunks that share one table of counts.
const CHUNKS_A_TABLE: usize = 16;

/// The k-th best key, `1 <= k <= scores.len()`; no score is NaN. Reads the column once for 11 bits of the key.
pub fn kth_best_key<S: Score>(scores: &[S], k: usize) -> S::Key {
    let (mut left, mut known, mut known_bits) = (k, 0u64, 0);
    while known_bits < S::KEY_BITS {
        let digit_bits = DIGIT_BITS.min(S::KEY_BITS - known_bits);
        let shift = S::KEY_BITS - known_bits - digit_bits;
        let counts = count_digits(scores, known, shift, digit_bits);
        let mut digit = DIGITS - 1;
        while counts[digit] < left {
            left -= counts[digit];
            digit -= 1;
        }
        known = known << digit_bits | digit as u64;
        known_bits += digit_bits;
    }
    // The column holds the key, so the search by equality finds it.
    let found = scores.par_iter().map(|score| score.key()).find_any(|&key| key.into() == known);
    found.unwrap_or_default()
}

/// How many keys that start with the known bits have each digit next.
fn count_digits<S: Score>(scores: &[S], known: u64, shift: u32, digit_bits: u32) -> Vec<usize> {
    let count = |part: &[S]| {
        let mut counts = vec![0usize; DIGITS];
        for score in part {
            let rest = score.key().into() >> shift;
            if rest >> digit_bits == known {
                counts[(rest & ((1 << digit_bits) - 1)) as usize] += 1;
            }
        }
        counts
    };
    scores.par_chunks(CHUNK * CHUNKS_A_TABLE).map(count).reduce(|| vec![0; DIGITS], add)
}

fn add(mut sums: Vec<usize>, counts: Vec<usize>) -> Vec<usize> {
    sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    sums
}
