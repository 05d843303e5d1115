//! Connect Four: seven columns, six rows, four in a row wins.
//!
//! A position is a diagram: six rows from the top, `/` between them, `x` for the player that starts, `o` for the
//! other, digits for free squares, then who is to move. The start is `7/7/7/7/7/7 x`. A move is its column, `1` to `7`.
//!
//! ```
//! use w2s_games::{Game, connect_four::ConnectFour};
//! let state = ConnectFour::parse("7/7/7/7/7/3x3 o").unwrap();
//! assert_eq!(state.count_legal_moves(), 7);
//! assert!(ConnectFour::parse("7/7/7/7/3x3/7 o").is_err()); // a stone hangs in the air
//! ```

use crate::diagram;
use crate::game::{Draws, Game, Move, MoveError, MoveTraits, Notation, Outcome, PositionError, Reason, Side};
use std::collections::HashSet;

const COLUMNS: usize = 7;
const ROWS: usize = 6;
/// Bits of a column: one more than rows, so that lines never wrap around.
const HEIGHT: usize = ROWS + 1;
const BOTTOM: u64 = 0b1_0000001_0000001_0000001_0000001_0000001_0000001;
const FULL: u64 = BOTTOM * ((1 << ROWS) - 1);

/// A Connect Four state: stones of the player to move, and all stones.
///
/// Bit `column * 7 + row` is the square, row 0 at the bottom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectFour {
    own: u64,
    all: u64,
}

fn has_line(stones: u64) -> bool {
    [1, HEIGHT, HEIGHT - 1, HEIGHT + 1].into_iter().any(|step| {
        let pairs = stones & (stones >> step);
        pairs & (pairs >> (2 * step)) != 0
    })
}

/// Free squares that would complete four in a row for these stones.
fn threats(stones: u64, all: u64) -> u64 {
    let mut found = (stones << 1) & (stones << 2) & (stones << 3);
    for step in [HEIGHT, HEIGHT - 1, HEIGHT + 1] {
        let up = (stones << step) & (stones << (2 * step));
        found |= up & (stones << (3 * step));
        found |= up & (stones >> step);
        let down = (stones >> step) & (stones >> (2 * step));
        found |= down & (stones << step);
        found |= down & (stones >> (3 * step));
    }
    found & FULL & !all
}

impl ConnectFour {
    fn other(&self) -> u64 {
        self.own ^ self.all
    }

    /// Free squares where a stone would lie: one in each column that is not full.
    fn places(&self) -> u64 {
        (self.all + BOTTOM) & FULL
    }

    /// Places that do not let the opponent complete a line at once; none where that cannot be stopped.
    fn safe_places(&self) -> u64 {
        let feared = threats(self.other(), self.all);
        let forced = self.places() & feared;
        let stopping = if forced == 0 { self.places() } else { forced };
        if forced.count_ones() > 1 { 0 } else { stopping & !(feared >> 1) }
    }

    fn error(why: impl Into<String>) -> PositionError {
        PositionError { game: Self::NAME, why: why.into() }
    }

    fn square(column: usize, row: usize) -> u64 {
        1 << (column * HEIGHT + row)
    }

    fn checked(first: u64, second: u64, to_move: Side) -> Result<Self, PositionError> {
        let all = first | second;
        if (all + BOTTOM) & all & FULL != 0 {
            return Err(Self::error("a stone has a free square below it"));
        }
        let expected = second.count_ones() + u32::from(to_move == Side::Second);
        if first.count_ones() != expected {
            return Err(Self::error("the number of stones does not fit the player to move"));
        }
        let (own, other) = if to_move == Side::First { (first, second) } else { (second, first) };
        if has_line(own) {
            return Err(Self::error("the player to move has already won"));
        }
        let state = Self { own, all };
        if !has_line(other) {
            return if can_be_taken_back(other, own) { Ok(state) } else { Err(Self::error(NO_ORDER)) };
        }
        let mut last: Vec<u64> = tops(other, all).filter(|stone| !has_line(other ^ stone)).collect();
        if last.is_empty() {
            return Err(Self::error("no single last stone completes every line of the winner"));
        }
        last.retain(|stone| can_be_taken_back(own, other ^ stone));
        if last.is_empty() { Err(Self::error(NO_ORDER)) } else { Ok(state) }
    }
}

const NO_ORDER: &str = "the stones cannot have been placed by turns";

/// Of these stones the ones with no stone above them.
fn tops(stones: u64, all: u64) -> impl Iterator<Item = u64> {
    let mut left = stones & !(all >> 1);
    std::iter::from_fn(move || {
        let stone = left & left.wrapping_neg();
        left ^= stone;
        (stone != 0).then_some(stone)
    })
}

/// Whether stones can be taken back in turn, one of `last` first, until none is left.
fn can_be_taken_back(last: u64, before: u64) -> bool {
    take_back(last, before, &mut HashSet::new())
}

/// `dead` holds the stones that are left where it is known that they cannot all be taken back.
fn take_back(last: u64, before: u64, dead: &mut HashSet<u64>) -> bool {
    let all = last | before;
    if all == 0 {
        return true;
    }
    if dead.contains(&all) {
        return false;
    }
    // A stone on top of the opponent's first: that leaves the opponent most to take.
    let on_other = last & (before << 1);
    let mut candidates = tops(on_other, all).chain(tops(last & !on_other, all));
    if candidates.any(|stone| take_back(before, last ^ stone, dead)) {
        return true;
    }
    dead.insert(all);
    false
}

impl Game for ConnectFour {
    const NAME: &'static str = "connect_four";
    const PLANES: [usize; 3] = [2, ROWS, COLUMNS];
    const POLICY: usize = COLUMNS;

    fn start() -> Self {
        Self { own: 0, all: 0 }
    }

    fn parse(text: &str) -> Result<Self, PositionError> {
        if text.trim_ascii() == "startpos" {
            return Ok(Self::start());
        }
        let found = diagram::read(text, ROWS, COLUMNS).map_err(Self::error)?;
        let (mut first, mut second) = (0, 0);
        for (index, side) in found.squares.iter().enumerate() {
            let square = Self::square(index % COLUMNS, ROWS - 1 - index / COLUMNS);
            match side {
                Some(Side::First) => first |= square,
                Some(Side::Second) => second |= square,
                None => {}
            }
        }
        Self::checked(first, second, found.mover)
    }

    fn print(&self) -> String {
        let mover = self.to_move();
        diagram::print(ROWS, COLUMNS, mover, |row, column| {
            let square = Self::square(column, ROWS - 1 - row);
            if self.all & square == 0 {
                None
            } else {
                Some(if self.own & square != 0 { mover } else { mover.other() })
            }
        })
    }

    fn to_move(&self) -> Side {
        if self.all.count_ones().is_multiple_of(2) { Side::First } else { Side::Second }
    }

    fn legal_moves(&self, moves: &mut Vec<Move>) {
        moves.clear();
        if has_line(self.other()) {
            return;
        }
        moves.extend(
            (0..COLUMNS)
                .filter(|&column| self.all & Self::square(column, ROWS - 1) == 0)
                .map(|column| Move(column as u16)),
        );
    }

    fn play(&mut self, mv: Move) {
        let column = mv.0 as usize;
        self.own = self.other();
        self.all |= self.all + Self::square(column, 0);
    }

    fn outcome(&self, _earlier: &[u64], _draws: Draws) -> Option<Outcome> {
        if has_line(self.other()) {
            return Some(Outcome { winner: Some(self.to_move().other()), reason: Reason::Line });
        }
        (self.all == FULL).then_some(Outcome { winner: None, reason: Reason::BoardFull })
    }

    fn key(&self) -> u64 {
        // All stones plus the bottom row encode the height of each column, so the sum is unique.
        self.own + self.all + BOTTOM
    }

    fn same_up_to_transposition(&self, other: &Self) -> bool {
        self == other
    }

    fn parse_move(&self, text: &str) -> Result<Move, MoveError> {
        let column = match text.trim().as_bytes() {
            [digit @ b'1'..=b'7'] => u16::from(digit - b'1'),
            _ => return Err(MoveError::Unparsable),
        };
        if self.is_legal(Move(column)) { Ok(Move(column)) } else { Err(MoveError::Illegal) }
    }

    fn write_move(&self, mv: Move, _notation: Notation, text: &mut String) {
        text.push(char::from(b'1' + mv.0 as u8));
    }

    fn planes(&self, out: &mut [f32]) {
        for (plane, stones) in out.chunks_exact_mut(ROWS * COLUMNS).zip([self.own, self.other()]) {
            for (index, value) in plane.iter_mut().enumerate() {
                let (row, column) = (ROWS - 1 - index / COLUMNS, index % COLUMNS);
                *value = f32::from(stones & Self::square(column, row) != 0);
            }
        }
    }

    fn policy_index(&self, mv: Move) -> usize {
        mv.0 as usize
    }

    fn cells(&self, mv: Move) -> [Option<usize>; 2] {
        let column = usize::from(mv.0);
        let height = (0..ROWS).take_while(|&row| self.all & Self::square(column, row) != 0).count();
        let cell = (ROWS - 1).saturating_sub(height) * COLUMNS + column;
        [Some(cell), Some(cell)]
    }

    /// Nothing is ever taken; a threat is a square that would complete a line at the next move, exposed is
    /// whether the opponent has one.
    fn move_traits(&self, mv: Move) -> MoveTraits {
        let mut after = *self;
        after.play(mv);
        let over = has_line(after.other());
        let completes = |stones: u64| !over && after.places() & threats(stones, after.all) != 0;
        MoveTraits { takes: false, threatens: completes(after.other()), exposed: completes(after.own) }
    }

    fn evaluate(&self) -> i32 {
        let other = self.other();
        let centre = 0x3f << (3 * HEIGHT);
        let count = |stones: u64| {
            30 * threats(stones, self.all).count_ones().cast_signed()
                + 5 * (stones & centre).count_ones().cast_signed()
        };
        count(self.own) - count(other)
    }

    fn foreseen(&self) -> Option<i32> {
        if self.places() & threats(self.own, self.all) != 0 {
            return Some(1);
        }
        (self.safe_places() == 0).then_some(-2)
    }

    fn sensible_moves(&self, moves: &mut Vec<Move>) {
        moves.clear();
        let safe = self.safe_places();
        let is_safe = |column: &usize| safe & (0x3f << (column * HEIGHT)) != 0;
        moves.extend((0..COLUMNS).filter(is_safe).map(|column| Move(column as u16)));
    }

    fn order(&self, mv: Move) -> i32 {
        let column = mv.0 as usize;
        let stone = (self.all + Self::square(column, 0)) & !self.all & (0x7f << (column * HEIGHT));
        let gained = threats(self.own | stone, self.all | stone).count_ones().cast_signed();
        10 * gained - (column.cast_signed() as i32 - 3).abs()
    }

    fn max_plies_left(&self) -> Option<u32> {
        Some((ROWS * COLUMNS) as u32 - self.all.count_ones())
    }
}
