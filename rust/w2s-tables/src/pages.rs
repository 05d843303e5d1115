//! The pages of a column chunk, one after another, read through a window.

use crate::codec::{Codec, Decompressor};
use crate::column::Chunk;
use crate::error::ColumnError;
use std::fs::File;
use std::io;
use w2s_core::pages::{Header, PageError, PageKind, header};

/// Bytes that hold most page headers.
pub(crate) const HEADER_BYTES: usize = 1 << 10;

/// Some bytes of a file.
#[derive(Debug, Default)]
pub(crate) struct Window {
    bytes: Vec<u8>,
    begin: u64,
    len: usize,
}

impl Window {
    /// Forgets what was read, and gives back memory beyond `most` bytes.
    pub(crate) fn forget(&mut self, most: usize) {
        self.len = 0;
        if self.bytes.len() > most {
            self.bytes = Vec::new();
        }
    }

    /// The `size` bytes from `at` on; fewer at the end of the file. `ahead` bytes are read at a time, none from `end` on.
    fn get(
        &mut self,
        file: &impl Source,
        at: u64,
        size: usize,
        ahead: usize,
        end: u64,
    ) -> Result<&[u8], ColumnError> {
        let left = usize::try_from(end.saturating_sub(at)).unwrap_or(usize::MAX);
        let size = size.min(left);
        let holds = self.begin <= at && at + size as u64 <= self.begin + self.len as u64;
        if !holds {
            let wanted = size.max(ahead).min(left);
            if self.bytes.len() < wanted {
                self.bytes = vec![0; wanted];
            }
            self.len = 0;
            self.len = fill(file, &mut self.bytes[..wanted], at)?;
            self.begin = at;
        }
        let start = (at - self.begin) as usize;
        Ok(&self.bytes[start..self.len.min(start + size)])
    }
}

/// Bytes that can be read from any place, by many threads.
pub trait Source {
    /// Reads some bytes from `at` on and returns how many; 0 only at the end.
    ///
    /// # Errors
    /// Those of the system.
    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<usize>;
}

impl Source for File {
    #[cfg(unix)]
    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, bytes, at)
    }

    #[cfg(windows)]
    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(self, bytes, at)
    }
}

impl Source for &[u8] {
    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<usize> {
        let rest = usize::try_from(at).ok().and_then(|at| self.get(at..)).unwrap_or_default();
        let count = rest.len().min(bytes.len());
        bytes[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}

/// Reads from a place on; fewer bytes only at the end of the file.
fn fill(file: &impl Source, bytes: &mut [u8], at: u64) -> io::Result<usize> {
    let mut have = 0;
    while have < bytes.len() {
        match file.read_at(&mut bytes[have..], at + have as u64) {
            Ok(0) => break,
            Ok(got) => have += got,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(have)
}

/// A page in the file, after its header.
pub(crate) struct Place {
    pub(crate) header: Header,
    /// Its first byte in the file.
    pub(crate) at: u64,
}

impl Place {
    /// Reads the header at a place of a chunk.
    pub(crate) fn read(
        file: &impl Source,
        chunk: &Chunk,
        window: &mut Window,
        at: u64,
        ahead: usize,
    ) -> Result<Self, ColumnError> {
        let mut size = HEADER_BYTES;
        loop {
            match header(window.get(file, at, size, ahead, chunk.end)?) {
                Ok(header) => {
                    let at = at + header.header_bytes as u64;
                    if at + header.compressed_bytes as u64 > chunk.end {
                        return Err(ColumnError::BeyondEnd);
                    }
                    if header.bytes as u64 > chunk.bytes.max(header.compressed_bytes as u64) {
                        return Err(ColumnError::TooLarge);
                    }
                    return Ok(Self { header, at });
                }
                Err(PageError::HeaderCutOff) if at + (size as u64) < chunk.end => size *= 8,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The place of the next header.
    pub(crate) fn end(&self) -> u64 {
        self.at + self.header.compressed_bytes as u64
    }
}

/// A page, decompressed.
pub(crate) struct Body<'a> {
    /// Definition levels; `None` where no value can be null.
    pub(crate) levels: Option<&'a [u8]>,
    /// The stored values.
    pub(crate) values: &'a [u8],
}

const LENGTH_BYTES: usize = 4;
const RLE: i32 = 3;

/// Reads a page, checks it and decompresses it.
pub(crate) fn body<'a>(
    file: &impl Source,
    chunk: &Chunk,
    place: &Place,
    ahead: usize,
    window: &'a mut Window,
    page: &'a mut Vec<u8>,
    decompressor: &mut Decompressor,
) -> Result<Body<'a>, ColumnError> {
    let header = &place.header;
    let raw = window.get(file, place.at, header.compressed_bytes, ahead, chunk.end)?;
    if raw.len() < header.compressed_bytes {
        return Err(ColumnError::CutOff);
    }
    if header.checksum.is_some_and(|checksum| crc32fast::hash(raw) != checksum) {
        return Err(ColumnError::Checksum);
    }
    let plain = header.definition_bytes + header.repetition_bytes;
    let size = header.bytes.checked_sub(plain).ok_or(ColumnError::Levels)?;
    let (levels, stored) = raw.split_at_checked(plain).ok_or(ColumnError::Levels)?;
    let values = if chunk.codec == Codec::Plain || !header.is_compressed {
        if header.bytes == raw.len() { stored } else { return Err(ColumnError::Size) }
    } else {
        decompressor.decompress(chunk.codec, stored, page, size)?;
        &page[..size]
    };
    if header.kind == PageKind::DataV2 {
        let levels = chunk.nullable.then_some(&levels[header.repetition_bytes..]);
        return Ok(Body { levels, values });
    }
    if header.kind != PageKind::Data || !chunk.nullable {
        return Ok(Body { levels: None, values });
    }
    if header.level_encoding != RLE {
        return Err(ColumnError::LevelEncoding(header.level_encoding));
    }
    let (length, rest) = values.split_first_chunk::<LENGTH_BYTES>().ok_or(ColumnError::Levels)?;
    let (levels, values) =
        rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or(ColumnError::Levels)?;
    Ok(Body { levels: Some(levels), values })
}
