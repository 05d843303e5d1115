//! The same games behind one object-safe face, for callers that know a game only by its name.
//!
//! Knows no particular game: everything here is written once over [`Game`].
//!
//! ```
//! use w2s_games::{Notation, registry};
//!
//! let mut line = registry::game("othello").unwrap().line("startpos").unwrap();
//! let mv = line.parse_move("d3").unwrap();
//! line.play(mv).unwrap();
//! assert_eq!(line.move_texts(Notation::Canonical), ["d3"]);
//! ```

use crate::agree::{self, Agreements};
use crate::deliberation::{DynTree, Request, Tree};
use crate::game::{Draws, Game, Move, MoveError, MoveTraits, Notation, Outcome, PositionError, Side};
use crate::line::Line;
use crate::perft::{Perft, perft_until};
use crate::search::{self, Limits, RootMoves, SearchResult};
use crate::view::{Choice, View, ViewShape};
use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::atomic::AtomicBool;

/// A game without its state, as it is used by name.
pub trait DynGame: Debug + Send + Sync {
    /// The name in the registry.
    fn name(&self) -> &'static str;
    /// The shape of a view; `None` where the game does not have it. Every game has [`View::Own`].
    fn view(&self, view: View) -> Option<ViewShape>;
    /// A line of play that starts at the position of this text.
    ///
    /// # Errors
    /// [`PositionError`] where the text is not a position that the rules allow.
    fn line(&self, position: &str) -> Result<Box<dyn DynLine>, PositionError>;
    /// Compares two answers to each position; see [`agree::agree`].
    ///
    /// # Panics
    /// Where the columns differ in length.
    fn agree(&self, columns: [&[&str]; 3], stop: &AtomicBool) -> Agreements;
}

/// A line of play whose game is not known to the caller: state, moves and text.
pub trait DynLine: DynSearch + DynEncode + Debug + Send + Sync {
    /// A copy.
    fn clone_box(&self) -> Box<dyn DynLine>;
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
    /// The moves of a continuation as canonical text, each in the state where it is played; ends before the first
    /// move that is not legal.
    fn continuation_texts(&self, moves: &[Move]) -> Vec<String>;
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
}

/// Looking ahead from the state that a line has reached.
pub trait DynSearch {
    /// Searches the state; see [`search::search`].
    fn search(&self, limits: Limits, root_moves: &RootMoves, stop: &AtomicBool) -> SearchResult;
    /// Solves the state; see [`search::solve`].
    fn solve(&self, nodes: u64, cap: i32, stop: &AtomicBool) -> Option<SearchResult>;
    /// Counts lines of play from the state; meaningless once `stop` is set.
    fn perft(&self, depth: u32, stop: &AtomicBool) -> Perft;
    /// A tree that looks ahead from the state with a network; see [`crate::deliberation`].
    ///
    /// # Panics
    /// Where the game does not have the view.
    fn deliberate(&self, request: &Request) -> Box<dyn DynTree>;
}

/// The state that a line has reached as numbers for a network.
pub trait DynEncode {
    /// Writes the feature planes of a view.
    ///
    /// # Panics
    /// Where the game does not have the view, or `planes` has another size; see [`DynGame::view`].
    fn fill_planes(&self, view: View, planes: &mut [f32]);
    /// Each legal move in a view, ascending by move.
    fn choices(&self, view: View) -> Vec<Choice>;
    /// The entry of each legal move in the game's own policy, ascending by move.
    fn policy_indices(&self) -> Vec<usize>;
    /// What the board shows after a legal move; `None` where the move is not legal.
    fn move_traits(&self, mv: Move) -> Option<MoveTraits>;
}

/// A game with its type erased: the one [`DynGame`] of each [`Game`].
pub struct Erased<G>(PhantomData<fn() -> G>);

impl<G: Game> Erased<G> {
    /// The only value.
    pub const GAME: Self = Self(PhantomData);
}

impl<G: Game> Debug for Erased<G> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Erased").field(&G::NAME).finish()
    }
}

impl<G: Game> DynGame for Erased<G> {
    fn name(&self) -> &'static str {
        G::NAME
    }

    fn view(&self, view: View) -> Option<ViewShape> {
        G::view(view)
    }

    fn line(&self, position: &str) -> Result<Box<dyn DynLine>, PositionError> {
        Ok(Box::new(Line::new(G::parse(position)?)))
    }

    fn agree(&self, columns: [&[&str]; 3], stop: &AtomicBool) -> Agreements {
        agree::agree::<G>(columns, stop)
    }
}

impl<G: Game> DynLine for Line<G> {
    fn clone_box(&self) -> Box<dyn DynLine> {
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

    fn continuation_texts(&self, moves: &[Move]) -> Vec<String> {
        let mut state = self.now().clone();
        let texts = moves.iter().map_while(|&mv| {
            let text = state.is_legal(mv).then(|| state.print_move(mv, Notation::Canonical))?;
            state.play(mv);
            Some(text)
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
}

impl<G: Game> DynSearch for Line<G> {
    fn search(&self, limits: Limits, root_moves: &RootMoves, stop: &AtomicBool) -> SearchResult {
        search::search(self, limits, root_moves, stop)
    }

    fn solve(&self, nodes: u64, cap: i32, stop: &AtomicBool) -> Option<SearchResult> {
        search::solve(self, nodes, cap, stop)
    }

    fn perft(&self, depth: u32, stop: &AtomicBool) -> Perft {
        perft_until(self.now(), depth, stop)
    }

    fn deliberate(&self, request: &Request) -> Box<dyn DynTree> {
        Box::new(Tree::new(self, request))
    }
}

impl<G: Game> DynEncode for Line<G> {
    fn fill_planes(&self, view: View, planes: &mut [f32]) {
        let shape = G::view(view).unwrap_or_else(|| panic!("{} does not have the view {view:?}", G::NAME));
        assert_eq!(planes.len(), shape.planes.iter().product(), "values for the planes of {view:?}");
        self.now().fill_view(view, self.history(), planes);
    }

    fn choices(&self, view: View) -> Vec<Choice> {
        let (state, moves) = (self.now(), DynLine::legal_moves(self).into_iter());
        match view {
            // Every game has its own view; it is a separate case because networks use it most.
            View::Own => {
                moves.map(|mv| Choice { index: state.policy_index(mv), cells: state.cells(mv) }).collect()
            }
            other => moves.map(|mv| state.view_choice(other, mv)).collect(),
        }
    }

    fn policy_indices(&self) -> Vec<usize> {
        DynLine::legal_moves(self).into_iter().map(|mv| self.now().policy_index(mv)).collect()
    }

    fn move_traits(&self, mv: Move) -> Option<MoveTraits> {
        self.now().is_legal(mv).then(|| self.now().move_traits(mv))
    }
}
