//! Crowds against plain oracles, published values, properties and bad input.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test, in shared functions too")]

mod oracle;
mod planted;
mod properties;
mod published;
mod refusals;
mod table;
