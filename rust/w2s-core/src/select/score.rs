//! Types of scores: f32 or f64, read as unsigned integers that sort the same way.

use std::fmt::{Debug, Display};
use std::hash::Hash;

use super::lanes::{self, LANES};

/// A floating-point number by which rows are ranked: `f32` or `f64`.
///
/// NaN has no rank; readers of scores refuse it first. Both zeros are one score.
pub trait Score: Copy + PartialOrd + Send + Sync + Debug + Display + 'static {
    /// The unsigned integer of the same width.
    type Key: Copy + Ord + Default + Hash + Send + Sync + Debug + Into<u64> + 'static;

    /// Bits in a key.
    const KEY_BITS: u32;
    /// Below every other score.
    const LOWEST: Self;
    /// Above every other score.
    const HIGHEST: Self;

    /// No score.
    const NAN: Self;

    /// The integer that sorts as the score does; −0 and +0 have the same one.
    fn key(self) -> Self::Key;

    /// The score that has this key.
    fn of_key(key: Self::Key) -> Self;

    /// The score as the wider float.
    fn to_f64(self) -> f64;

    /// The lowest score that is at least this limit; the limit is not NaN.
    fn at_or_above(limit: f64) -> Self;

    /// The highest score that is at most this limit; the limit is not NaN.
    fn at_or_below(limit: f64) -> Self;

    /// Whether it is not a number.
    fn is_nan(self) -> bool;

    /// Bit `i` says whether `block[i] >= cut`.
    fn at_least(block: &[Self; LANES], cut: Self) -> u64;

    /// Bit `i` says whether `block[i] > cut`, or is NaN.
    fn not_at_most(block: &[Self; LANES], cut: Self) -> u64;
}

macro_rules! score {
    ($float:ty, $key:ty, $at_least:ident, $not_at_most:ident) => {
        impl Score for $float {
            type Key = $key;

            const KEY_BITS: u32 = <$key>::BITS;
            const LOWEST: Self = <$float>::NEG_INFINITY;
            const HIGHEST: Self = <$float>::INFINITY;
            const NAN: Self = <$float>::NAN;

            #[inline(always)]
            fn key(self) -> $key {
                let bits = (self + 0.0).to_bits(); // −0 + 0 is +0
                let negative = (bits >> (<$key>::BITS - 1)).wrapping_neg();
                bits ^ (negative | (1 << (<$key>::BITS - 1)))
            }

            #[inline(always)]
            fn of_key(key: $key) -> Self {
                let positive = (key >> (<$key>::BITS - 1)).wrapping_neg();
                Self::from_bits(key ^ (!positive | (1 << (<$key>::BITS - 1))))
            }

            #[inline(always)]
            fn to_f64(self) -> f64 {
                self.into()
            }

            fn at_or_above(limit: f64) -> Self {
                let near = limit as Self;
                if f64::from(near) < limit { near.next_up() } else { near }
            }

            fn at_or_below(limit: f64) -> Self {
                let near = limit as Self;
                if f64::from(near) > limit { near.next_down() } else { near }
            }

            #[inline(always)]
            fn is_nan(self) -> bool {
                self.is_nan()
            }

            #[inline(always)]
            fn at_least(block: &[Self; LANES], cut: Self) -> u64 {
                lanes::$at_least(block, cut)
            }

            #[inline(always)]
            fn not_at_most(block: &[Self; LANES], cut: Self) -> u64 {
                lanes::$not_at_most(block, cut)
            }
        }
    };
}

score!(f32, u32, at_least_f32, not_at_most_f32);
score!(f64, u64, at_least_f64, not_at_most_f64);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_zeros_have_one_key() {
        assert_eq!((-0.0f32).key(), 0.0f32.key());
        assert_eq!((-0.0f64).key(), 0.0f64.key());
    }

    #[test]
    fn keys_rise_from_minus_infinity_to_infinity() {
        let tiny = f32::from_bits(1);
        let rising =
            [f32::NEG_INFINITY, f32::MIN, -1.0, -tiny, 0.0, tiny, f32::MIN_POSITIVE, 1.0, f32::INFINITY];
        assert!(rising.windows(2).all(|pair| pair[0].key() < pair[1].key()));
    }

    proptest! {
        #[test]
        fn keys_sort_as_scores_do(a in any::<f64>(), b in any::<f64>()) {
            prop_assert_eq!(a.key().cmp(&b.key()), a.partial_cmp(&b).unwrap());
        }

        #[test]
        fn a_key_gives_its_score_back(a in any::<f32>(), b in any::<f64>()) {
            prop_assert_eq!(f32::of_key(a.key()), a);
            prop_assert_eq!(f64::of_key(b.key()), b);
        }
    }
}
