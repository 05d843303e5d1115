//! Snappy blocks, decompressed with few branches.
//!
//! Format: <https://github.com/google/snappy/blob/main/format_description.txt>. The input is copied behind the output,
//! so that a literal and a copy differ only in the place that they are read from.

/// What the first byte of an element says: its length, the bytes from it to the next element, and the high part of
/// its offset. A length of 0 is left to [`element`].
#[derive(Clone, Copy)]
struct Tag {
    len: u8,
    advance: u8,
    high: u16,
    mask: u16,
}

const TAGS: [Tag; 256] = tags();

const fn tags() -> [Tag; 256] {
    let mut found = [Tag { len: 0, advance: 0, high: 0, mask: 0 }; 256];
    let mut byte = 0;
    while byte < 256 {
        let upper = (byte >> 2) as u8;
        found[byte] = match byte & 3 {
            0 if upper < STEP as u8 => Tag { len: upper + 1, advance: upper + 2, high: 0, mask: 0 },
            1 => Tag { len: 4 + (upper & 7), advance: 2, high: (byte as u16 >> 5) << 8, mask: 0xff },
            2 if upper < STEP as u8 => Tag { len: upper + 1, advance: 3, high: 0, mask: 0xffff },
            _ => Tag { len: 0, advance: 0, high: 0, mask: 0 },
        };
        byte += 1;
    }
    found
}

/// Bytes that are copied at a time.
const STEP: usize = 32;

/// Room behind the output and behind the input.
const ROOM: usize = 64;

/// The number of bytes that a block claims to hold, and the bytes behind that number.
pub(crate) fn claimed(raw: &[u8]) -> Option<(usize, &[u8])> {
    let (mut rest, mut size) = (raw, 0u64);
    for shift in (0..35).step_by(7) {
        let (&byte, tail) = rest.split_first()?;
        rest = tail;
        size |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return u32::try_from(size).ok().map(|size| (size as usize, rest));
        }
    }
    None
}

/// Decompresses a block of `size` bytes to the start of a buffer; `None` where it is damaged.
pub(crate) fn decompress(raw: &[u8], size: usize, buffer: &mut Vec<u8>) -> Option<()> {
    let (found, elements) = claimed(raw)?;
    if found != size {
        return None;
    }
    let begin = size + ROOM;
    let end = begin + elements.len();
    if buffer.len() < end + ROOM {
        buffer.resize(end + ROOM, 0);
    }
    let buffer = &mut buffer[..end + ROOM];
    buffer[begin..end].copy_from_slice(elements);
    let (mut at, mut place) = (begin, 0usize);
    while at < end {
        let tag = TAGS[usize::from(buffer[at])];
        let low = u16::from_le_bytes([buffer[at + 1], buffer[at + 2]]);
        let offset = usize::from(tag.high | (low & tag.mask));
        let (len, next) = (usize::from(tag.len), at + usize::from(tag.advance));
        let is_literal = tag.mask == 0;
        let from = if is_literal { at + 1 } else { place.wrapping_sub(offset) };
        let most = if is_literal { STEP } else { offset };
        if len.wrapping_sub(1) < most && offset <= place && next <= end && place + len <= size {
            // Bytes behind `len` are of no use; what comes next replaces them.
            let bytes: [u8; STEP] = *buffer[from..].first_chunk()?;
            *buffer[place..].first_chunk_mut()? = bytes;
            (at, place) = (next, place + len);
        } else {
            (at, place) = element(buffer, at, end, place, size)?;
        }
    }
    (place == size).then_some(())
}

/// Decompresses any element; returns the next one and the end of the output.
#[cold]
#[inline(never)]
fn element(buffer: &mut [u8], at: usize, end: usize, place: usize, size: usize) -> Option<(usize, usize)> {
    let number = |at: usize, bytes: usize| {
        let held = buffer[..end].get(at..at + bytes)?;
        Some(held.iter().rev().fold(0, |sum, &byte| sum << 8 | usize::from(byte)))
    };
    let upper = usize::from(buffer[at] >> 2);
    let kind = buffer[at] & 3;
    let (len, offset, next) = match kind {
        0 if upper < 60 => (upper + 1, 0, at + 1),
        0 => (number(at + 1, upper - 59)? + 1, 0, at + upper - 58),
        1 => (4 + (upper & 7), (upper >> 3) << 8 | number(at + 1, 1)?, at + 2),
        2 => (upper + 1, number(at + 1, 2)?, at + 3),
        _ => (upper + 1, number(at + 1, 4)?, at + 5),
    };
    if len > size - place {
        return None;
    }
    if kind == 0 {
        let stop = next.checked_add(len).filter(|&stop| stop <= end)?;
        buffer.copy_within(next..stop, place);
        return Some((stop, place + len));
    }
    if offset == 0 || offset > place {
        return None;
    }
    // The bytes between repeat; what is copied doubles them.
    let (from, stop) = (place - offset, place + len);
    let mut have = place;
    while have < stop {
        let taken = (have - from).min(stop - have);
        buffer.copy_within(from..from + taken, have);
        have += taken;
    }
    Some((next, stop))
}
