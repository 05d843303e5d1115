//! Search: alpha-beta over any game, deterministic for a given limit.
//!
//! Knows no particular game.
//!
//! | module | question it answers |
//! |---|---|
//! | `limits` | when does a search stop, and who may stop it? |
//! | `table` | what is already known about a state? |
//! | `order` | which move first? |
//! | `tree` | what is a state worth at a depth? |
//! | `root` | which move is best, and what is each one worth? |
//! | `solve` | what is a state worth for certain? |
//!
//! One position is searched by one thread with its own table, so the answer depends only on the position and
//! the limit; [`crate::batch`] searches many positions in parallel.
//!
//! ```
//! use std::sync::atomic::AtomicBool;
//! use w2s_games::search::{Limits, RootMoves, search};
//! use w2s_games::{Game, Line, Notation, chess::Chess};
//!
//! let line = Line::new(Chess::parse("6k1/5ppp/8/8/8/8/5PPP/3R2K1 w - - 0 1").unwrap());
//! let limits = Limits { depth: Some(2), nodes: None };
//! let found = search(&line, limits, &RootMoves::Best, &AtomicBool::new(false));
//! assert_eq!(line.now().print_move(found.best.unwrap(), Notation::San), "Rd8#");
//! assert!(found.exact);
//! ```

mod limits;
mod order;
mod root;
mod solve;
mod table;
mod tree;

pub use limits::Limits;
pub use root::{RootMoves, SearchResult, search};
pub use solve::solve;

#[cfg(test)]
mod tests;
