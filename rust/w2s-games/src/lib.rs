//! Rules of w2s: games, notation, agreement and search.
//!
//! Knows nothing about Python, files, trust or models. A module imports only those above it in this table.
//!
//! | module | question it answers |
//! |---|---|
//! | [`view`] | which feature planes and which policy does a network use? |
//! | [`game`] | what does a game have to provide? |
//! | [`mod@line`] | how did this position come about, and is the game over? |
//! | [`perft`] | are the rules right, counted? |
//! | [`agree`] | do two answers to a position mean the same? |
//! | [`search`] | which move is best, and what is each one worth? |
//! | [`deliberation`] | what does a network find out by looking ahead? |
//! | [`chess`], [`connect_four`], [`othello`] | one game each |
//! | [`dyn_game`] | how is a game used that is known only by name? |
//! | [`registry`] | which games are there? |
//! | [`batch`] | how are many lines searched or encoded at once? |
//! | [`forest`] | how do many deliberations share a network? |
#![forbid(unsafe_code)]

pub mod agree;
pub mod batch;
pub mod chess;
pub mod connect_four;
pub mod deliberation;
mod diagram;
pub mod dyn_game;
pub mod forest;
pub mod game;
pub mod line;
pub mod othello;
pub mod perft;
pub mod registry;
pub mod search;
pub mod view;

pub use dyn_game::{DynEncode, DynGame, DynLine, DynSearch};
pub use game::{
    Draws, Game, History, Move, MoveError, MoveTraits, Notation, Outcome, PositionError, Reason, Side,
};
pub use line::Line;
pub use view::{View, ViewShape};
