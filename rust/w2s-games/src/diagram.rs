//! Positions of board games with one kind of piece a side, as a diagram and the player to move.
//!
//! Knows no rules: `x` is the player that starts, `o` the other, digits count free squares.

use crate::game::Side;

/// What a diagram shows: squares row by row from the top, and who is to move.
pub struct Diagram {
    /// Row by row from the top, left to right.
    pub squares: Vec<Option<Side>>,
    /// Who is to move.
    pub mover: Side,
}

/// Reads a diagram of `rows` × `columns` squares (at most nine columns); the error says what is wrong.
pub fn read(text: &str, rows: usize, columns: usize) -> Result<Diagram, &'static str> {
    if text.len() > rows * (columns + 1) + 64 {
        return Err("the text is longer than any position");
    }
    let mut fields = text.split_ascii_whitespace();
    let (Some(board), Some(mover), None) = (fields.next(), fields.next(), fields.next()) else {
        return Err("expected a board and the player to move");
    };
    let mover = match mover {
        "x" => Side::First,
        "o" => Side::Second,
        _ => return Err("the player to move must be x or o"),
    };
    let mut squares = Vec::with_capacity(rows * columns);
    let mut count = 0;
    for row in board.split('/') {
        count += 1;
        if count > rows {
            break;
        }
        read_row(row, &mut squares)?;
        if squares.len() != count * columns {
            return Err("a row has the wrong number of squares");
        }
    }
    if count == rows { Ok(Diagram { squares, mover }) } else { Err("the board has the wrong number of rows") }
}

fn read_row(row: &str, squares: &mut Vec<Option<Side>>) -> Result<(), &'static str> {
    let mut counted = false;
    for symbol in row.bytes() {
        let free = matches!(symbol, b'1'..=b'9');
        match symbol {
            b'x' => squares.push(Some(Side::First)),
            b'o' => squares.push(Some(Side::Second)),
            _ if free && !counted => squares.extend((b'0'..symbol).map(|_| None)),
            _ => return Err("a row may have only x, o and single digits"),
        }
        counted = free;
    }
    Ok(())
}

/// Prints a diagram; `at` says who has a square, rows counted from the top.
pub fn print(rows: usize, columns: usize, mover: Side, at: impl Fn(usize, usize) -> Option<Side>) -> String {
    let mut text = String::with_capacity(rows * (columns + 1) + 2);
    for row in 0..rows {
        let mut free = 0;
        for column in 0..columns {
            match at(row, column) {
                None => free += 1,
                Some(side) => {
                    push_free(&mut text, &mut free);
                    text.push(letter(side));
                }
            }
        }
        push_free(&mut text, &mut free);
        text.push(if row + 1 < rows { '/' } else { ' ' });
    }
    text.push(letter(mover));
    text
}

fn push_free(text: &mut String, free: &mut u8) {
    if *free > 0 {
        text.push(char::from(b'0' + *free));
        *free = 0;
    }
}

fn letter(side: Side) -> char {
    if side == Side::First { 'x' } else { 'o' }
}
