//! Chess and Chess960, on top of cozy-chess's board.
//!
//! | module | question it answers |
//! |---|---|
//! | [`state`](self) | what is a chess state? (this file) |
//! | `moves` | how is a move a number? |
//! | `read_fen`, `print_fen` | position ↔ text |
//! | `read_move`, `print_move` | move ↔ text: UCI, SAN, long algebraic |
//! | `status` | why do the rules not allow a board? |
//! | `draws` | insufficient material, repetition, move-count rules |
//! | `planes` | what does a network see? |
//! | [`lc0`] | which planes do Lc0's networks read, and how do they number moves? |
//! | `evaluate` | what is the static value of a position? |
//!
//! ```
//! use w2s_games::{Game, chess::Chess};
//! let state = Chess::parse("r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1").unwrap();
//! assert_eq!(state.parse_move("O-O"), state.parse_move("e1h1"));
//! assert_eq!(state.count_legal_moves(), 26);
//! ```
//!
//! The board's own clock stops at 100 and its own comparison takes every double pawn push for an en passant
//! right, so the clock, the key and the comparison are ours.

mod draws;
mod evaluate;
pub mod lc0;
mod moves;
mod planes;
mod print_fen;
mod print_move;
mod read_fen;
mod read_move;
mod status;

use crate::game::{
    Draws, Game, History, Move, MoveError, MoveTraits, Notation, Outcome, PositionError, Reason, Side,
};
use crate::view::{Choice, View, ViewShape};
use cozy_chess::{Board, Color, File, Piece, Rank, Square, get_pawn_attacks};

/// A chess state: board, side to move, castling rights, en passant, clocks.
#[derive(Clone, Debug)]
pub struct Chess {
    board: Board,
    /// Plies since the last pawn move or capture; the board's own stops at 100.
    clock: u16,
    /// Castling rights are written as files of rooks, castling as king takes rook.
    shredder: bool,
}

impl Chess {
    /// The square where a pawn can legally capture en passant now.
    fn en_passant(&self) -> Option<Square> {
        let file = self.board.en_passant()?;
        let mover = self.board.side_to_move();
        let square = Square::new(file, Rank::Sixth.relative_to(mover));
        let pawns = get_pawn_attacks(square, !mover) & self.board.colored_pieces(mover, Piece::Pawn);
        let legal = |from| self.board.is_legal(cozy_chess::Move { from, to: square, promotion: None });
        pawns.into_iter().any(legal).then_some(square)
    }

    fn has_castling_rights(&self) -> bool {
        [Color::White, Color::Black].into_iter().any(|color| {
            let rights = self.board.castle_rights(color);
            rights.short.is_some() || rights.long.is_some()
        })
    }

    /// Whether castling is written in the way of Chess960; it makes no difference if neither side can castle.
    fn writes_shredder(&self) -> bool {
        self.shredder && self.has_castling_rights()
    }

    fn in_check(&self) -> bool {
        !self.board.checkers().is_empty()
    }

    fn has_moves(&self) -> bool {
        self.board.generate_moves(|_| true)
    }

    fn is_capture(&self, mv: cozy_chess::Move) -> bool {
        let mover = self.board.side_to_move();
        let takes = self.board.colors(!mover).has(mv.to);
        takes || (self.is_pawn(mv.from) && mv.from.file() != mv.to.file())
    }

    fn is_forcing(&self, mv: cozy_chess::Move) -> bool {
        mv.promotion.map_or_else(|| self.is_capture(mv), |piece| piece == Piece::Queen)
    }

    fn is_pawn(&self, square: Square) -> bool {
        self.board.pieces(Piece::Pawn).has(square)
    }

    fn is_castling(&self, mv: cozy_chess::Move) -> bool {
        self.board.colors(self.board.side_to_move()).has(mv.to)
    }
}

/// A distinct number for each en passant file, mixed into the key.
fn en_passant_key(file: File) -> u64 {
    let mut bits = (file as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits ^ (bits >> 27)
}

impl PartialEq for Chess {
    /// Everything that the text of the position shows.
    fn eq(&self, other: &Self) -> bool {
        self.same_up_to_transposition(other)
            && self.clock == other.clock
            && self.board.fullmove_number() == other.board.fullmove_number()
            && self.writes_shredder() == other.writes_shredder()
    }
}

impl Eq for Chess {}

impl Game for Chess {
    const NAME: &'static str = "chess";
    const PLANES: [usize; 3] = planes::SHAPE;
    const POLICY: usize = planes::POLICY;
    const HAS_FORCING_MOVES: bool = true;

    fn start() -> Self {
        Self { board: Board::default(), clock: 0, shredder: false }
    }

    fn parse(text: &str) -> Result<Self, PositionError> {
        read_fen::read(text)
    }

    fn print(&self) -> String {
        print_fen::print(self)
    }

    fn to_move(&self) -> Side {
        side_of(self.board.side_to_move())
    }

    fn legal_moves(&self, moves: &mut Vec<Move>) {
        moves.clear();
        self.board.generate_moves(|piece_moves| {
            moves.extend(piece_moves.into_iter().map(moves::encode));
            false
        });
        moves.sort_unstable();
    }

    fn count_legal_moves(&self) -> usize {
        let mut count = 0;
        self.board.generate_moves(|piece_moves| {
            count += piece_moves.len();
            false
        });
        count
    }

    fn play(&mut self, mv: Move) {
        self.board.play_unchecked(moves::decode(mv));
        self.clock = if self.board.halfmove_clock() == 0 { 0 } else { self.clock.saturating_add(1) };
    }

    fn is_legal(&self, mv: Move) -> bool {
        moves::is_number(mv) && self.board.is_legal(moves::decode(mv))
    }

    fn outcome(&self, earlier: &[u64], draws: Draws) -> Option<Outcome> {
        let drawn = |reason| Some(Outcome { winner: None, reason });
        let stuck = !self.has_moves();
        if stuck && self.in_check() {
            return Some(Outcome { winner: Some(self.to_move().other()), reason: Reason::Mate });
        }
        if draws::insufficient_material(&self.board) {
            return drawn(Reason::InsufficientMaterial);
        }
        if stuck {
            return drawn(Reason::Stalemate);
        }
        if draws::too_many_moves(self.clock, draws) {
            return drawn(Reason::FiftyMoves);
        }
        if draws::repeated(self, earlier, draws) {
            return drawn(Reason::Repetition);
        }
        None
    }

    fn recurs(&self, earlier: &[u64]) -> bool {
        draws::occurrences(self, earlier, 1) >= 1
    }

    fn key(&self) -> u64 {
        let base = self.board.hash_without_ep();
        self.en_passant().map_or(base, |square| base ^ en_passant_key(square.file()))
    }

    fn same_up_to_transposition(&self, other: &Self) -> bool {
        let (left, right) = (&self.board, &other.board);
        left.hash_without_ep() == right.hash_without_ep()
            && left.side_to_move() == right.side_to_move()
            && Piece::ALL.into_iter().all(|piece| left.pieces(piece) == right.pieces(piece))
            && Color::ALL.into_iter().all(|color| {
                left.colors(color) == right.colors(color)
                    && left.castle_rights(color) == right.castle_rights(color)
            })
            && self.en_passant() == other.en_passant()
    }

    fn parse_move(&self, text: &str) -> Result<Move, MoveError> {
        read_move::read(self, text).map(moves::encode)
    }

    fn write_move(&self, mv: Move, notation: Notation, text: &mut String) {
        print_move::write(self, moves::decode(mv), notation, text);
    }

    fn planes(&self, out: &mut [f32]) {
        planes::fill(self, out);
    }

    #[inline]
    fn policy_index(&self, mv: Move) -> usize {
        planes::policy_index(self, moves::decode(mv))
    }

    #[inline]
    fn cells(&self, mv: Move) -> [Option<usize>; 2] {
        let (mv, mover) = (moves::decode(mv), self.board.side_to_move());
        [mv.from, mv.to].map(|square| Some(turned(square, mover)))
    }

    fn view(view: View) -> Option<ViewShape> {
        match view {
            View::Own => Some(ViewShape { planes: Self::PLANES, policy: Self::POLICY }),
            View::Lc0 => Some(lc0::SHAPE),
        }
    }

    fn fill_view(&self, view: View, history: History<'_, Self>, out: &mut [f32]) {
        match view {
            View::Own => self.planes(out),
            View::Lc0 => lc0::fill(self, history, out),
        }
    }

    #[inline]
    fn view_choice(&self, view: View, mv: Move) -> Choice {
        let index = match view {
            View::Own => self.policy_index(mv),
            View::Lc0 => lc0::policy_index(self, mv),
        };
        Choice { index, cells: self.cells(mv) }
    }

    /// Captures, checks, and whether the moved piece can be taken back.
    fn move_traits(&self, mv: Move) -> MoveTraits {
        let mv = moves::decode(mv);
        let mut after = self.board.clone();
        after.play_unchecked(mv);
        let exposed = !self.is_castling(mv) && attacks(&after, mv.to);
        MoveTraits { takes: self.is_capture(mv), threatens: !after.checkers().is_empty(), exposed }
    }

    fn evaluate(&self) -> i32 {
        evaluate::evaluate(&self.board)
    }

    fn forcing_moves(&self, moves: &mut Vec<Move>) {
        moves.clear();
        let targets =
            self.board.colors(!self.board.side_to_move()) | Rank::Eighth.bitboard() | Rank::First.bitboard();
        self.board.generate_moves(|mut piece_moves| {
            if piece_moves.piece != Piece::Pawn || self.board.en_passant().is_none() {
                piece_moves.to &= targets;
            }
            moves.extend(piece_moves.into_iter().filter(|&mv| self.is_forcing(mv)).map(moves::encode));
            false
        });
    }

    fn most_gain(&self, mv: Move) -> i32 {
        evaluate::most_gain(self, moves::decode(mv))
    }

    fn is_under_threat(&self) -> bool {
        self.in_check()
    }

    fn order(&self, mv: Move) -> i32 {
        evaluate::order(self, moves::decode(mv))
    }
}

/// Whether the player to move has a legal capture on a square.
fn attacks(board: &Board, square: Square) -> bool {
    board.generate_moves(|mut piece_moves| {
        piece_moves.to &= square.bitboard();
        !piece_moves.is_empty()
    })
}

/// The square's index with rank 0 on the mover's side.
#[inline]
fn turned(square: Square, mover: Color) -> usize {
    square as usize ^ if mover == Color::White { 0 } else { 56 }
}

fn side_of(color: Color) -> Side {
    if color == Color::White { Side::First } else { Side::Second }
}
