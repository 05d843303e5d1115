//! Agreement: do two answers to a position mean the same move, and do they lead to the same state?
//!
//! Knows no particular game. Bad text is a verdict, never an error.
//!
//! ```
//! use std::sync::atomic::AtomicBool;
//! use w2s_games::agree::{Reading, agree};
//! use w2s_games::chess::Chess;
//!
//! let found = agree::<Chess>(
//!     [&["startpos", "startpos"], &["Nf3", "e4"], &["g1f3", "e2e5"]],
//!     &AtomicBool::new(false),
//! );
//! assert_eq!(found.same_move, [true, false]);
//! assert_eq!(found.right.readings[1], Reading::Illegal as u8);
//! ```

use crate::game::{Game, Move, MoveError, Notation};
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// The verdict on a text; the numbers are its codes in Python.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Reading {
    /// A legal move.
    Legal = 0,
    /// Not a move in any notation of the game.
    Unparsable = 1,
    /// A move in form, but not legal here.
    Illegal = 2,
    /// The text fits more than one legal move.
    Ambiguous = 3,
    /// The position itself cannot be read, so nothing is known about the move.
    NoPosition = 4,
}

impl From<MoveError> for Reading {
    fn from(error: MoveError) -> Self {
        match error {
            MoveError::Unparsable => Reading::Unparsable,
            MoveError::Illegal => Reading::Illegal,
            MoveError::Ambiguous => Reading::Ambiguous,
        }
    }
}

/// One player's answers, row by row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// The verdict on each text.
    pub readings: Vec<u8>,
    /// The concatenated canonical forms of the legal moves.
    pub text: String,
    /// Where each row's form ends in `text`; it is empty where the move is not legal.
    pub ends: Vec<u32>,
}

/// The verdicts on many rows, column by column; everything is false where one of the answers is not legal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreements {
    /// The first answers.
    pub left: Answers,
    /// The second answers.
    pub right: Answers,
    /// Both are the same move.
    pub same_move: Vec<bool>,
    /// The states that they lead to print the same: clocks included.
    pub same_state: Vec<bool>,
    /// The states are equal up to transposition: clocks left out.
    pub same_key: Vec<bool>,
}

/// Rows that one thread compares at a time.
const ROWS: usize = 512;

/// Compares two answers to each position, in parallel; the columns are positions, first and second answers.
///
/// Rows that were not reached before `stop` was set are missing at the end.
///
/// # Panics
/// Where the columns differ in length.
pub fn agree<G: Game>(columns: [&[&str]; 3], stop: &AtomicBool) -> Agreements {
    let [positions, left, right] = columns;
    assert!(positions.len() == left.len() && left.len() == right.len(), "columns of one length");
    let chunks: Vec<Agreements> = positions
        .par_chunks(ROWS)
        .zip(left.par_chunks(ROWS).zip(right.par_chunks(ROWS)))
        .map(|(positions, (left, right))| {
            if stop.load(Ordering::Relaxed) {
                return Agreements::default();
            }
            chunk::<G>(positions, left, right)
        })
        .collect();
    Agreements::joined(chunks, positions.len())
}

fn chunk<G: Game>(positions: &[&str], left: &[&str], right: &[&str]) -> Agreements {
    let mut found = Agreements::with_capacity(positions.len());
    for ((position, left), right) in positions.iter().zip(left).zip(right) {
        match G::parse(position) {
            Ok(state) => found.push(&state, left, right),
            Err(_) => found.push_unknown(),
        }
    }
    found
}

impl Agreements {
    fn with_capacity(rows: usize) -> Self {
        let answers = || Answers {
            readings: Vec::with_capacity(rows),
            text: String::with_capacity(5 * rows),
            ends: Vec::with_capacity(rows),
        };
        let flags = || Vec::with_capacity(rows);
        Self { left: answers(), right: answers(), same_move: flags(), same_state: flags(), same_key: flags() }
    }

    fn push<G: Game>(&mut self, state: &G, left: &str, right: &str) {
        let left = self.left.push(state, left);
        let right = self.right.push(state, right);
        let (same_state, same_key) = match (left, right) {
            (Some(left), Some(right)) if left == right => (true, true),
            (Some(left), Some(right)) => compare(after(state, left), after(state, right)),
            _ => (false, false),
        };
        self.same_move.push(left.is_some() && left == right);
        self.same_state.push(same_state);
        self.same_key.push(same_key);
    }

    fn push_unknown(&mut self) {
        for answers in [&mut self.left, &mut self.right] {
            answers.readings.push(Reading::NoPosition as u8);
            answers.close();
        }
        for flags in [&mut self.same_move, &mut self.same_state, &mut self.same_key] {
            flags.push(false);
        }
    }

    fn joined(chunks: Vec<Agreements>, rows: usize) -> Self {
        let mut all = Self::with_capacity(rows);
        for chunk in chunks {
            all.left.append(&chunk.left);
            all.right.append(&chunk.right);
            all.same_move.extend(chunk.same_move);
            all.same_state.extend(chunk.same_state);
            all.same_key.extend(chunk.same_key);
        }
        all
    }
}

impl Answers {
    fn push<G: Game>(&mut self, state: &G, text: &str) -> Option<Move> {
        let read = state.parse_move(text);
        match read {
            Ok(mv) => {
                self.readings.push(Reading::Legal as u8);
                state.write_move(mv, Notation::Canonical, &mut self.text);
            }
            Err(error) => self.readings.push(Reading::from(error) as u8),
        }
        self.close();
        read.ok()
    }

    /// Ends a row; a text column of more than 4 GiB of canonical moves does not fit in memory before.
    fn close(&mut self) {
        self.ends.push(self.text.len() as u32);
    }

    fn append(&mut self, other: &Answers) {
        let offset = self.text.len() as u32;
        self.readings.extend(&other.readings);
        self.text.push_str(&other.text);
        self.ends.extend(other.ends.iter().map(|end| end + offset));
    }
}

fn after<G: Game>(state: &G, mv: Move) -> G {
    let mut next = state.clone();
    next.play(mv);
    next
}

fn compare<G: Game>(left: G, right: G) -> (bool, bool) {
    (left == right, left.same_up_to_transposition(&right))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chess::Chess;
    use crate::connect_four::ConnectFour;

    static NEVER: AtomicBool = AtomicBool::new(false);

    fn one<G: Game>(position: &str, left: &str, right: &str) -> Agreements {
        agree::<G>([&[position], &[left], &[right]], &NEVER)
    }

    #[test]
    fn notations_of_one_move_agree() {
        let pairs = [
            ("startpos", "Nf3", "g1f3"),
            ("r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1", "O-O", "e1h1"),
            ("r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1", "0-0-0", "e1c1"),
            ("8/P6k/8/8/8/8/8/K7 w - - 0 1", "a8=Q", "a7a8q"),
            ("4k3/8/8/8/8/2N3N1/8/4K3 w - - 0 1", "Nge4", "Ng3-e4"),
        ];
        for (position, left, right) in pairs {
            let found = one::<Chess>(position, left, right);
            assert_eq!(found.same_move, [true], "{left} {right}");
            assert_eq!(found.left.text, found.right.text);
        }
    }

    #[test]
    fn bad_text_is_a_verdict() {
        let texts = [("[e2e2]", 1), ("a1a1", 2), ("0000", 2), ("", 1), ("e2e5", 2), ("Ne2", 2)];
        for (text, reading) in texts {
            let found = one::<Chess>("startpos", text, "e4");
            assert_eq!((found.left.readings[0], found.right.readings[0]), (reading, 0), "{text:?}");
            assert_eq!(found.same_move, [false]);
            assert_eq!((found.left.text.as_str(), found.left.ends[0]), ("", 0));
        }
        let long = "e".repeat(10_000_000);
        assert_eq!(one::<Chess>("startpos", &long, "e4").left.readings, [1]);
        assert_eq!(one::<Chess>(&long, "e4", "e4").left.readings, [4]);
        let ambiguous = one::<Chess>("4k3/8/8/8/8/2N3N1/8/4K3 w - - 0 1", "Ne4", "Nce4");
        assert_eq!(ambiguous.left.readings, [3]);
    }

    #[test]
    fn different_moves_can_lead_to_the_same_state() {
        let position = "7k/8/8/8/8/8/8/K7 w - - 0 1";
        assert_eq!(one::<Chess>(position, "Ka2", "Kb1").same_state, [false]);
        // Stones of one colour are the same, but columns are not.
        assert_eq!(one::<ConnectFour>("startpos", "4", "3").same_key, [false]);
    }

    #[test]
    fn rows_keep_their_order_over_many_chunks() {
        let rows = 3 * ROWS + 7;
        let left: Vec<String> = (0..rows).map(|row| (row % 9).to_string()).collect();
        let left: Vec<&str> = left.iter().map(String::as_str).collect();
        let found = agree::<ConnectFour>([&vec!["startpos"; rows], &left, &vec!["4"; rows]], &NEVER);
        assert_eq!(found.same_move.len(), rows);
        let mut begin = 0;
        for (row, &sent) in left.iter().enumerate() {
            let legal = (1..8).contains(&(row % 9));
            assert_eq!(found.left.readings[row], u8::from(!legal));
            let end = found.left.ends[row] as usize;
            assert_eq!(&found.left.text[begin..end], if legal { sent } else { "" });
            assert_eq!(found.same_move[row], row % 9 == 4);
            begin = end;
        }
    }
}
