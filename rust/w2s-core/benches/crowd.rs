//! Time of every crowd method at n, 2n and 4n votes: five votes an item, 50 workers, 4 classes, 10 iterations.
//!
//! `cargo bench -p w2s-core --bench crowd -- [VOTES]` (default 200,000). Prints the time to check and sort the votes
//! and the time to fit. The share of items that are labelled as planted is asserted.

use std::sync::atomic::AtomicBool;
use std::time::Instant;
use w2s_core::crowd::{METHODS, Method, Options, Rows, Shape, Votes, fit};

const VOTES_AN_ITEM: usize = 5;
const WORKERS: usize = 50;
const CLASSES: usize = 4;
const ITERATIONS: usize = 10;
const REPEATS: usize = 3;
/// Share of the labels that every method gets right; a plain vote gets 93 %.
const FEWEST_RIGHT: f64 = 0.85;

fn main() {
    let votes = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(200_000usize);
    println!("{:>10} {:<18} {:>9} {:>9} {:>9}", "votes", "method", "sort ms", "fit ms", "right");
    for factor in [1, 2, 4] {
        let crowd = Crowd::planted(votes * factor / VOTES_AN_ITEM);
        METHODS
            .into_iter()
            .filter(|method| *method != Method::WeightedMajority)
            .for_each(|method| crowd.time(method));
    }
}

/// Votes whose truth is known.
struct Crowd {
    truth: Vec<u32>,
    items: Vec<u32>,
    workers: Vec<u32>,
    votes: Vec<u32>,
}

impl Crowd {
    /// Workers are right between 35 % and 95 % of the time; the rows are in no order.
    fn planted(items: usize) -> Self {
        let mut draw = Draw(1);
        let truth: Vec<u32> = (0..items).map(|_| draw.below(CLASSES)).collect();
        let mut rows: Vec<u32> = (0..items * VOTES_AN_ITEM).map(|row| (row / VOTES_AN_ITEM) as u32).collect();
        for row in (1..rows.len()).rev() {
            rows.swap(row, draw.below(row + 1) as usize);
        }
        let mut crowd = Self { truth, items: rows, workers: Vec::new(), votes: Vec::new() };
        for &item in &crowd.items {
            let worker = draw.below(WORKERS);
            let right = draw.unit() < 0.35 + 0.6 * f64::from(worker) / WORKERS as f64;
            crowd.workers.push(worker);
            crowd.votes.push(if right { crowd.truth[item as usize] } else { draw.below(CLASSES) });
        }
        crowd
    }

    fn time(&self, method: Method) {
        let shape = Shape { items: self.truth.len(), workers: WORKERS, classes: CLASSES };
        let rows = Rows { items: &self.items, workers: &self.workers, votes: &self.votes, weights: None };
        let options = Options { max_iterations: ITERATIONS, tolerance: 0.0, ..Options::default() };
        let mut best = [f64::INFINITY; 2];
        let mut labels = Vec::new();
        for _ in 0..REPEATS {
            let start = Instant::now();
            let votes = Votes::new(shape, rows).expect("planted votes are sound");
            let sorted = start.elapsed().as_secs_f64();
            labels = fit(&votes, method, &options, &AtomicBool::new(false)).expect("nobody stops it").labels;
            let fitted = start.elapsed().as_secs_f64() - sorted;
            best = [best[0].min(sorted), best[1].min(fitted)];
        }
        let right = labels.iter().zip(&self.truth).filter(|(label, truth)| label == truth).count();
        let share = right as f64 / self.truth.len() as f64;
        assert!(share > FEWEST_RIGHT, "{}: {share} of the labels are right", method.name());
        let [sort_ms, fit_ms] = best.map(|seconds| seconds * 1e3);
        println!("{:>10} {:<18} {sort_ms:>9.1} {fit_ms:>9.1} {share:>9.4}", self.items.len(), method.name());
    }
}

/// SplitMix64.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn below(&mut self, limit: usize) -> u32 {
        (self.next() % limit as u64) as u32
    }
}
