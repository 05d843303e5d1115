//! The logarithm of the gamma function and its derivative, for positive arguments.
//!
//! Both shift the argument up until the asymptotic series is exact to double precision, and come back by
//! recurrence.

/// From here on the series below are exact to about 1e-16.
const LARGE: f64 = 12.0;

/// ψ(x) = d/dx ln Γ(x), for x > 0.
pub(super) fn digamma(x: f64) -> f64 {
    let (mut x, mut shift) = (x, 0.0);
    while x < LARGE {
        shift += 1.0 / x;
        x += 1.0;
    }
    let y = 1.0 / (x * x);
    // Bernoulli numbers B(2k) / 2k.
    let series =
        y * (1.0 / 12.0 - y * (1.0 / 120.0 - y * (1.0 / 252.0 - y * (1.0 / 240.0 - y * (1.0 / 132.0)))));
    x.ln() - 0.5 / x - series - shift
}

/// ln Γ(x), for x > 0.
pub(super) fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut product) = (x, 1.0);
    while x < LARGE {
        product *= x;
        x += 1.0;
    }
    let y = 1.0 / (x * x);
    // Bernoulli numbers B(2k) / (2k (2k - 1)).
    let series = (1.0 / 12.0 - y * (1.0 / 360.0 - y * (1.0 / 1260.0 - y * (1.0 / 1680.0 - y / 1188.0)))) / x;
    let half_ln_two_pi = 0.918_938_533_204_672_8;
    (x - 0.5) * x.ln() - x + half_ln_two_pi + series - product.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(left: f64, right: f64) -> bool {
        (left - right).abs() <= 1e-13 * right.abs().max(1.0)
    }

    #[test]
    fn digamma_has_its_known_values() {
        assert!(close(digamma(1.0), -0.577_215_664_901_532_9));
        assert!(close(digamma(0.5), -1.963_510_026_021_423_5));
        assert!(close(digamma(10.0), 2.251_752_589_066_721));
        assert!(close(digamma(1e6), 13.815_510_057_964_19));
    }

    #[test]
    fn ln_gamma_is_the_log_of_factorials_and_of_the_root_of_pi() {
        assert!(close(ln_gamma(0.5), std::f64::consts::PI.ln() / 2.0));
        let mut log_factorial = 0.0;
        for n in 1..60 {
            assert!(close(ln_gamma(f64::from(n)), log_factorial), "ln Γ({n})");
            log_factorial += f64::from(n).ln();
        }
    }

    #[test]
    fn digamma_is_the_slope_of_ln_gamma() {
        for x in [0.3, 1.7, 5.5, 11.9, 12.1, 80.0] {
            let slope = (ln_gamma(x + 1e-5) - ln_gamma(x - 1e-5)) / 2e-5;
            assert!((slope - digamma(x)).abs() < 1e-7, "at {x}");
        }
    }
}
