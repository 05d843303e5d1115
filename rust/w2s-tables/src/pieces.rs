//! Kept values as Arrow lays them out, in the order of the rows.

use crate::bits::Bits;
use crate::column::Layout;
use crate::levels::NULL;

/// Consecutive kept values of a column, in Arrow's layout.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Piece {
    /// Number of values.
    pub rows: usize,
    /// Where each text begins and the last ends; `None` if values have one width.
    pub offsets: Option<Offsets>,
    /// The values: texts, numbers of the column's width, or bits.
    pub data: Vec<u8>,
    /// A bit for each value, lowest first, clear where it is null; `None` if none is null.
    pub valid: Option<Vec<u8>>,
    /// How many are null.
    pub nulls: usize,
}

/// Offsets of texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offsets {
    /// In 32 bits.
    Narrow(Vec<i32>),
    /// In 64 bits.
    Wide(Vec<i64>),
}

/// The values of a column that are decoded and not yet taken.
#[derive(Debug)]
pub(crate) struct Pieces {
    layout: Layout,
    rows: usize,
    /// Ends of the texts.
    pub(crate) ends: Vec<i64>,
    pub(crate) data: Vec<u8>,
    pub(crate) flags: Bits,
    valid: Option<Bits>,
}

impl Pieces {
    pub(crate) fn new(layout: Layout) -> Self {
        Self { layout, rows: 0, ends: Vec::new(), data: Vec::new(), flags: Bits::default(), valid: None }
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Makes room for `rows` values of `bytes` bytes; both are guesses.
    pub(crate) fn reserve(&mut self, rows: usize, bytes: usize) {
        match self.layout {
            Layout::Bits => {}
            Layout::Texts { .. } => {
                self.ends.reserve(rows);
                self.data.reserve(bytes);
            }
            Layout::Numbers { width, .. } => self.data.reserve(rows * width),
        }
    }

    pub(crate) fn push_text(&mut self, text: &[u8]) {
        self.data.extend_from_slice(text);
        self.push_end();
    }

    /// Ends a text whose bytes are there.
    pub(crate) fn push_end(&mut self) {
        self.ends.push(self.data.len().cast_signed() as i64);
    }

    /// Counts values that were appended, of which `nulls` are null.
    pub(crate) fn count(&mut self, picks: &[u32], nulls: usize) {
        if nulls > 0 && self.valid.is_none() {
            let mut valid = Bits::default();
            valid.extend(true, self.rows);
            self.valid = Some(valid);
        }
        if let Some(valid) = &mut self.valid {
            if nulls == 0 {
                valid.extend(true, picks.len());
            } else {
                picks.iter().for_each(|&pick| valid.push(pick != NULL));
            }
        }
        self.rows += picks.len();
    }

    /// Takes the first `count` values, in as few pieces as their offsets allow.
    pub(crate) fn take(&mut self, count: usize) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut left = count.min(self.rows);
        while left > 0 {
            let part = left.min(self.fitting());
            pieces.push(self.take_part(part));
            left -= part;
        }
        pieces
    }

    /// How many values fit the offsets of one piece; at least one, since a page is smaller than that.
    fn fitting(&self) -> usize {
        match self.layout {
            Layout::Texts { wide: false } => {
                self.ends.partition_point(|&end| end <= i64::from(i32::MAX)).max(1)
            }
            _ => self.rows,
        }
    }

    fn take_part(&mut self, count: usize) -> Piece {
        let rest = Self {
            layout: self.layout,
            rows: self.rows - count,
            ends: self.ends.split_off(count.min(self.ends.len())),
            data: self.data.split_off(self.data_bytes(count)),
            flags: self.flags.split_off(if matches!(self.layout, Layout::Bits) { count } else { 0 }),
            valid: self.valid.as_mut().map(|valid| valid.split_off(count)),
        };
        let mut taken = std::mem::replace(self, rest);
        taken.rows = count;
        let begin = taken.ends.last().copied().unwrap_or_default();
        self.ends.iter_mut().for_each(|end| *end -= begin);
        if self.valid.as_ref().is_some_and(|valid| valid.zeros() == 0) {
            self.valid = None;
        }
        taken.into_piece()
    }

    fn data_bytes(&self, count: usize) -> usize {
        match self.layout {
            Layout::Bits => 0,
            Layout::Texts { .. } => self.ends.get(count.wrapping_sub(1)).map_or(0, |&end| end as usize),
            Layout::Numbers { width, .. } => count * width,
        }
    }

    fn into_piece(self) -> Piece {
        let nulls = self.valid.as_ref().map_or(0, Bits::zeros);
        let offsets = match self.layout {
            Layout::Texts { wide: true } => Some(Offsets::Wide([0].into_iter().chain(self.ends).collect())),
            Layout::Texts { wide: false } => {
                let ends = self.ends.into_iter().map(|end| end as i32);
                Some(Offsets::Narrow([0].into_iter().chain(ends).collect()))
            }
            _ => None,
        };
        let data = if matches!(self.layout, Layout::Bits) { self.flags.into_bytes() } else { self.data };
        let valid = self.valid.filter(|_| nulls > 0).map(Bits::into_bytes);
        Piece { rows: self.rows, offsets, data, valid, nulls }
    }
}
