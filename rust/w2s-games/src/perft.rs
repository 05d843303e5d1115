//! Perft: how many lines of play a game has, the count by which rules are checked.
//!
//! Knows no particular game and no published count.

use crate::game::{Game, Move};
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

/// Plies left down to which a count looks whether it should stop: often enough, and never in the inner loop.
const LOOKS_AT: usize = 3;

/// Lines of play from a state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Perft {
    /// Lines of exactly the requested depth, which chess programs publish.
    pub lines: u64,
    /// Lines that ended before, each counted once; what is published for Othello counts them too.
    pub ended: u64,
}

/// Counts the lines of `depth` plies from a state.
///
/// ```
/// use w2s_games::{Game, chess::Chess, perft::perft};
/// assert_eq!(perft(&Chess::start(), 3).lines, 8_902);
/// ```
pub fn perft<G: Game>(state: &G, depth: u32) -> Perft {
    perft_until(state, depth, &AtomicBool::new(false))
}

/// Counts the lines of `depth` plies from a state; the count is not complete where `stop` was set meanwhile.
pub fn perft_until<G: Game>(state: &G, depth: u32, stop: &AtomicBool) -> Perft {
    let mut buffers = vec![Vec::with_capacity(64); depth as usize];
    let mut total = Perft::default();
    count(state, &mut buffers, stop, &mut total);
    total
}

fn count<G: Game>(state: &G, buffers: &mut [Vec<Move>], stop: &AtomicBool, total: &mut Perft) {
    let Some((moves, deeper)) = buffers.split_first_mut() else {
        total.lines += 1;
        return;
    };
    if deeper.is_empty() {
        let lines = state.count_legal_moves() as u64;
        total.lines += lines;
        total.ended += u64::from(lines == 0);
        return;
    }
    if deeper.len() >= LOOKS_AT && stop.load(Ordering::Relaxed) {
        return;
    }
    state.legal_moves(moves);
    total.ended += u64::from(moves.is_empty());
    for &mv in moves.iter() {
        let mut after = state.clone();
        after.play(mv);
        count(&after, deeper, stop, total);
    }
}

/// Number of distinct states, by key, after exactly 0, 1, …, `depth` plies.
pub fn distinct_states<G: Game>(state: &G, depth: u32) -> Vec<usize> {
    let mut level = vec![state.clone()];
    let mut counts = vec![1];
    let mut moves = Vec::new();
    for _ in 0..depth {
        let mut seen = HashSet::new();
        let mut next = Vec::new();
        for state in &level {
            state.legal_moves(&mut moves);
            for &mv in &moves {
                let mut after = state.clone();
                after.play(mv);
                if seen.insert(after.key()) {
                    next.push(after);
                }
            }
        }
        counts.push(next.len());
        level = next;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chess::Chess;
    use crate::connect_four::ConnectFour;
    use crate::othello::Othello;

    fn chess(position: &str, counts: &[u64]) {
        let state = Chess::parse(position).unwrap();
        for (depth, &count) in (1..).zip(counts) {
            assert_eq!(perft(&state, depth).lines, count, "{position} at depth {depth}");
        }
    }

    #[test]
    fn chess_has_the_published_counts() {
        chess("startpos", &[20, 400, 8_902, 197_281, 4_865_609]);
        chess(
            "r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1",
            &[48, 2_039, 97_862, 4_085_603],
        );
        chess("8/2p5/3p4/KP5r/1R3p1k/8/4P1P1/8 w - - 0 1", &[14, 191, 2_812, 43_238, 674_624]);
        chess("r3k2r/Pppp1ppp/1b3nbN/nP6/BBP1P3/q4N2/Pp1P2PP/R2Q1RK1 w kq - 0 1", &[6, 264, 9_467, 422_333]);
        chess("rnbq1k1r/pp1Pbppp/2p5/8/2B5/8/PPP1NnPP/RNBQK2R w KQ - 1 8", &[44, 1_486, 62_379, 2_103_487]);
        chess(
            "r4rk1/1pp1qppp/p1np1n2/2b1p1B1/2B1P1b1/P1NP1N2/1PP1QPPP/R4RK1 w - - 0 10",
            &[46, 2_079, 89_890, 3_894_594],
        );
    }

    #[test]
    fn chess_has_the_published_counts_far_out() {
        chess("startpos", &[20, 400, 8_902, 197_281, 4_865_609, 119_060_324]);
        chess(
            "r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1",
            &[48, 2_039, 97_862, 4_085_603, 193_690_690],
        );
        chess("8/2p5/3p4/KP5r/1R3p1k/8/4P1P1/8 w - - 0 1", &[14, 191, 2_812, 43_238, 674_624, 11_030_083]);
        chess(
            "r3k2r/Pppp1ppp/1b3nbN/nP6/BBP1P3/q4N2/Pp1P2PP/R2Q1RK1 w kq - 0 1",
            &[6, 264, 9_467, 422_333, 15_833_292],
        );
        chess(
            "rnbq1k1r/pp1Pbppp/2p5/8/2B5/8/PPP1NnPP/RNBQK2R w KQ - 1 8",
            &[44, 1_486, 62_379, 2_103_487, 89_941_194],
        );
        chess(
            "r4rk1/1pp1qppp/p1np1n2/2b1p1B1/2B1P1b1/P1NP1N2/1PP1QPPP/R4RK1 w - - 0 10",
            &[46, 2_079, 89_890, 3_894_594, 164_075_551],
        );
    }

    #[test]
    fn chess960_has_the_published_counts() {
        chess(
            "bqnb1rkr/pp3ppp/3ppn2/2p5/5P2/P2P4/NPP1P1PP/BQ1BNRKR w HFhf - 2 9",
            &[21, 528, 12_189, 326_672, 8_146_062],
        );
        chess(
            "2nnrbkr/p1qppppp/8/1ppb4/6PP/3PP3/PPP2P2/BQNNRBKR w HEhe - 1 9",
            &[21, 807, 18_002, 667_366, 16_253_601],
        );
    }

    #[test]
    fn othello_has_the_published_counts() {
        let counts = [4, 12, 56, 244, 1_396, 8_200, 55_092, 390_216, 3_005_288, 24_571_284];
        for (depth, count) in (1..).zip(counts) {
            let found = perft(&Othello::start(), depth);
            assert_eq!(found.lines + found.ended, count, "depth {depth}");
        }
    }

    #[test]
    fn connect_four_has_the_published_numbers_of_positions() {
        let counts = [1, 7, 49, 238, 1_120, 4_263, 16_422, 54_859, 184_275];
        assert_eq!(distinct_states(&ConnectFour::start(), 8), counts);
    }
}
