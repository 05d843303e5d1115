//! Prints positions: FEN, or Shredder-FEN for Chess960.
//!
//! En passant is printed only where a pawn can legally capture, so equal states print equal.

use super::Chess;
use cozy_chess::{Board, Color, File, Piece, Rank, Square};

pub fn print(state: &Chess) -> String {
    let mut text = String::with_capacity(90);
    print_board(&state.board, &mut text);
    text.push_str(if state.board.side_to_move() == Color::White { " w " } else { " b " });
    print_castling(state, &mut text);
    match state.en_passant() {
        Some(square) => push_square(&mut text, square, ' '),
        None => text.push_str(" -"),
    }
    text.push_str(&format!(" {} {}", state.clock, state.board.fullmove_number()));
    text
}

fn print_board(board: &Board, text: &mut String) {
    for rank in Rank::ALL.into_iter().rev() {
        let mut free = 0;
        for file in File::ALL {
            let square = Square::new(file, rank);
            let Some(piece) = board.piece_on(square) else {
                free += 1;
                continue;
            };
            push_free(text, &mut free);
            let white = board.colors(Color::White).has(square);
            text.push(letter(piece, white));
        }
        push_free(text, &mut free);
        if rank != Rank::First {
            text.push('/');
        }
    }
}

fn push_free(text: &mut String, free: &mut u8) {
    if *free > 0 {
        text.push(char::from(b'0' + *free));
        *free = 0;
    }
}

fn letter(piece: Piece, white: bool) -> char {
    let letter = char::from(b"pnbrqk"[piece as usize]);
    if white { letter.to_ascii_uppercase() } else { letter }
}

fn push_square(text: &mut String, square: Square, before: char) {
    text.push(before);
    text.push(char::from(b'a' + square.file() as u8));
    text.push(char::from(b'1' + square.rank() as u8));
}

fn print_castling(state: &Chess, text: &mut String) {
    let before = text.len();
    for color in Color::ALL {
        let rights = state.board.castle_rights(color);
        for (file, classical) in [(rights.short, 'k'), (rights.long, 'q')] {
            let Some(file) = file else { continue };
            let letter = if state.shredder { char::from(b'a' + file as u8) } else { classical };
            text.push(if color == Color::White { letter.to_ascii_uppercase() } else { letter });
        }
    }
    if text.len() == before {
        text.push('-');
    }
}
