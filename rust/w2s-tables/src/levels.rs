//! Definition levels of one bit: which rows of a page are null, and which stored value each other row has.

use crate::error::ColumnError;
use crate::hybrid::{Run, runs};

/// Stands in the place of a value for a row that is null.
pub(crate) const NULL: u32 = u32::MAX;

/// A bit for each row of a page, clear where it is null.
#[derive(Debug, Default)]
pub(crate) struct Levels {
    words: Vec<u64>,
    /// Values that are stored before each word.
    before: Vec<u32>,
}

impl Levels {
    /// Reads the levels of a page; returns how many values are stored.
    pub(crate) fn read(&mut self, bytes: &[u8], rows: usize) -> Result<usize, ColumnError> {
        self.words.clear();
        self.words.resize(rows / 64 + 2, 0);
        let (words, mut at) = (&mut self.words, 0);
        runs(bytes, 1, rows, |run| match run {
            Run::Same { value, count } => {
                if value == 1 {
                    fill(words, at, count);
                }
                at += count;
            }
            Run::Packed { bytes, count } => {
                copy(words, at, bytes, count);
                at += count;
            }
        })?;
        self.before.clear();
        let mut stored = 0;
        for word in &self.words {
            self.before.push(stored);
            stored += word.count_ones();
        }
        Ok(stored as usize)
    }

    /// Turns places of rows into places of stored values, [`NULL`] where there is none; returns the nulls.
    pub(crate) fn rank(&self, places: &mut [u32]) -> usize {
        let mut nulls = 0;
        for place in places {
            let (number, bit) = (*place as usize / 64, *place % 64);
            let word = self.words[number];
            *place = if word >> bit & 1 == 1 {
                self.before[number] + (word & ((1 << bit) - 1)).count_ones()
            } else {
                nulls += 1;
                NULL
            };
        }
        nulls
    }
}

/// Sets bits.
fn fill(words: &mut [u64], at: usize, count: usize) {
    let (mut at, end) = (at, at + count);
    while at < end {
        let taken = (64 - at % 64).min(end - at);
        words[at / 64] |= (u64::MAX >> (64 - taken)) << (at % 64);
        at += taken;
    }
}

/// Copies the first `count` bits of some bytes.
fn copy(words: &mut [u64], at: usize, bytes: &[u8], count: usize) {
    for (number, &byte) in bytes.iter().enumerate() {
        let left = count - number * 8;
        let byte = u64::from(if left < 8 { byte & ((1 << left) - 1) } else { byte });
        let place = at + number * 8;
        words[place / 64] |= byte << (place % 64);
        if place % 64 > 56 {
            words[place / 64 + 1] |= byte >> (64 - place % 64);
        }
    }
}
