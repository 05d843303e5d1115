//! Reads moves: UCI, SAN and long algebraic notation, with the liberties that people and programs take.
//!
//! It works on bytes, without allocation and without listing all legal moves.
//!
//! Taken: both forms of castling (`e1g1`, `e1h1`, `O-O`, `0-0`), `e8=Q`, `e8Q`, `e8(Q)`, `e7e8Q`, more
//! disambiguation than needed, a missing or superfluous `x`, `-` as in `Ng1-f3`, two squares without a letter as
//! in `g1-f3`, any of `+ # ! ?` and `e.p.` at the end, figurines for letters. Not taken: lower-case piece letters,
//! which would make `b` mean two things.

use super::Chess;
use crate::game::MoveError;
use cozy_chess::{
    BitBoard, File, Move, Piece, Rank, Square, get_bishop_moves, get_king_moves, get_knight_moves,
    get_pawn_attacks, get_rook_moves,
};

/// No move is longer in any notation.
const LONGEST: usize = 24;

/// What a text says: a piece goes from somewhere to a square.
struct Said {
    piece: Piece,
    from_file: Option<File>,
    from_rank: Option<Rank>,
    to: Square,
    promotion: Option<Piece>,
}

/// The legal move that a text means.
pub fn read(state: &Chess, text: &str) -> Result<Move, MoveError> {
    let bytes = text.as_bytes().trim_ascii();
    if bytes.len() > LONGEST {
        return Err(MoveError::Unparsable);
    }
    if let Some((from, to, promotion)) = uci(bytes) {
        return between(state, from, to, promotion);
    }
    if bytes == b"0000" {
        return Err(MoveError::Illegal);
    }
    let bytes = without_suffix(bytes);
    if let Some(short) = castling(bytes) {
        return castle(state, short).ok_or(MoveError::Illegal);
    }
    meant(state, &said(bytes).ok_or(MoveError::Unparsable)?)
}

fn uci(bytes: &[u8]) -> Option<(Square, Square, Option<Piece>)> {
    let promotion = match bytes.len() {
        4 => None,
        5 => Some(promotion(bytes[4])?),
        _ => return None,
    };
    Some((square(bytes[0], bytes[1])?, square(bytes[2], bytes[3])?, promotion))
}

fn square(file: u8, rank: u8) -> Option<Square> {
    Some(Square::new(file_of(file)?, rank_of(rank)?))
}

fn file_of(byte: u8) -> Option<File> {
    matches!(byte, b'a'..=b'h').then(|| File::index(usize::from(byte - b'a')))
}

fn rank_of(byte: u8) -> Option<Rank> {
    matches!(byte, b'1'..=b'8').then(|| Rank::index(usize::from(byte - b'1')))
}

fn promotion(byte: u8) -> Option<Piece> {
    match byte.to_ascii_lowercase() {
        b'n' => Some(Piece::Knight),
        b'b' => Some(Piece::Bishop),
        b'r' => Some(Piece::Rook),
        b'q' => Some(Piece::Queen),
        _ => None,
    }
}

/// The move between two squares; a king that goes to the g- or c-file where it cannot step castles.
fn between(state: &Chess, from: Square, to: Square, promotion: Option<Piece>) -> Result<Move, MoveError> {
    let board = &state.board;
    let plain = Move { from, to, promotion };
    if board.is_legal(plain) {
        return Ok(plain);
    }
    // A king that castles in Chess960 may stay where it is, but a move to its own square is none.
    let home = from == board.king(board.side_to_move()) && from.rank() == to.rank() && from != to;
    let castled = match to.file() {
        File::G if home => castle(state, true),
        File::C if home => castle(state, false),
        _ => None,
    };
    castled.filter(|_| promotion.is_none()).ok_or(MoveError::Illegal)
}

fn castle(state: &Chess, short: bool) -> Option<Move> {
    let board = &state.board;
    let mover = board.side_to_move();
    let rights = board.castle_rights(mover);
    let rook = if short { rights.short? } else { rights.long? };
    let king = board.king(mover);
    let mv = Move { from: king, to: Square::new(rook, king.rank()), promotion: None };
    board.is_legal(mv).then_some(mv)
}

fn castling(bytes: &[u8]) -> Option<bool> {
    match bytes {
        b"O-O" | b"0-0" | b"o-o" => Some(true),
        b"O-O-O" | b"0-0-0" | b"o-o-o" => Some(false),
        _ => None,
    }
}

/// The text without check, mate, glyphs and `e.p.` at its end.
fn without_suffix(mut bytes: &[u8]) -> &[u8] {
    loop {
        bytes = bytes.trim_ascii_end();
        bytes = match bytes {
            [rest @ .., b'+' | b'#' | b'!' | b'?'] => rest,
            [rest @ .., b'e', b'.', b'p', b'.'] => rest,
            _ => return bytes,
        };
    }
}

/// Reads piece, origin, destination and promotion; the destination is the last square named.
fn said(bytes: &[u8]) -> Option<Said> {
    let (piece, rest) = piece_of(bytes);
    let (rest, promotion) = promotion_of(rest)?;
    let [origin @ .., file, rank] = rest else { return None };
    let to = square(*file, *rank)?;
    let origin = match origin {
        [rest @ .., b'x' | b'-' | b':'] => rest,
        all => all,
    };
    let (from_file, from_rank) = match origin {
        [] => (None, None),
        [byte] => match file_of(*byte) {
            Some(file) => (Some(file), None),
            None => (None, Some(rank_of(*byte)?)),
        },
        [file, rank] => (Some(file_of(*file)?), Some(rank_of(*rank)?)),
        _ => return None,
    };
    Some(Said { piece, from_file, from_rank, to, promotion })
}

fn piece_of(bytes: &[u8]) -> (Piece, &[u8]) {
    match bytes {
        [b'N', rest @ ..] => (Piece::Knight, rest),
        [b'B', rest @ ..] => (Piece::Bishop, rest),
        [b'R', rest @ ..] => (Piece::Rook, rest),
        [b'Q', rest @ ..] => (Piece::Queen, rest),
        [b'K', rest @ ..] => (Piece::King, rest),
        // U+2654 to U+265F: white king to pawn, then black king to pawn.
        [0xe2, 0x99, last @ 0x94..=0x9f, rest @ ..] => {
            const FIGURINES: [Piece; 6] =
                [Piece::King, Piece::Queen, Piece::Rook, Piece::Bishop, Piece::Knight, Piece::Pawn];
            (FIGURINES[usize::from(last - 0x94) % 6], rest)
        }
        _ => (Piece::Pawn, bytes),
    }
}

/// The text before a promotion, and the promotion; None where `=` promises one that does not come.
fn promotion_of(bytes: &[u8]) -> Option<(&[u8], Option<Piece>)> {
    match bytes {
        [rest @ .., b'=', last] => Some((rest, Some(promotion(*last)?))),
        [rest @ .., b'(', last, b')'] => Some((rest, Some(promotion(*last)?))),
        [rest @ .., b'1'..=b'8'] => Some((&bytes[..rest.len() + 1], None)),
        [rest @ .., last] => Some((rest, Some(promotion(*last)?))),
        [] => None,
    }
}

/// The one legal move that fits what was said.
fn meant(state: &Chess, said: &Said) -> Result<Move, MoveError> {
    // Two squares without a letter may be any piece's move, as in UCI.
    if let (Piece::King | Piece::Pawn, Some(file), Some(rank)) = (said.piece, said.from_file, said.from_rank)
    {
        return between(state, Square::new(file, rank), said.to, said.promotion);
    }
    let mut found = None;
    for from in candidates(state, said) {
        let mv = Move { from, to: said.to, promotion: said.promotion };
        if state.board.is_legal(mv) && !state.is_castling(mv) && found.replace(mv).is_some() {
            return Err(MoveError::Ambiguous);
        }
    }
    found.ok_or(MoveError::Illegal)
}

fn candidates(state: &Chess, said: &Said) -> BitBoard {
    let mut from = origins(state, said.piece, said.to);
    if let Some(file) = said.from_file {
        from &= file.bitboard();
    } else if said.piece == Piece::Pawn {
        from &= said.to.file().bitboard();
    }
    if let Some(rank) = said.from_rank {
        from &= rank.bitboard();
    }
    from
}

/// The mover's pieces of one kind that reach a square, pins and checks aside.
pub fn origins(state: &Chess, piece: Piece, to: Square) -> BitBoard {
    let board = &state.board;
    let mover = board.side_to_move();
    let occupied = board.occupied();
    let reach = match piece {
        Piece::Knight => get_knight_moves(to),
        Piece::Bishop => get_bishop_moves(to, occupied),
        Piece::Rook => get_rook_moves(to, occupied),
        Piece::Queen => get_bishop_moves(to, occupied) | get_rook_moves(to, occupied),
        Piece::King => get_king_moves(to),
        // Pushes come from somewhere on the same file; the legality check sorts them out.
        Piece::Pawn => get_pawn_attacks(to, !mover) | to.file().bitboard(),
    };
    reach & board.colored_pieces(mover, piece)
}
