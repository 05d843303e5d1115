//! Crowds: many votes on each item in, one label with its probability and the skill of each worker out.
//!
//! Items, workers and classes are dense codes. Which method to use:
//!
//! | method | learns about a worker | learns about an item | use it when |
//! |---|---|---|---|
//! | majority | | | workers are alike |
//! | weighted majority | | | their skills are known |
//! | zero-based skill | how often it agrees | | something simple and robust is wanted |
//! | one-coin Dawid–Skene | how often it is right | | there are few votes per worker |
//! | Dawid–Skene | which classes it confuses | | there are many votes per worker |
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
