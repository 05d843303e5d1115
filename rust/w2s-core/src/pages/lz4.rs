//! The size of what an LZ4 block holds, found without decompressing it.

/// Bytes that a raw LZ4 block decompresses to; none where the block ends inside a sequence.
///
/// A decompressor is given the size that the page header claims, and does not say when the block holds less.
///
/// ```
/// use w2s_core::pages::lz4_length;
/// assert_eq!(lz4_length(&[0x10, b'a']), Some(1)); // one literal
/// assert_eq!(lz4_length(&[0x11, b'a', 1, 0, 0x10, b'b']), Some(7)); // one, five times again, and one more
/// assert_eq!(lz4_length(&[0x20, b'a']), None);
/// ```
#[must_use]
pub fn lz4_length(block: &[u8]) -> Option<usize> {
    let (mut rest, mut length) = (block, 0usize);
    loop {
        let (&token, tail) = rest.split_first()?;
        let (literals, tail) = extended(tail, token >> 4)?;
        rest = tail.get(literals..)?;
        length = length.checked_add(literals)?;
        if rest.is_empty() {
            return Some(length);
        }
        let (matched, tail) = extended(rest.get(2..)?, token & 15)?;
        rest = tail;
        length = length.checked_add(matched.checked_add(4)?)?;
    }
}

/// A length of four bits, and bytes that are added where it is 15.
fn extended(mut rest: &[u8], nibble: u8) -> Option<(usize, &[u8])> {
    let mut length = usize::from(nibble);
    if nibble == 15 {
        loop {
            let (&byte, tail) = rest.split_first()?;
            rest = tail;
            length = length.checked_add(usize::from(byte))?;
            if byte < 255 {
                break;
            }
        }
    }
    Some((length, rest))
}
