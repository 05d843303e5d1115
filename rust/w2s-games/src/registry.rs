//! Which games there are. A new game is its module and one line here.

use crate::chess::Chess;
use crate::connect_four::ConnectFour;
use crate::othello::Othello;
use crate::rules::{Of, Rules};
use thiserror::Error;

/// Every game, by the order in which lists show them.
pub static GAMES: &[&dyn Rules] = &[&Of::<Chess>::NEW, &Of::<ConnectFour>::NEW, &Of::<Othello>::NEW];

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
