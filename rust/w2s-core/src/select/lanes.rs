//! Sixty-four comparisons at once: a block of scores against one limit gives a word with a bit for each.
//!
//! On x86-64 by SSE2, which every such processor has; elsewhere in plain Rust, which compilers turn into what
//! the processor offers.

/// Scores that are compared in one step, one bit of a word each.
pub const LANES: usize = 64;

#[cfg(not(target_arch = "x86_64"))]
pub use plain::{at_least_f32, at_least_f64, not_at_most_f32, not_at_most_f64};
#[cfg(target_arch = "x86_64")]
pub use sse2::{at_least_f32, at_least_f64, not_at_most_f32, not_at_most_f64};

#[cfg(target_arch = "x86_64")]
mod sse2 {
    use super::LANES;
    use safe_arch::{
        cast_to_m128i_from_m128, cast_to_m128i_from_m128d, cmp_ge_mask_m128, cmp_ge_mask_m128d,
        cmp_nle_mask_m128, cmp_nle_mask_m128d, load_unaligned_m128, load_unaligned_m128d, m128, m128d, m128i,
        move_mask_i8_m128i, pack_i16_to_i8_m128i, pack_i32_to_i16_m128i, set_splat_m128, set_splat_m128d,
    };

    #[inline(always)]
    pub fn at_least_f32(block: &[f32; LANES], cut: f32) -> u64 {
        let cut = set_splat_m128(cut);
        word_of_singles(block, |four| cmp_ge_mask_m128(four, cut))
    }

    #[inline(always)]
    pub fn not_at_most_f32(block: &[f32; LANES], cut: f32) -> u64 {
        let cut = set_splat_m128(cut);
        word_of_singles(block, |four| cmp_nle_mask_m128(four, cut))
    }

    #[inline(always)]
    pub fn at_least_f64(block: &[f64; LANES], cut: f64) -> u64 {
        let cut = set_splat_m128d(cut);
        word_of_doubles(block, |two| cmp_ge_mask_m128d(two, cut))
    }

    #[inline(always)]
    pub fn not_at_most_f64(block: &[f64; LANES], cut: f64) -> u64 {
        let cut = set_splat_m128d(cut);
        word_of_doubles(block, |two| cmp_nle_mask_m128d(two, cut))
    }

    #[inline(always)]
    fn word_of_singles(block: &[f32; LANES], compare: impl Fn(m128) -> m128) -> u64 {
        let (fours, _) = block.as_chunks::<4>();
        let mask = |i: usize| cast_to_m128i_from_m128(compare(load_unaligned_m128(&fours[i])));
        word_of_masks(mask)
    }

    #[inline(always)]
    fn word_of_doubles(block: &[f64; LANES], compare: impl Fn(m128d) -> m128d) -> u64 {
        let (twos, _) = block.as_chunks::<2>();
        let mask = |i: usize| cast_to_m128i_from_m128d(compare(load_unaligned_m128d(&twos[i])));
        // A mask of 64 bits is two equal halves of 32; packed, it is two equal halves of 16.
        word_of_masks(|i| pack_i32_to_i16_m128i(mask(2 * i), mask(2 * i + 1)))
    }

    /// From sixteen vectors of four masks of 32 bits.
    #[inline(always)]
    fn word_of_masks(four: impl Fn(usize) -> m128i) -> u64 {
        (0..4).fold(0, |word, i| {
            let low = pack_i32_to_i16_m128i(four(4 * i), four(4 * i + 1));
            let high = pack_i32_to_i16_m128i(four(4 * i + 2), four(4 * i + 3));
            word | bits(pack_i16_to_i8_m128i(low, high)) << (16 * i)
        })
    }

    #[inline(always)]
    fn bits(bytes: m128i) -> u64 {
        u64::from(move_mask_i8_m128i(bytes) as u16)
    }
}

#[cfg(any(test, not(target_arch = "x86_64")))]
#[expect(clippy::neg_cmp_op_on_partial_ord, reason = "a NaN has to give a set bit")]
mod plain {
    use super::LANES;

    pub fn at_least_f32(block: &[f32; LANES], cut: f32) -> u64 {
        pack(block.map(|score| u8::from(score >= cut)))
    }

    pub fn not_at_most_f32(block: &[f32; LANES], cut: f32) -> u64 {
        pack(block.map(|score| u8::from(!(score <= cut))))
    }

    pub fn at_least_f64(block: &[f64; LANES], cut: f64) -> u64 {
        pack(block.map(|score| u8::from(score >= cut)))
    }

    pub fn not_at_most_f64(block: &[f64; LANES], cut: f64) -> u64 {
        pack(block.map(|score| u8::from(!(score <= cut))))
    }

    /// Bit `i` is byte `i` of the flags, each 0 or 1.
    fn pack(flags: [u8; LANES]) -> u64 {
        // The product moves the lowest bit of byte i to bit 56 + i, without a carry.
        const GATHER: u64 = 0x0102_0408_1020_4080;
        let (bytes, _) = flags.as_chunks::<8>();
        let words = bytes.iter().map(|&eight| u64::from_le_bytes(eight).wrapping_mul(GATHER) >> 56);
        words.enumerate().fold(0, |word, (i, eight)| word | eight << (8 * i))
    }
}

#[cfg(test)]
#[expect(clippy::neg_cmp_op_on_partial_ord, reason = "a NaN has to give a set bit")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn score() -> impl Strategy<Value = f64> {
        prop_oneof![Just(0.0), Just(-0.0), Just(f64::NAN), Just(f64::INFINITY), Just(1.0), -2.0..2.0f64]
    }

    proptest! {
        #[test]
        fn a_word_holds_one_comparison_a_bit(scores in prop::collection::vec(score(), LANES), cut in score()) {
            let block: [f64; LANES] = scores.try_into().unwrap();
            let single = block.map(|score| score as f32);
            let bits = |of: &dyn Fn(usize) -> bool| (0..LANES).fold(0u64, |word, i| word | u64::from(of(i)) << i);
            let at_least = bits(&|i| block[i] >= cut);
            let at_least_single = bits(&|i| single[i] >= cut as f32);
            let not_at_most = bits(&|i| !(block[i] <= cut));
            let not_at_most_single = bits(&|i| !(single[i] <= cut as f32));
            prop_assert_eq!(at_least_f64(&block, cut), at_least);
            prop_assert_eq!(plain::at_least_f64(&block, cut), at_least);
            prop_assert_eq!(not_at_most_f64(&block, cut), not_at_most);
            prop_assert_eq!(plain::not_at_most_f64(&block, cut), not_at_most);
            prop_assert_eq!(at_least_f32(&single, cut as f32), at_least_single);
            prop_assert_eq!(plain::at_least_f32(&single, cut as f32), at_least_single);
            prop_assert_eq!(not_at_most_f32(&single, cut as f32), not_at_most_single);
            prop_assert_eq!(plain::not_at_most_f32(&single, cut as f32), not_at_most_single);
        }
    }
}
