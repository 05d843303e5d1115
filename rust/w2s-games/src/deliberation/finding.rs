//! What was found about a position.

use super::worth::Worth;
use crate::game::Move;

/// What was found about one move of the root.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MoveFinding {
    /// The move.
    pub mv: Move,
    /// Its probability in the network's policy, over all legal moves.
    pub prior: f32,
    /// Its value for the player who makes it, from -1 to 1.
    pub value: f32,
    /// Its value by the network as soon as it is made, or by the rules if that ends the game.
    pub first_value: f32,
    /// The result, where the rules prove it.
    pub worth: Worth,
    /// How many states below it were visited.
    pub visits: u32,
}

/// What was found about a position.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Finding {
    /// The moves that were considered, ascending.
    pub moves: Vec<MoveFinding>,
    /// The best of them; `None` where the game is over.
    pub best: Option<Move>,
    /// Value of the position by the network alone, for the player to move; by the rules where the game is over.
    pub first_value: f32,
    /// How often the best move changed in the course of the search; the policy's own choice comes first.
    pub changes: u32,
    /// The share of the search after which the best move did not change any more; 0 if it never did.
    pub settled: f32,
    /// States that the network evaluated.
    pub evaluations: u32,
    /// States that were met, including repeated and finished ones.
    pub nodes: u32,
}

/// The best moves in the course of a search: how often they changed, and when for the last time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trail {
    last: Option<Move>,
    changes: u32,
    changed_at: u32,
    steps: u32,
}

impl Trail {
    /// The best move after one more step; the first one is that of the policy.
    pub fn push(&mut self, best: Move) {
        if self.last.is_some_and(|last| last != best) {
            self.changes += 1;
            self.changed_at = self.steps;
        }
        self.last = Some(best);
        self.steps += 1;
    }

    /// How often the best move changed.
    pub fn changes(&self) -> u32 {
        self.changes
    }

    /// The share of the steps after which it did not change any more.
    #[expect(clippy::cast_precision_loss, reason = "a share of at most 2^24 steps")]
    pub fn settled(&self) -> f32 {
        if self.changes == 0 { 0.0 } else { self.changed_at as f32 / (self.steps - 1) as f32 }
    }
}
