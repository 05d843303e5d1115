//! A chess move as a number: from, to, promotion, in this order of weight.
//!
//! Castling is the king taking its own rook, as the board has it. A number need not be a legal move.

use crate::game::Move;
use cozy_chess::{Piece, Square};

const PROMOTIONS: [Option<Piece>; 5] =
    [None, Some(Piece::Knight), Some(Piece::Bishop), Some(Piece::Rook), Some(Piece::Queen)];

/// The number of a move: `from * 512 + to * 8 + promotion`, promotion 0 to 4 for none, N, B, R, Q.
pub fn encode(mv: cozy_chess::Move) -> Move {
    let promotion = match mv.promotion {
        None | Some(Piece::Pawn | Piece::King) => 0,
        Some(piece) => piece as u16,
    };
    Move(((mv.from as u16) << 9) | ((mv.to as u16) << 3) | promotion)
}

/// Whether a number is that of some move, legal or not.
pub fn is_number(mv: Move) -> bool {
    mv.0 < 1 << 15 && mv.0 & 7 < 5
}

/// The move of a number that [`is_number`].
#[inline]
pub fn decode(mv: Move) -> cozy_chess::Move {
    cozy_chess::Move {
        from: Square::index(usize::from(mv.0 >> 9)),
        to: Square::index(usize::from((mv.0 >> 3) & 63)),
        promotion: PROMOTIONS[usize::from(mv.0 & 7)],
    }
}
