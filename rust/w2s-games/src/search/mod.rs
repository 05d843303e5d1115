//! Search: alpha-beta over any game, deterministic for a given limit.
//!
//! Knows no particular game.
//!
//! | module | question it answers |
//! |---|---|
//! | `limits` | when does a search stop, and who may stop it? |
//! | `table` | what is already known about a state? |
//! | `order` | which move first? |
//! | `tree` | what is a state worth, so many plies deep? |
//! | `root` | which move is best, and what is each one worth? |
//! | `solve` | what is a state worth for certain? |
//!
//! One position is searched by one thread with a table of its own, so the answer depends on nothing but the
//! position and the limit; [`batch`] searches many positions side by side.

mod limits;
mod order;
mod root;
mod solve;
mod table;
mod tree;

pub use limits::Limits;
pub use root::{Found, Valued, search};
pub use solve::solve;

use crate::rules::AnyLine;
use rayon::prelude::*;
use std::sync::atomic::AtomicBool;

/// Searches many lines side by side, each with the moves that are to get a value; the answers are in their
/// order, whatever the number of threads.
pub fn batch(questions: &[(&dyn AnyLine, Valued)], limits: Limits, stop: &AtomicBool) -> Vec<Found> {
    let search = |(line, valued): &(&dyn AnyLine, Valued)| line.search(limits, valued, stop);
    questions.par_iter().with_max_len(1).map(search).collect()
}

/// Solves many lines side by side, each within `nodes` nodes; see [`solve()`].
pub fn solve_batch(lines: &[&dyn AnyLine], nodes: u64, cap: i32, stop: &AtomicBool) -> Vec<Option<Found>> {
    lines.par_iter().with_max_len(1).map(|line| line.solve(nodes, cap, stop)).collect()
}

#[cfg(test)]
mod tests;
