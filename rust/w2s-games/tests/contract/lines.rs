//! Seeded random lines of play for any game.
//!
//! Knows what no game says about itself: positions that lead where random play from the start seldom goes.

use w2s_games::{Draws, Game, Line};

/// A random sequence that is the same everywhere for the same seed (splitmix64).
pub struct Draw(u64);

impl Draw {
    pub fn new(seed: u64) -> Self {
        Draw(seed)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let bits = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) % bound as u64) as usize
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        (!from.is_empty()).then(|| from[self.below(from.len())])
    }
}

fn starts(game: &str) -> &'static [&'static str] {
    match game {
        "chess" => &[
            "startpos",
            "r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1",
            "r3k2r/Pppp1ppp/1b3nbN/nP6/BBP1P3/q4N2/Pp1P2PP/R2Q1RK1 w kq - 0 1",
            "nrbkqbrn/pppppppp/8/8/8/8/PPPPPPPP/NRBKQBRN w GBgb - 0 1",
            "4k3/1P6/8/8/8/8/1p6/4K3 b - - 96 140",
            "8/8/8/1k1pP3/8/8/5K2/8 w - d6 0 50",
            "7k/8/8/8/8/8/8/K1Q2R2 w - - 145 140",
            "4k3/8/8/8/8/8/8/R3K2R b KQ - 65533 65534",
        ],
        "othello" => &["startpos", "8/8/8/3ox3/3xo3/8/8/8 o", START_OF_PASSES],
        _ => &["startpos"],
    }
}

/// Neither side has much to say here, so that passes come soon.
const START_OF_PASSES: &str = "xxxxxxxx/xxxxxxxx/xxxxxxxx/xxxxxxxx/xxxxxxxx/xxxxxxo1/xxxxxxxx/xxxxxxx1 o";

/// Random lines, 8 × `games` in all from the starts by turns; in half of them most moves lead back to where the line
/// was before, in games that allow it, so that positions recur.
pub fn lines<G: Game>(games: usize) -> Vec<Line<G>> {
    let starts = starts(G::NAME);
    let line = |game| {
        let start = G::parse(starts[game % starts.len()]).unwrap();
        random_line(start, 40 + 20 * (game % 7), &mut Draw::new(game as u64))
    };
    (0..8 * games).map(line).collect()
}

fn random_line<G: Game>(start: G, plies: usize, draw: &mut Draw) -> Line<G> {
    let mut line = Line::new(start);
    let mut moves = Vec::new();
    let shuffles = draw.below(2) == 0;
    for _ in 0..plies {
        if line.outcome(Draws::Automatic).is_some() {
            break;
        }
        line.now().legal_moves(&mut moves);
        let Some(mv) = draw.pick(&moves) else { break };
        let back = moves.iter().copied().find(|&mv| shuffles && comes_back(&line, mv));
        line.play(back.filter(|_| draw.below(4) > 0).unwrap_or(mv)).unwrap();
    }
    line
}

fn comes_back<G: Game>(line: &Line<G>, mv: w2s_games::Move) -> bool {
    let mut after = line.now().clone();
    after.play(mv);
    line.earlier().contains(&after.key())
}

/// Every state of a line with the number of plies before it.
pub fn states<G: Game>(line: &Line<G>) -> Vec<G> {
    let mut state = line.start().clone();
    let mut states = vec![state.clone()];
    for &mv in line.moves() {
        state.play(mv);
        states.push(state.clone());
    }
    states
}

/// States of many lines, in no order that matters.
pub fn many_states<G: Game>(games: usize) -> Vec<G> {
    let states: Vec<G> = lines(games).iter().flat_map(states).collect();
    assert!(states.len() > 100, "{} gave {} states", G::NAME, states.len());
    states
}
