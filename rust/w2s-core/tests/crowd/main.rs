//! Crowds against plain oracles, published values, properties and bad input.
#![allow(clippy::unwrap_used)] // in what tests share, too

mod oracle;
mod planted;
mod properties;
mod published;
mod refusals;
mod table;
