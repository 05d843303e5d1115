//! The kept rows, one bit per row.

use rayon::prelude::*;

use super::blocks::{CHUNK, CHUNK_WORDS, fill_words, for_each_bit};
use super::lanes::LANES;
use super::score::Score;

/// A set of row positions below a fixed number of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    words: Vec<u64>,
    len: usize,
}

impl Rows {
    /// No row of `len`.
    pub(super) fn none(len: usize) -> Self {
        Self { words: vec![0; len.div_ceil(LANES)], len }
    }

    /// Every row of `len`.
    pub(super) fn all(len: usize) -> Self {
        let mut words = vec![u64::MAX; len.div_ceil(LANES)];
        if let (Some(last), rest @ 1..) = (words.last_mut(), len % LANES) {
            *last = (1 << rest) - 1;
        }
        Self { words, len }
    }

    /// Rows for which the comparison of a block of scores sets a bit.
    pub(super) fn where_scores<S: Score>(scores: &[S], compare: impl Fn(&[S; LANES]) -> u64 + Sync) -> Self {
        let mut rows = Self::none(scores.len());
        scores
            .par_chunks(CHUNK)
            .zip(rows.chunks_mut())
            .for_each(|(chunk, words)| fill_words(chunk, words, |_, block, _| compare(block)));
        rows
    }

    /// The rows at these positions, each below `len`.
    pub(super) fn of_positions(len: usize, positions: impl Iterator<Item = usize>) -> Self {
        let mut rows = Self::none(len);
        positions.for_each(|row| rows.words[row / LANES] |= 1 << (row % LANES));
        rows
    }

    /// How many rows there are to choose from.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no row to choose from.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many rows are kept.
    #[must_use]
    pub fn count(&self) -> usize {
        self.chunk_counts().iter().sum()
    }

    /// Rows that are kept in each chunk.
    pub(super) fn chunk_counts(&self) -> Vec<usize> {
        self.words.par_chunks(CHUNK_WORDS).map(count_ones).collect()
    }

    /// The rows, 64 to a word.
    pub(super) fn words(&self) -> &[u64] {
        &self.words
    }

    /// Words of each chunk of rows, to be filled in parallel.
    pub(super) fn chunks_mut(&mut self) -> impl IndexedParallelIterator<Item = &mut [u64]> {
        self.words.par_chunks_mut(CHUNK_WORDS)
    }

    /// Whether a row is kept.
    #[must_use]
    pub fn contains(&self, row: usize) -> bool {
        self.words[row / LANES] >> (row % LANES) & 1 == 1
    }

    /// Keeps the rows of the other set too.
    pub(super) fn add(&mut self, other: &Self) {
        self.chunks_mut().zip(other.words.par_chunks(CHUNK_WORDS)).for_each(|(mine, theirs)| {
            mine.iter_mut().zip(theirs).for_each(|(word, other)| *word |= other);
        });
    }

    /// Keeps no more than the first `count` of the rows.
    pub(super) fn keep_first(&mut self, count: usize) {
        let mut left = count;
        for words in self.words.chunks_mut(CHUNK_WORDS) {
            let held = count_ones(words);
            if held > left {
                keep_first_bits(words, left);
            }
            left = left.saturating_sub(held);
        }
    }

    /// Positions of the rows, ascending.
    #[must_use]
    pub fn positions(&self) -> Vec<i64> {
        let counts = self.chunk_counts();
        let mut positions = vec![0; counts.iter().sum()];
        split_by_counts(&mut positions, &counts)
            .into_par_iter()
            .zip(self.words.par_chunks(CHUNK_WORDS))
            .enumerate()
            .for_each(|(chunk, (out, words))| {
                write_positions(words, (chunk * CHUNK).cast_signed() as i64, out)
            });
        positions
    }
}

/// Cuts a buffer into parts of the given lengths.
pub fn split_by_counts<'a, T>(mut buffer: &'a mut [T], counts: &[usize]) -> Vec<&'a mut [T]> {
    let mut parts = Vec::with_capacity(counts.len());
    for &count in counts {
        let (part, rest) = buffer.split_at_mut(count);
        parts.push(part);
        buffer = rest;
    }
    parts
}

fn count_ones(words: &[u64]) -> usize {
    words.iter().map(|word| word.count_ones() as usize).sum()
}

fn keep_first_bits(words: &mut [u64], mut left: usize) {
    for word in words {
        let held = word.count_ones() as usize;
        if held > left {
            *word = first_bits(*word, left);
        }
        left = left.saturating_sub(held);
    }
}

/// The lowest `count` of the bits of a word that has more.
fn first_bits(word: u64, count: usize) -> u64 {
    let without = (0..count).fold(word, |rest, _| rest & (rest - 1));
    word & !without
}

fn write_positions(words: &[u64], start: i64, out: &mut [i64]) {
    let mut slots = out.iter_mut();
    for (i, &word) in words.iter().enumerate() {
        let base = start + (i * LANES).cast_signed() as i64;
        for_each_bit(word, |bit| {
            if let Some(slot) = slots.next() {
                *slot = base + bit.cast_signed() as i64;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows_of(kept: &[bool]) -> Rows {
        let scores: Vec<f32> = kept.iter().map(|&kept| f32::from(u8::from(kept))).collect();
        Rows::where_scores(&scores, |block| f32::at_least(block, 1.0))
    }

    #[test]
    fn all_rows_end_where_the_table_ends() {
        for len in [0, 1, 63, 64, 65, CHUNK, CHUNK + 1] {
            assert_eq!(Rows::all(len).count(), len);
            assert_eq!(Rows::all(len).positions(), (0..len.cast_signed() as i64).collect::<Vec<_>>());
        }
    }

    proptest! {
        #[test]
        fn positions_are_those_of_a_plain_loop(kept in prop::collection::vec(any::<bool>(), 0..400), first in 0usize..400) {
            let expected: Vec<i64> = (0..kept.len()).filter(|&i| kept[i]).map(|i| i.cast_signed() as i64).collect();
            let mut rows = rows_of(&kept);
            prop_assert_eq!(rows.count(), expected.len());
            prop_assert_eq!(rows.positions(), expected.clone());
            rows.keep_first(first);
            prop_assert_eq!(rows.positions(), &expected[..first.min(expected.len())]);
        }
    }

    #[test]
    fn the_first_rows_are_kept_across_chunks() {
        let mut rows = Rows::all(3 * CHUNK);
        rows.keep_first(CHUNK + 77);
        assert_eq!(rows.positions(), (0..(CHUNK + 77).cast_signed() as i64).collect::<Vec<_>>());
    }
}
