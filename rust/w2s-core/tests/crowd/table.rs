//! A table of votes that tests can change, and how they fit it.

use proptest::prelude::*;
use std::sync::atomic::AtomicBool;
use w2s_core::crowd::{ABSTAIN, Consensus, CrowdError, Method, Options, Rows, Shape, Votes, fit};

/// The methods that need no skills.
pub const LEARNERS: [Method; 6] =
    [Method::Majority, Method::DawidSkene, Method::OneCoin, Method::Glad, Method::Mace, Method::ZeroBased];

/// Votes as rows: item, worker, vote, weight.
#[derive(Clone, Debug)]
pub struct Table {
    pub shape: Shape,
    pub rows: Vec<(u32, u32, u32, f64)>,
}

impl Table {
    pub fn votes(&self) -> Result<Votes, CrowdError> {
        let column =
            |pick: fn(&(u32, u32, u32, f64)) -> u32| self.rows.iter().map(pick).collect::<Vec<u32>>();
        let weights: Vec<f64> = self.rows.iter().map(|row| row.3).collect();
        let plain = weights.iter().all(|weight| *weight == 1.0);
        let (items, workers, votes) = (column(|row| row.0), column(|row| row.1), column(|row| row.2));
        let weights = if plain { None } else { Some(&weights[..]) };
        Votes::new(self.shape, Rows { items: &items, workers: &workers, votes: &votes, weights })
    }

    pub fn fit(&self, method: Method, options: &Options) -> Consensus {
        fit(&self.votes().unwrap(), method, options, &AtomicBool::new(false)).unwrap()
    }

    /// The rows that count.
    pub fn counting(&self) -> impl Iterator<Item = (usize, usize, usize, f64)> {
        let usable = self.rows.iter().filter(|row| row.2 != ABSTAIN && row.3 > 0.0);
        usable.map(|row| (row.0 as usize, row.1 as usize, row.2 as usize, row.3))
    }
}

/// A fixed number of iterations.
pub fn iterations(count: usize) -> Options {
    Options { max_iterations: count, tolerance: 0.0, ..Options::default() }
}

/// Small tables of every kind, abstentions and empty items included; without weights.
pub fn tables() -> impl Strategy<Value = Table> {
    (1usize..30, 1usize..8, 1usize..5).prop_flat_map(|(items, workers, classes)| {
        let vote = prop_oneof![9 => 0..classes as u32, 1 => Just(ABSTAIN)];
        let row = (0..items as u32, 0..workers as u32, vote, Just(1.0));
        prop::collection::vec(row, 1..150)
            .prop_map(move |rows| Table { shape: Shape { items, workers, classes }, rows })
    })
}

/// As [`tables`], with weights from 0 to 3.
pub fn weighted_tables() -> impl Strategy<Value = Table> {
    (tables(), any::<u64>()).prop_map(|(mut table, seed)| {
        let mut draw = Draw(seed);
        table.rows.iter_mut().for_each(|row| row.3 = f64::from(draw.below(7)) / 2.0);
        table
    })
}

/// Workers of known worth on items of known class.
pub fn planted(
    seed: u64,
    items: usize,
    skills: &[f64],
    classes: usize,
    votes_an_item: usize,
) -> (Table, Vec<u32>) {
    let mut draw = Draw(seed);
    let truth: Vec<u32> = (0..items).map(|_| draw.below(classes as u32)).collect();
    let mut rows = Vec::new();
    for (item, class) in truth.iter().enumerate() {
        for _ in 0..votes_an_item {
            let worker = draw.below(skills.len() as u32);
            let right = draw.unit() < skills[worker as usize];
            let wrong = (class + 1 + draw.below(classes as u32 - 1)) % classes as u32;
            rows.push((item as u32, worker, if right { *class } else { wrong }, 1.0));
        }
    }
    (Table { shape: Shape { items, workers: skills.len(), classes }, rows }, truth)
}

/// The share of labels that are right.
pub fn accuracy(labels: &[u32], truth: &[u32]) -> f64 {
    labels.iter().zip(truth).filter(|(label, truth)| label == truth).count() as f64 / truth.len() as f64
}

pub fn assert_close(left: &[f64], right: &[f64], tolerance: f64) {
    assert_eq!(left.len(), right.len());
    for (at, (left, right)) in left.iter().zip(right).enumerate() {
        assert!((left - right).abs() <= tolerance, "at {at}: {left} and {right}");
    }
}

/// SplitMix64.
pub struct Draw(pub u64);

impl Draw {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn below(&mut self, limit: u32) -> u32 {
        (self.next() % u64::from(limit)) as u32
    }
}
