//! Levels and dictionary indices: runs of one number, and runs of numbers packed bit by bit.

use super::PageError;

/// Decodes `count` numbers of `width` bits.
///
/// # Errors
/// [`PageError::BadRuns`] where the bytes end early, a run claims more numbers than are left of both, a run repeats a
/// wider number, or a width is above 32.
pub(super) fn decode(bytes: &[u8], width: u32, count: usize) -> Result<Vec<u32>, PageError> {
    if width > 32 {
        return Err(PageError::BadRuns);
    }
    let mut numbers = Vec::with_capacity(count);
    let mut rest = bytes;
    while numbers.len() < count {
        let head = varint(&mut rest)?;
        let left = count - numbers.len();
        if head & 1 == 0 {
            let value = repeated(&mut rest, width)?;
            let run = usize::try_from(head >> 1).unwrap_or(usize::MAX).min(left);
            if run == 0 {
                return Err(PageError::BadRuns);
            }
            numbers.resize(numbers.len() + run, value);
        } else {
            let groups = usize::try_from(head >> 1).map_err(|_| PageError::BadRuns)?;
            packed(&mut rest, width, groups, left, &mut numbers)?;
        }
    }
    Ok(numbers)
}

fn varint(rest: &mut &[u8]) -> Result<u64, PageError> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, tail) = rest.split_first().ok_or(PageError::BadRuns)?;
        *rest = tail;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(PageError::BadRuns)
}

/// The value of a run: as many whole bytes as its width takes.
fn repeated(rest: &mut &[u8], width: u32) -> Result<u32, PageError> {
    let (value, tail) = rest.split_at_checked(width.div_ceil(8) as usize).ok_or(PageError::BadRuns)?;
    *rest = tail;
    let value = value.iter().rev().fold(0, |sum, &byte| (sum << 8) | u32::from(byte));
    if u64::from(value) >> width == 0 { Ok(value) } else { Err(PageError::BadRuns) }
}

/// Groups of eight numbers, lowest bits first; the last group may be cut off after the last number.
fn packed(
    rest: &mut &[u8],
    width: u32,
    groups: usize,
    left: usize,
    numbers: &mut Vec<u32>,
) -> Result<(), PageError> {
    let count = groups.saturating_mul(8).min(left);
    let used = (count * width as usize).div_ceil(8);
    let claims_more = groups > left.div_ceil(8) && groups.saturating_mul(width as usize) > rest.len();
    if count == 0 || used > rest.len() || claims_more {
        return Err(PageError::BadRuns);
    }
    let mask = (1u64 << width) - 1;
    let (mut held, mut bits) = (0u64, 0);
    let mut bytes = rest.iter();
    for _ in 0..count {
        while bits < width {
            held |= u64::from(*bytes.next().ok_or(PageError::BadRuns)?) << bits;
            bits += 8;
        }
        numbers.push((held & mask) as u32);
        held >>= width;
        bits -= width;
    }
    *rest = &rest[groups.saturating_mul(width as usize).min(rest.len())..];
    Ok(())
}
