//! How a column is divided: chunks that are processed in parallel, and blocks that are compared at once.
//!
//! Chunks have a fixed size, so that no answer depends on the number of threads.

use rayon::prelude::*;

use super::SelectError;
use super::lanes::LANES;
use super::score::Score;

/// Rows that one task works on; a multiple of [`LANES`].
pub const CHUNK: usize = 1 << 16;
/// Words of a bitmap that belong to one chunk.
pub const CHUNK_WORDS: usize = CHUNK / LANES;

/// Calls `see(block)` for each 64 scores and stores its result, one word per block.
///
/// The last block may be short: it is filled up with the lowest score, and the bits beyond the end are cleared.
#[inline(always)]
pub fn fill_words<S: Score>(
    chunk: &[S],
    words: &mut [u64],
    mut see: impl FnMut(usize, &[S; LANES], u64) -> u64,
) {
    let (blocks, rest) = chunk.as_chunks::<LANES>();
    for (i, (block, word)) in blocks.iter().zip(words.iter_mut()).enumerate() {
        *word = see(i * LANES, block, u64::MAX);
    }
    if !rest.is_empty() {
        let mut block = [S::LOWEST; LANES];
        block[..rest.len()].copy_from_slice(rest);
        let valid = (1 << rest.len()) - 1;
        words[blocks.len()] = see(blocks.len() * LANES, &block, valid) & valid;
    }
}

/// Positions of the bits of a word, ascending.
#[inline(always)]
pub fn for_each_bit(mut word: u64, mut see: impl FnMut(usize)) {
    while word != 0 {
        see(word.trailing_zeros() as usize);
        word &= word - 1;
    }
}

/// Position of the first value of which something is true.
pub fn first_where<T: Copy + Sync>(values: &[T], is_so: impl Fn(T) -> bool + Sync) -> Option<usize> {
    let start = values.par_chunks(CHUNK).position_first(|chunk| any(chunk, &is_so))? * CHUNK;
    values[start..].iter().position(|&value| is_so(value)).map(|offset| start + offset)
}

/// Without a branch in it, the loop is vectorised; inlined into the search for a chunk, it is not.
#[inline(never)]
fn any<T: Copy>(chunk: &[T], is_so: &impl Fn(T) -> bool) -> bool {
    chunk.iter().fold(false, |any, &value| any | is_so(value))
}

/// Position of the first NaN.
pub fn first_nan<S: Score>(scores: &[S]) -> Option<usize> {
    first_where(scores, S::is_nan)
}

/// Nothing, or the error that names the first NaN.
pub fn refuse_nan<S: Score>(scores: &[S]) -> Result<(), SelectError> {
    first_nan(scores).map_or(Ok(()), |index| Err(SelectError::NanScore { index }))
}
