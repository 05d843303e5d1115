//! Rules of w2s: games, notation, agreement and search.
//!
//! Knows nothing about Python, files, trust or models.
//!
//! | module | question it answers |
//! |---|---|
//! | [`game`] | what does a game have to provide? |
//! | [`registry`] | which games are there? |
//! | [`line`] | how did this position come about, and is the game over? |
//! | [`perft`] | are the rules right, counted? |
//! | [`agree`] | do two answers to a position mean the same? |
//! | [`search`] | which move is best, and what is each one worth? |
//! | [`encode`] | what does a network see of many states? |
//! | [`rules`] | how is a game used that is known only by name? |
//! | [`chess`], [`connect_four`], [`othello`] | one game each |
#![forbid(unsafe_code)]

pub mod agree;
pub mod chess;
pub mod connect_four;
pub mod diagram;
pub mod encode;
pub mod game;
pub mod line;
pub mod othello;
pub mod perft;
pub mod registry;
pub mod rules;
pub mod search;

pub use game::{Draws, Game, Move, MoveError, Notation, Outcome, PositionError, Reason, Side, Signs};
pub use line::Line;
