//! The best move, by iterative deepening from one ply to the limit.

use super::limits::{Budget, Limits};
use super::table::Table;
use super::tree::{INFINITE, Tree};
use crate::game::{Draws, Game, MATE, Move};
use crate::line::Line;
use std::sync::atomic::AtomicBool;

/// How far from the last iteration's value a move is looked for first, in hundredths of a unit.
const NEAR: i32 = 40;

/// How many times more nodes than all before it an iteration is expected to visit.
const GROWTH: u64 = 4;

/// Which moves of the root get an exact value, so that differences of values are true regrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RootMoves {
    /// The best one only.
    #[default]
    Best,
    /// These legal moves, and the best one.
    These(Vec<Move>),
    /// Every legal move.
    All,
}

impl RootMoves {
    fn contains(&self, mv: Move) -> bool {
        match self {
            RootMoves::Best => false,
            RootMoves::These(moves) => moves.contains(&mv),
            RootMoves::All => true,
        }
    }
}

/// The result of a search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchResult {
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
    /// Values of the requested moves, ascending by move.
    pub values: Vec<(Move, i32)>,
    /// Whether the value is proven: a forced win or loss, or every line followed to its end.
    pub exact: bool,
    /// Whether the flag ended the search before its limit.
    pub stopped: bool,
}

/// Searches the state that a line of play has reached.
///
/// The best move is the best of all moves at this depth; each of the `root_moves` is searched for its exact
/// value.
pub fn search<G: Game>(
    line: &Line<G>,
    limits: Limits,
    root_moves: &RootMoves,
    stop: &AtomicBool,
) -> SearchResult {
    let state = line.now();
    if let Some(outcome) = line.outcome(Draws::Claimed).filter(|_| state.count_legal_moves() == 0) {
        return SearchResult { value: state.final_value(outcome, 0), exact: true, ..SearchResult::default() };
    }
    let last = limits.last_depth();
    // The first ply is always finished; the node limit applies after it.
    let mut tree = Tree::new(Table::new(), Budget::new(None, stop), line.earlier().to_vec());
    let mut moves = Vec::new();
    state.legal_moves(&mut moves);
    let mut found = SearchResult::default();
    for depth in 1..=last {
        let whole = state.max_plies_left().is_some_and(|plies| depth >= plies);
        if whole {
            // Estimates of shallower searches must not count as proven.
            tree.table.clear();
        }
        tree.table.make_room(GROWTH * tree.budget.nodes);
        let Some(better) = deepen(&mut tree, state, &mut moves, depth, root_moves, INFINITE) else { break };
        found = SearchResult { exact: whole || better.value.abs() > MATE / 2, depth, ..better };
        tree.budget.set_limit(limits.nodes);
        if whole || is_settled(&found) || tree.budget.is_spent() {
            break;
        }
    }
    found.nodes = tree.budget.nodes;
    found.stopped = tree.budget.was_stopped();
    found.values.sort_unstable();
    found
}

/// Deeper search cannot change values that are forced wins or losses.
pub fn is_settled(found: &SearchResult) -> bool {
    let mut values = found.values.iter().map(|(_, value)| value);
    found.value.abs() > MATE / 2 && values.all(|value| value.abs() > MATE / 2)
}

/// One iteration; `None` where the budget ended it. `moves` is sorted for the next one.
///
/// Exact values are exact within ±`most`.
pub fn deepen<G: Game>(
    tree: &mut Tree,
    state: &G,
    moves: &mut [Move],
    depth: u32,
    root_moves: &RootMoves,
    most: i32,
) -> Option<SearchResult> {
    tree.longest = 2 * depth;
    let mut found = SearchResult { value: -INFINITE, ..SearchResult::default() };
    let mut values = Vec::with_capacity(moves.len());
    let guesses = std::mem::take(&mut tree.guesses);
    let mut rest = Vec::new();
    for &mv in moves.iter() {
        let own = root_moves.contains(mv);
        let value = if own {
            let guess = guesses.iter().find(|(guessed, _)| *guessed == mv).map(|(_, value)| *value);
            its_own(tree, state, mv, depth, guess, most, &mut rest)
        } else {
            at_most_better(tree, state, mv, depth, found.value, &mut rest)
        };
        if tree.budget.is_spent() {
            return None;
        }
        let is_tie = own && value == found.value && Some(mv) < found.best;
        if value > found.value || is_tie {
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
    values.retain(|&(mv, _)| root_moves.contains(mv));
    tree.guesses.clone_from(&values);
    found.values = values;
    Some(found)
}

/// The value of a move where it is better than the best so far; else a bound that shows that it is not.
fn at_most_better<G: Game>(
    tree: &mut Tree,
    state: &G,
    mv: Move,
    depth: u32,
    best: i32,
    rest: &mut Vec<Move>,
) -> i32 {
    let depth = depth.cast_signed();
    if best == -INFINITE {
        return tree.after(state, mv, depth, (-INFINITE, INFINITE), 0, rest);
    }
    let value = tree.after(state, mv, depth, (best, best + 1), 0, rest);
    if value > best && !tree.budget.is_spent() {
        return tree.after(state, mv, depth, (best, INFINITE), 0, rest);
    }
    value
}

/// The value of a move for itself, exact within ±`most`: first close to the guess, then on the side where it
/// turned out to lie.
fn its_own<G: Game>(
    tree: &mut Tree,
    state: &G,
    mv: Move,
    depth: u32,
    guess: Option<i32>,
    most: i32,
    rest: &mut Vec<Move>,
) -> i32 {
    let depth = depth.cast_signed();
    let (mut low, mut high) = (-most, most);
    if let Some(guess) = guess.filter(|guess| guess.abs() < MATE / 2 && guess.abs() < most - NEAR) {
        let value = tree.after(state, mv, depth, (guess - NEAR, guess + NEAR), 0, rest);
        if (value - guess).abs() < NEAR || tree.budget.is_spent() {
            return value;
        }
        (low, high) = if value < guess { (low, value + 1) } else { (value - 1, high) };
    }
    tree.after(state, mv, depth, (low, high), 0, rest).clamp(-most, most)
}
