//! Views: which feature planes and which policy a network uses for a game.

use thiserror::Error;

/// The encoding of feature planes and policy.
///
/// ```
/// use w2s_games::View;
/// assert_eq!("lc0".parse(), Ok(View::Lc0));
/// assert_eq!(View::Own.name(), "own");
/// assert!("alphazero".parse::<View>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum View {
    /// The game's own: [`Game::planes`](crate::Game::planes), [`Game::policy_index`](crate::Game::policy_index).
    Own,
    /// The one of Lc0's networks. Chess has it, see [`crate::chess::lc0`].
    Lc0,
}

impl View {
    /// Every view.
    pub const ALL: [View; 2] = [View::Own, View::Lc0];

    /// The name that users write.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            View::Own => "own",
            View::Lc0 => "lc0",
        }
    }
}

/// A name that no view has.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown view {name:?}; use one of: {}", View::ALL.map(View::name).join(", "))]
pub struct UnknownView {
    /// The given name.
    pub name: String,
}

impl UnknownView {
    /// A stable identifier of the fault.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "game-unknown-view"
    }

    /// Always true: no data could make the argument right.
    #[must_use]
    pub fn is_setting(&self) -> bool {
        true
    }
}

impl std::str::FromStr for View {
    type Err = UnknownView;

    fn from_str(name: &str) -> Result<Self, UnknownView> {
        let found = View::ALL.into_iter().find(|view| view.name() == name);
        found.ok_or_else(|| UnknownView { name: name.to_string() })
    }
}

/// The sizes of a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ViewShape {
    /// Channels, rows and columns of the feature planes.
    pub planes: [usize; 3],
    /// Entries of the policy over moves.
    pub policy: usize,
}

/// One legal move in a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Its entry in the policy.
    pub index: usize,
    /// Where it starts and where it ends, as places of a plane (row × columns + column); `None` for a move without
    /// a place (a pass).
    pub cells: [Option<usize>; 2],
}
