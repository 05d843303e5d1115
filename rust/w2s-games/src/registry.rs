//! Which games there are. A new game is its module and its type in the list here.

use crate::chess::Chess;
use crate::connect_four::ConnectFour;
use crate::game::Game;
use crate::othello::Othello;
use crate::rules::{Of, Rules};
use thiserror::Error;

/// What is done once for each game, with its type known.
pub trait ForEach {
    /// Called with every registered game, in the order of [`GAMES`].
    fn game<G: Game>(&mut self);
}

macro_rules! register {
    ($($game:ty),+) => {
        /// Every game, by the order in which lists show them.
        pub static GAMES: &[&dyn Rules] = &[$(&Of::<$game>::NEW),+];

        /// Shows every game to a visitor.
        pub fn for_each(visitor: &mut impl ForEach) {
            $(visitor.game::<$game>();)+
        }
    };
}

register!(Chess, ConnectFour, Othello);

/// A name that no game has.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("no game is called {name:?}; the games are: {}", names().join(", "))]
pub struct UnknownGame {
    /// The name that was asked for.
    pub name: String,
}

/// The names of all games, as the command line takes them.
pub fn names() -> Vec<&'static str> {
    GAMES.iter().map(|game| game.name()).collect()
}

/// The rules of a game by name.
///
/// # Errors
/// [`UnknownGame`] lists the names that exist.
pub fn game(name: &str) -> Result<&'static dyn Rules, UnknownGame> {
    GAMES
        .iter()
        .find(|game| game.name() == name)
        .copied()
        .ok_or_else(|| UnknownGame { name: name.to_string() })
}
