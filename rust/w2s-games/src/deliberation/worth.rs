//! What a state is worth for the player to move.

use crate::game::{Game, Outcome};

/// How a game ends for certain, for the player to move, and in how many plies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The player to move wins.
    Win(u32),
    /// Neither player wins.
    Draw(u32),
    /// The player to move loses.
    Loss(u32),
}

impl Proof {
    /// Plies until the end.
    #[must_use]
    pub fn plies(self) -> u32 {
        let (Self::Win(plies) | Self::Draw(plies) | Self::Loss(plies)) = self;
        plies
    }
}

/// The worth of a state for the player to move.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Worth {
    /// Expected result, from -1 (loss) to 1 (win).
    pub value: f32,
    /// The result, where the rules prove it.
    pub proof: Option<Proof>,
}

/// More than any game has plies.
const PLIES: f64 = 100_000.0;

impl Worth {
    /// What a network says.
    #[must_use]
    pub fn guess(value: f32) -> Self {
        Self { value, proof: None }
    }

    /// The worth of a proven state.
    #[must_use]
    pub fn proven(proof: Proof) -> Self {
        let value = match proof {
            Proof::Win(_) => 1.0,
            Proof::Draw(_) => 0.0,
            Proof::Loss(_) => -1.0,
        };
        Self { value, proof: Some(proof) }
    }

    /// The worth of a finished game.
    pub fn of_outcome<G: Game>(state: &G, outcome: Outcome) -> Self {
        Self::proven(match outcome.winner {
            None => Proof::Draw(0),
            Some(side) if side == state.to_move() => Proof::Win(0),
            Some(_) => Proof::Loss(0),
        })
    }

    /// The worth of the move that leads to this state, for the player who makes it.
    #[must_use]
    pub fn of_move(self) -> Self {
        let proof = self.proof.map(|proof| match proof {
            Proof::Win(plies) => Proof::Loss(plies + 1),
            Proof::Draw(plies) => Proof::Draw(plies + 1),
            Proof::Loss(plies) => Proof::Win(plies + 1),
        });
        Self { value: -self.value, proof }
    }

    /// Larger for better: a proven win is above every guess and a proven loss below; quick wins and slow losses
    /// are better.
    #[must_use]
    pub fn rank(self) -> f64 {
        match self.proof {
            Some(Proof::Win(plies)) => 2.0 - f64::from(plies) / PLIES,
            Some(Proof::Loss(plies)) => -2.0 + f64::from(plies) / PLIES,
            _ => f64::from(self.value),
        }
    }

    /// The worth of a state from the worth of its moves, `self` for the player to move; `None` without a move.
    ///
    /// A loss or a draw is proven only if `complete`, that is, if these are all legal moves, and each is proven.
    pub fn best(moves: impl Iterator<Item = Self>, complete: bool) -> Option<Self> {
        let (mut best, mut all_proven) = (None::<Self>, complete);
        for found in moves {
            all_proven &= found.proof.is_some();
            if best.is_none_or(|best| found.rank() > best.rank()) {
                best = Some(found);
            }
        }
        best.map(|best| match best.proof {
            Some(Proof::Win(_)) => best,
            Some(_) if all_proven => best,
            _ => Self::guess(best.value),
        })
    }
}
