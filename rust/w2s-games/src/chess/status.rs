//! Why the rules do not allow a board, by the names that python-chess has for it.
//!
//! cozy-chess's builder lacks three checks: kings next to each other, too many checkers, and checks that no move
//! gives. They cost two lookups if there is no check.

use cozy_chess::{
    BitBoard, Board, BoardBuilder, BoardBuilderError, Color, Piece, Rank, Square, get_bishop_moves,
    get_king_moves, get_line_rays, get_rook_moves,
};

pub const EMPTY: &str = "no piece is on the board";
pub const NO_KING: [&str; Color::NUM] = ["no white king", "no black king"];
pub const TOO_MANY_KINGS: &str = "too many kings: each side has one";
pub const TOO_MANY_PIECES: [&str; Color::NUM] = ["more than 16 white pieces", "more than 16 black pieces"];
pub const TOO_MANY_PAWNS: [&str; Color::NUM] = ["more than 8 white pawns", "more than 8 black pawns"];
pub const PAWN_ON_BACK_RANK: &str = "a pawn on the first or the eighth rank";
pub const CASTLING: &str = "castling rights without king or rook in place";
pub const EN_PASSANT: &str = "no pawn can just have moved past the en passant square";
pub const OPPOSITE_CHECK: &str = "opposite check: the side to move can take the king";
pub const ADJACENT_KINGS: &str = "opposite check: the kings are on adjacent squares";
pub const TOO_MANY_CHECKERS: &str = "too many checkers: more than two pieces give check";
pub const IMPOSSIBLE_CHECK: &str = "impossible check: no move ends in it";
/// Play stops counting there too, so that every state prints as what reads.
pub const CLOCK: &str = "a clock must be a number from 0 to 65535";

/// The board, where the rules allow it.
pub fn build(builder: &BoardBuilder) -> Result<Board, &'static str> {
    let board = builder.build().map_err(|problem| refusal(builder, problem))?;
    let king = board.king(board.side_to_move());
    if get_king_moves(king).has(board.king(!board.side_to_move())) {
        return Err(ADJACENT_KINGS);
    }
    if board.checkers().is_empty() { Ok(board) } else { check_of(&board, king).map(|()| board) }
}

#[cold]
fn refusal(builder: &BoardBuilder, problem: BoardBuilderError) -> &'static str {
    match problem {
        BoardBuilderError::InvalidBoard => fault_of_pieces(builder).unwrap_or(OPPOSITE_CHECK),
        BoardBuilderError::InvalidCastlingRights => CASTLING,
        BoardBuilderError::InvalidEnPassant if just_pushed(builder) => IMPOSSIBLE_CHECK,
        BoardBuilderError::InvalidEnPassant => EN_PASSANT,
        BoardBuilderError::InvalidHalfMoveClock | BoardBuilderError::InvalidFullmoveNumber => CLOCK,
    }
}

/// Why castling rights cannot be read: what is wrong with the pieces, or else with the rights.
#[cold]
pub fn fault_of_castling(builder: &BoardBuilder) -> &'static str {
    fault_of_pieces(builder).unwrap_or(CASTLING)
}

/// What is wrong with the number of pieces and where pawns stand.
fn fault_of_pieces(builder: &BoardBuilder) -> Option<&'static str> {
    let of = |wanted: Color| builder.board.iter().flatten().filter(move |(_, color)| *color == wanted);
    let count = |color, piece| of(color).filter(|(found, _)| *found == piece).count();
    let side = |too: &dyn Fn(Color) -> bool| Color::ALL.into_iter().find(|&color| too(color));
    let ends = Rank::First.bitboard() | Rank::Eighth.bitboard();
    let is_pawn = |square: Square| builder.square(square).is_some_and(|(piece, _)| piece == Piece::Pawn);
    if builder.board.iter().all(Option::is_none) {
        Some(EMPTY)
    } else if let Some(color) = side(&|color| count(color, Piece::King) == 0) {
        Some(NO_KING[color as usize])
    } else if side(&|color| count(color, Piece::King) > 1).is_some() {
        Some(TOO_MANY_KINGS)
    } else if let Some(color) = side(&|color| of(color).count() > 16) {
        Some(TOO_MANY_PIECES[color as usize])
    } else if let Some(color) = side(&|color| count(color, Piece::Pawn) > 8) {
        Some(TOO_MANY_PAWNS[color as usize])
    } else {
        ends.into_iter().any(is_pawn).then_some(PAWN_ON_BACK_RANK)
    }
}

/// Whether the last move can have been the double step past the en passant square, checks aside.
fn just_pushed(builder: &BoardBuilder) -> bool {
    builder.en_passant.is_some_and(|square| {
        let pusher = !builder.side_to_move;
        let [from, to] =
            [Rank::Second, Rank::Fourth].map(|rank| Square::new(square.file(), rank.relative_to(pusher)));
        square.rank() == Rank::Third.relative_to(pusher)
            && builder.square(square).is_none()
            && builder.square(from).is_none()
            && builder.square(to) == Some((Piece::Pawn, pusher))
    })
}

/// Whether one move can have ended in the check that the king stands in.
#[cold]
fn check_of(board: &Board, king: Square) -> Result<(), &'static str> {
    let checkers = board.checkers();
    if checkers.len() > 2 {
        return Err(TOO_MANY_CHECKERS);
    }
    let mut two = checkers.into_iter();
    let possible = match (two.next(), two.next(), board.en_passant()) {
        (Some(checker), None, Some(file)) => {
            let pusher = !board.side_to_move();
            let [from, to] =
                [Rank::Second, Rank::Fourth].map(|rank| Square::new(file, rank.relative_to(pusher)));
            let before = (board.occupied() - to.bitboard()) | from.bitboard();
            checker == to || sliders_at(board, king, before).is_empty()
        }
        (_, Some(_), Some(_)) => false,
        // A piece that moves out of a line gives check next to it, never from the other end of it.
        (Some(one), Some(other), None) => !get_line_rays(one, other).has(king),
        _ => true,
    };
    if possible { Ok(()) } else { Err(IMPOSSIBLE_CHECK) }
}

/// Pieces of the side not to move that reach a square in a line, with these squares occupied.
fn sliders_at(board: &Board, square: Square, occupied: BitBoard) -> BitBoard {
    let queens = board.pieces(Piece::Queen);
    let diagonal = get_bishop_moves(square, occupied) & (board.pieces(Piece::Bishop) | queens);
    let straight = get_rook_moves(square, occupied) & (board.pieces(Piece::Rook) | queens);
    (diagonal | straight) & board.colors(!board.side_to_move())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chess::Chess;
    use crate::game::Game;

    fn why(text: &str) -> String {
        Chess::parse(text).map_or_else(|error| error.why, |_| String::new())
    }

    #[test]
    fn each_status_has_its_reason() {
        for (text, reason) in [
            ("8/8/8/8/8/8/8/8 w - - 0 1", EMPTY),
            ("4k3/8/8/8/8/8/8/8 w - - 0 1", NO_KING[0]),
            ("8/8/8/8/8/8/8/4K3 w - - 0 1", NO_KING[1]),
            ("4k3/8/8/8/8/8/8/K3K3 w - - 0 1", TOO_MANY_KINGS),
            ("4k3/8/8/N7/8/8/PPPPPPPP/RNBQKBNR w - - 0 1", TOO_MANY_PIECES[0]),
            ("rnbqkbnr/pppppppp/n7/8/8/8/8/4K3 w - - 0 1", TOO_MANY_PIECES[1]),
            ("4k3/8/8/P7/8/8/PPPPPPPP/4K3 w - - 0 1", TOO_MANY_PAWNS[0]),
            ("4k3/pppppppp/p7/8/8/8/8/4K3 w - - 0 1", TOO_MANY_PAWNS[1]),
            ("4k2P/8/8/8/8/8/8/4K3 w - - 0 1", PAWN_ON_BACK_RANK),
            ("4k3/8/8/8/8/8/8/4K3 w K - 0 1", CASTLING),
            ("krkbnnrq/8/8/8/8/8/8/BRK1bNRQ w GBgb - 0 1", TOO_MANY_KINGS),
            ("4k3/8/8/8/8/8/8/4K3 w - e6 0 1", EN_PASSANT),
            ("4k3/8/8/8/8/8/8/K3R3 w - - 0 1", OPPOSITE_CHECK),
            ("4k3/3P4/8/8/8/8/8/K7 w - - 0 1", OPPOSITE_CHECK),
            ("4k3/8/3N4/8/8/8/8/K7 w - - 0 1", OPPOSITE_CHECK),
            ("8/8/8/3kK3/8/8/8/8 w - - 0 1", ADJACENT_KINGS),
            ("8/8/8/3k4/4K3/8/8/8 b - - 0 1", ADJACENT_KINGS),
            ("4k3/8/8/8/4r2b/3n4/8/4K3 w - - 0 1", TOO_MANY_CHECKERS),
            // From both ends of one line.
            ("4k3/8/8/8/8/8/8/r3K2r w - - 0 1", IMPOSSIBLE_CHECK),
            // After a double step: the pawn gives check, or the line behind it opens; nothing else can.
            ("8/8/8/5K1k/5QP1/8/8/8 b - g3 0 1", ""),
            ("n7/q3K3/1k6/1rp5/8/8/8/8 w - c6 0 1", ""),
            ("n7/q3K3/1k6/1rp5/8/b7/8/8 w - c6 0 1", IMPOSSIBLE_CHECK),
            ("4q3/3b1k2/8/p2K4/8/8/8/3q4 w - a6 0 1", IMPOSSIBLE_CHECK),
            ("4q3/8/2k5/3p4/8/8/3n4/5K2 w - d6 0 1", IMPOSSIBLE_CHECK),
            ("8/8/8/k7/QP6/4K3/8/3Q4 b - b3 0 1", IMPOSSIBLE_CHECK),
            ("4k3/8/8/8/8/8/8/4K3 w - - 0 65536", CLOCK),
        ] {
            assert_eq!(why(text), reason, "{text}");
        }
    }
}
