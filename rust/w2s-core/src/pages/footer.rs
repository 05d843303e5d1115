//! Footers of Parquet files: where the column chunks are, checked against the schema.
//!
//! Format: <https://github.com/apache/parquet-format>, `FileMetaData`; fields that are not needed are skipped.

use super::FooterError;
use crate::thrift::{BINARY, Damage, LIST, Reader, STRUCT};

/// A row group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// Number of rows.
    pub rows: i64,
    /// Bytes of all its pages, decompressed.
    pub bytes: i64,
}

/// A column chunk: one column of one row group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chunk {
    /// The physical type, by its number in the format.
    pub physical_type: i64,
    /// The compression, by its number in the format.
    pub codec: i64,
    /// A bit for each encoding, by its number in the format; encodings from 62 on share a bit.
    pub encodings: i64,
    /// The first byte of its first page.
    pub begin: i64,
    /// The byte after its last page.
    pub end: i64,
    /// Bytes of its pages, decompressed.
    pub bytes: i64,
    /// Number of values, nulls included.
    pub values: i64,
    /// Whether it has a dictionary page.
    pub has_dictionary: bool,
}

/// The row groups of a file and their column chunks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Footer {
    /// All row groups.
    pub groups: Vec<Group>,
    /// The column chunks, row group by row group, each in the order of the schema's leaves.
    pub chunks: Vec<Chunk>,
}

/// Reads a footer, without the length and the magic bytes behind it.
///
/// # Arguments
/// * `bytes` – the footer
/// * `size` – bytes of the file in front of the footer
///
/// # Errors
/// [`FooterError::Damaged`] if the bytes are not a footer, [`FooterError::Encrypted`] where columns are encrypted, and
/// otherwise the first column chunk that contradicts the schema or its row group, or lies outside of the file.
pub fn footer(bytes: &[u8], size: i64) -> Result<Footer, FooterError> {
    let mut reader = Reader::new(bytes);
    let (mut leaves, mut found, mut rows, mut fault) = (Vec::new(), Footer::default(), 0, None);
    reader.fields(|reader, id, kind| {
        match id {
            2 if kind == LIST => leaves = schema(reader)?,
            3 => rows = reader.int()?,
            4 if kind == LIST => {
                let (len, kind) = reader.list()?;
                for group in 0..len {
                    if kind != STRUCT {
                        return Err(Damage::Bad);
                    }
                    if let Err(error) = row_group(reader, &leaves, size, &mut found)? {
                        fault = fault.or(Some(error.in_group(group)));
                    }
                }
            }
            8 => {
                fault = Some(FooterError::Encrypted);
                reader.skip(kind, 0)?;
            }
            _ => reader.skip(kind, 0)?,
        }
        Ok(())
    })?;
    if let Some(fault) = fault {
        return Err(fault);
    }
    let counted = found.groups.iter().try_fold(0i64, |sum, group| sum.checked_add(group.rows));
    if counted == Some(rows) { Ok(found) } else { Err(FooterError::Rows) }
}

/// A column of plain values, at the end of a path of names.
#[derive(Debug)]
struct Leaf<'a> {
    path: Vec<&'a [u8]>,
    physical_type: i64,
    /// The highest repetition and definition level.
    levels: [u64; 2],
}

/// More levels are damage; paths would take quadratic memory.
const DEEPEST: usize = 200;

/// The leaves of the schema, which is a tree in depth-first order whose root is not a column.
fn schema<'a>(reader: &mut Reader<'a>) -> Result<Vec<Leaf<'a>>, Damage> {
    let (len, kind) = reader.list()?;
    let mut leaves = Vec::new();
    // Children to come of each open node, and its levels.
    let mut open: Vec<(u64, [u64; 2])> = Vec::new();
    let mut path: Vec<&'a [u8]> = Vec::new();
    for element in 0..len {
        if kind != STRUCT || (element > 0 && open.is_empty()) || open.len() > DEEPEST {
            return Err(Damage::Bad);
        }
        let (mut name, mut children, mut physical_type, mut repetition) = (&[][..], 0, -1, 0);
        reader.fields(|reader, id, kind| {
            match id {
                1 => physical_type = reader.int()?,
                3 => {
                    repetition = reader.int()?;
                    if !(0..=2).contains(&repetition) {
                        return Err(Damage::Bad);
                    }
                }
                4 if kind == BINARY => name = reader.binary()?,
                5 => children = reader.count()?,
                _ => reader.skip(kind, 0)?,
            }
            Ok(())
        })?;
        let [repeated, defined] = open.last().map_or([0, 0], |parent| parent.1);
        let levels = [repeated + u64::from(repetition == 2), defined + u64::from(repetition != 0)];
        if let Some(parent) = open.last_mut() {
            parent.0 -= 1;
            path.push(name);
        }
        if children > 0 {
            open.push((children.cast_unsigned(), if element > 0 { levels } else { [0, 0] }));
        } else if element > 0 {
            leaves.push(Leaf { path: path.clone(), physical_type, levels });
            path.pop();
        }
        while open.last().is_some_and(|node| node.0 == 0) {
            open.pop();
            path.pop();
        }
    }
    if open.is_empty() { Ok(leaves) } else { Err(Damage::Bad) }
}

/// Reads a row group; the inner error is of a group whose bytes are well formed.
fn row_group(
    reader: &mut Reader<'_>,
    leaves: &[Leaf<'_>],
    size: i64,
    found: &mut Footer,
) -> Result<Result<(), FooterError>, Damage> {
    let (mut group, mut fault, first) = (Group::default(), Ok(()), found.chunks.len());
    reader.fields(|reader, id, kind| {
        match id {
            1 if kind == LIST => {
                let (len, kind) = reader.list()?;
                for column in 0..len {
                    if kind != STRUCT {
                        return Err(Damage::Bad);
                    }
                    let leaf = usize::try_from(column).ok().and_then(|column| leaves.get(column));
                    let read = column_chunk(reader, leaf)?;
                    let checked = read.and_then(|chunk| {
                        found.chunks.push(chunk);
                        check_place(&chunk, size)
                    });
                    fault = fault.and(checked.map_err(|error| error.in_column(column)));
                }
            }
            2 => group.bytes = reader.count()?,
            3 => group.rows = reader.count()?,
            _ => reader.skip(kind, 0)?,
        }
        Ok(())
    })?;
    found.groups.push(group);
    Ok(fault.and_then(|()| check_counts(&group, &found.chunks[first..], leaves)))
}

fn check_place(chunk: &Chunk, size: i64) -> Result<(), FooterError> {
    let fits = chunk.begin >= 0 && chunk.end >= chunk.begin && chunk.end <= size && chunk.bytes >= 0;
    if fits { Ok(()) } else { Err(FooterError::chunk("it lies outside of the file")) }
}

fn check_counts(group: &Group, chunks: &[Chunk], leaves: &[Leaf<'_>]) -> Result<(), FooterError> {
    if chunks.len() != leaves.len() {
        return Err(FooterError::Columns { group: 0, found: chunks.len(), expected: leaves.len() });
    }
    for (column, (chunk, leaf)) in chunks.iter().zip(leaves).enumerate() {
        let right = if leaf.levels[0] > 0 { chunk.values >= 0 } else { chunk.values == group.rows };
        if !right {
            return Err(FooterError::chunk("it has another number of values than its row group has rows")
                .in_column(column as u64));
        }
    }
    Ok(())
}

/// Reads a column chunk; the inner error is of a chunk whose bytes are well formed.
fn column_chunk(
    reader: &mut Reader<'_>,
    leaf: Option<&Leaf<'_>>,
) -> Result<Result<Chunk, FooterError>, Damage> {
    let (mut found, mut fault) = (None, Ok(()));
    reader.fields(|reader, id, kind| {
        match id {
            3 if kind == STRUCT => {
                let (chunk, is_same) = column_metadata(reader, leaf)?;
                found = Some(chunk);
                if !is_same {
                    fault = fault
                        .and(Err(FooterError::chunk("its name, type or levels are not those of the schema")));
                }
            }
            8 | 9 => {
                fault = Err(FooterError::Encrypted);
                reader.skip(kind, 0)?;
            }
            _ => reader.skip(kind, 0)?,
        }
        Ok(())
    })?;
    Ok(fault.and(found.ok_or(FooterError::chunk("its place is missing"))))
}

/// Reads the metadata of a chunk, and whether its path and type are those of a leaf.
fn column_metadata(reader: &mut Reader<'_>, leaf: Option<&Leaf<'_>>) -> Result<(Chunk, bool), Damage> {
    let mut chunk = Chunk { physical_type: -1, codec: -1, ..Chunk::default() };
    let (mut data, mut dictionary, mut compressed) = (0i64, None, 0i64);
    let mut is_same = leaf.is_some();
    reader.fields(|reader, id, kind| {
        match id {
            1 => chunk.physical_type = reader.int()?,
            2 if kind == LIST => {
                let (len, _) = reader.list()?;
                for _ in 0..len {
                    chunk.encodings |= 1i64 << reader.int()?.clamp(0, 62);
                }
            }
            3 if kind == LIST => {
                let (len, kind) = reader.list()?;
                let path = leaf.map_or(&[][..], |leaf| &leaf.path);
                is_same &= len == path.len() as u64 || len == 0;
                for place in 0..len {
                    if kind != BINARY {
                        return Err(Damage::Bad);
                    }
                    let name = reader.binary()?;
                    is_same &= usize::try_from(place).is_ok_and(|place| path.get(place) == Some(&name));
                }
            }
            4 => chunk.codec = reader.int()?,
            5 => chunk.values = reader.int()?,
            6 => chunk.bytes = reader.int()?,
            7 => compressed = reader.int()?,
            9 => data = reader.int()?,
            11 => dictionary = Some(reader.int()?),
            16 if kind == STRUCT => is_same &= has_levels(reader, leaf)?,
            _ => reader.skip(kind, 0)?,
        }
        Ok(())
    })?;
    is_same &= leaf.is_none_or(|leaf| leaf.physical_type == chunk.physical_type);
    chunk.has_dictionary = dictionary.is_some();
    chunk.begin = dictionary.filter(|&at| at > 0 && at < data).unwrap_or(data);
    chunk.end = if compressed < 0 { -1 } else { chunk.begin.saturating_add(compressed) };
    Ok((chunk, is_same))
}

/// Reads the statistics of sizes; their histograms have an entry for each level of the leaf, or none.
fn has_levels(reader: &mut Reader<'_>, leaf: Option<&Leaf<'_>>) -> Result<bool, Damage> {
    let mut is_same = true;
    reader.fields(|reader, id, kind| {
        match (id, leaf) {
            (2 | 3, Some(leaf)) if kind == LIST => {
                let (len, _) = reader.list()?;
                let highest = leaf.levels[if id == 2 { 0 } else { 1 }];
                is_same &= len == 0 || len == highest + 1;
                for _ in 0..len {
                    reader.int()?;
                }
            }
            _ => reader.skip(kind, 0)?,
        }
        Ok(())
    })?;
    Ok(is_same)
}
