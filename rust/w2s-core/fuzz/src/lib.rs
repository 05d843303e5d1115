//! The fuzz targets of w2s-core: everything that takes bytes of files.
//!
//! Each function takes any bytes, returns whether they were accepted, and panics where a promise is broken.

use w2s_core::lines::{LineFault, check as check_lines, keys};
use w2s_core::pages::{PageError, footer, header};
use w2s_fuzz::Target;

/// All of them.
pub const TARGETS: [Target; 3] = [
    Target { name: "parquet_footer", body: parquet_footer, seeds: footer_seeds },
    Target { name: "json_lines", body: json_lines, seeds: line_seeds },
    Target { name: "page_header", body: page_header, seeds: header_seeds },
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

fn footer_seeds() -> Vec<Vec<u8>> {
    vec![include_bytes!("../seeds/footer.bin").to_vec()]
}

fn line_seeds() -> Vec<Vec<u8>> {
    vec![b"{\"a\": [1, {\"b\": \"]\\\"\"}]}\n \r\n{}\n".to_vec()]
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
