//! Deliberation: a tree search whose leaves are valued, and whose moves are chosen, by a network.
//!
//! Knows no particular game and no network. A tree hands out states, receives for each the network's value and its
//! logits of the legal moves, and continues until its plan is done. Trees are independent of each other, so the
//! answer for a position does not depend on what else is searched.
//!
//! | module | question it answers |
//! |---|---|
//! | `worth` | what is a state worth, and is that proven by the rules? |
//! | `tree` | which states were met, and what did the network say about them? |
//! | `widths` | which states come next if each depth has a fixed number of moves? |
//! | `visits` | which states come next if a number of visits is spent where it matters (PUCT)? |
//! | `finding` | what was found about the moves of the root? |
//!
//! ```
//! use w2s_games::deliberation::{Plan, Request};
//! use w2s_games::{View, registry};
//!
//! let line = registry::game("connect_four").unwrap().line("startpos").unwrap();
//! let mut tree = line.deliberate(&Request { view: View::Own, plan: Plan::Widths(vec![2, 2]), moves: vec![] });
//! while tree.open() > 0 {
//!     let choices = tree.choices(0);
//!     tree.receive(&[(0.25, &vec![0.0; choices.len()])]); // a network that has no preference
//! }
//! let found = tree.finding();
//! assert_eq!(found.moves.len(), 2);
//! assert_eq!(found.evaluations, 1 + 2 + 4);
//! assert!((found.moves[0].value - 0.25).abs() < 1e-6);
//! ```

mod finding;
mod tree;
mod visits;
mod widths;
mod worth;

pub use finding::{Finding, MoveFinding};
pub use tree::{Answer, DynTree, Tree};
pub use worth::{Proof, Worth};

use crate::game::Move;
use crate::view::View;

/// How many states are considered, and which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// At each depth the likeliest moves, this many of them; the values of the last depth are backed up by minimax.
    Widths(Vec<usize>),
    /// This many visits of states, by PUCT; the values are averages.
    Visits(u32),
}

/// What to find out about a position.
#[derive(Clone, Debug)]
pub struct Request {
    /// How the network sees a state.
    pub view: View,
    /// How many states are considered, and which.
    pub plan: Plan,
    /// Legal moves of the root that are valued in any case.
    pub moves: Vec<Move>,
}

#[cfg(test)]
mod tests;
