//! What a state is worth for certain: every line to its end, or no answer.
//!
//! Knows nothing about guesses; only games that end within a known number of plies can be solved.

use super::limits::Budget;
use super::root::{Found, Valued, deepen};
use super::table::Table;
use super::tree::{INFINITE, Tree};
use crate::game::{Draws, Game};
use crate::line::Line;
use std::sync::atomic::AtomicBool;

/// Plies of the searches that put the moves into a good order first.
const GLANCES: [u32; 3] = [2, 4, 6];

/// The proven value of every legal move, or `None` where the proof takes more than `nodes` nodes or the game
/// has no bound on its length.
///
/// Values beyond ±`cap` are given as ±`cap`: how soon a game is won costs far more to prove than that it is.
pub fn solve<G: Game>(line: &Line<G>, nodes: u64, cap: i32, stop: &AtomicBool) -> Option<Found> {
    let state = line.now();
    let plies = state.max_plies_left()?;
    if let Some(outcome) = line.outcome(Draws::Claimed) {
        return Some(Found { value: state.final_value(outcome, 0), exact: true, ..Found::default() });
    }
    let budget = Budget::new(Some(nodes), stop);
    let mut tree = Tree::new(Table::new(plies, Some(nodes)), budget, line.earlier().to_vec());
    let mut moves = Vec::new();
    state.legal_moves(&mut moves);
    for depth in GLANCES.into_iter().filter(|depth| 2 * depth < plies) {
        deepen(&mut tree, state, &mut moves, depth, &Valued::All, INFINITE)?;
    }
    // What the glances guessed must not pass for certain.
    tree.table.clear();
    let mut found = deepen(&mut tree, state, &mut moves, plies, &Valued::All, cap)?;
    found.values.sort_unstable();
    Some(Found { depth: plies, nodes: tree.budget.nodes, exact: true, ..found })
}
