//! Which move is best: deepening from one ply to the limit.
//!
//! Knows nothing about how a state below the root gets its value.

use super::limits::{Budget, Limits};
use super::table::Table;
use super::tree::{INFINITE, Tree};
use crate::game::{Draws, Game, MATE, Move};
use crate::line::Line;
use std::sync::atomic::AtomicBool;

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The best move; `None` where the game is over.
    pub best: Option<Move>,
    /// Value for the player to move, in hundredths of a unit.
    pub value: i32,
    /// The last depth that was finished.
    pub depth: u32,
    /// States visited.
    pub nodes: u64,
    /// The line that both players would choose.
    pub line: Vec<Move>,
    /// Value of every legal move, ascending by move, where it was asked for.
    pub values: Vec<(Move, i32)>,
    /// Whether the value is proven: a forced win or loss, or every line followed to its end.
    pub exact: bool,
    /// Whether somebody ended the search before its limit.
    pub stopped: bool,
}

/// Searches the state that a line of play has reached.
///
/// With `all_moves` every legal move is searched with an open window, so that differences of values are true
/// regrets; else only the best one is certain to be the best.
pub fn search<G: Game>(line: &Line<G>, limits: Limits, all_moves: bool, stop: &AtomicBool) -> Found {
    let state = line.now();
    if let Some(outcome) = line.outcome(Draws::Claimed).filter(|_| state.count_legal_moves() == 0) {
        return Found { value: state.final_value(outcome, 0), exact: true, ..Found::default() };
    }
    let last = limits.last_depth();
    let table = Table::new(last, limits.nodes);
    // The first ply is finished whatever it takes; the node limit counts from then on.
    let mut tree = Tree::new(table, Budget::new(None, stop), line.earlier().to_vec());
    let mut moves = Vec::new();
    state.legal_moves(&mut moves);
    let mut found = Found::default();
    for depth in 1..=last {
        let whole = state.max_plies_left().is_some_and(|plies| depth >= plies);
        if whole {
            // What shallower searches guessed must not pass for certain.
            tree.table.clear();
        }
        let window = all_moves.then_some(INFINITE);
        let Some(better) = deepen(&mut tree, state, &mut moves, depth, window) else { break };
        found = Found { exact: whole || better.value.abs() > MATE / 2, depth, ..better };
        tree.budget.set_limit(limits.nodes);
        let settled = if all_moves { all_settled(&found.values) } else { found.value.abs() > MATE / 2 };
        if whole || settled || tree.budget.is_spent() {
            break;
        }
    }
    found.nodes = tree.budget.nodes;
    found.stopped = tree.budget.was_stopped();
    found.values.sort_unstable();
    found
}

/// Deeper search cannot change a value that is a forced win or loss.
fn all_settled(values: &[(Move, i32)]) -> bool {
    values.iter().all(|(_, value)| value.abs() > MATE / 2)
}

/// One iteration; `None` where the budget ended it. `moves` is sorted for the next one.
///
/// With `every` all moves get a value, exact within plus and minus that; else only the best one is certain.
pub fn deepen<G: Game>(
    tree: &mut Tree,
    state: &G,
    moves: &mut [Move],
    depth: u32,
    every: Option<i32>,
) -> Option<Found> {
    let all_moves = every.is_some();
    tree.longest = 2 * depth;
    let mut found = Found { value: -INFINITE, ..Found::default() };
    let mut values = Vec::with_capacity(moves.len());
    let mut rest = Vec::new();
    for &mv in moves.iter() {
        let value = one_move(tree, state, mv, depth, found.value, every, &mut rest);
        if tree.budget.is_spent() {
            return None;
        }
        if value > found.value || (all_moves && value == found.value && Some(mv) < found.best) {
            found.value = value;
            found.best = Some(mv);
            found.line.clear();
            found.line.push(mv);
            found.line.append(&mut rest);
        }
        values.push((mv, value));
    }
    // Stable: among equals the earlier guess stays first.
    values.sort_by_key(|&(mv, value)| (std::cmp::Reverse(value), Some(mv) != found.best));
    for (place, (mv, _)) in moves.iter_mut().zip(&values) {
        *place = *mv;
    }
    if all_moves {
        found.values = values;
    }
    Some(found)
}

fn one_move<G: Game>(
    tree: &mut Tree,
    state: &G,
    mv: Move,
    depth: u32,
    best: i32,
    every: Option<i32>,
    rest: &mut Vec<Move>,
) -> i32 {
    let depth = depth as i32;
    if let Some(most) = every {
        return tree.after(state, mv, depth, (-most, most), 0, rest).clamp(-most, most);
    }
    if best == -INFINITE {
        return tree.after(state, mv, depth, (-INFINITE, INFINITE), 0, rest);
    }
    let value = tree.after(state, mv, depth, (best, best + 1), 0, rest);
    if value > best && !tree.budget.is_spent() {
        return tree.after(state, mv, depth, (best, INFINITE), 0, rest);
    }
    value
}
