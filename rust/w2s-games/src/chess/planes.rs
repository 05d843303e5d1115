//! What a network sees and answers: feature planes and policy indices, from the side of the player to move.
//!
//! The board is turned for Black, so that the mover always plays upwards.
//!
//! Planes: 0–5 own pawns, knights, bishops, rooks, queens, king; 6–11 the opponent's; 12, 13 own castling
//! short, long; 14, 15 the opponent's; 16 the square of a legal en passant capture; 17 the clock in hundredths.

use super::{Chess, turned};
use cozy_chess::{Move, Piece};

pub const SHAPE: [usize; 3] = [18, 8, 8];
const BOARD: usize = 64;
const UNDER_PROMOTIONS: usize = 3 * 8 * 3;
/// From-square × to-square, then under-promotions by piece, file and direction.
pub const POLICY: usize = BOARD * BOARD + UNDER_PROMOTIONS;

pub fn fill(state: &Chess, out: &mut [f32]) {
    out.fill(0.0);
    let board = &state.board;
    let mover = board.side_to_move();
    for (side, color) in [mover, !mover].into_iter().enumerate() {
        for piece in Piece::ALL {
            let plane = side * 6 + piece as usize;
            for square in board.colored_pieces(color, piece) {
                out[plane * BOARD + turned(square, mover)] = 1.0;
            }
        }
        let rights = board.castle_rights(color);
        for (offset, right) in [rights.short, rights.long].into_iter().enumerate() {
            let plane = 12 + side * 2 + offset;
            out[plane * BOARD..(plane + 1) * BOARD].fill(f32::from(right.is_some()));
        }
    }
    if let Some(square) = state.en_passant() {
        out[16 * BOARD + turned(square, mover)] = 1.0;
    }
    out[17 * BOARD..].fill(f32::from(state.clock.min(100)) / 100.0);
}

#[inline]
pub fn policy_index(state: &Chess, mv: Move) -> usize {
    let mover = state.board.side_to_move();
    let (from, to) = (turned(mv.from, mover), turned(mv.to, mover));
    match mv.promotion {
        Some(piece @ (Piece::Knight | Piece::Bishop | Piece::Rook)) => {
            let kind = piece as usize - Piece::Knight as usize;
            BOARD * BOARD + (kind * 8 + from % 8) * 3 + (to % 8 + 1 - from % 8)
        }
        _ => from * BOARD + to,
    }
}
