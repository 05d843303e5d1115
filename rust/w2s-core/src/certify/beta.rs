//! Tails of the binomial distribution, through the regularised incomplete beta function.

/// The probability of at least `count` successes in `n` trials of probability `p`.
pub fn upper_tail(n: usize, count: usize, p: f64) -> f64 {
    match count {
        0 => 1.0,
        _ => incomplete_beta(count as f64, (n - count) as f64 + 1.0, p),
    }
}

/// The regularised incomplete beta function, a and b positive, x in [0, 1].
///
/// By its continued fraction (Abramowitz and Stegun, 26.5.8), evaluated as Lentz did, on the side where it converges.
pub fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    let front = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (-x).ln_1p()).exp();
    if x < (a + 1.0) / (a + b + 2.0) {
        front * fraction(a, b, x) / a
    } else {
        1.0 - front * fraction(b, a, 1.0 - x) / b
    }
}

/// The continued fraction 1 / (1 + d₁ / (1 + d₂ / …)).
fn fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    const STEPS: usize = 1_000_000; // about √max(a, b) are needed
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let (mut upper, mut lower, mut value) = (1.0 / TINY, 1.0, 1.0);
    for step in 1..STEPS {
        let m = (step / 2) as f64;
        let term = if step % 2 == 1 {
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        } else {
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        };
        lower = 1.0 / away_from_zero(1.0 + term * lower);
        upper = away_from_zero(1.0 + term / upper);
        value *= upper * lower;
        if (upper * lower - 1.0).abs() < 1e-15 {
            break;
        }
    }
    value
}

/// The logarithm of Γ at a positive argument: Stirling's series, after Γ(z) = Γ(z + 1) / z has moved it far out.
fn ln_gamma(z: f64) -> f64 {
    const FAR: f64 = 16.0;
    const HALF_LN_TWO_PI: f64 = 0.918_938_533_204_672_8;
    let (mut z, mut shift) = (z, 1.0);
    while z < FAR {
        shift *= z;
        z += 1.0;
    }
    let square = 1.0 / (z * z);
    let series =
        (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square * (1.0 / 1680.0)))) / z;
    (z - 0.5) * z.ln() - z + HALF_LN_TWO_PI + series - shift.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64, tolerance: f64) -> bool {
        (a - b).abs() <= tolerance * b.abs().max(1e-12)
    }

    #[test]
    fn gamma_is_the_factorial_and_has_its_known_halves() {
        let mut factorial = 1.0f64;
        for n in 1..30 {
            factorial *= f64::from(n);
            assert!((ln_gamma(f64::from(n) + 1.0) - factorial.ln()).abs() < 1e-12, "{n}");
        }
        assert!(close(ln_gamma(0.5), std::f64::consts::PI.sqrt().ln(), 1e-13));
    }

    #[test]
    fn tails_are_sums_of_binomial_terms() {
        for n in [1usize, 2, 5, 17, 60] {
            for p in [0.01, 0.3, 0.5, 0.9, 0.999] {
                let mut term = (1.0f64 - p).powi(n.cast_signed() as i32);
                let mut terms = vec![term];
                for k in 0..n {
                    term *= (n - k) as f64 / (k + 1) as f64 * p / (1.0 - p);
                    terms.push(term);
                }
                for count in 0..=n {
                    let sum: f64 = terms[count..].iter().rev().sum();
                    assert!((upper_tail(n, count, p) - sum).abs() < 1e-11, "{n} {p} {count}");
                }
            }
        }
    }

    #[test]
    fn the_incomplete_beta_has_its_known_values() {
        assert!(close(incomplete_beta(2.0, 3.0, 0.5), 0.6875, 1e-13));
        assert!(close(incomplete_beta(0.5, 0.5, 0.25), 1.0 / 3.0, 1e-12)); // 2 asin(√x) / π
        assert!(close(incomplete_beta(10.0, 0.5, 0.9), 0.151_640_909_634_709_94, 1e-12));
        assert!(close(incomplete_beta(900.0, 101.0, 0.88), 0.026_640_533_161_894_75, 1e-11));
        assert!(close(incomplete_beta(5e5, 5e5, 0.5), 0.5, 1e-8));
    }
}
