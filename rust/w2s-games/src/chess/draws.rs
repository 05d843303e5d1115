//! Draws by rule: material, repetition, and moves without progress.

use super::Chess;
use crate::game::{Draws, Game};
use cozy_chess::{BitBoard, Board, Piece};

const LIGHT: BitBoard = BitBoard(0x55aa_55aa_55aa_55aa);

/// Whether no sequence of moves can mate: kings with at most one minor piece in all, or with nothing but
/// bishops that are all on squares of one colour.
pub fn insufficient_material(board: &Board) -> bool {
    let heavy = board.pieces(Piece::Pawn) | board.pieces(Piece::Rook) | board.pieces(Piece::Queen);
    if !heavy.is_empty() {
        return false;
    }
    let (knights, bishops) = (board.pieces(Piece::Knight), board.pieces(Piece::Bishop));
    let one_colour = (bishops & LIGHT).is_empty() || (bishops & !LIGHT).is_empty();
    (knights | bishops).len() <= 1 || (knights.is_empty() && one_colour)
}

/// Fifty moves of each side where draws are claimed, else seventy-five.
pub fn too_many_moves(clock: u16, draws: Draws) -> bool {
    clock >= if draws == Draws::Claimed { 100 } else { 150 }
}

/// Whether the position has occurred three times where draws are claimed, else five times.
pub fn repeated(state: &Chess, earlier: &[u64], draws: Draws) -> bool {
    let needed = if draws == Draws::Claimed { 2 } else { 4 };
    occurrences(state, earlier, needed) >= needed
}

/// How often a position occurred before, counted only where `needed` times are possible at all.
///
/// Only positions since the last pawn move or capture can be the same, and none within four plies.
pub fn occurrences(state: &Chess, earlier: &[u64], needed: usize) -> usize {
    let reach = usize::from(state.clock).min(earlier.len());
    if reach < 4 * needed {
        return 0;
    }
    let key = state.key();
    let recent = earlier[earlier.len() - reach..].iter().rev();
    recent.skip(3).step_by(2).filter(|&&before| before == key).count()
}
