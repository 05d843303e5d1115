//! Prints legal moves: UCI, SAN with as little disambiguation as needed, long algebraic notation.

use super::{Chess, read_move};
use crate::game::Notation;
use cozy_chess::{File, Move, Piece, Square};

/// Appends a legal move as text.
pub fn write(state: &Chess, mv: Move, notation: Notation, text: &mut String) {
    match notation {
        Notation::Canonical => uci(state, mv, text),
        _ if state.is_castling(mv) => {
            text.push_str(if mv.to.file() > mv.from.file() { "O-O" } else { "O-O-O" });
        }
        Notation::San => san(state, mv, text),
        Notation::Long => long(state, mv, text),
    }
    if notation != Notation::Canonical {
        push_check(state, mv, text);
    }
}

fn uci(state: &Chess, mv: Move, text: &mut String) {
    let mut to = mv.to;
    if state.is_castling(mv) && !state.writes_shredder() {
        let file = if mv.to.file() > mv.from.file() { File::G } else { File::C };
        to = Square::new(file, mv.to.rank());
    }
    push_square(text, mv.from);
    push_square(text, to);
    if let Some(piece) = mv.promotion {
        text.push(letter(piece).to_ascii_lowercase());
    }
}

fn san(state: &Chess, mv: Move, text: &mut String) {
    let piece = state.board.piece_on(mv.from).unwrap_or(Piece::Pawn);
    let takes = state.is_capture(mv);
    if piece == Piece::Pawn {
        if takes {
            push_file(text, mv.from);
        }
    } else {
        text.push(letter(piece));
        push_disambiguation(state, mv, piece, text);
    }
    if takes {
        text.push('x');
    }
    push_square(text, mv.to);
    push_promotion(text, mv);
}

fn long(state: &Chess, mv: Move, text: &mut String) {
    let piece = state.board.piece_on(mv.from).unwrap_or(Piece::Pawn);
    if piece != Piece::Pawn {
        text.push(letter(piece));
    }
    push_square(text, mv.from);
    text.push(if state.is_capture(mv) { 'x' } else { '-' });
    push_square(text, mv.to);
    push_promotion(text, mv);
}

/// The file if it distinguishes the piece from its rivals, else the rank, else both.
fn push_disambiguation(state: &Chess, mv: Move, piece: Piece, text: &mut String) {
    let (mut rivals, mut same_file, mut same_rank) = (false, false, false);
    for from in read_move::origins(state, piece, mv.to) {
        let rival = Move { from, to: mv.to, promotion: None };
        if from != mv.from && state.board.is_legal(rival) {
            rivals = true;
            same_file |= from.file() == mv.from.file();
            same_rank |= from.rank() == mv.from.rank();
        }
    }
    if rivals && (!same_file || same_rank) {
        push_file(text, mv.from);
    }
    if same_file {
        text.push(char::from(b'1' + mv.from.rank() as u8));
    }
}

fn push_check(state: &Chess, mv: Move, text: &mut String) {
    let mut after = state.board.clone();
    after.play_unchecked(mv);
    if !after.checkers().is_empty() {
        text.push(if after.generate_moves(|_| true) { '+' } else { '#' });
    }
}

fn push_promotion(text: &mut String, mv: Move) {
    if let Some(piece) = mv.promotion {
        text.push('=');
        text.push(letter(piece));
    }
}

fn push_square(text: &mut String, square: Square) {
    push_file(text, square);
    text.push(char::from(b'1' + square.rank() as u8));
}

fn push_file(text: &mut String, square: Square) {
    text.push(char::from(b'a' + square.file() as u8));
}

fn letter(piece: Piece) -> char {
    char::from(b"PNBRQK"[piece as usize])
}
