//! Crowds: many votes on each item in, one label with its probability and the worth of each worker out.
//!
//! Knows nothing about names: items, workers and classes are dense codes. Which method:
//!
//! | method | learns about a worker | learns about an item | use it when |
//! |---|---|---|---|
//! | majority | | | workers are alike |
//! | weighted majority | | | their worth is known |
//! | zero-based skill | how often it agrees | | something simple and robust is wanted |
//! | one-coin Dawid–Skene | how often it is right | | there are few votes a worker |
//! | Dawid–Skene | what it confuses with what | | there are many votes a worker |
//! | MACE | whether it knows, or guesses by habit | | some workers spam |
//! | GLAD | ability | difficulty | some items are harder than others |

mod belief;
mod cells;
mod climb;
mod consensus;
mod dawid_skene;
mod error;
mod exponential;
mod gamma;
mod glad;
mod mace;
mod majority;
mod method;
mod one_coin;
mod options;
mod priors;
mod random;
mod sweep;
mod votes;
mod zero_based;

pub use consensus::{Consensus, Workers};
pub use error::CrowdError;
pub use method::{METHODS, Method, fit};
pub use options::Options;
pub use votes::{ABSTAIN, Rows, Shape, Votes};
