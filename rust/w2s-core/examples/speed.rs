//! Times of the kernels beside one reading of the same memory: `cargo run --release --example speed [ROWS]`.

use std::hint::black_box;
use std::time::Instant;

use rayon::prelude::*;
use w2s_core::aggregate::{Method, Missing, Table, aggregate};
use w2s_core::select::{GroupRule, PerGroup, top, top_by_group, top_k};

const REPEATS: u32 = 5;

/// Prints the best wall time of some runs, and the processor time of one run shared among the threads.
fn time<T>(name: &str, work: impl Fn() -> T) {
    let cpu = cpu_s();
    let best = (0..REPEATS)
        .map(|_| {
            let start = Instant::now();
            black_box(work());
            start.elapsed().as_secs_f64()
        })
        .fold(f64::INFINITY, f64::min);
    let cpu = (cpu_s() - cpu) / f64::from(REPEATS) / rayon::current_num_threads() as f64;
    println!("{name:44} {:9.1} ms wall {:9.1} ms of each thread", best * 1e3, cpu * 1e3);
}

/// Processor time of this process so far, where the system tells (Linux).
fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat.split_whitespace().skip(13).take(2).filter_map(|field| field.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

fn uniform(i: usize) -> f32 {
    let bits = (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let bits = (bits ^ (bits >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (bits >> 40) as f32 / (1u64 << 24) as f32
}

fn main() {
    let rows = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(100_000_000);
    let column = |of: &(dyn Fn(usize) -> f32 + Sync)| (0..rows).into_par_iter().map(of).collect::<Vec<f32>>();
    let scores = column(&uniform);
    let k = rows / 10;
    time("one reading", || {
        scores.par_chunks(1 << 16).map(|c| c.iter().fold(0u32, |a, x| a ^ x.to_bits())).sum::<u32>()
    });
    time("top 10 %, rows", || top(&scores, k).map(|top| top.rows));
    time("top 10 %, positions", || top(&scores, k).map(|top| top.rows.positions()));
    time("top 10 %, best first", || top_k(&scores, k));
    for n_groups in [1000, 1_000_000] {
        let groups: Vec<u32> =
            (0..rows).into_par_iter().map(|i| (uniform(i + rows) * n_groups as f32) as u32).collect();
        let rule = GroupRule::of(PerGroup::Fraction(&[0.1]));
        time(&format!("top 10 % of each of {n_groups} groups"), || {
            top_by_group(&scores, &groups, n_groups, &rule).map(|top| top.rows.positions())
        });
    }
    let table = Table::rows(&scores[..rows / 20 * 8], 8).expect("a whole number of rows");
    for (name, method) in [("mean", Method::Mean), ("median", Method::Median), ("Borda", Method::Borda)] {
        time(&format!("{name} of {} x 8", rows / 20), || aggregate(table, method, Missing::Refuse));
    }
    for (name, of) in [
        ("sorted", &(|i: usize| i as f32) as &(dyn Fn(usize) -> f32 + Sync)),
        ("reversed", &|i: usize| -(i as f32)),
        ("constant", &|_: usize| 0.5),
        ("two values", &|i: usize| (uniform(i) < 0.1) as u8 as f32),
        ("ten values", &|i: usize| (uniform(i) * 10.0).floor()),
        ("exponents spread", &|i: usize| (uniform(i) * 160.0 - 80.0).exp()),
    ] {
        let scores = column(of);
        time(&format!("top 10 %, positions, {name}"), || top(&scores, k).map(|top| top.rows.positions()));
    }
}
