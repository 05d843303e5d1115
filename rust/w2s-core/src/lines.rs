//! Lines of a block of JSON Lines: which are blank, and which cannot be one JSON object.
//!
//! A line passes if its first byte is `{` and its last one `}`, white space aside. If then all lines together hold as
//! many objects as there are lines, each line holds exactly one, because a text cannot cross a line in JSON and after
//! `}` no object begins inside another. Nesting is bounded here, before a parser recurses.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LineFault {
    /// The line does not begin with `{` or does not end in `}`.
    NotObject,
    /// Brackets nest deeper than allowed.
    TooDeep,
}

/// The lines of a block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// Indices of lines of white space alone.
    pub blank: Vec<usize>,
    /// The first line with a fault.
    pub fault: Option<(usize, LineFault)>,
}

/// Checks the lines of a block.
///
/// # Arguments
/// * `block` – the lines
/// * `offsets` – where each line begins and the last ends, ascending
/// * `deepest` – how deep brackets may nest
///
/// Lines beyond the end of the block are empty.
///
/// ```
/// use w2s_core::lines::{LineFault, check};
/// let block = b"{\"a\": [1]}\n \n{\"a\":\n";
/// let found = check(block, &[0, 11, 13, 19], 10);
/// assert_eq!((found.blank, found.fault), (vec![1], Some((2, LineFault::NotObject))));
/// ```
#[must_use]
pub fn check(block: &[u8], offsets: &[i64], deepest: usize) -> Lines {
    let mut found = Lines::default();
    for (line, bounds) in offsets.windows(2).enumerate() {
        let range = usize::try_from(bounds[0]).unwrap_or(0)..usize::try_from(bounds[1]).unwrap_or(0);
        let text = trimmed(block.get(range).unwrap_or_default());
        let fault = match text {
            [] => {
                found.blank.push(line);
                continue;
            }
            [b'{', .., b'}'] if text.len() <= deepest => None,
            [b'{', .., b'}'] if brackets(text) <= deepest || depth(text) <= deepest => None,
            [b'{', .., b'}'] => Some(LineFault::TooDeep),
            _ if text.len() > deepest && depth(text) > deepest => Some(LineFault::TooDeep),
            _ => Some(LineFault::NotObject),
        };
        found.fault = found.fault.or(fault.map(|fault| (line, fault)));
    }
    found
}

/// Counts the different keys in a block, each with the keys around it: `a` and `b` in `{"a":{"b":[{"b":1}]}}` are three.
///
/// A parser makes a column of each, with a place in every line, so that the product bounds its memory. What is not JSON
/// is counted somehow.
///
/// ```
/// assert_eq!(w2s_core::lines::keys(br#"{"a":{"b":[{"b":1}]}} {"a":"\"x\":"}"#), 3);
/// ```
#[must_use]
pub fn keys(block: &[u8]) -> usize {
    let mut found = HashSet::with_hasher(BuildHasherDefault::<Mixed>::default());
    // The path of what each open bracket holds, and of the value to come.
    let (mut open, mut path, mut at) = (Vec::new(), START, 0);
    while let Some(&byte) = block.get(at) {
        at += 1;
        match byte {
            b'"' => {
                let text = text(&block[at..]);
                at = block.len().min(at + text.len() + 1);
                let next = block[at..].iter().find(|byte| !byte.is_ascii_whitespace());
                if next == Some(&b':') {
                    path = text
                        .iter()
                        .fold(open.last().copied().unwrap_or(START).rotate_left(5) ^ 1, |path, &byte| {
                            (path ^ u64::from(byte)).wrapping_mul(PRIME)
                        });
                    found.insert(path);
                }
            }
            b'{' | b'[' => open.push(path),
            b'}' | b']' => {
                open.pop();
                path = open.last().copied().unwrap_or(START);
            }
            _ => {}
        }
    }
    found.len()
}

/// Of the hash by Fowler, Noll and Vo.
const START: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0100_0000_01b3;

/// Takes numbers as their own hash.
#[derive(Default)]
struct Mixed(u64);

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number ^ number.rotate_left(31);
    }
}

/// The text in front of the quotation mark that ends it.
fn text(bytes: &[u8]) -> &[u8] {
    let mut is_escaped = false;
    let end = bytes.iter().position(|&byte| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    });
    &bytes[..end.unwrap_or(bytes.len())]
}

/// A line without white space around it, and without a byte order mark in front.
fn trimmed(line: &[u8]) -> &[u8] {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let end = line.iter().rposition(|byte| !is_space(byte)).map_or(0, |last| last + 1);
    let line = line[..end].strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line[..end]);
    let begin = line.iter().position(|byte| !is_space(byte)).unwrap_or(line.len());
    &line[begin..]
}

/// How many opening brackets a line holds, inside texts too: an upper bound of its depth, found fast.
fn brackets(line: &[u8]) -> usize {
    line.chunks(255)
        .map(|part| usize::from(part.iter().map(|byte| u8::from(byte | 0x20 == b'{')).sum::<u8>()))
        .sum()
}

/// How deep brackets nest outside of texts.
fn depth(line: &[u8]) -> usize {
    let (mut depth, mut deepest, mut is_text, mut is_escaped) = (0usize, 0, false, false);
    for &byte in line {
        if is_text {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => is_text = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => is_text = true,
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::{LineFault, Lines, check, keys};

    fn checked(block: &[u8], deepest: usize) -> Lines {
        let ends = block.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
        let offsets: Vec<i64> =
            std::iter::once(0).chain(ends).map(|at| i64::try_from(at).expect("a small block")).collect();
        check(block, &offsets, deepest)
    }

    #[test]
    fn keys_are_counted_with_the_keys_around_them() {
        assert_eq!(keys(b"{\"a\": 1, \"b\" : {\"a\": 2}}\n{\"b\": {\"a\": [3, {\"a\": 4}]}, \"a\": 5}\n"), 4);
        assert_eq!(keys(b"{\"a\": [\"b\", {\"c\": 1}, {\"c\": 2}], \"d\": \":\"}"), 3);
        let many: String = (0..5_000).map(|i| format!("{{\"m\":{{\"k{i}\":\"{i}\"}}}}\n")).collect();
        assert_eq!(keys(many.as_bytes()), 5_001);
        for cut in 0..60 {
            let _ = keys(&b"{\"a\\\"\": [\"b\", {\"c\": 1}, {\"c\": 2}]]]}}, \"d\": \":\"}"[..cut.min(44)]);
        }
    }

    #[test]
    fn blank_lines_are_white_space_alone() {
        let found = checked(b"\n{}\r\n \t\r\n  {\"a\": 1}  \n\xef\xbb\xbf{}\n", 4);
        assert_eq!(found, Lines { blank: vec![0, 2], fault: None });
    }

    #[test]
    fn a_line_that_is_not_closed_is_a_fault() {
        for line in [&b"{\"s\":1,\n"[..], b"\"id\":0}\n", b"[{}]\n", b"{\n", b"}\n", b"1\n", b"\x0b{}\n"] {
            let found = checked(&[b"{}\n", line].concat(), 4);
            assert_eq!(found.fault, Some((1, LineFault::NotObject)));
        }
    }

    #[test]
    fn brackets_in_texts_do_not_nest() {
        let text = format!("{{\"a\": \"{}\\\"[\"}}\n", "[{".repeat(400));
        assert_eq!(checked(text.as_bytes(), 4).fault, None);
        let wide = format!("{{\"a\": [{}1]}}\n", "[1],".repeat(400));
        assert_eq!(checked(wide.as_bytes(), 3).fault, None);
        assert_eq!(checked(wide.as_bytes(), 2).fault, Some((0, LineFault::TooDeep)));
        let open = format!("{{\"a\": {}\n", "[".repeat(400));
        assert_eq!(checked(open.as_bytes(), 300).fault, Some((0, LineFault::TooDeep)));
    }

    #[test]
    fn offsets_beyond_the_block_are_empty_lines() {
        assert_eq!(check(b"{}\n", &[0, 3, 9, -1], 4), Lines { blank: vec![1, 2], fault: None });
    }
}
