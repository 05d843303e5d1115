//! Decompression of pages into memory that is reused.

use crate::error::ColumnError;
use crate::snappy;
use flate2::{Decompress, FlushDecompress, Status};
use std::fmt;

/// How pages are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Codec {
    /// Not at all.
    Plain,
    /// Snappy, without frames.
    Snappy,
    /// Gzip members or one zlib stream.
    Gzip,
    /// Zstandard frames.
    Zstd,
    /// One LZ4 block.
    Lz4,
}

impl Codec {
    /// The codec of a number in the format; `None` for those that are not read here.
    #[must_use]
    pub fn of_number(number: i64) -> Option<Self> {
        match number {
            0 => Some(Self::Plain),
            1 => Some(Self::Snappy),
            2 => Some(Self::Gzip),
            6 => Some(Self::Zstd),
            7 => Some(Self::Lz4),
            _ => None,
        }
    }
}

/// More bytes than deflate and LZ4 can make of one.
const GZIP_RATIO: usize = 1040;
const LZ4_RATIO: usize = 255;

/// The state of the codecs, which a thread keeps.
#[derive(Default)]
pub(crate) struct Decompressor {
    zstd: Option<zstd::bulk::Decompressor<'static>>,
}

impl fmt::Debug for Decompressor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Decompressor")
    }
}

impl Decompressor {
    /// Decompresses `raw` to exactly `size` bytes at the start of `page`, which grows where it is shorter.
    pub(crate) fn decompress(
        &mut self,
        codec: Codec,
        raw: &[u8],
        page: &mut Vec<u8>,
        size: usize,
    ) -> Result<(), ColumnError> {
        check_claim(codec, raw, size)?;
        if codec == Codec::Snappy && !raw.is_empty() {
            return snappy::decompress(raw, size, page).ok_or(ColumnError::Compression);
        }
        if page.len() < size {
            page.resize(size, 0);
        }
        let page = &mut page[..size];
        if size == 0 && raw.is_empty() {
            return Ok(());
        }
        let found = match codec {
            Codec::Plain | Codec::Snappy => return Err(ColumnError::Size),
            Codec::Lz4 => {
                lz4_flex::block::decompress_into(raw, page).map_err(|_| ColumnError::Compression)?
            }
            Codec::Zstd => {
                let zstd = match &mut self.zstd {
                    Some(zstd) => zstd,
                    none => none.insert(zstd::bulk::Decompressor::new()?),
                };
                zstd.decompress_to_buffer(raw, page).map_err(|_| ColumnError::Compression)?
            }
            Codec::Gzip => inflate(raw, page)?,
        };
        if found == size { Ok(()) } else { Err(ColumnError::Size) }
    }
}

/// Refuses a size that the bytes cannot have, before memory is reserved for it.
fn check_claim(codec: Codec, raw: &[u8], size: usize) -> Result<(), ColumnError> {
    let fits = match codec {
        Codec::Snappy => snappy::claimed(raw).is_some_and(|(claimed, _)| claimed == size),
        Codec::Lz4 => size <= raw.len().saturating_mul(LZ4_RATIO),
        Codec::Gzip => size <= raw.len().saturating_mul(GZIP_RATIO),
        Codec::Zstd => zstd::zstd_safe::get_frame_content_size(raw)
            .is_ok_and(|claimed| claimed.is_none_or(|claimed| claimed <= size as u64)),
        Codec::Plain => true,
    };
    if fits || size == 0 && raw.is_empty() { Ok(()) } else { Err(ColumnError::Size) }
}

/// Inflates one gzip member after another, or a zlib stream; returns the bytes.
fn inflate(raw: &[u8], page: &mut [u8]) -> Result<usize, ColumnError> {
    let (mut rest, mut filled) = (raw, 0);
    while !rest.is_empty() {
        let mut state =
            if rest.starts_with(&[0x1f, 0x8b]) { Decompress::new_gzip(15) } else { Decompress::new(true) };
        let status = state.decompress(rest, &mut page[filled..], FlushDecompress::Finish);
        match status {
            Ok(Status::StreamEnd) => {}
            Ok(_) => return Err(ColumnError::Size),
            Err(_) => return Err(ColumnError::Compression),
        }
        filled += usize::try_from(state.total_out()).map_err(|_| ColumnError::Size)?;
        rest = &rest[usize::try_from(state.total_in()).map_err(|_| ColumnError::Size)?..];
    }
    Ok(filled)
}
