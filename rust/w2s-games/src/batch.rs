//! Many lines of play in parallel: search, proofs, feature planes.
//!
//! Knows no particular game: lines may be of different games. The answers are in the order of the lines for
//! any number of threads.
//!
//! ```
//! use std::sync::atomic::AtomicBool;
//! use w2s_games::search::{Limits, RootMoves};
//! use w2s_games::{batch, registry};
//!
//! let mut line = registry::game("connect_four").unwrap().line("startpos").unwrap();
//! for column in ["4", "1", "4", "1", "4", "1"] {
//!     line.play(line.parse_move(column).unwrap()).unwrap();
//! }
//! let limits = Limits { depth: Some(1), nodes: None };
//! let found = batch::search(&[(&*line, RootMoves::Best)], limits, &AtomicBool::new(false));
//! assert_eq!(line.continuation_texts(&found[0].line), ["4"]);
//! assert!(found[0].exact);
//! ```

use crate::dyn_game::DynLine;
use crate::game::{Move, MoveTraits};
use crate::search::{Limits, RootMoves, SearchResult};
use crate::view::{Choice, View};
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// Searches many lines, each with the moves to value.
#[must_use]
pub fn search(
    questions: &[(&dyn DynLine, RootMoves)],
    limits: Limits,
    stop: &AtomicBool,
) -> Vec<SearchResult> {
    let search = |(line, root_moves): &(&dyn DynLine, RootMoves)| line.search(limits, root_moves, stop);
    questions.par_iter().with_max_len(1).map(search).collect()
}

/// Solves many lines, each within `nodes` nodes; see [`crate::search::solve`].
#[must_use]
pub fn solve(lines: &[&dyn DynLine], nodes: u64, cap: i32, stop: &AtomicBool) -> Vec<Option<SearchResult>> {
    lines.par_iter().with_max_len(1).map(|line| line.solve(nodes, cap, stop)).collect()
}

/// What the board shows after one move of each line.
///
/// # Errors
/// The first row whose move is not legal, or the shorter length where there are not as many moves as lines.
pub fn move_traits(lines: &[&dyn DynLine], moves: &[Move]) -> Result<Vec<MoveTraits>, usize> {
    if lines.len() != moves.len() {
        return Err(lines.len().min(moves.len()));
    }
    let traits = lines.iter().zip(moves).enumerate();
    traits.map(|(row, (line, &mv))| line.move_traits(mv).ok_or(row)).collect()
}

/// States as a network sees them: feature planes, and which entries of its policy are legal.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EncodedStates {
    /// Feature planes, one state after the other, each row-major.
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
/// If a state does not have the view, or its planes do not have `size` values.
#[must_use]
pub fn encode(lines: &[&dyn DynLine], view: View, size: usize, stop: &AtomicBool) -> EncodedStates {
    let mut planes = vec![0.0; lines.len() * size];
    let rows: Vec<Vec<Choice>> = planes
        .par_chunks_exact_mut(size)
        .with_min_len(ROWS)
        .zip(lines)
        .map(|(planes, line)| {
            if stop.load(Ordering::Relaxed) {
                return Vec::new();
            }
            line.fill_planes(view, planes);
            line.choices(view)
        })
        .collect();
    let mut offsets = vec![0];
    for row in &rows {
        offsets.push(offsets[offsets.len() - 1] + row.len());
    }
    EncodedStates { planes, choices: rows.concat(), offsets }
}
