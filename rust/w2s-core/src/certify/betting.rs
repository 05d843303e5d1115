//! Bounds by betting: a gambler bets against a purity, and rarely wins much if the purity is really that low.
//!
//! The capital Π(1 + λₜ(xₜ − p)) starts at 1 and is a supermartingale where the purity is at most p, so it ever reaches
//! 1/α with probability at most α (Ville). The bets are those of Waudby-Smith and Ramdas for a fixed number of rows, on
//! the one side that a lower bound needs: λₜ = √(2 ln(1/α) / (n σ̂²ₜ₋₁)), no more than ¾ of all at stake.

use crate::select::{Score, draw};

/// The largest share of the capital that one bet may lose.
const STAKE: f64 = 0.75;
/// The order of the rows is drawn by this seed: an order that came with the answers would not be exchangeable.
const SEED: u64 = 0;

/// Scores and answers in an order that depends on the positions alone.
pub fn in_random_order<S: Score>(scores: &[S], correct: &[bool]) -> Vec<(f64, bool)> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by_cached_key(|&row| (draw(SEED, row as u64).to_bits(), row));
    order.into_iter().map(|row| (scores[row].to_f64(), correct[row])).collect()
}

/// A sequence of answers and the variance that the gambler expects before each.
pub struct Bets {
    answers: Vec<bool>,
    variances: Vec<f64>,
}

impl Bets {
    /// On these answers, in their order.
    pub fn on(answers: Vec<bool>) -> Self {
        let (mut sum, mut squares) = (0.5, 0.25);
        let mut variances = Vec::with_capacity(answers.len());
        for (seen, &right) in answers.iter().enumerate() {
            variances.push(squares / (seen as f64 + 1.0));
            let x = f64::from(u8::from(right));
            sum += x;
            let mean = sum / (seen as f64 + 2.0);
            squares += (x - mean) * (x - mean);
        }
        Self { answers, variances }
    }

    /// Whether the capital of the gambler against this purity ever reaches 1/α.
    pub fn refute(&self, purity: f64, alpha: f64) -> bool {
        let goal = -alpha.ln();
        let scale = 2.0 * goal / self.answers.len() as f64;
        let mut capital = 0.0; // its logarithm
        self.answers.iter().zip(&self.variances).any(|(&right, variance)| {
            let bet = (scale / variance).sqrt().min(STAKE / purity);
            capital += if right { bet * (1.0 - purity) } else { -bet * purity }.ln_1p();
            capital >= goal
        })
    }
}
