//! Page headers: the few fields that a reader needs, of a structure in Thrift's compact protocol.
//!
//! Format: <https://github.com/apache/parquet-format>, `PageHeader`; fields that are not needed are skipped.

use super::PageError;
use crate::thrift::{Damage, INT, Reader, STRUCT, TRUE};

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
    /// Encoding of the definition levels of a [`PageKind::Data`], by its number in the format; 3 for the other kinds.
    pub level_encoding: i32,
    /// Bytes of the definition levels of a [`PageKind::DataV2`].
    pub definition_bytes: usize,
    /// Bytes of its repetition levels.
    pub repetition_bytes: usize,
    /// Whether its values are compressed; true for the other kinds.
    pub is_compressed: bool,
    /// CRC-32 of the page in the file, if the writer gave one.
    pub checksum: Option<u32>,
}

/// The only encoding of levels that writers of today use.
const RLE: i32 = 3;
/// The field of the header of a [`PageKind::Data`].
const DATA: i64 = 5;
/// The field of the header of a [`PageKind::Dictionary`].
const DICTIONARY: i64 = 7;

/// Reads the header at the start of some bytes.
///
/// ```
/// use w2s_core::pages::{PageError, PageKind, header};
/// // A data page of 1000 bytes, 600 of them in the file, with 7 plain values.
/// let bytes =
///     [0x15, 0, 0x15, 0xd0, 0x0f, 0x15, 0xb0, 0x09, 0x2c, 0x15, 0x0e, 0x15, 0, 0x15, 6, 0x15, 6, 0, 0];
/// let found = header(&bytes).unwrap();
/// assert_eq!((found.kind, found.bytes, found.compressed_bytes, found.values), (PageKind::Data, 1000, 600, 7));
/// assert_eq!(header(&bytes[..9]), Err(PageError::HeaderCutOff));
/// ```
///
/// # Errors
/// [`PageError::HeaderCutOff`] where the bytes end too early, [`PageError::BadHeader`] where they are not a
/// header.
pub fn header(bytes: &[u8]) -> Result<Header, PageError> {
    let mut reader = Reader::new(bytes);
    let mut found = Header {
        kind: PageKind::Other,
        header_bytes: 0,
        compressed_bytes: 0,
        bytes: 0,
        values: 0,
        encoding: -1,
        level_encoding: RLE,
        definition_bytes: 0,
        repetition_bytes: 0,
        is_compressed: true,
        checksum: None,
    };
    let mut seen = 0;
    reader.fields(|reader, id_of_page, kind| {
        seen |= seen_bit(id_of_page, kind);
        match (id_of_page, kind) {
            (1, INT) => {
                found.kind = match reader.int()? {
                    0 => PageKind::Data,
                    2 => PageKind::Dictionary,
                    3 => PageKind::DataV2,
                    _ => PageKind::Other,
                }
            }
            (2, INT) => found.bytes = reader.size()?,
            (3, INT) => found.compressed_bytes = reader.size()?,
            (4, INT) => found.checksum = Some(reader.int()? as u32),
            (DATA | DICTIONARY, STRUCT) => data(reader, &mut found, id_of_page)?,
            (8, STRUCT) => data_of_version_2(reader, &mut found)?,
            _ => reader.skip(kind, 0)?,
        }
        Ok(())
    })?;
    require(seen, 3)?;
    found.header_bytes = reader.at();
    Ok(found)
}

/// The fields of a data page or a dictionary page.
fn data(reader: &mut Reader<'_>, found: &mut Header, page: i64) -> Result<(), Damage> {
    let mut seen = 0;
    reader.fields(|reader, id, kind| {
        seen |= seen_bit(id, kind);
        match (id, kind) {
            (1, INT) => found.values = reader.size()?,
            (2, INT) => found.encoding = reader.int()? as i32,
            (3, INT) if page == DATA => found.level_encoding = reader.int()? as i32,
            _ => reader.skip(kind, 0)?,
        }
        Ok(())
    })?;
    require(seen, if page == DATA { 4 } else { 2 })
}

/// The fields of a data page of version 2.
fn data_of_version_2(reader: &mut Reader<'_>, found: &mut Header) -> Result<(), Damage> {
    let mut seen = 0;
    reader.fields(|reader, id, kind| {
        seen |= seen_bit(id, kind);
        match (id, kind) {
            (1, INT) => found.values = reader.size()?,
            (4, INT) => found.encoding = reader.int()? as i32,
            (5, INT) => found.definition_bytes = reader.size()?,
            (6, INT) => found.repetition_bytes = reader.size()?,
            (7, _) => found.is_compressed = kind == TRUE,
            _ => reader.skip(kind, 0)?,
        }
        Ok(())
    })?;
    require(seen, 6)
}

/// A bit for a field with the type that all required fields have; a field of another type is skipped, as readers that
/// are generated from the format do.
fn seen_bit(id: i64, kind: u8) -> u32 {
    if kind == INT && (0..32).contains(&id) { 1 << id } else { 0 }
}

/// Refuses a structure that lacks one of the fields 1 to `last`.
fn require(seen: u32, last: u32) -> Result<(), Damage> {
    let wanted = (2u32 << last) - 2;
    if seen & wanted == wanted { Ok(()) } else { Err(Damage::Bad) }
}

impl From<Damage> for PageError {
    fn from(damage: Damage) -> Self {
        match damage {
            Damage::CutOff => Self::HeaderCutOff,
            Damage::Bad => Self::BadHeader,
        }
    }
}
