//! The value of a state at a depth: principal variation search, then forcing moves. The root drives the
//! iteration.

use super::limits::Budget;
use super::order::{Memory, Queue};
use super::table::{Bound, Entry, Table};
use crate::game::{Draws, Game, MATE, Move};

/// Larger than any value.
pub const INFINITE: i32 = i32::MAX / 2;

/// A search in progress.
pub struct Tree<'a> {
    pub table: Table,
    pub budget: Budget<'a>,
    memory: Memory,
    queue: Queue,
    /// Values of the root's moves as the last iteration found them.
    pub guesses: Vec<(Move, i32)>,
    /// Scratch for listing moves.
    moves: Vec<Move>,
    /// Keys of the states from the start of the game to the current one.
    path: Vec<u64>,
    /// Where in `path` the search began.
    root: usize,
    /// Deepest extension: threats are followed no farther than this many plies from the root.
    pub longest: u32,
}

/// How a state is searched: the depth, the window, and the plies below the root.
#[derive(Clone, Copy)]
struct Node {
    depth: i32,
    alpha: i32,
    beta: i32,
    ply: u32,
}

impl<'a> Tree<'a> {
    pub fn new(table: Table, budget: Budget<'a>, path: Vec<u64>) -> Self {
        Self {
            table,
            budget,
            memory: Memory::new(),
            queue: Queue::default(),
            guesses: Vec::new(),
            moves: Vec::with_capacity(64),
            root: path.len(),
            path,
            longest: 0,
        }
    }

    /// The value of a state that ends its line: by the rules, or by repetition within the search, which the
    /// player who wants a draw can repeat.
    fn end<G: Game>(&self, state: &G, ply: u32) -> Option<i32> {
        match state.outcome(&self.path, Draws::Claimed) {
            Some(outcome) => Some(state.final_value(outcome, ply)),
            None => state.recurs(&self.path[self.root..]).then_some(0),
        }
    }

    /// Value of the state after a legal move, for the player who makes it; `rest` receives the line that
    /// follows.
    pub fn after<G: Game>(
        &mut self,
        state: &G,
        mv: Move,
        depth: i32,
        window: (i32, i32),
        ply: u32,
        rest: &mut Vec<Move>,
    ) -> i32 {
        let mut next = state.clone();
        next.play(mv);
        self.path.push(state.key());
        let value = -self.value(&next, depth - 1, (-window.1, -window.0), ply + 1, rest);
        self.path.pop();
        value
    }

    /// Value for the player to move within a window; meaningless once the budget is spent.
    fn value<G: Game>(
        &mut self,
        state: &G,
        depth: i32,
        (mut alpha, beta): (i32, i32),
        ply: u32,
        line: &mut Vec<Move>,
    ) -> i32 {
        line.clear();
        if self.budget.spend() {
            return 0;
        }
        if let Some(value) = self.end(state, ply) {
            return value;
        }
        let threatened = G::HAS_FORCING_MOVES && state.is_under_threat();
        let depth = depth + i32::from(threatened && ply < self.longest);
        if depth <= 0 {
            return self.quiet(state, (alpha, beta), ply);
        }
        if let Some(value) = foreseen(state, depth, ply) {
            return value;
        }
        let key = state.key();
        let known = self.table.get(key, ply);
        if let Some(value) = known.and_then(|entry| cut(&entry, depth, (alpha, beta))) {
            return value;
        }
        let lowest = alpha;
        let (mut best, mut best_move) = (-INFINITE, None);
        let mut rest = Vec::new();
        if depth > 1 {
            state.sensible_moves(&mut self.moves);
        } else {
            state.legal_moves(&mut self.moves);
        }
        let mark = self.line_up(state, known.and_then(|entry| entry.best), ply);
        while let Some(mv) = self.queue.next(mark) {
            let first = best_move.is_none();
            let value = self.scout(state, mv, Node { depth, alpha, beta, ply }, first, &mut rest);
            if self.budget.is_spent() {
                return 0;
            }
            if value > best {
                (best, best_move) = (value, Some(mv));
                if value > alpha {
                    alpha = value;
                    line.clear();
                    line.push(mv);
                    line.append(&mut rest);
                }
                if value >= beta {
                    self.memory.cut(state, mv, ply, depth);
                    break;
                }
            }
        }
        self.queue.cut(mark);
        let bound = match best {
            _ if best >= beta => Bound::AtLeast,
            _ if best > lowest => Bound::Exact,
            _ => Bound::AtMost,
        };
        self.table.put(key, ply, Entry { value: best, depth: depth as i16, bound, best: best_move });
        best
    }

    /// Puts the moves just listed into the queue; where they begin.
    fn line_up<G: Game>(&mut self, state: &G, first: Option<Move>, ply: u32) -> usize {
        let mark = self.queue.mark();
        for &mv in &self.moves {
            self.queue.push(self.memory.score(state, mv, first, ply), mv);
        }
        mark
    }

    /// The first move gets the whole window; the others must first show that they are better at all.
    fn scout<G: Game>(&mut self, state: &G, mv: Move, node: Node, first: bool, rest: &mut Vec<Move>) -> i32 {
        let Node { depth, alpha, beta, ply } = node;
        if first {
            return self.after(state, mv, depth, (alpha, beta), ply, rest);
        }
        let value = self.after(state, mv, depth, (alpha, alpha + 1), ply, rest);
        if value > alpha && value < beta && !self.budget.is_spent() {
            return self.after(state, mv, depth, (alpha, beta), ply, rest);
        }
        value
    }

    /// Value once nothing forcing is left: the player to move may stop at any point, but not under threat.
    fn quiet<G: Game>(&mut self, state: &G, (mut alpha, beta): (i32, i32), ply: u32) -> i32 {
        if !G::HAS_FORCING_MOVES {
            return state.evaluate();
        }
        let threatened = state.is_under_threat();
        let mut best = -INFINITE;
        if threatened {
            state.legal_moves(&mut self.moves);
        } else {
            best = state.evaluate();
            if best >= beta {
                return best;
            }
            alpha = alpha.max(best);
            state.forcing_moves(&mut self.moves);
        }
        let mark = self.line_up(state, None, ply);
        while let Some(mv) = self.queue.next(mark) {
            if !threatened && best + state.most_gain(mv) <= alpha {
                continue;
            }
            let value = self.after_quiet(state, mv, (alpha, beta), ply);
            if self.budget.is_spent() {
                return 0;
            }
            best = best.max(value);
            alpha = alpha.max(value);
            if alpha >= beta {
                break;
            }
        }
        self.queue.cut(mark);
        best
    }

    fn after_quiet<G: Game>(&mut self, state: &G, mv: Move, window: (i32, i32), ply: u32) -> i32 {
        let mut next = state.clone();
        next.play(mv);
        if self.budget.spend() {
            return 0;
        }
        self.path.push(state.key());
        let ended = self.end(&next, ply + 1);
        let value = ended.unwrap_or_else(|| self.quiet(&next, (-window.1, -window.0), ply + 1));
        self.path.pop();
        -value
    }
}

/// The value of a win or loss that the game foresees within the depth of the search.
fn foreseen<G: Game>(state: &G, depth: i32, ply: u32) -> Option<i32> {
    let plies = state.foreseen().filter(|plies| plies.abs() <= depth)?;
    let value = MATE - (ply.cast_signed() + plies.abs());
    Some(if plies > 0 { value } else { -value })
}

/// The value that the table gives at once, where it settles a scout's window.
fn cut(entry: &Entry, depth: i32, (alpha, beta): (i32, i32)) -> Option<i32> {
    if i32::from(entry.depth) < depth || beta - alpha > 1 {
        return None;
    }
    match entry.bound {
        Bound::Exact => Some(entry.value),
        Bound::AtLeast if entry.value >= beta => Some(entry.value),
        Bound::AtMost if entry.value <= alpha => Some(entry.value),
        _ => None,
    }
}
