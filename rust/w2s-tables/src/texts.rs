//! Texts of a page: byte arrays of any length.

use crate::delta;
use crate::error::ColumnError;
use crate::levels::NULL;
use crate::pieces::Pieces;

const LENGTH_BYTES: usize = 4;

/// Walks plain texts, each after its length.
struct Walk<'a> {
    rest: &'a [u8],
    place: usize,
}

impl<'a> Walk<'a> {
    #[inline(always)]
    fn next(&mut self) -> Result<&'a [u8], ColumnError> {
        let found = self
            .rest
            .split_first_chunk::<LENGTH_BYTES>()
            .and_then(|(length, tail)| tail.split_at_checked(u32::from_le_bytes(*length) as usize));
        let (text, rest) = found.ok_or(ColumnError::Value(self.place))?;
        self.rest = rest;
        self.place += 1;
        Ok(text)
    }
}

/// Plain texts of `stored` values.
pub(crate) fn plain(bytes: &[u8], stored: usize, picks: &[u32], out: &mut Pieces) -> Result<(), ColumnError> {
    let mut walk = Walk { rest: bytes, place: 0 };
    for &pick in picks {
        if pick == NULL {
            out.push_end();
            continue;
        }
        while walk.place < pick as usize {
            walk.next()?;
        }
        out.push_text(walk.next()?);
    }
    while walk.place < stored {
        walk.next()?;
    }
    Ok(())
}

/// Texts after all of their lengths, which are differences.
pub(crate) fn after_lengths(
    bytes: &[u8],
    stored: usize,
    picks: &[u32],
    lengths: &mut Vec<i64>,
    out: &mut Pieces,
) -> Result<(), ColumnError> {
    let data = delta::decode(bytes, stored, lengths)?;
    let mut begins = Begins { data, lengths, place: 0, begin: 0 };
    for &pick in picks {
        if pick == NULL {
            out.push_end();
            continue;
        }
        while begins.place < pick as usize {
            begins.next()?;
        }
        out.push_text(begins.next()?);
    }
    while begins.place < stored {
        begins.next()?;
    }
    Ok(())
}

/// Walks texts whose lengths are known.
struct Begins<'a> {
    data: &'a [u8],
    lengths: &'a [i64],
    place: usize,
    begin: usize,
}

impl<'a> Begins<'a> {
    #[inline(always)]
    fn next(&mut self) -> Result<&'a [u8], ColumnError> {
        let length = self.lengths.get(self.place).and_then(|&length| usize::try_from(length).ok());
        let end = length.and_then(|length| self.begin.checked_add(length));
        let text =
            end.and_then(|end| self.data.get(self.begin..end)).ok_or(ColumnError::Value(self.place))?;
        self.begin += text.len();
        self.place += 1;
        Ok(text)
    }
}

/// Texts that share a prefix with the text before: lengths of prefixes, lengths of the rest, and the rest of each.
///
/// Calls back with each picked text, or `None` for a null.
pub(crate) fn with_prefixes(
    bytes: &[u8],
    stored: usize,
    picks: &[u32],
    [prefixes, lengths]: [&mut Vec<i64>; 2],
    mut see: impl FnMut(Option<&[u8]>) -> Result<(), ColumnError>,
) -> Result<(), ColumnError> {
    let rest = delta::decode(bytes, stored, prefixes)?;
    let data = delta::decode(rest, stored, lengths)?;
    let mut begins = Begins { data, lengths, place: 0, begin: 0 };
    let mut text = Vec::new();
    let next = |begins: &mut Begins<'_>, text: &mut Vec<u8>| {
        let place = begins.place;
        let tail = begins.next()?;
        let prefix = prefixes.get(place).and_then(|&prefix| usize::try_from(prefix).ok());
        let prefix = prefix.filter(|&prefix| prefix <= text.len()).ok_or(ColumnError::Value(place))?;
        text.truncate(prefix);
        text.extend_from_slice(tail);
        Ok::<(), ColumnError>(())
    };
    for &pick in picks {
        if pick == NULL {
            see(None)?;
            continue;
        }
        while begins.place <= pick as usize {
            next(&mut begins, &mut text)?;
        }
        see(Some(&text))?;
    }
    while begins.place < stored {
        next(&mut begins, &mut text)?;
    }
    Ok(())
}
