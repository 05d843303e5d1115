//! e^x for x ≤ 700, and what follows from it, in plain arithmetic: a compiler can do several at once, and
//! the bits are the same on every machine.
//!
//! Method: x = k ln 2 + r with |r| ≤ ln 2 / 2; e^r by its power series.

use std::f64::consts::LOG2_E;

/// Below this e^x is taken as 0.
const LOWEST: f64 = -700.0;
/// Adding it rounds to the nearest integer, which then lies in the low bits.
const ROUNDER: f64 = 6_755_399_441_055_744.0;
const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
const EXPONENT_BIAS: u64 = 1023;
const MANTISSA_BITS: u32 = 52;
/// 1 / n! for n = 12 down to 0.
const SERIES: [f64; 13] = [
    1.0 / 479_001_600.0,
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5_040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    0.5,
    1.0,
    1.0,
];

/// e^x for x ≤ 700, to about 5e-16 of its size; 0 below -700.
#[inline(always)]
pub(super) fn exp(x: f64) -> f64 {
    let inside = x.max(LOWEST);
    let rounded = inside * LOG2_E + ROUNDER;
    let k = rounded - ROUNDER;
    let r = inside - k * LN_2_HIGH - k * LN_2_LOW;
    let series = SERIES.iter().fold(0.0, |sum, coefficient| sum * r + coefficient);
    let power_of_two = f64::from_bits(rounded.to_bits().wrapping_add(EXPONENT_BIAS) << MANTISSA_BITS);
    if x < LOWEST { 0.0 } else { series * power_of_two }
}

/// σ(x) = 1 / (1 + e^-x).
#[inline(always)]
pub(super) fn sigmoid(x: f64) -> f64 {
    let small = exp(-x.abs());
    (if x < 0.0 { small } else { 1.0 }) / (1.0 + small)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponentials_are_those_of_the_standard_library() {
        for step in -700_000..700_000 {
            let x = f64::from(step) * 0.001;
            let (ours, exact) = (exp(x), x.exp());
            assert!((ours - exact).abs() <= 5e-16 * exact, "at {x}: {ours} is not {exact}");
        }
    }

    #[test]
    fn exponentials_end_in_zero_and_start_at_one() {
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(-0.0), 1.0);
        assert_eq!(exp(-701.0), 0.0);
        assert_eq!(exp(f64::NEG_INFINITY), 0.0);
    }

    #[test]
    fn sigmoids_of_opposites_sum_to_one() {
        for step in 0..4_000 {
            let x = f64::from(step) * 0.01;
            assert!((sigmoid(x) + sigmoid(-x) - 1.0).abs() < 1e-15);
            assert!((sigmoid(-x) - 1.0 / (1.0 + x.exp())).abs() <= 1e-15 * sigmoid(-x).max(1e-15));
        }
    }
}
