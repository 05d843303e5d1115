//! Numbers of w2s: scores in, positions or numbers out.
//!
//! Knows nothing about Python, files or games.
#![forbid(unsafe_code)]

pub mod aggregate;
pub mod certify;
pub mod crowd;
pub mod pages;
pub mod select;
