//! Page headers: the few fields that a reader needs, of a structure in Thrift's compact protocol.
//!
//! Format: <https://github.com/apache/parquet-format>, `PageHeader`; fields that are not needed are skipped.

use super::PageError;

/// What a page holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PageKind {
    /// Values, with their levels in front of them.
    Data,
    /// Values; their levels are separate and uncompressed.
    DataV2,
    /// The distinct values of the chunk.
    Dictionary,
    /// Something that a reader may skip.
    Other,
}

impl PageKind {
    /// Its name in Python.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            PageKind::Data => "data",
            PageKind::DataV2 => "data2",
            PageKind::Dictionary => "dictionary",
            PageKind::Other => "other",
        }
    }
}

/// A page header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What the page holds.
    pub kind: PageKind,
    /// Bytes of the header.
    pub header_bytes: usize,
    /// Bytes of the page in the file, after the header.
    pub compressed_bytes: usize,
    /// Bytes of the page once decompressed.
    pub bytes: usize,
    /// Values, nulls included.
    pub values: usize,
    /// Encoding of the values, by its number in the format: 0 plain, 2 and 8 dictionary.
    pub encoding: i32,
    /// Bytes of the definition levels of a [`PageKind::DataV2`].
    pub definition_bytes: usize,
    /// Bytes of its repetition levels.
    pub repetition_bytes: usize,
    /// Whether its values are compressed; true for the other kinds.
    pub is_compressed: bool,
}

/// Reads the header at the start of some bytes.
///
/// ```
/// use w2s_core::pages::{PageError, PageKind, header};
/// // A data page of 1000 bytes, 600 of them in the file, with 7 plain values.
/// let bytes = [0x15, 0, 0x15, 0xd0, 0x0f, 0x15, 0xb0, 0x09, 0x2c, 0x15, 0x0e, 0x15, 0, 0, 0];
/// let found = header(&bytes).unwrap();
/// assert_eq!((found.kind, found.bytes, found.compressed_bytes, found.values), (PageKind::Data, 1000, 600, 7));
/// assert_eq!(header(&bytes[..9]), Err(PageError::HeaderCutOff));
/// ```
///
/// # Errors
/// [`PageError::HeaderCutOff`] where the bytes end too early, [`PageError::BadHeader`] where they are not a
/// header.
pub fn header(bytes: &[u8]) -> Result<Header, PageError> {
    let mut reader = Reader { bytes, at: 0 };
    let mut found = Header {
        kind: PageKind::Other,
        header_bytes: 0,
        compressed_bytes: 0,
        bytes: 0,
        values: 0,
        encoding: -1,
        definition_bytes: 0,
        repetition_bytes: 0,
        is_compressed: true,
    };
    reader.fields(|reader, id, kind| {
        match id {
            1 => {
                found.kind = match reader.int()? {
                    0 => PageKind::Data,
                    2 => PageKind::Dictionary,
                    3 => PageKind::DataV2,
                    _ => PageKind::Other,
                }
            }
            2 => found.bytes = reader.size()?,
            3 => found.compressed_bytes = reader.size()?,
            5 | 7 if kind == STRUCT => reader.fields(|reader, id, kind| {
                match id {
                    1 => found.values = reader.size()?,
                    2 => found.encoding = reader.int()? as i32,
                    _ => reader.skip(kind, 0)?,
                }
                Ok(())
            })?,
            8 if kind == STRUCT => reader.fields(|reader, id, kind| {
                match id {
                    1 => found.values = reader.size()?,
                    4 => found.encoding = reader.int()? as i32,
                    5 => found.definition_bytes = reader.size()?,
                    6 => found.repetition_bytes = reader.size()?,
                    7 => found.is_compressed = kind == TRUE,
                    _ => reader.skip(kind, 0)?,
                }
                Ok(())
            })?,
            _ => reader.skip(kind, 0)?,
        }
        Ok(())
    })?;
    found.header_bytes = reader.at;
    Ok(found)
}

const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
const STRUCT: u8 = 12;

/// Structures nest two deep in a page header; more is damage, and must not exhaust the stack.
const DEEPEST: usize = 8;

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn byte(&mut self) -> Result<u8, PageError> {
        let byte = *self.bytes.get(self.at).ok_or(PageError::HeaderCutOff)?;
        self.at += 1;
        Ok(byte)
    }

    fn unsigned(&mut self) -> Result<u64, PageError> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(PageError::BadHeader)
    }

    /// A zigzag number.
    fn int(&mut self) -> Result<i64, PageError> {
        let value = self.unsigned()?;
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    /// A number of bytes or values, which the format holds in 31 bits.
    fn size(&mut self) -> Result<usize, PageError> {
        let value = self.int()?;
        i32::try_from(value).ok().and_then(|size| usize::try_from(size).ok()).ok_or(PageError::BadHeader)
    }

    /// Calls back for each field of a structure with its id and type; the callback reads or skips the value.
    fn fields(
        &mut self,
        mut field: impl FnMut(&mut Self, i64, u8) -> Result<(), PageError>,
    ) -> Result<(), PageError> {
        let mut id = 0i64;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Ok(());
            }
            id = if head >> 4 == 0 { self.int()? } else { id + i64::from(head >> 4) };
            if i16::try_from(id).is_err() {
                return Err(PageError::BadHeader); // an id has 16 bits
            }
            field(self, id, head & 15)?;
        }
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Result<(), PageError> {
        if depth > DEEPEST {
            return Err(PageError::BadHeader);
        }
        match kind {
            TRUE | FALSE => Ok(()),
            BYTE => self.byte().map(drop),
            4..=6 => self.unsigned().map(drop),
            DOUBLE => self.advance(8),
            BINARY => {
                let len = self.unsigned()?;
                self.advance(usize::try_from(len).map_err(|_| PageError::BadHeader)?)
            }
            LIST | SET => {
                let head = self.byte()?;
                let len = if head >> 4 == 15 { self.unsigned()? } else { u64::from(head >> 4) };
                (0..len).try_for_each(|_| self.skip_element(head & 15, depth))
            }
            MAP => {
                let len = self.unsigned()?;
                let kinds = if len == 0 { 0 } else { self.byte()? };
                (0..len).try_for_each(|_| {
                    self.skip_element(kinds >> 4, depth)?;
                    self.skip_element(kinds & 15, depth)
                })
            }
            STRUCT => self.fields(|reader, _, kind| reader.skip(kind, depth + 1)),
            _ => Err(PageError::BadHeader),
        }
    }

    /// Inside a collection a boolean takes a byte.
    fn skip_element(&mut self, kind: u8, depth: usize) -> Result<(), PageError> {
        if matches!(kind, TRUE | FALSE) { self.byte().map(drop) } else { self.skip(kind, depth + 1) }
    }

    fn advance(&mut self, bytes: usize) -> Result<(), PageError> {
        let end = self.at.checked_add(bytes).filter(|&end| end <= self.bytes.len());
        self.at = end.ok_or(PageError::HeaderCutOff)?;
        Ok(())
    }
}
