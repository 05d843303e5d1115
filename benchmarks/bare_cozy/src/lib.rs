//! The plain loop that w2s is measured against: cozy-chess, called from Python with lists of strings.
//!
//! What a good engineer writes in an hour: no copies of the texts, no Python lock while it works, every core
//! if asked; but no reader of its own, no canonical forms, no reasons and no Ctrl-C.

use cozy_chess::util::{parse_san_move, parse_uci_move};
use cozy_chess::{Board, Move};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::PyBytes;
use rayon::prelude::*;

/// Codes of a verdict: a text that is no legal move or position, different positions, the same position.
const BAD: u8 = 0;
const DIFFERENT: u8 = 1;
const SAME: u8 = 2;

fn verdict(position: &str, san: &str, uci: &str) -> Option<bool> {
    let board = Board::from_fen(position, false).ok()?;
    let left = parse_san_move(&board, san).ok()?;
    let right = parse_uci_move(&board, uci).ok().filter(|&mv| board.is_legal(mv))?;
    Some(after(&board, left).same_position(&after(&board, right)))
}

fn after(board: &Board, mv: Move) -> Board {
    let mut next = board.clone();
    next.play_unchecked(mv);
    next
}

fn code(row: (&PyBackedStr, (&PyBackedStr, &PyBackedStr))) -> u8 {
    let (position, (san, uci)) = row;
    verdict(position, san, uci).map_or(BAD, |same| if same { SAME } else { DIFFERENT })
}

/// One byte a row: 0 bad text, 1 different positions, 2 the same position. `threads`: 1, or all that rayon has.
#[pyfunction]
fn agree<'py>(
    py: Python<'py>,
    positions: Vec<PyBackedStr>,
    san: Vec<PyBackedStr>,
    uci: Vec<PyBackedStr>,
    threads: usize,
) -> Bound<'py, PyBytes> {
    let codes: Vec<u8> = py.detach(|| {
        if threads == 1 {
            positions.iter().zip(san.iter().zip(&uci)).map(code).collect()
        } else {
            positions.par_iter().zip(san.par_iter().zip(&uci)).map(code).collect()
        }
    });
    PyBytes::new(py, &codes)
}

fn count(board: &Board, depth: u32) -> u64 {
    let mut lines = 0;
    board.generate_moves(|moves| {
        if depth <= 1 {
            lines += moves.len() as u64;
        } else {
            lines += moves.into_iter().map(|mv| count(&after(board, mv), depth - 1)).sum::<u64>();
        }
        false
    });
    lines
}

/// Lines of `depth` plies, counted in bulk at the last.
#[pyfunction]
fn perft(py: Python<'_>, position: &str, depth: u32) -> PyResult<u64> {
    let board = Board::from_fen(position, false).map_err(|error| PyValueError::new_err(error.to_string()))?;
    Ok(py.detach(|| count(&board, depth)))
}

#[pymodule]
mod bare_cozy {
    #[pymodule_export]
    use crate::{agree, perft};
}
