//! The fuzz targets of w2s-core: everything that takes bytes of files.
//!
//! Each function takes any bytes, returns whether they were accepted, and panics where a promise is broken.

use w2s_core::lines::{LineFault, check as check_lines, keys};
use w2s_core::pages::{PageError, Texts, Values, footer, header, kept, lz4_length};
use w2s_fuzz::Target;

/// All of them.
pub const TARGETS: [Target; 7] = [
    Target { name: "parquet_footer", body: parquet_footer, seeds: footer_seeds },
    Target { name: "json_lines", body: json_lines, seeds: line_seeds },
    Target { name: "lz4_blocks", body: lz4_blocks, seeds: block_seeds },
    Target { name: "page_header", body: page_header, seeds: header_seeds },
    Target { name: "plain_texts", body: plain_texts, seeds: plain_seeds },
    Target { name: "dictionary_texts", body: dictionary_texts, seeds: dictionary_seeds },
    Target { name: "hybrid_runs", body: hybrid_runs, seeds: run_seeds },
];

/// Bytes in front of the footer in the seeds.
const FILE_BYTES: i64 = 1 << 20;

/// A footer gives each row group the same columns, inside of the file.
pub fn parquet_footer(bytes: &[u8]) -> bool {
    let Ok(found) = footer(bytes, FILE_BYTES) else { return false };
    let columns = found.chunks.len() / found.groups.len().max(1);
    assert_eq!(found.chunks.len(), columns * found.groups.len());
    assert!(found.groups.iter().all(|group| group.rows >= 0 && group.bytes >= 0));
    assert!(found.chunks.iter().all(|chunk| 0 <= chunk.begin && chunk.begin <= chunk.end));
    assert!(
        found.chunks.iter().all(|chunk| chunk.end <= FILE_BYTES && chunk.bytes >= 0 && chunk.values >= 0)
    );
    true
}

/// Every line is blank, faulty, or begins with a brace and ends in one; brackets are counted.
pub fn json_lines(bytes: &[u8]) -> bool {
    let ends = bytes
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'\n')
        .map(|(at, _)| at.cast_signed() as i64 + 1);
    let offsets: Vec<i64> = std::iter::once(0).chain(ends).collect();
    assert!(keys(bytes) <= bytes.len());
    let found = check_lines(bytes, &offsets, 3);
    let text = |line: usize| &bytes[offsets[line] as usize..offsets[line + 1] as usize];
    assert!(found.blank.is_sorted() && found.blank.iter().all(|&line| !text(line).contains(&b'{')));
    match found.fault {
        Some((line, LineFault::TooDeep)) => {
            assert!(text(line).iter().filter(|byte| matches!(byte, b'{' | b'[')).count() > 3);
        }
        Some((line, _)) => assert!(!found.blank.contains(&line)),
        None => {
            let lines = (0..offsets.len() - 1).filter(|line| !found.blank.contains(line));
            assert!(lines.map(text).all(|line| line.contains(&b'{') && line.contains(&b'}')));
        }
    }
    offsets.len() > 1 && found.fault.is_none()
}

/// A block that is cut off has no length, and a length is at least its literals.
pub fn lz4_blocks(bytes: &[u8]) -> bool {
    lz4_length(bytes).is_some()
}

/// A header needs all of its bytes and no more, and holds sizes of 31 bits.
pub fn page_header(bytes: &[u8]) -> bool {
    let Ok(found) = header(bytes) else { return false };
    assert!((1..=bytes.len()).contains(&found.header_bytes));
    assert_eq!(header(&bytes[..found.header_bytes]), Ok(found));
    assert_eq!(header(&bytes[..found.header_bytes - 1]), Err(PageError::HeaderCutOff));
    let sizes =
        [found.compressed_bytes, found.bytes, found.values, found.definition_bytes, found.repetition_bytes];
    assert!(sizes.iter().all(|&size| i32::try_from(size).is_ok()));
    true
}

/// The texts of a plain page are those of the whole page, whichever rows are kept.
pub fn plain_texts(bytes: &[u8]) -> bool {
    let Some(page) = Page::read(bytes) else { return false };
    check(&page, Values::Plain(page.values))
}

/// The same with places in a dictionary of four texts.
pub fn dictionary_texts(bytes: &[u8]) -> bool {
    let Some(page) = Page::read(bytes) else { return false };
    check(&page, Values::Dictionary { places: page.values, offsets: &[0, 2, 2, 3, 7], data: b"e4dNf3+" })
}

/// Runs hold the numbers that a decoder finds that looks at one bit after another.
pub fn hybrid_runs(bytes: &[u8]) -> bool {
    let Some((&[count, width], runs)) = bytes.split_first_chunk() else { return false };
    let (rows, width) = (usize::from(count), width % 11);
    // The text of a place is the place, in two bytes.
    let data: Vec<u8> = (0..1u16 << 10).flat_map(u16::to_le_bytes).collect();
    let offsets: Vec<i32> = (0..=1 << 10).map(|place| 2 * place).collect();
    let places = [&[width], runs].concat();
    let values = Values::Dictionary { places: &places, offsets: &offsets, data: &data };
    let found = kept(None, values, &vec![true; rows]);
    let expected = numbers_bit_by_bit(runs, usize::from(width), rows);
    let numbers = found.ok().map(|texts| {
        texts.data.chunks(2).map(|pair| u32::from(u16::from_le_bytes([pair[0], pair[1]]))).collect::<Vec<_>>()
    });
    assert_eq!(numbers, expected);
    rows > 0 && numbers.is_some()
}

/// A page in a few bytes: how many rows, whether there are levels and of how many bytes, flags of the rows, values.
struct Page<'a> {
    levels: Option<&'a [u8]>,
    keep: Vec<bool>,
    values: &'a [u8],
}

impl<'a> Page<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (&[rows, levels], rest) = bytes.split_first_chunk()?;
        let rows = usize::from(rows);
        let (flags, rest) = rest.split_at_checked(rows.div_ceil(8))?;
        let (runs, values) = rest.split_at_checked(usize::from(levels >> 1))?;
        let keep = (0..rows).map(|row| flags[row / 8] >> (row % 8) & 1 == 1).collect();
        Some(Self { levels: (levels & 1 == 1).then_some(runs), keep, values })
    }
}

fn check(page: &Page<'_>, values: Values<'_>) -> bool {
    let some = kept(page.levels, values, &page.keep);
    let all = kept(page.levels, values, &vec![true; page.keep.len()]);
    assert_eq!(some.is_ok(), all.is_ok());
    let Ok(all) = all else { return false };
    let some = some.expect("the whole page can be read");
    let all = texts(&all);
    assert_eq!(all.len(), page.keep.len());
    let expected: Vec<_> =
        all.into_iter().zip(&page.keep).filter(|(_, kept)| **kept).map(|(text, _)| text).collect();
    assert_eq!(texts(&some), expected);
    assert_eq!(some.nulls, expected.iter().filter(|text| text.is_none()).count());
    !page.keep.is_empty()
}

/// The texts one by one, null where their bit is clear.
fn texts(found: &Texts) -> Vec<Option<&[u8]>> {
    let ends: Vec<usize> =
        found.offsets.iter().map(|&end| usize::try_from(end).expect("not negative")).collect();
    assert_eq!((ends[0], ends[ends.len() - 1]), (0, found.data.len()));
    let is_valid = |i: usize| found.valid.as_ref().is_none_or(|bits| bits[i / 8] >> (i % 8) & 1 == 1);
    (0..ends.len() - 1).map(|i| is_valid(i).then(|| &found.data[ends[i]..ends[i + 1]])).collect()
}

/// The plain definition of a hybrid of runs and bit-packed groups; none where the bytes end early, a run is empty or
/// claims more groups than are needed and left, a repeated number is too wide, a length does not fit 64 bits, or a number
/// has no place in a dictionary of 1024 texts.
fn numbers_bit_by_bit(mut rest: &[u8], width: usize, count: usize) -> Option<Vec<u32>> {
    let mut numbers = Vec::new();
    while numbers.len() < count {
        let mut head = 0u128;
        for shift in (0..).step_by(7) {
            let (&byte, tail) = rest.split_first()?;
            rest = tail;
            head |= u128::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
            if shift == 63 {
                return None;
            }
        }
        let head = head as u64;
        let left = (count - numbers.len()) as u64;
        let is_packed = head & 1 == 1;
        let run =
            if is_packed { (head >> 1).saturating_mul(8).min(left) } else { (head >> 1).min(left) } as usize;
        if run == 0 {
            return None;
        }
        let claimed = (head >> 1).saturating_mul(width as u64);
        if is_packed && head >> 1 > left.div_ceil(8) && claimed > rest.len() as u64 {
            return None;
        }
        let needed = if is_packed { (run * width).div_ceil(8) } else { width.div_ceil(8) };
        let (bytes, _) = rest.split_at_checked(needed)?;
        let bit = |at: usize| u32::from(bytes[at / 8] >> (at % 8) & 1);
        let number = |first: usize, bits: usize| (0..bits).fold(0, |sum, i| sum | bit(first + i) << i);
        if !is_packed && number(0, 8 * needed) >> width != 0 {
            return None;
        }
        for i in 0..run {
            numbers.push(if is_packed { number(i * width, width) } else { number(0, 8 * needed) });
        }
        let whole = if is_packed { claimed.min(rest.len() as u64) as usize } else { needed };
        rest = &rest[whole..];
    }
    numbers.iter().all(|&number| number < 1 << 10).then_some(numbers)
}

fn footer_seeds() -> Vec<Vec<u8>> {
    vec![include_bytes!("../seeds/footer.bin").to_vec()]
}

fn line_seeds() -> Vec<Vec<u8>> {
    vec![b"{\"a\": [1, {\"b\": \"]\\\"\"}]}\n \r\n{}\n".to_vec()]
}

fn block_seeds() -> Vec<Vec<u8>> {
    vec![[&[0xf1, 2][..], &[b'a'; 17], &[1, 0, 0x10, b'b']].concat()]
}

fn header_seeds() -> Vec<Vec<u8>> {
    vec![
        // A data page with a checksum and statistics: type 0, 1000 bytes, 600 in the file, 7 plain values.
        vec![
            0x15, 0x00, 0x15, 0xd0, 0x0f, 0x15, 0xb0, 0x09, 0x15, 0x02, 0x1c, 0x15, 0x0e, 0x15, 0x00, 0x15,
            0x06, 0x15, 0x06, 0x1c, 0x18, 0x02, b'a', b'b', 0x11, 0x00, 0x00, 0x00,
        ],
        // A dictionary page of 4 texts.
        vec![0x15, 0x04, 0x15, 0x3c, 0x15, 0x38, 0x4c, 0x15, 0x08, 0x15, 0x00, 0x11, 0x00, 0x00],
        // A page of the second version: 7 values, 1 null, 7 rows, dictionary, 4 and 0 bytes of levels, not compressed.
        vec![
            0x15, 0x06, 0x15, 0x3c, 0x15, 0x38, 0x5c, 0x15, 0x0e, 0x15, 0x02, 0x15, 0x0e, 0x15, 0x10, 0x15,
            0x08, 0x15, 0x00, 0x12, 0x00, 0x00,
        ],
        // A page with fields that a reader skips: a list, a set, a map, a double, a structure in a structure.
        vec![
            0x15, 0x00, 0x15, 0x3c, 0x15, 0x38, 0x79, 0x25, 0x02, 0x04, 0x1a, 0x18, 0x01, b'x', 0x1b, 0x01,
            0x55, 0x02, 0x04, 0x17, 0, 0, 0, 0, 0, 0, 0, 0, 0x1c, 0x1c, 0x13, 0x07, 0x00, 0x00, 0x00,
        ],
    ]
}

fn plain_seeds() -> Vec<Vec<u8>> {
    let texts = b"\x02\0\0\0e4\0\0\0\0\x03\0\0\0Nf3";
    vec![
        [&[3, 0, 0b101][..], texts].concat(),
        // Four rows, the second of them null: levels 1, 0, 1, 1 bit-packed.
        [&[4, 2 << 1 | 1, 0b1110, 3, 0b1101][..], texts].concat(),
        // Two runs of levels: three present, one null.
        [&[4, 4 << 1 | 1, 0b1111, 3 << 1, 1, 1 << 1, 0][..], texts].concat(),
    ]
}

fn dictionary_seeds() -> Vec<Vec<u8>> {
    vec![
        // Five rows; places of 2 bits: a run of three, then a bit-packed group.
        vec![5, 0, 0b10101, 2, 3 << 1, 3, 3, 0b1001, 0],
        // Four rows, one of them null.
        vec![4, 2 << 1 | 1, 0b1111, 3, 0b1011, 2, 3 << 1, 1],
    ]
}

fn run_seeds() -> Vec<Vec<u8>> {
    vec![
        vec![8, 3, 3, 0x88, 0xc6, 0xfa],
        vec![12, 10, 4 << 1, 0xff, 0x03, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
        vec![4, 0, 4 << 1],
    ]
}
