//! The share of each class: given, or estimated from the expected number of items.

use super::options::Options;

/// Expected counts and class shares are never taken as lower than this, so that no class is ruled out for
/// ever.
pub(super) const FLOOR: f64 = 1e-10;

/// The share of each class, and whether it may change.
#[derive(Clone, Debug)]
pub(super) struct Priors {
    shares: Vec<f64>,
    fixed: bool,
}

impl Priors {
    /// The priors of the options, which stay fixed; without them all classes are equally likely at first.
    pub fn new(options: &Options, classes: usize) -> Self {
        Self { shares: options.priors_or_equal(classes), fixed: options.priors.is_some() }
    }

    /// Estimates the shares from the expected number of items of each class, unless they were given.
    pub fn learn(&mut self, mass: &[f64]) {
        let items: f64 = mass.iter().sum();
        if !self.fixed && items > 0.0 {
            self.shares = mass.iter().map(|mass| (mass / items).max(FLOOR)).collect();
        }
    }

    /// Log of the shares; −∞ for a class that was ruled out.
    pub fn log(&self) -> Vec<f64> {
        self.shares.iter().map(|share| share.ln()).collect()
    }

    /// The expected log of the classes of items with these expected numbers.
    pub fn expected_log(&self, mass: &[f64]) -> f64 {
        let terms = mass.iter().zip(self.log()).filter(|(mass, _)| **mass > 0.0);
        terms.map(|(mass, log)| mass * log).sum()
    }

    /// The shares themselves.
    pub fn into_shares(self) -> Vec<f64> {
        self.shares
    }
}
