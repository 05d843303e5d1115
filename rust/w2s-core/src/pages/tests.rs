use super::{FooterError, Header, PageError, PageKind, Values, footer, header, hybrid, kept};
use proptest::prelude::*;

fn plain(texts: &[Option<&str>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for text in texts.iter().flatten() {
        bytes.extend((text.len() as u32).to_le_bytes());
        bytes.extend(text.as_bytes());
    }
    bytes
}

/// One-bit levels, bit-packed.
fn levels(texts: &[Option<&str>]) -> Vec<u8> {
    let groups = texts.len().div_ceil(8);
    let mut bytes = vec![0; groups];
    for (i, text) in texts.iter().enumerate() {
        bytes[i / 8] |= u8::from(text.is_some()) << (i % 8);
    }
    let mut found = vec![(groups << 1 | 1) as u8];
    found.append(&mut bytes);
    found
}

fn read(found: &super::Texts) -> Vec<Option<String>> {
    let valid = |i: usize| found.valid.as_ref().is_none_or(|bits| bits[i / 8] >> (i % 8) & 1 == 1);
    let text = |i: usize| &found.data[found.offsets[i] as usize..found.offsets[i + 1] as usize];
    (0..found.offsets.len() - 1)
        .map(|i| valid(i).then(|| String::from_utf8(text(i).to_vec()).unwrap()))
        .collect()
}

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

#[test]
fn runs_and_packed_groups_are_decoded() {
    assert_eq!(hybrid::decode(&[0x08, 0x05], 3, 4).unwrap(), [5, 5, 5, 5]);
    assert_eq!(hybrid::decode(&[0x03, 0x88, 0xc6, 0xfa], 3, 8).unwrap(), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(hybrid::decode(&[0x04], 0, 2).unwrap(), [0, 0]);
    assert_eq!(hybrid::decode(&[0x08], 3, 4), Err(PageError::BadRuns));
    assert_eq!(hybrid::decode(&[0x00, 0x05], 3, 4), Err(PageError::BadRuns));
    assert_eq!(hybrid::decode(&[0x03, 0x88], 3, 8), Err(PageError::BadRuns));
    assert_eq!(hybrid::decode(&[0x08, 0x02], 1, 4), Err(PageError::BadRuns));
}

#[test]
fn a_packed_run_that_claims_more_than_there_is_is_refused() {
    let packed = |head: u8| hybrid::decode(&[head, 0xff, 0x0f], 1, 12);
    assert_eq!(packed(0b101).map(|numbers| numbers.len()).ok(), Some(12));
    assert!(packed(0b111).is_err(), "three groups, two bytes");
}

#[test]
fn a_dictionary_that_lacks_a_place_is_refused() {
    let values = Values::Dictionary { places: &[1, 0x04, 0x01], offsets: &[0, 1], data: b"a" };
    assert_eq!(kept(None, values, &[true, true]), Err(PageError::NotInDictionary { row: 0 }));
    let fine = Values::Dictionary { places: &[1, 0x04, 0x00], offsets: &[0, 1], data: b"a" };
    assert_eq!(kept(None, fine, &[true, false]).unwrap().data, b"a");
}

#[test]
fn a_text_beyond_the_page_is_refused() {
    assert_eq!(kept(None, Values::Plain(&[9, 0, 0, 0, b'a']), &[false]), Err(PageError::BadText { row: 0 }));
    assert_eq!(kept(None, Values::Plain(&[]), &[false]), Err(PageError::BadText { row: 0 }));
}

proptest! {
    #[test]
    fn kept_texts_are_those_of_a_plain_loop(rows in prop::collection::vec((prop::option::of("[a-zé]{0,5}"), any::<bool>()), 0..60)) {
        let texts: Vec<_> = rows.iter().map(|(text, _)| text.as_deref()).collect();
        let keep: Vec<_> = rows.iter().map(|(_, keep)| *keep).collect();
        let wanted: Vec<_> = rows.iter().filter(|(_, keep)| *keep).map(|(text, _)| text.clone()).collect();
        let (levels, bytes) = (levels(&texts), plain(&texts));
        let found = kept(Some(&levels), Values::Plain(&bytes), &keep).unwrap();
        prop_assert_eq!(found.nulls, wanted.iter().filter(|text| text.is_none()).count());
        prop_assert_eq!(read(&found), wanted);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..40), keep in prop::collection::vec(any::<bool>(), 0..20)) {
        let _ = header(&bytes);
        let _ = kept(Some(&bytes), Values::Plain(&bytes), &keep);
        let _ = kept(None, Values::Dictionary { places: &bytes, offsets: &[0, 3, 2, -1], data: b"abc" }, &keep);
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
