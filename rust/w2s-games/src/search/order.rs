//! Which move first: the table's, then the game's own order, moves that cut off before, and the rest.
//!
//! The order never changes a value, only how soon it is found.

use super::limits::DEEPEST;
use crate::game::{Game, Move};

const TABLE_MOVE: i32 = i32::MAX;
const KILLER: i32 = 5_000;
const MOST_HISTORY: i32 = 4_000;
const MOVES: usize = 1 << 15;

/// What earlier parts of a search say about good moves.
pub struct Memory {
    killers: Vec<[Option<Move>; 2]>,
    history: Vec<i32>,
}

impl Memory {
    pub fn new() -> Self {
        Self { killers: vec![[None; 2]; DEEPEST as usize * 4], history: vec![0; 2 * MOVES] }
    }

    /// Remembers a move that made the opponent avoid this state.
    pub fn cut<G: Game>(&mut self, state: &G, mv: Move, ply: u32, depth: i32) {
        if let Some(killers) = self.killers.get_mut(ply as usize).filter(|killers| killers[0] != Some(mv)) {
            *killers = [Some(mv), killers[0]];
        }
        let slot = &mut self.history[index(state, mv)];
        *slot = (*slot + depth * depth).min(MOST_HISTORY);
    }

    /// How early to try a move: higher first.
    pub fn score<G: Game>(&self, state: &G, mv: Move, first: Option<Move>, ply: u32) -> i32 {
        if Some(mv) == first {
            return TABLE_MOVE;
        }
        let killers = self.killers.get(ply as usize).copied().unwrap_or([None; 2]);
        let killer = if killers.contains(&Some(mv)) { KILLER } else { 0 };
        state.order(mv) + killer + self.history[index(state, mv)] / 8
    }
}

/// Moves of all states on the path that is searched, each with how early to try it, in one stack.
#[derive(Default)]
pub struct Queue {
    waiting: Vec<(i32, Move)>,
}

impl Queue {
    /// Where the moves that are pushed next begin.
    pub fn mark(&self) -> usize {
        self.waiting.len()
    }

    pub fn push(&mut self, score: i32, mv: Move) {
        self.waiting.push((score, mv));
    }

    /// Takes the best move of those since `mark`, the lower one among equals.
    pub fn next(&mut self, mark: usize) -> Option<Move> {
        let own = &self.waiting[mark..];
        let best = (0..own.len()).min_by_key(|&index| (std::cmp::Reverse(own[index].0), own[index].1))?;
        Some(self.waiting.swap_remove(mark + best).1)
    }

    /// Forgets the moves since `mark`.
    pub fn cut(&mut self, mark: usize) {
        self.waiting.truncate(mark);
    }
}

fn index<G: Game>(state: &G, mv: Move) -> usize {
    state.to_move() as usize * MOVES + usize::from(mv.0) % MOVES
}
