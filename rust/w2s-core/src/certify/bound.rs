//! Lower bounds of a purity, from how many rows were kept and which of them are right.

use super::beta::upper_tail;
use super::betting::{Bets, in_random_order};
use super::error::CertifyError;
use crate::select::Score;
use std::str::FromStr;

/// How a purity is bounded from below.
///
/// ```
/// use w2s_core::certify::Bound;
/// assert_eq!("betting".parse(), Ok(Bound::Betting));
/// assert_eq!("normal".parse::<Bound>().unwrap_err().code(), "certify-unknown-method");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bound {
    /// p̂ − √(ln(1/α) / 2n). Source: Hoeffding, JASA 1963.
    Hoeffding,
    /// The purity at which a count as high has probability α. Source: Clopper and Pearson, Biometrika 1934.
    ClopperPearson,
    /// The purity against which a gambler's capital reaches 1/α.
    /// Source: Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", JRSS B 2024.
    Betting,
}

impl Bound {
    /// Every bound.
    pub const ALL: [Bound; 3] = [Bound::Hoeffding, Bound::ClopperPearson, Bound::Betting];

    /// The name by which users call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hoeffding => "hoeffding",
            Self::ClopperPearson => "clopper_pearson",
            Self::Betting => "betting",
        }
    }
}

impl FromStr for Bound {
    type Err = CertifyError;

    fn from_str(name: &str) -> Result<Self, CertifyError> {
        Bound::ALL.into_iter().find(|bound| bound.name() == name).ok_or_else(|| CertifyError::UnknownBound {
            name: name.to_string(),
            known: Bound::ALL.map(Self::name).join(", "),
        })
    }
}

/// Steps of a bisection, to within 10⁻¹³.
const HALVINGS: usize = 44;

/// Counts at each threshold of a grid, ascending.
pub struct GridCounts<'a> {
    bound: Bound,
    grid: &'a [f64],
    kept: Vec<usize>,
    correct: Vec<usize>,
    sequence: Vec<(f64, bool)>, // scores and answers in a random order, for bets
}

impl<'a> GridCounts<'a> {
    /// Counts the rows at or above each threshold.
    pub fn of<S: Score>(scores: &[S], correct: &[bool], grid: &'a [f64], bound: Bound) -> Self {
        let (mut kept, mut right) = (vec![0; grid.len() + 1], vec![0; grid.len() + 1]);
        for (score, &is_right) in scores.iter().zip(correct) {
            let reached = grid.partition_point(|&threshold| threshold <= score.to_f64());
            kept[reached] += 1;
            right[reached] += usize::from(is_right);
        }
        let sequence = match bound {
            Bound::Betting => in_random_order(scores, correct),
            _ => Vec::new(),
        };
        Self { bound, grid, kept: sum_from_above(&kept), correct: sum_from_above(&right), sequence }
    }

    /// Rows at or above a threshold.
    pub fn kept(&self, i: usize) -> usize {
        self.kept[i]
    }

    /// Those of them that are right.
    pub fn correct(&self, i: usize) -> usize {
        self.correct[i]
    }

    /// Whether the purity at a threshold is at least `purity`, with probability 1 − α.
    pub fn reaches(&self, i: usize, purity: f64, alpha: f64) -> bool {
        let (kept, correct) = (self.kept[i], self.correct[i]);
        match self.bound {
            _ if kept == 0 => false,
            Bound::Hoeffding => hoeffding(kept, correct, alpha) >= purity,
            Bound::ClopperPearson => upper_tail(kept, correct, purity) <= alpha,
            Bound::Betting => self.bets(i).refute(purity, alpha),
        }
    }

    /// The lower bound of the purity at a threshold, which holds with probability 1 − α.
    pub fn lower_bound(&self, i: usize, alpha: f64) -> f64 {
        let (kept, correct) = (self.kept[i], self.correct[i]);
        match self.bound {
            _ if kept == 0 => 0.0,
            Bound::Hoeffding => hoeffding(kept, correct, alpha).max(0.0),
            Bound::ClopperPearson => highest(|purity| upper_tail(kept, correct, purity) <= alpha),
            Bound::Betting => {
                let bets = self.bets(i);
                highest(|purity| bets.refute(purity, alpha))
            }
        }
    }

    fn bets(&self, i: usize) -> Bets {
        let rows = self.sequence.iter().filter(|row| row.0 >= self.grid[i]);
        Bets::on(rows.map(|row| row.1).collect())
    }
}

/// Sums of each number and all after it, without the first of them, which no threshold keeps.
fn sum_from_above(counts: &[usize]) -> Vec<usize> {
    let mut sums: Vec<usize> = counts[1..]
        .iter()
        .rev()
        .scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        })
        .collect();
    sums.reverse();
    sums
}

fn hoeffding(kept: usize, correct: usize, alpha: f64) -> f64 {
    let n = kept as f64;
    correct as f64 / n - ((1.0 / alpha).ln() / (2.0 * n)).sqrt()
}

/// The highest purity that is refuted, where all below it are too.
fn highest(is_refuted: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if is_refuted(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}
