//! The same games behind one object-safe face, for callers that know a game only by its name.
//!
//! Knows no particular game: everything here is written once over [`Game`].

use crate::agree::{self, Agreements};
use crate::chess::{Chess, lc0};
use crate::encode::{Choice, View};
use crate::game::{Draws, Game, Move, MoveError, Notation, Outcome, PositionError, Side, Signs};
use crate::line::Line;
use crate::perft::{Perft, perft_until};
use crate::search::{self, Found, Limits, Valued};
use std::any::Any;
use std::marker::PhantomData;
use std::sync::atomic::AtomicBool;

/// A game without its state: what can be asked of it by name.
pub trait Rules: Send + Sync {
    /// The name in the registry.
    fn name(&self) -> &'static str;
    /// Channels, rows and columns of the feature planes.
    fn planes_shape(&self) -> [usize; 3];
    /// Entries of a policy over moves.
    fn policy_size(&self) -> usize;
    /// Shape of the planes of a view and entries of its policy; `None` where the game has no such view.
    fn view(&self, view: View) -> Option<([usize; 3], usize)>;
    /// A line of play that starts at the position of this text.
    ///
    /// # Errors
    /// [`PositionError`] where the text is not a position that the rules allow.
    fn line(&self, position: &str) -> Result<Box<dyn AnyLine>, PositionError>;
    /// Compares two answers to each position; see [`agree::agree`].
    ///
    /// # Panics
    /// Where the columns differ in length.
    fn agree(&self, columns: [&[&str]; 3], stop: &AtomicBool) -> Agreements;
}

/// A line of play whose game is not known to the caller.
pub trait AnyLine: Send + Sync {
    /// A copy.
    fn boxed(&self) -> Box<dyn AnyLine>;
    /// The position at the beginning, as text.
    fn start_text(&self) -> String;
    /// The position that was reached, as text.
    fn position(&self) -> String;
    /// The moves played, oldest first.
    fn moves(&self) -> &[Move];
    /// The moves played in canonical form, oldest first, joined by spaces.
    fn played(&self) -> &str;
    /// The moves played as text, oldest first.
    fn move_texts(&self, notation: Notation) -> Vec<String>;
    /// Who is to move.
    fn to_move(&self) -> Side;
    /// The identity of the state that was reached.
    fn key(&self) -> u64;
    /// The legal moves, ascending.
    fn legal_moves(&self) -> Vec<Move>;
    /// The legal move that a text means.
    ///
    /// # Errors
    /// [`MoveError`] where there is none, or more than one.
    fn parse_move(&self, text: &str) -> Result<Move, MoveError>;
    /// A legal move as text; `None` where the move is not legal.
    fn print_move(&self, mv: Move, notation: Notation) -> Option<String>;
    /// Plays a legal move.
    ///
    /// # Errors
    /// [`MoveError::Illegal`] where it is not.
    fn play(&mut self, mv: Move) -> Result<(), MoveError>;
    /// How the game ended, if it did.
    fn outcome(&self, draws: Draws) -> Option<Outcome>;
    /// Searches the state that was reached; see [`search::search`].
    fn search(&self, limits: Limits, valued: &Valued, stop: &AtomicBool) -> Found;
    /// Solves the state that was reached; see [`search::solve`].
    fn solve(&self, nodes: u64, cap: i32, stop: &AtomicBool) -> Option<Found>;
    /// Counts lines of play from the state that was reached; meaningless once `stop` is set.
    fn perft(&self, depth: u32, stop: &AtomicBool) -> Perft;
    /// Writes the feature planes of a view into `planes`, and gives the legal moves, ascending.
    ///
    /// # Panics
    /// Where the game has no such view, or `planes` another size; see [`Rules::view`].
    fn encode(&self, view: View, planes: &mut [f32]) -> Vec<Choice>;
    /// What the board shows after a legal move; `None` where the move is not legal.
    fn signs(&self, mv: Move) -> Option<Signs>;
    /// The feature planes, row-major.
    fn planes(&self) -> Vec<f32>;
    /// Index of each legal move in a policy, in the order of [`AnyLine::legal_moves`].
    fn policy_indices(&self) -> Vec<usize>;
}

/// The rules of one game, as a value.
pub struct Of<G>(PhantomData<fn() -> G>);

impl<G: Game> Of<G> {
    /// The only value.
    pub const NEW: Self = Self(PhantomData);
}

impl<G: Game> Rules for Of<G> {
    fn name(&self) -> &'static str {
        G::NAME
    }

    fn planes_shape(&self) -> [usize; 3] {
        G::PLANES
    }

    fn policy_size(&self) -> usize {
        G::POLICY
    }

    fn view(&self, view: View) -> Option<([usize; 3], usize)> {
        match view {
            View::Own => Some((G::PLANES, G::POLICY)),
            View::Lc0 => (G::NAME == Chess::NAME).then_some((lc0::SHAPE, lc0::POLICY)),
        }
    }

    fn line(&self, position: &str) -> Result<Box<dyn AnyLine>, PositionError> {
        Ok(Box::new(Line::new(G::parse(position)?)))
    }

    fn agree(&self, columns: [&[&str]; 3], stop: &AtomicBool) -> Agreements {
        agree::agree::<G>(columns, stop)
    }
}

impl<G: Game> AnyLine for Line<G> {
    fn boxed(&self) -> Box<dyn AnyLine> {
        Box::new(self.clone())
    }

    fn start_text(&self) -> String {
        self.start().print()
    }

    fn position(&self) -> String {
        self.now().print()
    }

    fn moves(&self) -> &[Move] {
        Line::moves(self)
    }

    fn played(&self) -> &str {
        Line::played(self)
    }

    fn move_texts(&self, notation: Notation) -> Vec<String> {
        if notation == Notation::Canonical {
            return self.played().split_ascii_whitespace().map(str::to_string).collect();
        }
        let mut state = self.start().clone();
        let texts = Line::moves(self).iter().map(|&mv| {
            let text = state.print_move(mv, notation);
            state.play(mv);
            text
        });
        texts.collect()
    }

    fn to_move(&self) -> Side {
        self.now().to_move()
    }

    fn key(&self) -> u64 {
        self.now().key()
    }

    fn legal_moves(&self) -> Vec<Move> {
        let mut moves = Vec::with_capacity(64);
        self.now().legal_moves(&mut moves);
        moves
    }

    fn parse_move(&self, text: &str) -> Result<Move, MoveError> {
        self.now().parse_move(text)
    }

    fn print_move(&self, mv: Move, notation: Notation) -> Option<String> {
        self.now().is_legal(mv).then(|| self.now().print_move(mv, notation))
    }

    fn play(&mut self, mv: Move) -> Result<(), MoveError> {
        Line::play(self, mv)
    }

    fn outcome(&self, draws: Draws) -> Option<Outcome> {
        Line::outcome(self, draws)
    }

    fn search(&self, limits: Limits, valued: &Valued, stop: &AtomicBool) -> Found {
        search::search(self, limits, valued, stop)
    }

    fn solve(&self, nodes: u64, cap: i32, stop: &AtomicBool) -> Option<Found> {
        search::solve(self, nodes, cap, stop)
    }

    fn perft(&self, depth: u32, stop: &AtomicBool) -> Perft {
        perft_until(self.now(), depth, stop)
    }

    fn encode(&self, view: View, planes: &mut [f32]) -> Vec<Choice> {
        let state = self.now();
        let moves = AnyLine::legal_moves(self).into_iter();
        match view {
            View::Own => {
                state.planes(planes);
                moves.map(|mv| Choice { index: state.policy_index(mv), cells: state.cells(mv) }).collect()
            }
            View::Lc0 => {
                let line = (self as &dyn Any).downcast_ref::<Line<Chess>>().expect("Lc0 sees chess only");
                lc0::fill(line, planes);
                let index = |mv| lc0::policy_index(line.now(), mv);
                moves.map(|mv| Choice { index: index(mv), cells: state.cells(mv) }).collect()
            }
        }
    }

    fn signs(&self, mv: Move) -> Option<Signs> {
        self.now().is_legal(mv).then(|| self.now().signs(mv))
    }

    fn planes(&self) -> Vec<f32> {
        let mut out = vec![0.0; G::PLANES.iter().product()];
        self.now().planes(&mut out);
        out
    }

    fn policy_indices(&self) -> Vec<usize> {
        AnyLine::legal_moves(self).into_iter().map(|mv| self.now().policy_index(mv)).collect()
    }
}
