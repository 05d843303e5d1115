//! A line of play: where it started, the moves, and the state they led to.
//!
//! Knows repetition, because it remembers keys; knows no particular game.
//!
//! ```
//! use w2s_games::{Draws, Game, Line, Reason, connect_four::ConnectFour};
//!
//! let mut line = Line::new(ConnectFour::start());
//! for column in ["4", "3", "4", "3", "4", "3", "4"] {
//!     let mv = line.now().parse_move(column)?;
//!     line.play(mv)?;
//! }
//! assert_eq!(line.played(), "4 3 4 3 4 3 4");
//! assert_eq!(line.outcome(Draws::Claimed).map(|outcome| outcome.reason), Some(Reason::Line));
//! # Ok::<(), w2s_games::MoveError>(())
//! ```

use crate::game::{Draws, Game, History, Move, MoveError, Notation, Outcome};

/// A state together with how it was reached.
#[derive(Clone, Debug)]
pub struct Line<G: Game> {
    start: G,
    moves: Vec<Move>,
    keys: Vec<u64>,
    played: String,
    now: G,
}

impl<G: Game> Line<G> {
    /// A line without moves.
    pub fn new(start: G) -> Self {
        Line { now: start.clone(), start, moves: Vec::new(), keys: Vec::new(), played: String::new() }
    }

    /// The state at the beginning.
    pub fn start(&self) -> &G {
        &self.start
    }

    /// The state that was reached.
    pub fn now(&self) -> &G {
        &self.now
    }

    /// The moves played, oldest first.
    pub fn moves(&self) -> &[Move] {
        &self.moves
    }

    /// The moves played in canonical form, joined by spaces: stored, because engines receive it at every
    /// move.
    pub fn played(&self) -> &str {
        &self.played
    }

    /// Keys of the states before this one, oldest first.
    pub fn earlier(&self) -> &[u64] {
        &self.keys
    }

    /// How the state that was reached came about.
    pub fn history(&self) -> History<'_, G> {
        History { start: &self.start, moves: &self.moves, keys: &self.keys }
    }

    /// Plays a legal move.
    ///
    /// # Errors
    /// [`MoveError::Illegal`] where the move is not legal; the line is unchanged then.
    pub fn play(&mut self, mv: Move) -> Result<(), MoveError> {
        if !self.now.is_legal(mv) {
            return Err(MoveError::Illegal);
        }
        self.keys.push(self.now.key());
        self.moves.push(mv);
        if !self.played.is_empty() {
            self.played.push(' ');
        }
        self.now.write_move(mv, Notation::Canonical, &mut self.played);
        self.now.play(mv);
        Ok(())
    }

    /// How the game ended, if it did.
    pub fn outcome(&self, draws: Draws) -> Option<Outcome> {
        self.now.outcome(&self.keys, draws)
    }
}
