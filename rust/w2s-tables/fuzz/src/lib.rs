//! The fuzz targets of w2s-tables: bytes of column chunks.
//!
//! Each function takes any bytes, returns whether they were accepted, and panics where a promise is broken.

use w2s_fuzz::Target;
use w2s_tables::{Cast, Chunk, Codec, GroupReader, Layout, Offsets, Piece};

/// All of them.
pub const TARGETS: [Target; 1] = [Target { name: "column_chunk", body: column_chunk, seeds: chunk_seeds }];

/// Physical types with their layouts.
const KINDS: [(i64, Layout); 8] = [
    (6, Layout::Texts { wide: false }),
    (6, Layout::Texts { wide: true }),
    (0, Layout::Bits),
    (1, numbers(4, 4, Cast::Same)),
    (2, numbers(8, 8, Cast::Same)),
    (1, numbers(4, 1, Cast::Low)),
    (2, numbers(8, 16, Cast::Signed)),
    (7, numbers(3, 16, Cast::Reversed)),
];
const CODECS: [i64; 5] = [0, 1, 2, 6, 7];

const fn numbers(stored: usize, width: usize, cast: Cast) -> Layout {
    Layout::Numbers { stored, width, cast }
}

/// The kept values of a chunk are those of all rows, whichever rows are kept and however many are taken at a time.
///
/// The bytes: kind of the column; codec, and whether values can be null; rows; flags of the rows; the chunk.
pub fn column_chunk(bytes: &[u8]) -> bool {
    let Some((&[kind, codec, rows], rest)) = bytes.split_first_chunk() else { return false };
    let rows = usize::from(rows);
    let Some((flags, pages)) = rest.split_at_checked(rows.div_ceil(8)) else { return false };
    let keep: Vec<bool> = (0..rows).map(|row| flags[row / 8] >> (row % 8) & 1 == 1).collect();
    let (physical_type, layout) = KINDS[usize::from(kind) % KINDS.len()];
    let number = CODECS[usize::from(codec >> 1) % CODECS.len()];
    let chunk = Chunk {
        physical_type,
        layout,
        codec: Codec::of_number(number).expect("it is read"),
        nullable: codec & 1 == 1,
        begin: 0,
        end: pages.len() as u64,
        bytes: 1 << 12,
    };
    let Some(all) = values(chunk, pages, &vec![true; rows], rows) else { return false };
    assert_eq!(all.len(), rows);
    let expected: Vec<_> =
        all.into_iter().zip(&keep).filter(|(_, kept)| **kept).map(|(value, _)| value).collect();
    for step in [1, 3, rows.max(1)] {
        let some = values(chunk, pages, &keep, step).expect("the whole chunk can be read");
        assert_eq!(some, expected);
    }
    rows > 0
}

/// The kept values, null as `None`; `None` where the chunk is refused.
fn values(chunk: Chunk, pages: &[u8], keep: &[bool], step: usize) -> Option<Vec<Option<Vec<u8>>>> {
    let mut reader = GroupReader::new(pages, vec![chunk], keep);
    let (mut left, mut found) = (keep.iter().filter(|kept| **kept).count(), Vec::new());
    while left > 0 {
        let count = step.min(left);
        let columns = reader.take(count).ok()?;
        let [pieces] = &columns[..] else { panic!("one column") };
        assert_eq!(pieces.iter().map(|piece| piece.rows).sum::<usize>(), count);
        pieces.iter().for_each(|piece| found.extend(read(chunk.layout, piece)));
        left -= count;
    }
    reader.finish().ok()?;
    Some(found)
}

fn read(layout: Layout, piece: &Piece) -> Vec<Option<Vec<u8>>> {
    let bit = |bits: &[u8], row: usize| bits[row / 8] >> (row % 8) & 1;
    let value = |row: usize| match (layout, &piece.offsets) {
        (Layout::Bits, _) => vec![bit(&piece.data, row)],
        (Layout::Numbers { width, .. }, _) => piece.data[row * width..(row + 1) * width].to_vec(),
        (_, Some(Offsets::Narrow(offsets))) => {
            piece.data[offsets[row] as usize..offsets[row + 1] as usize].to_vec()
        }
        (_, Some(Offsets::Wide(offsets))) => {
            piece.data[offsets[row] as usize..offsets[row + 1] as usize].to_vec()
        }
        (_, None) => panic!("texts have offsets"),
    };
    let is_valid = |row: usize| piece.valid.as_ref().is_none_or(|bits| bit(bits, row) == 1);
    let found: Vec<_> = (0..piece.rows).map(|row| is_valid(row).then(|| value(row))).collect();
    assert_eq!(found.iter().filter(|value| value.is_none()).count(), piece.nulls);
    found
}

/// A page with its header: kind 0 data, 2 dictionary; its body is not compressed.
fn page(kind: u8, values: u8, encoding: u8, body: &[u8]) -> Vec<u8> {
    let size = 2 * body.len() as u8;
    let levels: &[u8] = if kind == 0 { &[0x15, 6, 0x15, 6] } else { &[] };
    let place = if kind == 0 { 0x2c } else { 0x4c };
    let head = [0x15, 2 * kind, 0x15, size, 0x15, size, place, 0x15, 2 * values, 0x15, 2 * encoding];
    [&head, levels, &[0, 0], body].concat()
}

fn chunk_seeds() -> Vec<Vec<u8>> {
    let texts = b"\x02\0\0\0e4\0\0\0\0\x03\0\0\0Nf3";
    let nullable = [&[2, 0, 0, 0, 3, 0b1101][..], texts].concat();
    let deltas = [&[8, 1, 4, 2, 2, 2][..], &[0b1001, 0]].concat();
    vec![
        // Three plain texts, and four with a null.
        [&[0, 0, 3, 0b101][..], &page(0, 3, 0, texts)].concat(),
        [&[1, 1, 4, 0b1011][..], &page(0, 4, 0, &nullable)].concat(),
        // A dictionary of three texts, and places of 2 bits: a run of three, then a packed group.
        [&[0, 0, 5, 0b10101][..], &page(2, 3, 0, texts), &page(0, 5, 8, &[2, 6, 2, 3, 0b1001, 0])].concat(),
        // Flags, plain and in runs.
        [&[2, 0, 5, 0b11001][..], &page(0, 5, 0, &[0b10110])].concat(),
        [&[2, 0, 5, 0b11001][..], &page(0, 5, 3, &[2, 0, 0, 0, 10, 1])].concat(),
        // Numbers: plain, narrow, as differences, split by bytes, decimals.
        [&[3, 0, 2, 0b10][..], &page(0, 2, 0, &[1, 2, 3, 4, 5, 6, 7, 8])].concat(),
        [&[5, 0, 2, 0b10][..], &page(0, 2, 9, &[1, 2, 3, 4, 5, 6, 7, 8])].concat(),
        [&[4, 0, 4, 0b1110][..], &page(0, 4, 5, &deltas)].concat(),
        [&[6, 0, 1, 1][..], &page(0, 1, 0, &[1, 2, 3, 4, 5, 6, 7, 0xff])].concat(),
        [&[7, 0, 2, 0b11][..], &page(0, 2, 0, &[0xff, 2, 3, 4, 5, 6])].concat(),
        // Texts after their lengths, and with prefixes.
        [&[0, 0, 2, 0b11][..], &page(0, 2, 6, b"\x08\x01\x02\x04\x01\x00e4d")].concat(),
        [&[0, 0, 2, 0b10][..], &page(0, 2, 7, b"\x08\x01\x02\x00\x02\x00\x08\x01\x02\x04\x01\x00e45")]
            .concat(),
    ]
}
