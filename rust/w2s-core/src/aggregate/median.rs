//! Medians of few columns, many rows at once: a sorting network whose every comparison is one of whole vectors.
//!
//! Source of the network: Batcher, "Sorting networks and their applications", AFIPS 1968 (odd-even merge exchange).

use rayon::prelude::*;

use super::row::midpoint;
use super::{CHUNK, Table};
use crate::select::Score;

/// Columns up to which the network is the faster way.
pub const MOST_COLUMNS: usize = 32;
/// Rows that go through the network together.
const WIDTH: usize = 32;

/// Medians of all rows of a table of at most [`MOST_COLUMNS`] columns, none of whose scores is missing.
pub fn of_rows<S: Score>(table: Table<S>) -> Vec<f64> {
    let m = table.n_columns();
    let network = network(m);
    let mut medians = vec![0.0; table.n_rows()];
    medians.par_chunks_mut(CHUNK).zip(table.chunks(CHUNK)).for_each_init(Vec::new, |buffer, (out, chunk)| {
        let rows = chunk.by_rows(buffer);
        let mut lanes = [[S::LOWEST; WIDTH]; MOST_COLUMNS];
        for (out, rows) in out.chunks_mut(WIDTH).zip(rows.chunks(WIDTH * m)) {
            transpose(rows, m, &mut lanes);
            network.iter().for_each(|&(low, high)| exchange(&mut lanes, low, high));
            let (below, above) = (&lanes[(m - 1) / 2], &lanes[m / 2]);
            for (slot, (&a, &b)) in out.iter_mut().zip(below.iter().zip(above)) {
                *slot = midpoint(a.to_f64(), b.to_f64());
            }
        }
    });
    medians
}

fn transpose<S: Score>(rows: &[S], m: usize, lanes: &mut [[S; WIDTH]; MOST_COLUMNS]) {
    for (i, row) in rows.chunks_exact(m).enumerate().take(WIDTH) {
        row.iter().zip(lanes.iter_mut()).for_each(|(&score, lane)| lane[i] = score);
    }
}

/// Puts the lower of each pair of scores into the one lane and the higher into the other.
#[inline(always)]
fn exchange<S: Score>(lanes: &mut [[S; WIDTH]; MOST_COLUMNS], low: usize, high: usize) {
    let (a, b) = (lanes[low], lanes[high]);
    for i in 0..WIDTH {
        lanes[low][i] = if b[i] < a[i] { b[i] } else { a[i] };
        lanes[high][i] = if b[i] < a[i] { a[i] } else { b[i] };
    }
}

/// Pairs of lanes to compare, in order, so that `m` lanes end up sorted.
fn network(m: usize) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    let top = m.next_power_of_two() / 2;
    let mut p = top;
    while p > 0 {
        let (mut q, mut r, mut d) = (top, 0, p);
        loop {
            pairs.extend((0..m - d.min(m)).filter(|i| i & p == r).map(|i| (i, i + d)));
            if q == p {
                break;
            }
            (d, q, r) = (q - p, q / 2, p);
        }
        p /= 2;
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_network_sorts_every_sequence_of_zeros_and_ones() {
        for m in 1..=16 {
            let pairs = network(m);
            for word in 0u32..1 << m {
                let sorted = pairs.iter().fold(word, |word, &(low, high)| {
                    let swap = word >> low & 1 > word >> high & 1;
                    if swap { word ^ (1 << low | 1 << high) } else { word }
                });
                assert_eq!(sorted, ((1 << word.count_ones()) - 1) << (m as u32 - word.count_ones()), "{m}");
            }
        }
    }
}
