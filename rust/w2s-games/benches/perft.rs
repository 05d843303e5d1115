//! Time of perft in every game; the counts are asserted, so that a fast wrong answer fails.
//!
//! `cargo bench -p w2s-games --bench perft`.

use std::time::Instant;
use w2s_games::chess::Chess;
use w2s_games::connect_four::ConnectFour;
use w2s_games::othello::Othello;
use w2s_games::perft::perft;
use w2s_games::{Game, Line};

const REPEATS: u32 = 5;

fn main() {
    let kiwipete = "r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1";
    time::<Chess>("startpos", 5, 4_865_609);
    time::<Chess>(kiwipete, 4, 4_085_603);
    time::<Othello>("startpos", 8, 390_216);
    time::<ConnectFour>("startpos", 8, 5_673_234);
}

fn time<G: Game>(position: &str, depth: u32, lines: u64) {
    let line = Line::new(G::parse(position).expect("a position"));
    let mut best = f64::INFINITY;
    for _ in 0..REPEATS {
        let start = Instant::now();
        let found = perft(line.now(), depth);
        best = best.min(start.elapsed().as_secs_f64());
        assert_eq!(found.lines, lines, "{} {position} at depth {depth}", G::NAME);
    }
    println!("{:14} depth {depth} {:9.1} M lines/s", G::NAME, lines as f64 / best / 1e6);
}
