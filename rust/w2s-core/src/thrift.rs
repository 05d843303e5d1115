//! A reader of Thrift's compact protocol, in which Parquet writes its metadata.
//!
//! The bytes are untrusted: damage is a [`Damage`], never a panic.

/// Why bytes cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Damage {
    /// The bytes end too early.
    CutOff,
    /// The bytes are not in this protocol.
    Bad,
}

pub(crate) const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
/// A number of 32 bits.
pub(crate) const INT: u8 = 5;
const DOUBLE: u8 = 7;
pub(crate) const BINARY: u8 = 8;
pub(crate) const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
pub(crate) const STRUCT: u8 = 12;

/// Structures nest a few deep in metadata; more is damage, and must not exhaust the stack.
const DEEPEST: usize = 8;

#[derive(Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bytes read so far.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    fn byte(&mut self) -> Result<u8, Damage> {
        let byte = *self.bytes.get(self.at).ok_or(Damage::CutOff)?;
        self.at += 1;
        Ok(byte)
    }

    fn unsigned(&mut self) -> Result<u64, Damage> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Damage::Bad)
    }

    /// A zigzag number.
    pub(crate) fn int(&mut self) -> Result<i64, Damage> {
        let value = self.unsigned()?;
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    /// A number of bytes or values, which the format holds in 31 bits.
    pub(crate) fn size(&mut self) -> Result<usize, Damage> {
        let value = self.int()?;
        i32::try_from(value).ok().and_then(|size| usize::try_from(size).ok()).ok_or(Damage::Bad)
    }

    /// A number of bytes, values or rows, which the format holds in 63 bits.
    pub(crate) fn count(&mut self) -> Result<i64, Damage> {
        self.int().and_then(|value| if value < 0 { Err(Damage::Bad) } else { Ok(value) })
    }

    pub(crate) fn binary(&mut self) -> Result<&'a [u8], Damage> {
        let len = usize::try_from(self.unsigned()?).map_err(|_| Damage::Bad)?;
        let begin = self.at;
        self.advance(len)?;
        Ok(&self.bytes[begin..self.at])
    }

    /// The number and the type of the elements of a list, which follow.
    pub(crate) fn list(&mut self) -> Result<(u64, u8), Damage> {
        let head = self.byte()?;
        let len = if head >> 4 == 15 { self.unsigned()? } else { u64::from(head >> 4) };
        Ok((len, head & 15))
    }

    /// Calls back for each field of a structure with its id and type; the callback reads or skips the value.
    pub(crate) fn fields(
        &mut self,
        mut field: impl FnMut(&mut Self, i64, u8) -> Result<(), Damage>,
    ) -> Result<(), Damage> {
        let mut id = 0i64;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Ok(());
            }
            id = if head >> 4 == 0 { self.int()? } else { id + i64::from(head >> 4) };
            if i16::try_from(id).is_err() {
                return Err(Damage::Bad); // an id has 16 bits
            }
            field(self, id, head & 15)?;
        }
    }

    pub(crate) fn skip(&mut self, kind: u8, depth: usize) -> Result<(), Damage> {
        if depth > DEEPEST {
            return Err(Damage::Bad);
        }
        match kind {
            TRUE | FALSE => Ok(()),
            BYTE => self.byte().map(drop),
            4..=6 => self.unsigned().map(drop),
            DOUBLE => self.advance(8),
            BINARY => self.binary().map(drop),
            LIST | SET => {
                let (len, kind) = self.list()?;
                (0..len).try_for_each(|_| self.skip_element(kind, depth))
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
            _ => Err(Damage::Bad),
        }
    }

    /// Inside a collection a boolean takes a byte.
    fn skip_element(&mut self, kind: u8, depth: usize) -> Result<(), Damage> {
        if matches!(kind, TRUE | FALSE) { self.byte().map(drop) } else { self.skip(kind, depth + 1) }
    }

    fn advance(&mut self, bytes: usize) -> Result<(), Damage> {
        let end = self.at.checked_add(bytes).filter(|&end| end <= self.bytes.len());
        self.at = end.ok_or(Damage::CutOff)?;
        Ok(())
    }
}
