//! Numbers held as differences: `DELTA_BINARY_PACKED`.

use crate::error::ColumnError;
use crate::hybrid::{unpack, varint};

/// Decodes `count` numbers, modulo 2⁶⁴; returns the bytes behind them.
///
/// # Errors
/// [`ColumnError::Deltas`] where the bytes end early or hold another number of numbers.
pub(crate) fn decode<'a>(
    bytes: &'a [u8],
    count: usize,
    numbers: &mut Vec<i64>,
) -> Result<&'a [u8], ColumnError> {
    numbers.clear();
    read(bytes, count, numbers).ok_or(ColumnError::Deltas)
}

fn read<'a>(bytes: &'a [u8], count: usize, numbers: &mut Vec<i64>) -> Option<&'a [u8]> {
    let mut rest = bytes;
    let block = usize::try_from(varint(&mut rest)?).ok()?;
    let parts = usize::try_from(varint(&mut rest)?).ok()?;
    let claimed = usize::try_from(varint(&mut rest)?).ok()?;
    let first = zigzag(varint(&mut rest)?);
    if claimed != count || parts == 0 || parts > block || !block.is_multiple_of(parts) {
        return None;
    }
    if count == 0 {
        return Some(rest);
    }
    let size = block / parts;
    numbers.reserve(count);
    numbers.push(first);
    let mut last = first;
    while numbers.len() < count {
        let least = zigzag(varint(&mut rest)?);
        let (widths, tail) = rest.split_at_checked(parts)?;
        rest = tail;
        for &width in widths {
            let left = (count - numbers.len()).min(size);
            if left == 0 {
                break;
            }
            let width = u32::from(width);
            let used = left.checked_mul(width as usize)?.div_ceil(8);
            if width > 64 || used > rest.len() {
                return None;
            }
            unpack(&rest[..used], width, left, |delta| {
                last = last.wrapping_add(least).wrapping_add(delta.cast_signed());
                numbers.push(last);
            });
            // The last part may be cut off after the last number.
            rest = &rest[size.checked_mul(width as usize)?.div_ceil(8).min(rest.len())..];
        }
    }
    Some(rest)
}

fn zigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}
