//! The proven value of a state: every line to its end, or no answer. Only games that end within a known
//! number of plies can be solved.

use super::limits::Budget;
use super::root::{RootMoves, SearchResult, deepen, is_settled};
use super::table::Table;
use super::tree::{INFINITE, Tree};
use crate::game::{Draws, Game};
use crate::line::Line;
use std::sync::atomic::AtomicBool;

/// Depths of the shallow searches that order the moves first.
const GLANCES: [u32; 3] = [2, 4, 6];

/// How many times more nodes than allowed a rough guess may promise before a proof is not tried at all.
const HOPE: f64 = 1000.0;

/// The proven value of every legal move, or `None` if the proof takes more than `nodes` nodes, if it is not
/// tried because it would take far more, or if the game has no bound on its length.
///
/// Values beyond ±`cap` are given as ±`cap`: how soon a game is won costs far more to prove than that it is.
pub fn solve<G: Game>(line: &Line<G>, nodes: u64, cap: i32, stop: &AtomicBool) -> Option<SearchResult> {
    let state = line.now();
    let plies = state.max_plies_left()?;
    if let Some(outcome) = line.outcome(Draws::Claimed) {
        return Some(SearchResult {
            value: state.final_value(outcome, 0),
            exact: true,
            ..SearchResult::default()
        });
    }
    let mut moves = Vec::new();
    state.legal_moves(&mut moves);
    let budget = Budget::new(Some(nodes), stop);
    let mut tree = Tree::new(Table::new(), budget, line.earlier().to_vec());
    tree.table.make_room(nodes);
    for depth in GLANCES.into_iter().filter(|depth| 2 * depth < plies) {
        let glance = deepen(&mut tree, state, &mut moves, depth, &RootMoves::All, INFINITE)?;
        if is_settled(&glance) {
            return Some(finish(glance, cap, depth, &tree));
        }
    }
    if rough_nodes(moves.len(), state.usual_plies_left().unwrap_or(plies)) > HOPE * nodes as f64 {
        return None;
    }
    // Estimates of the shallow searches must not count as proven.
    tree.table.clear();
    let found = deepen(&mut tree, state, &mut moves, plies, &RootMoves::All, cap)?;
    Some(finish(found, cap, plies, &tree))
}

fn finish(mut found: SearchResult, cap: i32, depth: u32, tree: &Tree) -> SearchResult {
    for (_, value) in &mut found.values {
        *value = (*value).clamp(-cap, cap);
    }
    found.values.sort_unstable();
    SearchResult {
        value: found.value.clamp(-cap, cap),
        depth,
        nodes: tree.budget.nodes,
        exact: true,
        ..found
    }
}

/// What alpha-beta visits with perfect order, if half as many moves as now are usual until the end.
fn rough_nodes(moves: usize, plies: u32) -> f64 {
    (moves as f64 / 2.0).max(1.0).powf(f64::from(plies) / 2.0)
}
