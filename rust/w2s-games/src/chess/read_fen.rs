//! Reads positions: FEN, X-FEN and Shredder-FEN, with or without clocks.
//!
//! One pass over bytes into cozy-chess's builder, whose rules `status` completes: a third faster than its own
//! reader, which also takes missing ranks and free squares counted as `0`.

use super::Chess;
use super::status::{self, CLOCK, EN_PASSANT};
use crate::game::{Game, PositionError};
use cozy_chess::{Board, BoardBuilder, Color, File, Piece, Rank, Square};

/// No position is longer; a longer text is refused without being read.
const LONGEST: usize = 120;
/// Where the board's own clock stops.
const BOARD_CLOCK: u16 = 100;

const SQUARES: &str = "the board must have eight ranks of eight squares, free ones counted by one digit";
const CASTLING_LETTERS: &str = "castling rights must be -, or letters of KQkq or of files, each right once";

pub fn read(text: &str) -> Result<Chess, PositionError> {
    let bytes = text.as_bytes().trim_ascii();
    if bytes.len() > LONGEST {
        return Err(error("the text is longer than any position"));
    }
    if bytes == b"startpos" {
        return Ok(Chess::start());
    }
    let [squares, side, castling, en_passant, clock, number] = fields(bytes)?;
    let mut builder = BoardBuilder::empty();
    read_squares(squares, &mut builder).ok_or_else(|| error(SQUARES))?;
    builder.side_to_move = read_side(side)?;
    let by_files = read_castling(castling, &mut builder).map_err(error)?;
    builder.en_passant = read_en_passant(en_passant)?;
    let clock = read_clock(clock, 0)?;
    builder.halfmove_clock = clock.min(BOARD_CLOCK) as u8;
    builder.fullmove_number = read_clock(number, 1)?.max(1);
    let board = status::build(&builder).map_err(error)?;
    let shredder = by_files || !is_classical(&board);
    Ok(Chess { board, clock, shredder })
}

#[cold]
fn error(why: &str) -> PositionError {
    PositionError { game: Chess::NAME, why: why.to_string() }
}

/// Four to six fields; those that are missing are empty.
fn fields(mut bytes: &[u8]) -> Result<[&[u8]; 6], PositionError> {
    let mut fields: [&[u8]; 6] = [b""; 6];
    let mut count = 0;
    while !bytes.is_empty() {
        let end = bytes.iter().position(u8::is_ascii_whitespace).unwrap_or(bytes.len());
        *fields.get_mut(count).ok_or_else(|| error("more than six fields"))? = &bytes[..end];
        count += 1;
        bytes = bytes[end..].trim_ascii_start();
    }
    if count < 4 {
        return Err(error("expected the fields board, side, castling, en passant and two clocks"));
    }
    Ok(fields)
}

/// What one byte of the board field says.
#[derive(Clone, Copy)]
struct Symbol {
    piece: Option<(Piece, Color)>,
    /// Squares that it covers: 1 for a piece, the number for a digit, 0 for `/`; too many for anything else.
    width: u8,
    is_slash: bool,
    is_digit: bool,
}

static SYMBOLS: [Symbol; 256] = symbols();

const fn symbols() -> [Symbol; 256] {
    let mut table = [Symbol { piece: None, width: u8::MAX, is_slash: false, is_digit: false }; 256];
    let mut kind = 0;
    while kind < Piece::NUM {
        let (small, capital) = (b"pnbrqk"[kind] as usize, b"PNBRQK"[kind] as usize);
        (table[small].piece, table[small].width) = (Some((Piece::ALL[kind], Color::Black)), 1);
        (table[capital].piece, table[capital].width) = (Some((Piece::ALL[kind], Color::White)), 1);
        kind += 1;
    }
    let mut free = 1;
    while free <= 8 {
        let digit = (b'0' + free) as usize;
        (table[digit].width, table[digit].is_digit) = (free, true);
        free += 1;
    }
    (table[b'/' as usize].width, table[b'/' as usize].is_slash) = (0, true);
    table
}

/// The pieces, from the eighth rank down; free squares are counted by one digit.
///
/// Written without branches on the symbol: they would be unpredictable.
fn read_squares(field: &[u8], builder: &mut BoardBuilder) -> Option<()> {
    let (mut square, mut rank, mut after_digit) = (0, 0, false);
    for &byte in field {
        let symbol = SYMBOLS[usize::from(byte)];
        // A digit and `/` write that a square is free; it is, or it is written again.
        builder.board[(square ^ 56) & 63] = symbol.piece;
        square += usize::from(symbol.width);
        rank += usize::from(symbol.is_slash);
        let inside = square.wrapping_sub(8 * rank) <= 8;
        if !inside || (symbol.is_digit & after_digit) {
            return None;
        }
        after_digit = symbol.is_digit;
    }
    (square == 64 && rank == 7).then_some(())
}

/// White for capitals.
fn color_of(byte: u8) -> Color {
    if byte.is_ascii_uppercase() { Color::White } else { Color::Black }
}

fn read_side(field: &[u8]) -> Result<Color, PositionError> {
    match field {
        b"w" => Ok(Color::White),
        b"b" => Ok(Color::Black),
        _ => Err(error("the side to move must be w or b")),
    }
}

/// Castling rights, and whether they were written as files; `K` and `Q` mean the outermost rook.
fn read_castling(field: &[u8], builder: &mut BoardBuilder) -> Result<bool, &'static str> {
    let mut by_files = false;
    if field == b"-" {
        return Ok(by_files);
    }
    for &byte in field {
        let color = color_of(byte);
        let king = king_at_home(builder, color).ok_or_else(|| status::fault_of_castling(builder))?;
        let (short, rook) = match byte.to_ascii_lowercase() {
            b'k' => (
                true,
                outermost_rook(builder, color, king, true)
                    .ok_or_else(|| status::fault_of_castling(builder))?,
            ),
            b'q' => (
                false,
                outermost_rook(builder, color, king, false)
                    .ok_or_else(|| status::fault_of_castling(builder))?,
            ),
            letter @ b'a'..=b'h' => {
                by_files = true;
                let file = File::index(usize::from(letter - b'a'));
                (king < file, file)
            }
            _ => return Err(CASTLING_LETTERS),
        };
        let rights = builder.castle_rights_mut(color);
        let right = if short { &mut rights.short } else { &mut rights.long };
        match right.replace(rook) {
            None => {}
            Some(same) if same == rook => return Err(CASTLING_LETTERS),
            Some(_) => return Err(status::fault_of_castling(builder)),
        }
    }
    Ok(by_files)
}

fn king_at_home(builder: &BoardBuilder, color: Color) -> Option<File> {
    let is_king = |&file: &File| at_home(builder, color, file) == Some((Piece::King, color));
    File::ALL.into_iter().find(is_king)
}

/// The file of the rook of the first rank that is farthest from the king on one side of it.
fn outermost_rook(builder: &BoardBuilder, color: Color, king: File, short: bool) -> Option<File> {
    let is_rook = |&file: &File| at_home(builder, color, file) == Some((Piece::Rook, color));
    if short {
        File::ALL.into_iter().rev().take_while(|&file| file > king).find(is_rook)
    } else {
        File::ALL.into_iter().take_while(|&file| file < king).find(is_rook)
    }
}

fn at_home(builder: &BoardBuilder, color: Color, file: File) -> Option<(Piece, Color)> {
    builder.square(Square::new(file, Rank::First.relative_to(color)))
}

fn read_en_passant(field: &[u8]) -> Result<Option<Square>, PositionError> {
    match field {
        b"-" => Ok(None),
        [file @ b'a'..=b'h', rank @ b'1'..=b'8'] => Ok(Some(Square::new(
            File::index(usize::from(file - b'a')),
            Rank::index(usize::from(rank - b'1')),
        ))),
        _ => Err(error(EN_PASSANT)),
    }
}

fn read_clock(field: &[u8], missing: u16) -> Result<u16, PositionError> {
    if field.is_empty() {
        return Ok(missing);
    }
    let add = |sum: u16, &byte: &u8| match byte {
        b'0'..=b'9' => sum.checked_mul(10)?.checked_add(u16::from(byte - b'0')),
        _ => None,
    };
    field.iter().try_fold(0, add).ok_or_else(|| error(CLOCK))
}

/// Kings and rooks with castling rights are where classical chess has them.
fn is_classical(board: &Board) -> bool {
    Color::ALL.into_iter().all(|color| {
        let rights = board.castle_rights(color);
        let none = rights.short.is_none() && rights.long.is_none();
        none || (board.king(color).file() == File::E
            && rights.short.is_none_or(|file| file == File::H)
            && rights.long.is_none_or(|file| file == File::A))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const POSITIONS: [&str; 6] = [
        "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1",
        "r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1",
        "rnbqkbnr/ppp1p1pp/8/3pPp2/8/8/PPPP1PPP/RNBQKBNR w KQkq f6 0 3",
        "8/2p5/3p4/KP5r/1R3p1k/8/4P1P1/8 b - - 99 170",
        "bqnb1rkr/pp3ppp/3ppn2/2p5/5P2/P2P4/NPP1P1PP/BQ1BNRKR w HFhf - 2 9",
        "2nnrbkr/p1qppppp/8/1ppb4/6PP/3PP3/PPP2P2/BQNNRBKR w HEhe - 1 9",
    ];

    fn why(text: &str) -> String {
        read(text).unwrap_err().why
    }

    /// What cozy-chess's own reader accepts although it is not FEN.
    fn is_lax(text: &str) -> bool {
        let squares = text.split(' ').next().unwrap_or_default();
        let digits = squares.as_bytes().windows(2).any(|pair| pair.iter().all(u8::is_ascii_digit));
        digits || squares.contains('0') || squares.matches('/').count() != 7
    }

    /// Every text that differs from a position in one byte.
    fn neighbours(text: &str) -> impl Iterator<Item = String> {
        let alphabet = b"pnbrqkPNBRQK0123456789/ -wbacdefghACDEFGH";
        (0..text.len()).flat_map(move |index| {
            alphabet.iter().map(move |&byte| {
                let mut bytes = text.as_bytes().to_vec();
                bytes[index] = byte;
                String::from_utf8(bytes).unwrap()
            })
        })
    }

    #[test]
    fn reads_what_the_own_reader_of_the_board_reads() {
        let (mut taken, mut refused) = (0, 0);
        for text in POSITIONS.into_iter().flat_map(neighbours) {
            match (read(&text), text.parse::<Board>()) {
                (Ok(found), Ok(board)) => {
                    assert_eq!(found.board, board, "{text}");
                    taken += 1;
                }
                (Err(_), Err(_)) => refused += 1,
                // Its own reader takes kings next to each other and checks that no move gives.
                (Err(error), Ok(_)) => {
                    assert!(is_lax(&text) || error.why.contains("check"), "{text}: {error}")
                }
                // Four fields, clocks over 100, a move number of 0, and outermost rooks in X-FEN.
                (Ok(found), Err(_)) => assert_eq!(read(&found.print()).unwrap().board, found.board, "{text}"),
            }
        }
        assert!(taken > 1_000 && refused > 1_000, "{taken} {refused}");
    }

    #[test]
    fn one_position_in_many_spellings() {
        let plain = read("rk2r3/8/8/8/8/8/8/RK2R3 w EAea - 0 1").unwrap();
        for text in [
            "rk2r3/8/8/8/8/8/8/RK2R3 w KQkq - 0 1",
            "  rk2r3/8/8/8/8/8/8/RK2R3\tw  EQkq - ",
            "rk2r3/8/8/8/8/8/8/RK2R3 w AEae - 00 0",
        ] {
            assert_eq!(read(text).unwrap(), plain, "{text}");
            assert_eq!(read(text).unwrap().print(), "rk2r3/8/8/8/8/8/8/RK2R3 w EAea - 0 1");
        }
        assert_eq!(read("startpos").unwrap(), read(POSITIONS[0]).unwrap());
    }

    #[test]
    fn says_what_is_wrong() {
        let longer = format!("{} {}", POSITIONS[0], " ".repeat(200));
        assert!(read(&longer).is_ok(), "white space around a position is none of it");
        for (text, part) in [
            ("", "expected"),
            ("8/8/8/8/8/8/8/8 w - - 0 1", "no piece"),
            ("rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP w KQkq - 0 1", "eight ranks"),
            ("4k3/8/44/8/8/8/8/4K3 w - - 0 1", "one digit"),
            ("4k3/8/8/8/8/8/8/4K3 x - - 0 1", "side"),
            ("4k3/8/8/8/8/8/8/4K3 w K - 0 1", "castling"),
            ("4k2r/8/8/8/8/8/8/4K2R w KK - 0 1", "each right once"),
            ("4k2r/8/8/8/8/8/8/4K2R w KX - 0 1", "each right once"),
            ("4k3/8/8/8/8/8/8/4K3 w - e6 0 1", "en passant"),
            ("4k3/8/8/8/8/8/8/4K3 w - - -1 1", "clock"),
            ("4k3/8/8/8/8/8/8/4K3 w - - 0 65536", "clock"),
            ("4k3/8/8/8/8/8/8/4K3 w - - 0 1 1", "six"),
        ] {
            assert!(why(text).contains(part), "{text:?}: {}", why(text));
        }
        assert!(why(&"8/".repeat(100)).contains("longer"));
    }
}
