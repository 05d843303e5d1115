//! The registry of games. A new game is its module, declared in `lib.rs`, and its type in the list here.

use crate::chess::Chess;
use crate::connect_four::ConnectFour;
use crate::dyn_game::{DynGame, Erased};
use crate::game::Game;
use crate::othello::Othello;
use thiserror::Error;

/// What is done once for each game, with its type known.
pub trait ForEach {
    /// Called with every registered game, in the order of [`GAMES`].
    fn game<G: Game>(&mut self);
}

macro_rules! register {
    ($($game:ty),+) => {
        /// Every game, by the order in which lists show them.
        pub static GAMES: &[&dyn DynGame] = &[$(&Erased::<$game>::GAME),+];

        /// Shows every game to a visitor.
        pub fn for_each(visitor: &mut impl ForEach) {
            $(visitor.game::<$game>();)+
        }
    };
}

register!(Chess, ConnectFour, Othello);

/// A name that no game has.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown game {name:?}; use one of: {}", names().join(", "))]
pub struct UnknownGame {
    /// The given name.
    pub name: String,
}

impl UnknownGame {
    /// A stable identifier of the fault.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "game-unknown"
    }

    /// Always true: no data could make the argument right.
    #[must_use]
    pub fn is_setting(&self) -> bool {
        true
    }
}

/// The names of all games, as the command line takes them.
pub fn names() -> Vec<&'static str> {
    GAMES.iter().map(|game| game.name()).collect()
}

/// A game by name.
///
/// ```
/// use w2s_games::registry;
/// assert_eq!(registry::names(), ["chess", "connect_four", "othello"]);
/// assert_eq!(registry::game("chess").unwrap().name(), "chess");
/// assert!(registry::game("checkers").is_err());
/// ```
///
/// # Errors
/// [`UnknownGame`] lists the names that exist.
pub fn game(name: &str) -> Result<&'static dyn DynGame, UnknownGame> {
    GAMES
        .iter()
        .find(|game| game.name() == name)
        .copied()
        .ok_or_else(|| UnknownGame { name: name.to_string() })
}
