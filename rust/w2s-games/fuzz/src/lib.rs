//! The fuzz targets of w2s-games: everything that takes text of strangers.
//!
//! Each function takes any bytes, returns whether they were accepted, and panics where a promise is broken.

use std::sync::atomic::AtomicBool;
use w2s_fuzz::Target;
use w2s_games::agree::{Reading, agree};
use w2s_games::chess::Chess;
use w2s_games::connect_four::ConnectFour;
use w2s_games::othello::Othello;
use w2s_games::{Draws, DynEncode, Game, Line, Notation, View};

/// All of them.
pub const TARGETS: [Target; 7] = [
    Target { name: "chess_position", body: chess_position, seeds: chess_positions },
    Target { name: "chess_move", body: chess_move, seeds: chess_moves },
    Target { name: "othello_position", body: othello_position, seeds: othello_positions },
    Target { name: "othello_move", body: othello_move, seeds: othello_moves },
    Target { name: "connect_four_position", body: connect_four_position, seeds: connect_four_positions },
    Target { name: "connect_four_move", body: connect_four_move, seeds: connect_four_moves },
    Target { name: "agreement", body: agreement, seeds: agreements },
];

/// FEN, X-FEN and Shredder-FEN.
pub fn chess_position(bytes: &[u8]) -> bool {
    position::<Chess>(bytes)
}

/// UCI, SAN and long algebraic notation: a position, a line break, a move.
pub fn chess_move(bytes: &[u8]) -> bool {
    mv::<Chess>(bytes)
}

/// Diagrams of Othello.
pub fn othello_position(bytes: &[u8]) -> bool {
    position::<Othello>(bytes)
}

/// Squares and passes: a position, a line break, a move.
pub fn othello_move(bytes: &[u8]) -> bool {
    mv::<Othello>(bytes)
}

/// Diagrams of Connect Four.
pub fn connect_four_position(bytes: &[u8]) -> bool {
    position::<ConnectFour>(bytes)
}

/// Columns: a position, a line break, a move.
pub fn connect_four_move(bytes: &[u8]) -> bool {
    mv::<ConnectFour>(bytes)
}

/// A position, a line break, an answer, a line break, another answer.
pub fn agreement(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.splitn(3, '\n');
    let [position, left, right] = [(); 3].map(|()| lines.next().unwrap_or_default());
    let compare = |left, right| agree::<Chess>([&[position], &[left], &[right]], &AtomicBool::new(false));
    let (found, turned) = (compare(left, right), compare(right, left));
    assert_eq!((&found.left, &found.right), (&turned.right, &turned.left));
    assert_eq!((&found.same_move, &found.same_key), (&turned.same_move, &turned.same_key));
    assert!(found.same_state[0] || !found.same_move[0]);
    assert!(found.same_key[0] || !found.same_state[0]);
    let legal = Reading::Legal as u8;
    assert_eq!(found.left.readings[0] == legal, !found.left.text.is_empty());
    found.left.readings[0] == legal && found.right.readings[0] == legal
}

/// A position that is read prints as one that reads the same; it plays, and networks see it.
fn position<G: Game>(bytes: &[u8]) -> bool {
    let Ok(state) = G::parse(&String::from_utf8_lossy(bytes)) else { return false };
    let printed = state.print();
    assert_eq!(G::parse(&printed).as_ref(), Ok(&state), "{printed}");
    let mut moves = Vec::new();
    state.legal_moves(&mut moves);
    assert!(moves.is_sorted(), "{printed}");
    assert_eq!(moves.len(), state.count_legal_moves(), "{printed}");
    assert!(!moves.is_empty() || state.outcome(&[], Draws::Automatic).is_some(), "{printed}");
    for &mv in &moves {
        assert!(state.is_legal(mv));
        let mut line = Line::new(state.clone());
        line.play(mv).expect("legal");
        let after = line.now().print();
        assert_eq!(G::parse(&after).as_ref(), Ok(line.now()), "{after} after {printed}");
        state.move_traits(mv);
    }
    let line = Line::new(state);
    for view in View::ALL {
        let Some(shape) = G::view(view) else { continue };
        let mut planes = vec![f32::NAN; shape.planes.iter().product()];
        line.fill_planes(view, &mut planes);
        assert!(planes.iter().all(|value| value.is_finite()), "{printed}");
        let choices = line.choices(view);
        assert!(choices.iter().all(|choice| choice.index < shape.policy), "{printed}");
    }
    assert!(line.now().evaluate().abs() < w2s_games::game::MATE / 2, "{printed}");
    true
}

/// A text that is read is a legal move, which reads as itself in every notation in which it prints.
fn mv<G: Game>(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let (position, text) = text.split_once('\n').unwrap_or(("startpos", &text));
    let Ok(state) = G::parse(position) else { return false };
    let Ok(mv) = state.parse_move(text) else { return false };
    assert!(state.is_legal(mv), "{text:?} in {}", state.print());
    for notation in Notation::ALL {
        let printed = state.print_move(mv, notation);
        assert_eq!(state.parse_move(&printed), Ok(mv), "{printed} for {text:?} in {}", state.print());
    }
    let mut line = Line::new(state);
    line.play(mv).expect("legal");
    line.outcome(Draws::Claimed);
    true
}

fn bytes<const N: usize>(texts: [&str; N]) -> Vec<Vec<u8>> {
    texts.map(|text| text.as_bytes().to_vec()).to_vec()
}

fn chess_positions() -> Vec<Vec<u8>> {
    bytes([
        "startpos",
        "r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1",
        "rnbqkbnr/ppp1p1pp/8/3pPp2/8/8/PPPP1PPP/RNBQKBNR w KQkq f6 0 3",
        "nrbkqbrn/pppppppp/8/8/8/8/PPPPPPPP/NRBKQBRN w GBgb - 0 1",
        "4k3/1P6/8/8/8/8/1p6/4K3 b - - 96 140",
        "8/8/8/1k1pP3/8/8/5K2/8 w - d6 0 50",
        "4k3/8/8/8/8/8/8/R3K2R b KQ - 65533 65534",
    ])
}

fn chess_moves() -> Vec<Vec<u8>> {
    bytes([
        "startpos\nNf3",
        "startpos\ne2e4",
        "r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1\nO-O-O",
        "r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1\ne1g1",
        "4k3/8/8/8/8/2N3N1/8/4K3 w - - 0 1\nNg3-e4",
        "8/P6k/8/8/8/8/8/K7 w - - 0 1\na8=Q!?",
        "rnbqkbnr/ppp1p1pp/8/3pPp2/8/8/PPPP1PPP/RNBQKBNR w KQkq f6 0 3\nexf6 e.p.",
        "1k6/8/8/8/8/8/8/RK1R4 w DA - 0 1\nb1d1",
    ])
}

fn othello_positions() -> Vec<Vec<u8>> {
    bytes([
        "startpos",
        "8/8/3x4/3xx3/3xo3/8/8/8 o",
        "xxxxxxxx/xxxxxxxx/xxxxxxxx/xxxxxxxx/xxxxxxxx/xxxxxxo1/xxxxxxxx/xxxxxxx1 o",
    ])
}

fn othello_moves() -> Vec<Vec<u8>> {
    bytes([
        "startpos\nd3",
        "8/8/3x4/3xx3/3xo3/8/8/8 o\nC3",
        "xxxxxxxx/xxxxxxxx/xxxxxxxx/xxxxxxxx/xxxxxxxx/xxxxxxxx/xxxxxxo1/xxxxxxxo o\npass",
    ])
}

fn connect_four_positions() -> Vec<Vec<u8>> {
    bytes(["startpos", "7/7/7/7/7/3x3 o", "7/3o3/3x3/3o3/2ox3/2xxox1 o", "7/7/7/7/3ooo1/2xxxx1 o"])
}

fn connect_four_moves() -> Vec<Vec<u8>> {
    bytes(["startpos\n4", "7/7/7/7/7/3x3 o\n4", "3o3/3x3/3o3/3x3/3o3/3x3 x\n1"])
}

fn agreements() -> Vec<Vec<u8>> {
    bytes([
        "startpos\nNf3\ng1f3",
        "r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1\nO-O\ne1h1",
        "8/P6k/8/8/8/8/8/K7 w - - 0 1\na8=Q\na7a8r",
    ])
}
