//! Chess as Lc0's networks see and answer it: 112 planes with the history, and a policy of 1,858 moves.
//!
//! The board is turned for Black, at every step of the history for the player who moves *now*.
//!
//! Planes: eight times 13, newest first: own pawn to king, the other's pawn to king, whether the position had
//! occurred before. Then 104, 105 own castling long, short; 106, 107 the other's; 108 Black moves; 109 plies
//! since the last pawn move or capture; 110 zero; 111 one. Where the line of play begins later than the game,
//! its first position is repeated for the earlier ones, with a pawn that has just made its double step put
//! back; before the start of chess there is nothing.

use super::{Chess, moves, turned};
use crate::game::{Game, History, Move};
use crate::view::ViewShape;
use cozy_chess::{Board, Color, File, Piece, Rank, Square};
use std::sync::LazyLock;

/// 112 planes; the policy is 1,792 pairs of squares, then promotions except to a knight.
pub const SHAPE: ViewShape = ViewShape { planes: [112, 8, 8], policy: POLICY };

const POLICY: usize = 1858;

const BOARD: usize = 64;
const HISTORY: usize = 8;
const STEP: usize = 13;
const PAIRS: usize = 1792;
/// Promotions behind the pairs; one to a knight is a plain move.
const PROMOTIONS: [Piece; 3] = [Piece::Queen, Piece::Rook, Piece::Bishop];
/// The same in the order of the planes of a convolutional policy.
const PROMOTION_PLANES: [Piece; 3] = [Piece::Rook, Piece::Bishop, Piece::Queen];
/// Steps of the eight directions as planes of a convolutional policy count them, then those of the knight.
const ROSE: [(i8, i8); 8] = [(0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1)];
const KNIGHT: [(i8, i8); 8] = [(1, 2), (2, 1), (2, -1), (1, -2), (-1, -2), (-2, -1), (-2, 1), (-1, 2)];

/// Every entry as squares of the turned board and the piece of a promotion, in the order of the policy.
static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(entries);
/// The entry of each pair of squares, `from * 64 + to`.
static OF_PAIR: LazyLock<Vec<u16>> = LazyLock::new(|| {
    let mut found = vec![u16::MAX; BOARD * BOARD];
    for (index, entry) in ENTRIES.iter().take(PAIRS).enumerate() {
        found[entry.from * BOARD + entry.to] = index as u16;
    }
    found
});

struct Entry {
    from: usize,
    to: usize,
    promotion: Option<Piece>,
}

/// Pairs that a queen or a knight connects, by from-square and to-square; then each promotion by its squares.
fn entries() -> Vec<Entry> {
    let square = |index: usize| ((index % 8) as i8, (index / 8) as i8);
    let connected = |from: usize, to: usize| {
        let ((from_file, from_rank), (to_file, to_rank)) = (square(from), square(to));
        let (across, up) = ((to_file - from_file).abs(), (to_rank - from_rank).abs());
        from != to && (across == 0 || up == 0 || across == up || across + up == 3)
    };
    let mut found = Vec::with_capacity(POLICY);
    for from in 0..BOARD {
        let targets = (0..BOARD).filter(|&to| connected(from, to));
        found.extend(targets.map(|to| Entry { from, to, promotion: None }));
    }
    for from in 48..56_usize {
        for to in (56..64_usize).filter(|to| (to - 56).abs_diff(from - 48) <= 1) {
            found.extend(PROMOTIONS.map(|piece| Entry { from, to, promotion: Some(piece) }));
        }
    }
    found
}

/// Where each entry lies in a convolutional policy: `plane * 64 + from`, 80 planes of which 73 are used.
///
/// ```
/// use w2s_games::chess::lc0;
/// let places = lc0::convolution_places();
/// assert_eq!(places.len(), lc0::SHAPE.policy);
/// assert_eq!(places[0], 14 * 64); // a1b1: one step to the east is plane 14, a1 is square 0
/// ```
pub fn convolution_places() -> Vec<usize> {
    ENTRIES.iter().map(|entry| plane(entry) * BOARD + entry.from).collect()
}

/// 56 planes of a queen by direction and distance, 8 of the knight, 9 of promotions by piece within direction.
fn plane(entry: &Entry) -> usize {
    let across = (entry.to % 8) as i8 - (entry.from % 8) as i8;
    let up = (entry.to / 8) as i8 - (entry.from / 8) as i8;
    if let Some(piece) = entry.promotion {
        let kind = PROMOTION_PLANES.iter().position(|&one| one == piece).unwrap_or_default();
        return 64 + (across + 1) as usize * 3 + kind;
    }
    if let Some(knight) = KNIGHT.iter().position(|&step| step == (across, up)) {
        return 56 + knight;
    }
    let towards = (across.signum(), up.signum());
    let direction = ROSE.iter().position(|&step| step == towards).unwrap_or_default();
    direction * 7 + across.abs().max(up.abs()) as usize - 1
}

/// The entry of a legal move; castling is the king taking its own rook.
#[inline]
#[must_use]
pub fn policy_index(state: &Chess, mv: Move) -> usize {
    let (mv, mover) = (moves::decode(mv), state.board.side_to_move());
    let (from, to) = (turned(mv.from, mover), turned(mv.to, mover));
    let kind = mv.promotion.and_then(|piece| PROMOTIONS.iter().position(|&one| one == piece));
    match kind {
        // 22 promotions: two from the first file, three from each other up to there.
        Some(kind) => PAIRS + (3 * (from % 8) + to % 8 - from % 8) * 3 + kind,
        None => usize::from(OF_PAIR[from * BOARD + to]),
    }
}

/// Writes the planes of a state into `out`, `112 * 64` values; `history` is the line of play that led to it.
pub fn fill(now: &Chess, history: History<'_, Chess>, out: &mut [f32]) {
    out.fill(0.0);
    let past = past(history);
    let (known, earlier) = out[..HISTORY * STEP * BOARD].split_at_mut(past.len() * STEP * BOARD);
    let mover = now.board.side_to_move();
    for ((state, recurs), planes) in past.iter().zip(known.chunks_exact_mut(STEP * BOARD)) {
        fill_step(&state.board, mover, *recurs, planes);
    }
    let (oldest, recurs) = &past[past.len() - 1];
    if *oldest != Chess::start() {
        for planes in earlier.chunks_exact_mut(STEP * BOARD) {
            fill_step(&oldest.board, mover, *recurs, planes);
            put_back(&oldest.board, mover, planes);
        }
    }
    fill_rest(now, &mut out[HISTORY * STEP * BOARD..]);
}

/// At most eight states that led here, newest first, each with whether it had occurred before.
fn past(history: History<'_, Chess>) -> Vec<(Chess, bool)> {
    let plies = history.moves.len();
    let first = (plies + 1).saturating_sub(HISTORY);
    let mut state = history.start.clone();
    let mut found = Vec::with_capacity(HISTORY);
    for ply in 0..=plies {
        if ply >= first {
            found.push((state.clone(), state.recurs(&history.keys[..ply])));
        }
        if let Some(&mv) = history.moves.get(ply) {
            state.play(mv);
        }
    }
    found.reverse();
    found
}

fn fill_step(board: &Board, mover: Color, recurs: bool, planes: &mut [f32]) {
    for (side, color) in [mover, !mover].into_iter().enumerate() {
        for piece in Piece::ALL {
            for square in board.colored_pieces(color, piece) {
                planes[(side * 6 + piece as usize) * BOARD + turned(square, mover)] = 1.0;
            }
        }
    }
    planes[12 * BOARD..].fill(f32::from(recurs));
}

/// The pawn that a double step has brought here goes back to where it came from.
fn put_back(board: &Board, mover: Color, planes: &mut [f32]) {
    if let Some(file) = board.en_passant() {
        let pusher = !board.side_to_move();
        let pawns = if pusher == mover { 0 } else { 6 * BOARD };
        let square = |rank: Rank, file: File| turned(Square::new(file, rank.relative_to(pusher)), mover);
        planes[pawns + square(Rank::Fourth, file)] = 0.0;
        planes[pawns + square(Rank::Second, file)] = 1.0;
    }
}

fn fill_rest(state: &Chess, planes: &mut [f32]) {
    let mover = state.board.side_to_move();
    let mut set = |plane: usize, value: f32| planes[plane * BOARD..(plane + 1) * BOARD].fill(value);
    for (side, color) in [mover, !mover].into_iter().enumerate() {
        let rights = state.board.castle_rights(color);
        set(side * 2, f32::from(rights.long.is_some()));
        set(side * 2 + 1, f32::from(rights.short.is_some()));
    }
    set(4, f32::from(mover == Color::Black));
    set(5, f32::from(state.clock));
    set(7, 1.0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::Line;
    use std::collections::HashSet;

    fn line(position: &str, moves: &[&str]) -> Line<Chess> {
        let mut line = Line::new(Chess::parse(position).expect("a position"));
        for text in moves {
            let mv = line.now().parse_move(text).expect("a move");
            line.play(mv).expect("legal");
        }
        line
    }

    fn planes(line: &Line<Chess>) -> Vec<f32> {
        let mut out = vec![f32::NAN; SHAPE.planes.iter().product()];
        fill(line.now(), line.history(), &mut out);
        out
    }

    fn plane(planes: &[f32], index: usize) -> &[f32] {
        &planes[index * BOARD..(index + 1) * BOARD]
    }

    #[test]
    fn there_are_1858_entries_and_each_has_a_place_of_its_own() {
        assert_eq!(ENTRIES.len(), POLICY);
        let places: HashSet<usize> = convolution_places().into_iter().collect();
        assert_eq!(places.len(), POLICY);
        assert!(places.iter().all(|&place| place < 73 * BOARD));
    }

    #[test]
    fn a_legal_move_has_the_entry_of_its_squares() {
        let white = line("8/1P1k4/8/8/8/8/8/R3K2R w KQ - 0 1", &[]);
        let index = |text: &str| policy_index(white.now(), white.now().parse_move(text).expect("legal"));
        for (text, from, to, promotion) in [
            ("e1e2", 4, 12, None),
            ("O-O", 4, 7, None),
            ("b7b8n", 49, 57, None),
            ("b7b8q", 49, 57, Some(Piece::Queen)),
            ("b7b8b", 49, 57, Some(Piece::Bishop)),
        ] {
            let entry = &ENTRIES[index(text)];
            assert_eq!((entry.from, entry.to, entry.promotion), (from, to, promotion), "{text}");
        }
    }

    #[test]
    fn every_promotion_finds_its_own_entry() {
        let state = Chess::parse("nnnnnnnn/PPPPPPPP/8/8/8/8/k1K5/8 w - - 0 1");
        let state = state.expect("a position").clone();
        let mut all = Vec::new();
        state.legal_moves(&mut all);
        for mv in all {
            let (entry, mv) = (&ENTRIES[policy_index(&state, mv)], moves::decode(mv));
            let plain = mv.promotion.filter(|&piece| piece != Piece::Knight);
            assert_eq!((entry.from, entry.to), (mv.from as usize, mv.to as usize));
            assert_eq!(entry.promotion, plain);
        }
    }

    #[test]
    fn nothing_lies_before_the_start_and_copies_before_any_other_position() {
        let start = planes(&line("startpos", &["e4"]));
        assert_eq!(plane(&start, 13).iter().sum::<f32>(), 8.0);
        assert!((26..104).all(|index| plane(&start, index).iter().all(|&value| value == 0.0)));
        let later = planes(&line("4k3/8/8/8/8/8/4P3/4K3 w - - 7 20", &[]));
        assert!((0..8).all(|step| plane(&later, step * 13) == plane(&later, 0)));
        assert_eq!(plane(&later, 109)[0], 7.0);
    }

    #[test]
    fn black_sees_the_board_turned_at_every_step() {
        let black = planes(&line("startpos", &["e4"]));
        assert_eq!(plane(&black, 108)[0], 1.0);
        assert_eq!(plane(&black, 5)[4], 1.0, "own king on the first rank");
        assert_eq!(plane(&black, 6)[4 * 8 + 4], 1.0, "the pawn that came to e4");
        assert_eq!(plane(&black, 19)[6 * 8 + 4], 1.0, "and stood on e2 before");
    }

    #[test]
    fn a_double_step_is_taken_back_in_the_copies() {
        let text = "rnbqkbnr/ppp1pppp/8/8/3pP3/5N2/PPPP1PPP/RNBQKB1R b KQkq e3 0 3";
        let planes = planes(&line(text, &[]));
        let (e4, e2) = (4 * 8 + 4, 6 * 8 + 4);
        assert_eq!((plane(&planes, 6)[e4], plane(&planes, 6)[e2]), (1.0, 0.0));
        assert_eq!((plane(&planes, 19)[e4], plane(&planes, 19)[e2]), (0.0, 1.0));
    }

    #[test]
    fn a_position_that_comes_back_is_marked() {
        let back = planes(&line("startpos", &["Nf3", "Nf6", "Ng1", "Ng8"]));
        assert_eq!(plane(&back, 12)[0], 1.0);
        assert_eq!(plane(&back, 25)[0], 0.0);
    }
}
