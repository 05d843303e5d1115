//! The static value of a position in centipawns: material, squares, mobility, pawns, king shelter. Two
//! values, for the middle game and the ending, blended by the material left.

use super::Chess;
use cozy_chess::{
    BitBoard, Board, Color, Move, Piece, Rank, Square, get_bishop_moves, get_knight_moves, get_rook_moves,
};

/// Middle-game and ending value.
#[derive(Clone, Copy)]
struct Score(i32, i32);

const MATERIAL: [Score; 6] =
    [Score(90, 115), Score(330, 300), Score(345, 320), Score(480, 540), Score(1000, 990), Score(0, 0)];
/// What each piece adds to the phase; 24 with all of them on the board.
const PHASE: [i32; 6] = [0, 1, 1, 2, 4, 0];
const FULL_PHASE: i32 = 24;
const BISHOP_PAIR: Score = Score(30, 45);
const PASSED: [Score; 8] = [
    Score(0, 0),
    Score(2, 8),
    Score(4, 14),
    Score(8, 28),
    Score(22, 52),
    Score(45, 95),
    Score(80, 150),
    Score(0, 0),
];
const DOUBLED: Score = Score(-10, -20);
const ISOLATED: Score = Score(-12, -12);
const SHELTER: i32 = 11;
/// More than one capture usually changes the value apart from material, in centipawns.
const MOST_POSITION: i32 = 150;
const TEMPO: i32 = 12;

static SQUARES: [[Score; 64]; 6] = squares();

const fn squares() -> [[Score; 64]; 6] {
    let mut table = [[Score(0, 0); 64]; 6];
    let mut square = 0usize;
    while square < 64 {
        let (file, rank) = ((square % 8).cast_signed() as i32, (square / 8).cast_signed() as i32);
        table[0][square] = pawn_square(file, rank);
        table[1][square] = Score(13 * centre(file, rank) - 28, 9 * centre(file, rank) - 18);
        table[2][square] = Score(7 * centre(file, rank) - 10, 5 * centre(file, rank) - 8);
        table[3][square] = rook_square(file, rank);
        table[4][square] = Score(3 * centre(file, rank) - 5, 8 * centre(file, rank) - 14);
        table[5][square] = king_square(file, rank);
        square += 1;
    }
    table
}

/// 0 on the edge to 3 on the four central squares.
const fn centre(file: i32, rank: i32) -> i32 {
    let (wide, high) = (near(file), near(rank));
    if wide < high { wide } else { high }
}

const fn near(line: i32) -> i32 {
    if line < 4 { line } else { 7 - line }
}

const fn pawn_square(file: i32, rank: i32) -> Score {
    let central = near(file) - 1;
    let step = rank - 1;
    Score(4 * step + 5 * central * step / 2 + if near(file) == 3 && rank == 1 { -18 } else { 0 }, 5 * step)
}

const fn rook_square(file: i32, rank: i32) -> Score {
    let seventh = if rank == 6 { 18 } else { 0 };
    Score(3 * near(file) - 4 + seventh, seventh)
}

const fn king_square(file: i32, rank: i32) -> Score {
    let exposed = -18 * rank - if rank == 0 { 9 * near(file) } else { 14 };
    let corner = if rank == 0 && (file == 6 || file == 1 || file == 2) { 14 } else { 0 };
    Score(exposed + corner, 14 * centre(file, rank) - 22)
}

/// Value for the player to move.
pub fn evaluate(board: &Board) -> i32 {
    let (mut middle, mut ending, mut phase) = (0, 0, 0);
    for (color, sign) in [(Color::White, 1), (Color::Black, -1)] {
        let side = side(board, color);
        middle += sign * side.score.0;
        ending += sign * side.score.1;
        phase += side.phase;
    }
    let phase = phase.min(FULL_PHASE);
    let value = (middle * phase + ending * (FULL_PHASE - phase)) / FULL_PHASE;
    let value = if board.side_to_move() == Color::White { value } else { -value };
    damped(board, value) + TEMPO
}

/// Endings without pawns and with little more than a minor piece ahead are mostly drawn.
fn damped(board: &Board, value: i32) -> i32 {
    let drawish = board.pieces(Piece::Pawn).is_empty() && value.abs() < 420;
    if drawish { value / 4 } else { value }
}

struct Side {
    score: Score,
    phase: i32,
}

impl Side {
    fn add(&mut self, score: Score, times: i32) {
        self.score.0 += times * score.0;
        self.score.1 += times * score.1;
    }
}

fn side(board: &Board, color: Color) -> Side {
    let mut side = Side { score: Score(0, 0), phase: 0 };
    for piece in Piece::ALL {
        for square in board.colored_pieces(color, piece) {
            side.add(MATERIAL[piece as usize], 1);
            side.add(SQUARES[piece as usize][relative(square, color)], 1);
            side.phase += PHASE[piece as usize];
            add_mobility(board, color, piece, square, &mut side);
        }
    }
    if board.colored_pieces(color, Piece::Bishop).len() >= 2 {
        side.add(BISHOP_PAIR, 1);
    }
    add_pawns(board, color, &mut side);
    side.score.0 += SHELTER * shelter(board, color);
    side
}

fn relative(square: Square, color: Color) -> usize {
    square as usize ^ if color == Color::White { 0 } else { 56 }
}

fn add_mobility(board: &Board, color: Color, piece: Piece, square: Square, side: &mut Side) {
    let occupied = board.occupied();
    let (reach, usual, weight) = match piece {
        Piece::Knight => (get_knight_moves(square), 4, Score(4, 4)),
        Piece::Bishop => (get_bishop_moves(square, occupied), 6, Score(4, 4)),
        Piece::Rook => (get_rook_moves(square, occupied), 7, Score(2, 4)),
        _ => return,
    };
    side.add(weight, (reach & !board.colors(color)).len().cast_signed() - usual);
}

fn add_pawns(board: &Board, color: Color, side: &mut Side) {
    let own = board.colored_pieces(color, Piece::Pawn);
    let other = board.colored_pieces(!color, Piece::Pawn);
    for square in own {
        let file = square.file();
        let ahead = ahead_of(square, color);
        if (other & ahead & (file.adjacent() | file.bitboard())).is_empty() {
            side.add(PASSED[relative(square, color) / 8], 1);
        }
        if !(own & ahead & file.bitboard()).is_empty() {
            side.add(DOUBLED, 1);
        }
        if (own & file.adjacent()).is_empty() {
            side.add(ISOLATED, 1);
        }
    }
}

/// All squares on ranks that are farther up the board for this colour.
fn ahead_of(square: Square, color: Color) -> BitBoard {
    let rank = square.rank() as u32;
    match color {
        Color::White => BitBoard(u64::MAX.checked_shl(8 * (rank + 1)).unwrap_or(0)),
        Color::Black => BitBoard((1u64 << (8 * rank)) - 1),
    }
}

/// Own pawns on the three files around the king, one or two ranks in front of it; at most 3.
fn shelter(board: &Board, color: Color) -> i32 {
    let king = board.king(color);
    if king.rank() != Rank::First.relative_to(color) {
        return 0;
    }
    let files = king.file().adjacent() | king.file().bitboard();
    let ranks = Rank::Second.relative_to(color).bitboard() | Rank::Third.relative_to(color).bitboard();
    (board.colored_pieces(color, Piece::Pawn) & files & ranks).len().min(3).cast_signed()
}

/// What a capture or promotion wins in material, and more than it can win in position.
pub fn most_gain(state: &Chess, mv: Move) -> i32 {
    let victim = state.board.piece_on(mv.to).unwrap_or(Piece::Pawn);
    let promoted = mv.promotion.map_or(0, |piece| worth(piece) - worth(Piece::Pawn));
    worth(victim) + promoted + MOST_POSITION
}

fn worth(piece: Piece) -> i32 {
    let Score(middle, ending) = MATERIAL[piece as usize];
    middle.max(ending)
}

/// Captures of much by little first, then promotions, then moves towards better squares.
pub fn order(state: &Chess, mv: Move) -> i32 {
    let board = &state.board;
    let Some(piece) = board.piece_on(mv.from) else { return 0 };
    let mut score = 0;
    if state.is_capture(mv) {
        let victim = board.piece_on(mv.to).unwrap_or(Piece::Pawn);
        score += 10_000 + 10 * MATERIAL[victim as usize].0 - MATERIAL[piece as usize].0;
    }
    if let Some(promoted) = mv.promotion {
        score += 9_000 + MATERIAL[promoted as usize].0;
    }
    if !state.is_castling(mv) {
        let color = board.side_to_move();
        let table = &SQUARES[piece as usize];
        score += table[relative(mv.to, color)].0 - table[relative(mv.from, color)].0;
    }
    score
}
