//! Levels and dictionary indices: runs of one number, and runs of numbers packed bit by bit.

use crate::error::ColumnError;

/// Consecutive numbers.
pub(crate) enum Run<'a> {
    /// One number, many times.
    Same { value: u32, count: usize },
    /// Numbers of some bits each, lowest bits first.
    Packed { bytes: &'a [u8], count: usize },
}

/// Calls back for each run of `count` numbers of `width` bits.
///
/// # Errors
/// [`ColumnError::Runs`] where the bytes end early, a run claims more numbers than are left of both, a run repeats a
/// wider number, or a width is above 32.
pub(crate) fn runs(
    bytes: &[u8],
    width: u32,
    count: usize,
    mut see: impl FnMut(Run<'_>),
) -> Result<(), ColumnError> {
    if width > 32 {
        return Err(ColumnError::Runs);
    }
    let (mut rest, mut left) = (bytes, count);
    while left > 0 {
        let head = varint(&mut rest).ok_or(ColumnError::Runs)?;
        let run = if head & 1 == 0 {
            let value = repeated(&mut rest, width)?;
            let count = usize::try_from(head >> 1).unwrap_or(usize::MAX).min(left);
            left -= count;
            (count > 0).then_some(Run::Same { value, count })
        } else {
            let groups = usize::try_from(head >> 1).map_err(|_| ColumnError::Runs)?;
            let (bytes, count) = packed(&mut rest, width, groups, left)?;
            left -= count;
            Some(Run::Packed { bytes, count })
        };
        see(run.ok_or(ColumnError::Runs)?);
    }
    Ok(())
}

/// Decodes `count` numbers of `width` bits.
pub(crate) fn decode(
    bytes: &[u8],
    width: u32,
    count: usize,
    numbers: &mut Vec<u32>,
) -> Result<(), ColumnError> {
    numbers.clear();
    numbers.reserve(count);
    runs(bytes, width, count, |run| match run {
        Run::Same { value, count } => numbers.resize(numbers.len() + count, value),
        Run::Packed { bytes, count } => unpack(bytes, width, count, |number| numbers.push(number as u32)),
    })
}

/// An unsigned number of seven bits per byte.
pub(crate) fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, tail) = rest.split_first()?;
        *rest = tail;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

/// The value of a run: as many whole bytes as its width takes.
fn repeated(rest: &mut &[u8], width: u32) -> Result<u32, ColumnError> {
    let (value, tail) = rest.split_at_checked(width.div_ceil(8) as usize).ok_or(ColumnError::Runs)?;
    *rest = tail;
    let value = value.iter().rev().fold(0, |sum, &byte| (sum << 8) | u32::from(byte));
    if u64::from(value) >> width == 0 { Ok(value) } else { Err(ColumnError::Runs) }
}

/// Groups of eight numbers; the last group may be cut off after the last number.
fn packed<'a>(
    rest: &mut &'a [u8],
    width: u32,
    groups: usize,
    left: usize,
) -> Result<(&'a [u8], usize), ColumnError> {
    let count = groups.saturating_mul(8).min(left);
    let used = (count * width as usize).div_ceil(8);
    let claims_more = groups > left.div_ceil(8) && groups.saturating_mul(width as usize) > rest.len();
    if count == 0 || used > rest.len() || claims_more {
        return Err(ColumnError::Runs);
    }
    let (bytes, end) = (&rest[..used], groups.saturating_mul(width as usize).min(rest.len()));
    *rest = &rest[end..];
    Ok((bytes, count))
}

/// Numbers of up to 64 bits, of bytes that hold at least `count` of them.
#[inline(always)]
pub(crate) fn unpack(bytes: &[u8], width: u32, count: usize, mut see: impl FnMut(u64)) {
    let bits = width as usize;
    let mask = if width == 64 { u64::MAX } else { (1u64 << width) - 1 };
    // Eight bytes from the byte of its first bit hold a number of up to 57 bits.
    let near = if bits == 0 || bits > 57 {
        0
    } else {
        (bytes.len().saturating_sub(7) * 8).div_ceil(bits).min(count)
    };
    for place in 0..near {
        let bit = place * bits;
        let held = bytes[bit / 8..].first_chunk::<8>().map_or(0, |eight| u64::from_le_bytes(*eight));
        see(held >> (bit % 8) & mask);
    }
    for place in near..count {
        let bit = place * bits;
        let end = (bit + bits).div_ceil(8);
        let held = bytes[bit / 8..end].iter().rev().fold(0u128, |sum, &byte| sum << 8 | u128::from(byte));
        see((held >> (bit % 8)) as u64 & mask);
    }
}
