//! Many states as a network sees them: feature planes, and which entries of its policy are legal.
//!
//! Knows nothing about networks, and no game but by its trait.

use crate::rules::AnyLine;
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whose planes and whose policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum View {
    /// The game's own: [`crate::Game::planes`], [`crate::Game::policy_index`].
    Own,
    /// Lc0's, see [`crate::chess::lc0`]; chess only.
    Lc0,
}

/// What a policy says about one legal move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Its entry in the policy.
    pub index: usize,
    /// Where it starts and where it ends, as places of a plane; `None` for a move without a place (a pass).
    pub cells: [Option<usize>; 2],
}

/// States as a network sees them, row by row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Encoded {
    /// Feature planes, one state behind the other, each row-major.
    pub planes: Vec<f32>,
    /// The legal moves of all states, in their order, ascending within a state.
    pub choices: Vec<Choice>,
    /// Where each state's choices begin, and at the end how many there are.
    pub offsets: Vec<usize>,
}

/// States that one thread encodes at a time.
const ROWS: usize = 32;

/// Encodes states of one game, `size` values of planes each, in parallel; meaningless once `stop` is set.
///
/// # Panics
/// Where a state has no such view, or not so many values.
pub fn encode(lines: &[&dyn AnyLine], view: View, size: usize, stop: &AtomicBool) -> Encoded {
    let mut planes = vec![0.0; lines.len() * size];
    let rows: Vec<Vec<Choice>> = planes
        .par_chunks_exact_mut(size)
        .with_min_len(ROWS)
        .zip(lines)
        .map(|(planes, line)| {
            if stop.load(Ordering::Relaxed) {
                return Vec::new();
            }
            line.encode(view, planes)
        })
        .collect();
    let mut offsets = vec![0];
    for row in &rows {
        offsets.push(offsets[offsets.len() - 1] + row.len());
    }
    Encoded { planes, choices: rows.concat(), offsets }
}
