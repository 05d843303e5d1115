//! Time of selections and aggregations, and of one reading of the same memory; every answer is asserted.
//!
//! `cargo bench -p w2s-core --bench select -- [ROWS]` (default 10,000,000).

use rayon::prelude::*;
use std::hint::black_box;
use std::time::Instant;
use w2s_core::aggregate::{Method, Missing, Table, aggregate};
use w2s_core::select::{GroupRule, PerGroup, Score, top, top_by_group, top_k};

const REPEATS: u32 = 5;

/// Prints the best wall time of some runs, and returns the answer of the last.
fn time<T>(name: &str, work: impl Fn() -> T) -> T {
    let mut best = f64::INFINITY;
    let mut answer = None;
    for _ in 0..REPEATS {
        let start = Instant::now();
        answer = Some(black_box(work()));
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!("{name:44} {:9.1} ms", best * 1e3);
    answer.expect("at least one repeat")
}

fn uniform(i: usize) -> f32 {
    let bits = (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let bits = (bits ^ (bits >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (bits >> 40) as f32 / (1u64 << 24) as f32
}

/// A fast wrong answer fails: the selected rows are as many as asked for, and no other row is better.
fn check(scores: &[f32], positions: &[i64], k: usize) {
    assert_eq!(positions.len(), k);
    let mut kept = vec![false; scores.len()];
    positions.iter().for_each(|&row| kept[usize::try_from(row).expect("a position")] = true);
    let keys = |wanted: bool| {
        scores.iter().zip(&kept).filter(move |&(_, &kept)| kept == wanted).map(|(score, _)| score.key())
    };
    assert!(keys(true).min() >= keys(false).max());
}

fn main() {
    let rows = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(10_000_000usize);
    let column = |of: &(dyn Fn(usize) -> f32 + Sync)| (0..rows).into_par_iter().map(of).collect::<Vec<f32>>();
    let scores = column(&uniform);
    let k = rows / 10;
    time("one reading", || {
        scores.par_chunks(1 << 16).map(|c| c.iter().fold(0u32, |a, x| a ^ x.to_bits())).sum::<u32>()
    });
    let selected = time("top 10 %, rows", || top(&scores, k)).expect("no NaN");
    assert_eq!(selected.rows.count(), k);
    check(
        &scores,
        &time("top 10 %, positions", || top(&scores, k).map(|top| top.rows.positions())).expect("no NaN"),
        k,
    );
    let ordered = time("top 10 %, best first", || top_k(&scores, k)).expect("no NaN");
    check(&scores, &ordered, k);
    let score = |row: i64| scores[usize::try_from(row).expect("a position")];
    assert!(ordered.is_sorted_by(|&left, &right| (score(right), left) <= (score(left), right)));
    for n_groups in [1000, 1_000_000] {
        let groups: Vec<u32> =
            (0..rows).into_par_iter().map(|i| (uniform(i + rows) * n_groups as f32) as u32).collect();
        let rule = GroupRule::of(PerGroup::Fraction(&[0.1]));
        let name = format!("top 10 % of each of {n_groups} groups");
        let found = time(&name, || top_by_group(&scores, &groups, n_groups, &rule)).expect("known groups");
        assert_eq!(found.sizes.iter().sum::<usize>(), rows);
        assert_eq!(found.rows.count(), found.kept.iter().sum::<usize>());
    }
    let table = Table::rows(&scores[..rows / 20 * 8], 8).expect("a whole number of rows");
    for (name, method) in [("mean", Method::Mean), ("median", Method::Median), ("Borda", Method::Borda)] {
        let name = format!("{name} of {} x 8", rows / 20);
        let found = time(&name, || aggregate(table, method, Missing::Refuse)).expect("no NaN");
        assert_eq!(found.values.len(), rows / 20);
        let mean = found.values.iter().sum::<f64>() / found.values.len() as f64;
        let expected = if method == Method::Borda { 4.0 * (rows / 20 - 1) as f64 } else { 0.5 };
        assert!((mean - expected).abs() < 0.01 * expected, "{name}: mean {mean}");
    }
    for (name, of) in [
        ("sorted", &(|i: usize| i as f32) as &(dyn Fn(usize) -> f32 + Sync)),
        ("reversed", &|i: usize| -(i as f32)),
        ("constant", &|_: usize| 0.5),
        ("two values", &|i: usize| f32::from(uniform(i) < 0.1)),
        ("ten values", &|i: usize| (uniform(i) * 10.0).floor()),
        ("exponents spread", &|i: usize| (uniform(i) * 160.0 - 80.0).exp()),
    ] {
        let scores = column(of);
        let name = format!("top 10 %, positions, {name}");
        let positions = time(&name, || top(&scores, k).map(|top| top.rows.positions())).expect("no NaN");
        check(&scores, &positions, k);
    }
}
