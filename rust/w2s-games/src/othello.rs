//! Othello: eight by eight, flank to flip, most discs win.
//!
//! A position is a diagram: eight rows from the top (rank 1), `/` between them, `x` for Black (who starts), `o`
//! for White, digits for free squares, then who is to move. A move is its square, `a1` (top left) to `h8`;
//! `pass` is a move exactly where the player to move cannot place a disc and the opponent can.
//!
//! ```
//! use w2s_games::{Game, othello::Othello};
//! let state = Othello::start();
//! assert!(state.parse_move("d3").is_ok());
//! assert!(state.parse_move("pass").is_err()); // there are discs to place
//! ```

use crate::diagram;
use crate::game::{Draws, Game, Move, MoveError, MoveTraits, Notation, Outcome, PositionError, Reason, Side};

const SIZE: usize = 8;
const SQUARES: u16 = 64;
/// The number of the move `pass`, after all squares.
const PASS: Move = Move(SQUARES);
const NOT_FILE_A: u64 = 0xfefe_fefe_fefe_fefe;
const NOT_FILE_H: u64 = 0x7f7f_7f7f_7f7f_7f7f;
const CORNERS: u64 = 0x8100_0000_0000_0081;
/// Squares diagonally next to a corner, and those next to one.
const X_SQUARES: u64 = 0x0042_0000_0000_4200;
const C_SQUARES: u64 = 0x4281_0000_0000_8142;

/// An Othello state: bit `8 * row + column`, row 0 at the top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Othello {
    own: u64,
    other: u64,
    mover: Side,
}

/// The eight directions: by how much to shift, left or right, and which squares a step may not leave.
const STEPS: [(u32, bool, u64); 8] = [
    (1, true, NOT_FILE_A),
    (1, false, NOT_FILE_H),
    (8, true, u64::MAX),
    (8, false, u64::MAX),
    (7, true, NOT_FILE_H),
    (7, false, NOT_FILE_A),
    (9, true, NOT_FILE_A),
    (9, false, NOT_FILE_H),
];

fn step(discs: u64, (by, up, mask): (u32, bool, u64)) -> u64 {
    (if up { discs << by } else { discs >> by }) & mask
}

/// Squares where a side with `own` discs can place one against `other`.
fn placements(own: u64, other: u64) -> u64 {
    let free = !(own | other);
    let mut found = 0;
    for direction in STEPS {
        let mut line = step(own, direction) & other;
        for _ in 0..5 {
            line |= step(line, direction) & other;
        }
        found |= step(line, direction) & free;
    }
    found
}

/// Discs of `other` that a new disc of `own` turns.
fn turned(own: u64, other: u64, disc: u64) -> u64 {
    let mut all = 0;
    for direction in STEPS {
        let mut line = 0;
        let mut next = step(disc, direction);
        while next & other != 0 {
            line |= next;
            next = step(next, direction);
        }
        if next & own != 0 {
            all |= line;
        }
    }
    all
}

fn mix(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

impl Othello {
    fn must_pass(&self) -> bool {
        placements(self.own, self.other) == 0 && placements(self.other, self.own) != 0
    }

    fn is_over(&self) -> bool {
        placements(self.own, self.other) == 0 && placements(self.other, self.own) == 0
    }

    fn discs(&self) -> u32 {
        (self.own | self.other).count_ones()
    }
}

impl Game for Othello {
    const NAME: &'static str = "othello";
    const PLANES: [usize; 3] = [2, SIZE, SIZE];
    const POLICY: usize = SQUARES as usize + 1;

    fn start() -> Self {
        Self { own: 1 << 28 | 1 << 35, other: 1 << 27 | 1 << 36, mover: Side::First }
    }

    fn parse(text: &str) -> Result<Self, PositionError> {
        if text.trim_ascii() == "startpos" {
            return Ok(Self::start());
        }
        let error = |why: &str| PositionError { game: Self::NAME, why: why.to_string() };
        let found = diagram::read(text, SIZE, SIZE).map_err(error)?;
        let bits = |side| {
            let of_side = found.squares.iter().enumerate().filter(|(_, square)| **square == Some(side));
            of_side.fold(0, |bits, (index, _)| bits | 1u64 << index)
        };
        let (first, second) = (bits(Side::First), bits(Side::Second));
        let centre = 1 << 27 | 1 << 28 | 1 << 35 | 1 << 36;
        if (first | second) & centre != centre {
            return Err(error("one of the four centre squares is free"));
        }
        if joined(centre, first | second) != first | second {
            return Err(error("a disc is not next to any other disc"));
        }
        let (own, other) = if found.mover == Side::First { (first, second) } else { (second, first) };
        Ok(Self { own, other, mover: found.mover })
    }

    fn print(&self) -> String {
        diagram::print(SIZE, SIZE, self.mover, |row, column| {
            let square = 1u64 << (row * SIZE + column);
            if self.own & square != 0 {
                Some(self.mover)
            } else {
                (self.other & square != 0).then_some(self.mover.other())
            }
        })
    }

    fn to_move(&self) -> Side {
        self.mover
    }

    fn legal_moves(&self, moves: &mut Vec<Move>) {
        moves.clear();
        let mut left = placements(self.own, self.other);
        if left == 0 && self.must_pass() {
            moves.push(PASS);
        }
        while left != 0 {
            moves.push(Move(left.trailing_zeros() as u16));
            left &= left - 1;
        }
    }

    fn count_legal_moves(&self) -> usize {
        match placements(self.own, self.other).count_ones() {
            0 => usize::from(self.must_pass()),
            count => count as usize,
        }
    }

    fn play(&mut self, mv: Move) {
        let mut own = self.own;
        let mut other = self.other;
        if mv != PASS {
            let disc = 1u64 << mv.0;
            let flips = turned(own, other, disc);
            own |= disc | flips;
            other &= !flips;
        }
        *self = Self { own: other, other: own, mover: self.mover.other() };
    }

    fn is_legal(&self, mv: Move) -> bool {
        match mv {
            PASS => self.must_pass(),
            Move(square) => square < SQUARES && placements(self.own, self.other) & (1 << square) != 0,
        }
    }

    fn outcome(&self, _earlier: &[u64], _draws: Draws) -> Option<Outcome> {
        if !self.is_over() {
            return None;
        }
        let (own, other) = (self.own.count_ones(), self.other.count_ones());
        let winner = match own.cmp(&other) {
            std::cmp::Ordering::Equal => None,
            std::cmp::Ordering::Greater => Some(self.mover),
            std::cmp::Ordering::Less => Some(self.mover.other()),
        };
        let full = self.discs() == u32::from(SQUARES);
        Some(Outcome { winner, reason: if full { Reason::BoardFull } else { Reason::NoMoves } })
    }

    fn key(&self) -> u64 {
        let side = if self.mover == Side::First { 0 } else { 0x5851_f42d_4c95_7f2d };
        mix(self.own.wrapping_add(0x9e37_79b9_7f4a_7c15) ^ mix(self.other ^ side))
    }

    fn same_up_to_transposition(&self, other: &Self) -> bool {
        self == other
    }

    fn parse_move(&self, text: &str) -> Result<Move, MoveError> {
        let mv = match text.trim_ascii().as_bytes() {
            [file, rank @ b'1'..=b'8'] if matches!(file.to_ascii_lowercase(), b'a'..=b'h') => {
                let column = u16::from(file.to_ascii_lowercase() - b'a');
                Move(8 * u16::from(rank - b'1') + column)
            }
            word if [&b"pass"[..], b"pa", b"--"].iter().any(|pass| word.eq_ignore_ascii_case(pass)) => PASS,
            _ => return Err(MoveError::Unparsable),
        };
        if self.is_legal(mv) { Ok(mv) } else { Err(MoveError::Illegal) }
    }

    fn write_move(&self, mv: Move, _notation: Notation, text: &mut String) {
        if mv == PASS {
            text.push_str("pass");
        } else {
            text.extend([b'a' + (mv.0 % 8) as u8, b'1' + (mv.0 / 8) as u8].map(char::from));
        }
    }

    fn planes(&self, out: &mut [f32]) {
        for (plane, discs) in out.chunks_exact_mut(SIZE * SIZE).zip([self.own, self.other]) {
            for (index, value) in plane.iter_mut().enumerate() {
                *value = f32::from(discs >> index & 1 == 1);
            }
        }
    }

    fn policy_index(&self, mv: Move) -> usize {
        usize::from(mv.0)
    }

    fn cells(&self, mv: Move) -> [Option<usize>; 2] {
        let cell = (mv != PASS).then_some(usize::from(mv.0));
        [cell, cell]
    }

    /// Takes a corner; leaves the opponent without a place; lets the opponent take a corner.
    fn move_traits(&self, mv: Move) -> MoveTraits {
        let mut after = *self;
        after.play(mv);
        let replies = placements(after.own, after.other);
        MoveTraits {
            takes: mv != PASS && CORNERS >> mv.0 & 1 == 1,
            threatens: replies == 0,
            exposed: replies & CORNERS != 0,
        }
    }

    fn evaluate(&self) -> i32 {
        let side = |own: u64, other: u64| {
            let free = !(own | other);
            let moves = placements(own, other).count_ones().cast_signed();
            let corners = (own & CORNERS).count_ones().cast_signed();
            // A disc next to a free corner gives the corner away.
            let near = near_free_corners(free);
            let risky = (own & near & X_SQUARES).count_ones().cast_signed() * 2
                + (own & near & C_SQUARES).count_ones().cast_signed();
            let frontier = (own & around(free)).count_ones().cast_signed();
            80 * moves + 900 * corners - 180 * risky - 25 * frontier
        };
        let position = side(self.own, self.other) - side(self.other, self.own);
        let discs = 100 * (self.own.count_ones().cast_signed() - self.other.count_ones().cast_signed());
        let late = self.discs().cast_signed();
        if late > 52 { (position * (64 - late) + discs * (late - 40)) / 24 } else { position }
    }

    /// The difference of discs in hundredths: the size of a win counts, its distance does not. Free squares
    /// count for neither player.
    fn final_value(&self, _outcome: Outcome, _ply: u32) -> i32 {
        100 * (self.own.count_ones().cast_signed() - self.other.count_ones().cast_signed())
    }

    fn order(&self, mv: Move) -> i32 {
        if mv == PASS {
            return 0;
        }
        let square = 1u64 << mv.0;
        let mut after = *self;
        after.play(mv);
        let place = if square & CORNERS != 0 {
            40
        } else if square & X_SQUARES != 0 {
            -20
        } else {
            0
        };
        place - 4 * placements(after.own, after.other).count_ones().cast_signed()
    }

    /// Two passes in a row end the game, so at most one pass comes with each disc.
    fn max_plies_left(&self) -> Option<u32> {
        Some(2 * (u32::from(SQUARES) - self.discs()))
    }

    /// Passes are rare.
    fn usual_plies_left(&self) -> Option<u32> {
        Some(u32::from(SQUARES) - self.discs())
    }
}

/// Of these discs the ones that a chain of discs joins to `from`.
fn joined(from: u64, discs: u64) -> u64 {
    let more = (from | around(from)) & discs;
    if more == from { from } else { joined(more, discs) }
}

/// All squares next to these.
fn around(squares: u64) -> u64 {
    STEPS.into_iter().fold(0, |near, direction| near | step(squares, direction))
}

fn near_free_corners(free: u64) -> u64 {
    around(free & CORNERS)
}
