//! Positions as text: FEN, X-FEN and Shredder-FEN in; FEN out, or Shredder-FEN for Chess960.
//!
//! Knows nothing about moves. En passant is printed only where a pawn can legally capture, so equal states
//! print equal.

use super::Chess;
use crate::game::{Game, PositionError};
use cozy_chess::{Board, Color, FenParseError, File, Piece, Rank, Square};

/// No position is longer; a longer text is refused without being read.
const LONGEST: usize = 120;
const LAST_CLOCK: u16 = 9999;

pub fn parse(text: &str) -> Result<Chess, PositionError> {
    let text = text.trim_ascii();
    if text.len() > LONGEST {
        return Err(error("the text is longer than any position"));
    }
    if text == "startpos" {
        return Ok(Chess::start());
    }
    let mut fields = [""; 6];
    let mut count = 0;
    for field in text.split_ascii_whitespace() {
        *fields.get_mut(count).ok_or_else(|| error("more than six fields"))? = field;
        count += 1;
    }
    if !(4..=6).contains(&count) {
        return Err(error("expected board, side, castling, en passant and two clocks"));
    }
    check_board(fields[0])?;
    let clock = read_clock(fields[4], 0)?;
    let (board, letters_are_files) = read_board(text, &fields, count, clock)?;
    let shredder = letters_are_files || !is_classical(&board);
    Ok(Chess { board, clock, shredder })
}

fn error(why: &str) -> PositionError {
    PositionError { game: Chess::NAME, why: why.to_string() }
}

/// What the board's own reader lets pass: missing ranks, and free squares counted as `0` or `9`.
fn check_board(field: &str) -> Result<(), PositionError> {
    let bytes = field.as_bytes();
    if bytes.iter().filter(|&&byte| byte == b'/').count() != 7 {
        return Err(error("a board has eight ranks"));
    }
    if bytes.windows(2).any(|pair| pair.iter().all(u8::is_ascii_digit)) || bytes.contains(&b'0') {
        return Err(error("free squares are one digit from 1 to 8"));
    }
    Ok(())
}

fn read_clock(field: &str, missing: u16) -> Result<u16, PositionError> {
    if field.is_empty() {
        return Ok(missing);
    }
    let digits = field.bytes().all(|byte| byte.is_ascii_digit());
    match field.parse::<u16>() {
        Ok(clock) if digits && clock <= LAST_CLOCK => Ok(clock),
        _ => Err(error("a clock is a number from 0 to 9999")),
    }
}

/// The board, and whether castling rights were written as files.
fn read_board(
    text: &str,
    fields: &[&str; 6],
    count: usize,
    clock: u16,
) -> Result<(Board, bool), PositionError> {
    let normal;
    let clean = count == 6
        && clock <= 100
        && fields[5] != "0"
        && text.len() == fields.iter().map(|f| f.len()).sum::<usize>() + 5;
    let text = if clean {
        text
    } else {
        let number = read_clock(fields[5], 1)?.max(1);
        normal =
            format!("{} {} {} {} {} {number}", fields[0], fields[1], fields[2], fields[3], clock.min(100));
        normal.as_str()
    };
    if read_clock(fields[5], 1)? > LAST_CLOCK {
        return Err(error("a move number is at most 9999"));
    }
    match Board::from_fen(text, false) {
        Ok(board) => Ok((board, false)),
        Err(FenParseError::InvalidCastlingRights) => read_files(text, fields[2]),
        Err(problem) => Err(explain(&problem)),
    }
}

/// Shredder-FEN, or X-FEN whose `K` and `Q` stand for the outermost rook.
fn read_files(text: &str, castling: &str) -> Result<(Board, bool), PositionError> {
    let letters_are_files = castling.bytes().any(|byte| !b"KQkq".contains(&byte));
    let files = outermost_rooks(text, castling).ok_or_else(|| error("castling rights without a rook"))?;
    let text = text.replacen(&format!(" {castling} "), &format!(" {files} "), 1);
    match Board::from_fen(&text, true) {
        Ok(board) => Ok((board, letters_are_files)),
        Err(problem) => Err(explain(&problem)),
    }
}

fn outermost_rooks(text: &str, castling: &str) -> Option<String> {
    let mut ranks = text.split(' ').next()?.split('/');
    let (black, white) = (ranks.next()?, ranks.next_back()?);
    castling
        .chars()
        .map(|letter| match letter {
            'K' => outermost(white, 'R', 'K', true).map(|file| file.to_ascii_uppercase()),
            'Q' => outermost(white, 'R', 'K', false).map(|file| file.to_ascii_uppercase()),
            'k' => outermost(black, 'r', 'k', true),
            'q' => outermost(black, 'r', 'k', false),
            other => Some(other),
        })
        .collect()
}

/// The file of the rook of a rank that is farthest from the king on one side of it.
fn outermost(rank: &str, rook: char, king: char, short: bool) -> Option<char> {
    let mut squares = Vec::with_capacity(8);
    for symbol in rank.chars() {
        match symbol.to_digit(10) {
            Some(free) => squares.extend((0..free).map(|_| ' ')),
            None => squares.push(symbol),
        }
    }
    let home = squares.iter().position(|&symbol| symbol == king)?;
    let file = if short {
        squares.iter().rposition(|&symbol| symbol == rook).filter(|&file| file > home)?
    } else {
        squares.iter().position(|&symbol| symbol == rook).filter(|&file| file < home)?
    };
    char::from_digit(file as u32 + 10, 18)
}

fn explain(problem: &FenParseError) -> PositionError {
    error(match problem {
        FenParseError::InvalidBoard => "the rules do not allow this board",
        FenParseError::InvalidSideToMove => "the side to move is w or b",
        FenParseError::InvalidCastlingRights => "castling rights without king or rook in place",
        FenParseError::InvalidEnPassant => "no pawn can just have moved past the en passant square",
        FenParseError::InvalidHalfMoveClock => "the halfmove clock is not a number",
        FenParseError::InvalidFullmoveNumber => "the move number is not a number from 1",
        FenParseError::MissingField | FenParseError::TooManyFields => "expected six fields",
    })
}

/// Kings and rooks with castling rights stand where classical chess has them.
fn is_classical(board: &Board) -> bool {
    Color::ALL.into_iter().all(|color| {
        let rights = board.castle_rights(color);
        let none = rights.short.is_none() && rights.long.is_none();
        none || (board.king(color).file() == File::E
            && rights.short.is_none_or(|file| file == File::H)
            && rights.long.is_none_or(|file| file == File::A))
    })
}

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
