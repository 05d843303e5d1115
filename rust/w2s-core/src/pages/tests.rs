use super::{FooterError, Header, PageError, PageKind, footer, header};
use proptest::prelude::*;

#[test]
fn a_header_gives_its_fields_and_skips_the_others() {
    // type 0, 1000 bytes, 600 in the file, crc, data page header (7 values, plain, levels, statistics).
    let bytes = [
        0x15, 0x00, 0x15, 0xd0, 0x0f, 0x15, 0xb0, 0x09, 0x15, 0x02, 0x1c, 0x15, 0x0e, 0x15, 0x00, 0x15, 0x06,
        0x15, 0x06, 0x1c, 0x18, 0x02, b'a', b'b', 0x11, 0x00, 0x00, 0x00, 0xff,
    ];
    let found = header(&bytes).unwrap();
    let wanted = Header {
        kind: PageKind::Data,
        header_bytes: bytes.len() - 1,
        compressed_bytes: 600,
        bytes: 1000,
        values: 7,
        encoding: 0,
        level_encoding: 3,
        definition_bytes: 0,
        repetition_bytes: 0,
        is_compressed: true,
        checksum: Some(1),
    };
    assert_eq!(found, wanted);
    for cut in 0..bytes.len() - 1 {
        assert_eq!(header(&bytes[..cut]), Err(PageError::HeaderCutOff));
    }
}

#[test]
fn a_field_of_another_type_is_not_the_field() {
    let mut bytes = [
        0x15, 0, 0x15, 0xd0, 0x0f, 0x15, 0xb0, 0x09, 0x2c, 0x15, 0x0e, 0x15, 0, 0x15, 6, 0x15, 6, 0, 0, 0, 0,
    ];
    assert_eq!(header(&bytes).unwrap().compressed_bytes, 600);
    bytes[5] = 0x14; // a number of 16 bits, which is skipped: the size in the file is missing
    assert_eq!(header(&bytes), Err(PageError::BadHeader));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let _ = header(&bytes);
        let _ = footer(&bytes, 1 << 20);
    }
}

/// The footer of a file with four columns, one of them a list and one a structure, and row groups of 2 and 1 rows.
const FOOTER: &[u8] = include_bytes!("../../fuzz/seeds/footer.bin");

#[test]
fn a_footer_gives_row_groups_and_column_chunks() {
    let found = footer(FOOTER, 1 << 20).unwrap();
    assert_eq!(found.groups.iter().map(|group| group.rows).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(found.chunks.len(), 2 * 5);
    assert_eq!(
        found.chunks.iter().map(|chunk| chunk.physical_type).collect::<Vec<_>>(),
        [5, 6, 2, 2, 6, 5, 6, 2, 2, 6]
    );
    assert!(
        found.chunks.iter().all(|chunk| chunk.begin >= 4 && chunk.end > chunk.begin && chunk.has_dictionary)
    );
}

#[test]
fn a_footer_that_is_cut_off_or_lies_beyond_the_file_is_refused() {
    for cut in 0..FOOTER.len() - 1 {
        assert_eq!(footer(&FOOTER[..cut], 1 << 20), Err(FooterError::Damaged));
    }
    assert!(matches!(footer(FOOTER, 90), Err(FooterError::Chunk { group: 0, .. })));
}

#[test]
fn a_changed_bit_of_a_footer_is_no_panic_and_names_must_agree() {
    let mut refused = 0;
    for bit in 0..FOOTER.len() * 8 {
        let mut bytes = FOOTER.to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        refused += usize::from(footer(&bytes, 1 << 20).is_err());
    }
    assert!(refused > FOOTER.len() * 2);
    let mut bytes = FOOTER.to_vec();
    bytes[last_name(b't')] = b'u';
    assert!(matches!(footer(&bytes, 1 << 20), Err(FooterError::Chunk { group: 1, column: 1, .. })));
}

/// The place of the last name of one letter.
fn last_name(letter: u8) -> usize {
    FOOTER.windows(2).rposition(|bytes| bytes == [1, letter]).unwrap() + 1
}

#[test]
fn an_encrypted_footer_is_told_from_a_damaged_one() {
    assert_eq!(footer(&[0x8c, 0x00, 0x00], 100), Err(FooterError::Encrypted));
}
