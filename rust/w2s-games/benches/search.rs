//! Time of searches to a fixed depth; move, value and nodes are asserted to be the same in every run and pool.
//!
//! `cargo bench -p w2s-games --bench search`.

use std::sync::atomic::AtomicBool;
use std::time::Instant;
use w2s_games::chess::Chess;
use w2s_games::connect_four::ConnectFour;
use w2s_games::othello::Othello;
use w2s_games::search::{Limits, RootMoves, search};
use w2s_games::{Game, Line, Notation};

const REPEATS: u32 = 3;

fn main() {
    time::<Chess>("r1b1kb1r/pppp1ppp/5q2/4n3/3KP3/2N3PN/PPP4P/R1BQ1B1R b kq - 0 1", 5, Some("f8c5"));
    time::<Chess>("startpos", 7, None);
    time::<Othello>("startpos", 8, None);
    time::<ConnectFour>("startpos", 12, Some("4"));
}

fn time<G: Game>(position: &str, depth: u32, best: Option<&str>) {
    let line = Line::new(G::parse(position).expect("a position"));
    let limits = Limits { depth: Some(depth), nodes: None };
    let run = || search(&line, limits, &RootMoves::Best, &AtomicBool::new(false));
    let expected = run();
    let mut seconds = f64::INFINITY;
    for _ in 0..REPEATS {
        let start = Instant::now();
        assert_eq!(run(), expected);
        seconds = seconds.min(start.elapsed().as_secs_f64());
    }
    let mv = expected.best.map(|mv| line.now().print_move(mv, Notation::Canonical)).unwrap_or_default();
    assert!(best.is_none_or(|best| best == mv), "{} {position}: {mv}", G::NAME);
    let speed = expected.nodes as f64 / seconds / 1e6;
    println!("{:14} depth {depth} {mv:6} {:9} nodes {speed:7.2} M nodes/s", G::NAME, expected.nodes);
}
