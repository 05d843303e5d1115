//! The rows of a row group that are kept.

use std::ops::Range;

/// A bit per row.
#[derive(Clone, Debug)]
pub(crate) struct Mask {
    words: Vec<u64>,
    rows: usize,
    kept: usize,
}

impl Mask {
    pub(crate) fn new(flags: &[bool]) -> Self {
        let word = |flags: &[bool]| {
            flags.iter().enumerate().fold(0, |word, (place, &flag)| word | u64::from(flag) << place)
        };
        let words: Vec<u64> = flags.chunks(64).map(word).collect();
        let kept = words.iter().map(|word| word.count_ones() as usize).sum();
        Self { words, rows: flags.len(), kept }
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Number of rows that are kept.
    pub(crate) fn kept(&self) -> usize {
        self.kept
    }

    /// The kept rows of a range, counted from its start.
    pub(crate) fn places(&self, range: Range<usize>, places: &mut Vec<u32>) {
        places.clear();
        let (first, last) = (range.start / 64, range.end.div_ceil(64));
        for (number, &word) in self.words[first..last].iter().enumerate() {
            let base = (first + number) * 64;
            let mut word = word;
            if base < range.start {
                word &= u64::MAX << (range.start - base);
            }
            if base + 64 > range.end {
                word &= u64::MAX >> (base + 64 - range.end);
            }
            while word != 0 {
                let row = base + word.trailing_zeros() as usize;
                places.push((row - range.start) as u32);
                word &= word - 1;
            }
        }
    }
}
