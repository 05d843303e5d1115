//! A column chunk, read page by page.

use crate::codec::Codec;
use crate::dictionary::Dictionary;
use crate::error::ColumnError;
use crate::hybrid::{Run, runs, unpack};
use crate::levels::NULL;
use crate::mask::Mask;
use crate::pages::{Body, HEADER_BYTES, Place, Source, body};
use crate::pieces::{Piece, Pieces};
use crate::scratch::{Decoding, Scratch};
use crate::width::Shape;
use crate::{delta, texts};
use w2s_core::pages::PageKind;

/// How Arrow holds the values of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One bit each.
    Bits,
    /// Bytes of any length.
    Texts {
        /// Whether offsets have 64 bits.
        wide: bool,
    },
    /// Bytes of one length.
    Numbers {
        /// Bytes of a value in the file.
        stored: usize,
        /// Bytes of a value in Arrow.
        width: usize,
        /// How one becomes the other.
        cast: Cast,
    },
}

/// How a value of the file becomes one of Arrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cast {
    /// Unchanged.
    Same,
    /// Its lowest bytes.
    Low,
    /// Extended by its sign.
    Signed,
    /// From the highest byte first to the lowest first, and extended by its sign.
    Reversed,
}

/// A column chunk in a file.
#[derive(Clone, Copy, Debug)]
pub struct Chunk {
    /// The physical type, by its number in the format.
    pub physical_type: i64,
    /// How Arrow holds the values.
    pub layout: Layout,
    /// How pages are compressed.
    pub codec: Codec,
    /// Whether values have definition levels, of one bit.
    pub nullable: bool,
    /// The first byte of its first page.
    pub begin: u64,
    /// The byte after its last page.
    pub end: u64,
    /// Bytes of its pages, decompressed.
    pub bytes: u64,
}

const PLAIN: i32 = 0;
const PLACES: [i32; 2] = [2, 8];
const RLE: i32 = 3;
const DELTA_NUMBERS: i32 = 5;
const DELTA_LENGTHS: i32 = 6;
const DELTA_PREFIXES: i32 = 7;
const SPLIT_BYTES: i32 = 9;
const FLAG: i64 = 0;
const INTEGERS: [i64; 2] = [1, 2];
const FIXED_BYTES: i64 = 7;

/// Bytes to read at a time, at least and at most.
const LEAST_AHEAD: usize = 64 << 10;
const MOST_AHEAD: usize = 1 << 20;
/// Room that is made for values before there are any.
const MOST_ROOM: usize = 64 << 20;

/// Reads the kept values of a chunk in order.
#[derive(Debug)]
pub(crate) struct ColumnReader {
    chunk: Chunk,
    at: u64,
    row: usize,
    dictionary: Option<Dictionary>,
    ready: Pieces,
}

impl ColumnReader {
    pub(crate) fn new(chunk: Chunk) -> Self {
        Self { chunk, at: chunk.begin, row: 0, dictionary: None, ready: Pieces::new(chunk.layout) }
    }

    /// The next `count` kept values; fewer at the end.
    pub(crate) fn take(
        &mut self,
        file: &impl Source,
        mask: &Mask,
        count: usize,
        scratch: &mut Scratch,
    ) -> Result<Vec<Piece>, ColumnError> {
        let share = count as f64 / mask.kept().max(1) as f64;
        let ahead = (self.chunk.end - self.chunk.begin) as f64 * share;
        let ahead = (ahead as usize + HEADER_BYTES).clamp(LEAST_AHEAD, MOST_AHEAD);
        let missing = count.saturating_sub(self.ready.rows());
        let bytes = self.chunk.bytes as f64 / mask.rows().max(1) as f64 * missing as f64;
        self.ready.reserve(missing.min(MOST_ROOM / 16), (bytes as usize).min(MOST_ROOM));
        scratch.window.forget(usize::MAX);
        while self.ready.rows() < count && self.row < mask.rows() {
            self.next_page(file, mask, ahead, scratch)?;
        }
        Ok(self.ready.take(count))
    }

    /// Checks that the pages that were not needed have the other rows.
    pub(crate) fn finish(
        &mut self,
        file: &impl Source,
        mask: &Mask,
        scratch: &mut Scratch,
    ) -> Result<(), ColumnError> {
        scratch.window.forget(usize::MAX);
        while self.row < mask.rows() {
            let place = Place::read(file, &self.chunk, &mut scratch.window, self.at, HEADER_BYTES)?;
            self.at = place.end();
            if matches!(place.header.kind, PageKind::Data | PageKind::DataV2) {
                self.row += place.header.values;
            }
        }
        if self.row > mask.rows() { Err(ColumnError::TooManyValues) } else { Ok(()) }
    }

    fn next_page(
        &mut self,
        file: &impl Source,
        mask: &Mask,
        ahead: usize,
        scratch: &mut Scratch,
    ) -> Result<(), ColumnError> {
        let Scratch { window, page, decompressor, decoding } = scratch;
        let place = Place::read(file, &self.chunk, window, self.at, ahead)?;
        self.at = place.end();
        match place.header.kind {
            PageKind::Dictionary => {
                let body = body(file, &self.chunk, &place, ahead, window, page, decompressor)?;
                let found = Dictionary::read(self.chunk.layout, body.values, place.header.values)?;
                self.dictionary = Some(found);
            }
            PageKind::Data | PageKind::DataV2 => {
                let end = self.row + place.header.values;
                if end > mask.rows() {
                    return Err(ColumnError::TooManyValues);
                }
                mask.places(self.row..end, &mut decoding.picks);
                self.row = end;
                if !decoding.picks.is_empty() {
                    let body = body(file, &self.chunk, &place, ahead, window, page, decompressor)?;
                    self.decode(&place, &body, decoding)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Appends the kept values of a page.
    fn decode(&mut self, place: &Place, body: &Body<'_>, decoding: &mut Decoding) -> Result<(), ColumnError> {
        let rows = place.header.values;
        let stored = match body.levels {
            Some(bytes) => decoding.levels.read(bytes, rows)?,
            None => rows,
        };
        let nulls = if stored < rows { decoding.levels.rank(&mut decoding.picks) } else { 0 };
        let encoding = place.header.encoding;
        self.ready.count(&decoding.picks, nulls);
        match self.chunk.layout {
            _ if PLACES.contains(&encoding) => {
                let Some(dictionary) = &self.dictionary else { return Err(ColumnError::Encoding(encoding)) };
                let Decoding { picks, places, .. } = decoding;
                dictionary.gather(body.values, stored, picks, places, &mut self.ready)
            }
            Layout::Bits => self.flags(encoding, body.values, stored, decoding),
            Layout::Texts { .. } => self.texts(encoding, body.values, stored, decoding),
            Layout::Numbers { stored: bytes, width, cast } => {
                let shape = Shape { stored: bytes, width, cast };
                self.numbers(encoding, shape, body.values, stored, decoding)
            }
        }
    }

    fn texts(
        &mut self,
        encoding: i32,
        bytes: &[u8],
        stored: usize,
        decoding: &mut Decoding,
    ) -> Result<(), ColumnError> {
        let Decoding { picks, numbers, lengths, .. } = decoding;
        let out = &mut self.ready;
        match encoding {
            PLAIN => texts::plain(bytes, stored, picks, out),
            _ if stored == 0 && matches!(encoding, DELTA_LENGTHS | DELTA_PREFIXES) => {
                picks.iter().for_each(|_| out.push_end());
                Ok(())
            }
            DELTA_LENGTHS => texts::after_lengths(bytes, stored, picks, lengths, out),
            DELTA_PREFIXES => texts::with_prefixes(bytes, stored, picks, [numbers, lengths], |text| {
                out.push_text(text.unwrap_or_default());
                Ok(())
            }),
            other => Err(ColumnError::Encoding(other)),
        }
    }

    fn numbers(
        &mut self,
        encoding: i32,
        shape: Shape,
        bytes: &[u8],
        stored: usize,
        decoding: &mut Decoding,
    ) -> Result<(), ColumnError> {
        let Decoding { picks, numbers, lengths, .. } = decoding;
        let data = &mut self.ready.data;
        let physical_type = self.chunk.physical_type;
        match encoding {
            PLAIN => {
                shape.check(bytes, stored)?;
                shape.gather(bytes, picks, data);
            }
            SPLIT_BYTES => shape.gather_split(bytes, stored, picks, data)?,
            DELTA_NUMBERS if INTEGERS.contains(&physical_type) => {
                numbers.clear();
                if stored > 0 {
                    delta::decode(bytes, stored, numbers)?;
                }
                shape.gather_numbers(numbers, picks, data);
            }
            DELTA_PREFIXES if physical_type == FIXED_BYTES => {
                if stored == 0 {
                    data.resize(data.len() + picks.len() * shape.width, 0);
                    return Ok(());
                }
                texts::with_prefixes(bytes, stored, picks, [numbers, lengths], |text| {
                    shape.push_text(text, data)
                })?;
            }
            other => return Err(ColumnError::Encoding(other)),
        }
        Ok(())
    }

    fn flags(
        &mut self,
        encoding: i32,
        bytes: &[u8],
        stored: usize,
        decoding: &mut Decoding,
    ) -> Result<(), ColumnError> {
        let flags = &mut self.ready.flags;
        let places = &mut decoding.places;
        places.clear();
        match encoding {
            _ if self.chunk.physical_type != FLAG => return Err(ColumnError::Encoding(encoding)),
            _ if stored == 0 => {}
            PLAIN => {
                let held = bytes.get(..stored.div_ceil(8)).ok_or(ColumnError::Value(bytes.len() * 8))?;
                for &pick in &decoding.picks {
                    let byte = held.get(pick as usize / 8);
                    flags.push(byte.is_some_and(|byte| byte >> (pick % 8) & 1 == 1));
                }
                return Ok(());
            }
            RLE => {
                let (length, rest) = bytes.split_first_chunk::<4>().ok_or(ColumnError::Runs)?;
                let held = rest.get(..u32::from_le_bytes(*length) as usize).ok_or(ColumnError::Runs)?;
                runs(held, 1, stored, |run| match run {
                    Run::Same { value, count } => places.resize(places.len() + count, value),
                    Run::Packed { bytes, count } => unpack(bytes, 1, count, |bit| places.push(bit as u32)),
                })?;
            }
            other => return Err(ColumnError::Encoding(other)),
        }
        for &pick in &decoding.picks {
            flags.push(pick != NULL && places.get(pick as usize) == Some(&1));
        }
        Ok(())
    }
}
