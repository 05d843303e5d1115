use crate::bits::Bits;
use crate::codec::{Codec, Decompressor};
use crate::delta;
use crate::error::ColumnError;
use crate::hybrid;
use crate::mask::Mask;
use crate::snappy;
use proptest::prelude::*;

fn numbers(bytes: &[u8], width: u32, count: usize) -> Option<Vec<u32>> {
    let mut found = Vec::new();
    hybrid::decode(bytes, width, count, &mut found).ok().map(|()| found)
}

#[test]
fn runs_and_packed_groups_are_decoded() {
    assert_eq!(numbers(&[0x08, 0x05], 3, 4).unwrap(), [5, 5, 5, 5]);
    assert_eq!(numbers(&[0x03, 0x88, 0xc6, 0xfa], 3, 8).unwrap(), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(numbers(&[0x04], 0, 2).unwrap(), [0, 0]);
    for (bytes, width, count) in
        [(&[0x08][..], 3, 4), (&[0x00, 0x05], 3, 4), (&[0x03, 0x88], 3, 8), (&[0x08, 0x02], 1, 4)]
    {
        assert_eq!(numbers(bytes, width, count), None);
    }
    assert!(numbers(&[0b101, 0xff, 0x0f], 1, 12).is_some());
    assert!(numbers(&[0b111, 0xff, 0x0f], 1, 12).is_none(), "three groups, two bytes");
}

#[test]
fn differences_are_added_up() {
    // Blocks of 8 in one part: 1, 2, 3, 5, 8, of which the least difference is 1.
    let bytes = [8, 1, 5, 2, 2, 2, 0b1001_0000, 0, 7];
    let mut found = Vec::new();
    assert_eq!(delta::decode(&bytes, 5, &mut found).unwrap(), [7]);
    assert_eq!(found, [1, 2, 3, 5, 8]);
    assert!(delta::decode(&bytes, 4, &mut found).is_err());
    assert!(delta::decode(&bytes[..6], 5, &mut found).is_err());
}

#[test]
fn a_size_that_bytes_cannot_have_takes_no_memory() {
    let huge = usize::MAX / 4;
    for codec in [Codec::Snappy, Codec::Gzip, Codec::Lz4, Codec::Zstd] {
        let found = Decompressor::default().decompress(codec, &[3, 8, b'a'], &mut Vec::new(), huge);
        assert!(matches!(found, Err(ColumnError::Size)), "{codec:?}");
    }
}

#[test]
fn several_frames_and_members_are_one_page() {
    let (mut page, mut tool) = (Vec::new(), Decompressor::default());
    let zstd = [zstd::bulk::compress(b"e4 ", 1).unwrap(), zstd::bulk::compress(b"d4", 1).unwrap()].concat();
    tool.decompress(Codec::Zstd, &zstd, &mut page, 5).unwrap();
    assert_eq!(&page[..5], b"e4 d4");
    assert!(tool.decompress(Codec::Zstd, &zstd, &mut page, 6).is_err());
    assert!(tool.decompress(Codec::Zstd, &zstd, &mut page, 4).is_err());
}

proptest! {
    #[test]
    fn runs_hold_the_numbers_that_one_bit_after_another_gives(
        bytes in prop::collection::vec(any::<u8>(), 0..40), width in 0u32..11, count in 0usize..60
    ) {
        let plain = numbers_bit_by_bit(&bytes, width as usize, count);
        prop_assert_eq!(numbers(&bytes, width, count), plain);
    }

    #[test]
    fn packed_numbers_are_unpacked(values in prop::collection::vec(any::<u64>(), 1..40), width in 1u32..=64) {
        let mask = u64::MAX >> (64 - width);
        let mut bits = Bits::default();
        values.iter().for_each(|value| (0..width).for_each(|bit| bits.push(value >> bit & 1 == 1)));
        let mut found = Vec::new();
        hybrid::unpack(&bits.into_bytes(), width, values.len(), |value| found.push(value));
        prop_assert_eq!(found, values.iter().map(|value| value & mask).collect::<Vec<_>>());
    }

    #[test]
    fn kept_rows_of_a_range_are_found(flags in prop::collection::vec(any::<bool>(), 0..300), a in 0usize..300, b in 0usize..300) {
        let (a, b) = (a.min(flags.len()), b.min(flags.len()));
        let range = a.min(b)..a.max(b);
        let mut found = Vec::new();
        Mask::new(&flags).places(range.clone(), &mut found);
        let plain: Vec<u32> = range.clone().filter(|&row| flags[row]).map(|row| (row - range.start) as u32).collect();
        prop_assert_eq!(found, plain);
    }

    #[test]
    fn snappy_blocks_are_those_of_another_encoder(
        parts in prop::collection::vec((prop::collection::vec(any::<u8>(), 1..90), 1usize..40), 0..30)
    ) {
        let text: Vec<u8> = parts.iter().flat_map(|(part, times)| part.repeat(*times)).collect();
        let block = snap::raw::Encoder::new().compress_vec(&text).unwrap();
        let mut page = vec![0xaa; 100];
        prop_assert_eq!(snappy::decompress(&block, text.len(), &mut page), Some(()));
        prop_assert_eq!(&page[..text.len()], &text[..]);
    }

    #[test]
    fn snappy_elements_are_taken_or_refused_as_elsewhere(
        elements in prop::collection::vec(any::<u8>(), 0..60), size in 0usize..120, cut in any::<bool>()
    ) {
        // Literals make room for copies, and small numbers are near offsets.
        let head = [&[size as u8][..], &[4 << 2], b"abcde"].concat();
        let elements = elements.iter().map(|byte| if cut { byte % 32 } else { *byte });
        let block: Vec<u8> = head.into_iter().chain(elements).collect();
        let (mut page, mut other) = (Vec::new(), vec![0; size]);
        let found = snappy::decompress(&block, size, &mut page).map(|()| page[..size].to_vec());
        let expected = snap::raw::Decoder::new().decompress(&block, &mut other).ok().filter(|&n| n == size);
        prop_assert_eq!(found, expected.map(|_| other));
    }

    #[test]
    fn no_bytes_make_a_codec_panic(bytes in prop::collection::vec(any::<u8>(), 0..60), size in 0usize..500) {
        for codec in [Codec::Snappy, Codec::Gzip, Codec::Lz4, Codec::Zstd] {
            let _ = Decompressor::default().decompress(codec, &bytes, &mut Vec::new(), size);
        }
    }
}

/// The plain definition of a hybrid of runs and bit-packed groups; none where the bytes end early, a run is empty or
/// claims more groups than are needed and left, a repeated number is too wide, a length does not fit 64 bits.
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
    Some(numbers)
}
