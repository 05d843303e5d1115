//! Search, exact solving and perft of states.

use crate::errors::setting_error;
use crate::interrupt;
use crate::state::State;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use w2s_games::search::{Limits, RootMoves, SearchResult as Found};
use w2s_games::{DynLine, Move, MoveError, Notation, batch};

/// The result of a search, with moves as canonical texts.
#[derive(Debug)]
#[pyclass(frozen, module = "w2s._core")]
pub struct SearchResult {
    /// The best move; `None` where the game is over.
    #[pyo3(get)]
    best: Option<String>,
    /// Value for the player to move, in hundredths of a unit; a win in n plies is worth 1,000,000 − n.
    #[pyo3(get)]
    value_cp: i32,
    /// The last depth that was finished, in plies.
    #[pyo3(get)]
    depth: u32,
    /// States visited.
    #[pyo3(get)]
    nodes: u64,
    /// The line that both players would choose.
    #[pyo3(get)]
    line: Vec<String>,
    /// Whether the value is proven.
    #[pyo3(get)]
    exact: bool,
    values: Vec<(String, i32)>,
}

#[pymethods]
impl SearchResult {
    /// Values of the requested moves, in their fixed order.
    #[getter]
    fn values<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let values = PyDict::new(py);
        for (mv, value) in &self.values {
            values.set_item(mv, value)?;
        }
        Ok(values)
    }
}

impl SearchResult {
    fn new(line: &dyn DynLine, found: Found) -> Self {
        let text = |mv: Move| line.print_move(mv, Notation::Canonical).unwrap_or_default();
        Self {
            best: found.best.map(text),
            value_cp: found.value,
            depth: found.depth,
            nodes: found.nodes,
            line: line.continuation_texts(&found.line),
            exact: found.exact,
            values: found.values.into_iter().map(|(mv, value)| (text(mv), value)).collect(),
        }
    }
}

fn lines(states: &[Py<State>]) -> Vec<&dyn DynLine> {
    states.iter().map(|state| state.get().line()).collect()
}

/// The moves of a state to value, from their texts.
fn root_moves(line: &dyn DynLine, texts: &[String]) -> PyResult<RootMoves> {
    let number = |text: &String| {
        let why = |error: MoveError| {
            setting_error(error.code(), format!("{text:?} is {error} at {}", line.position()))
        };
        line.parse_move(text).map_err(why)
    };
    Ok(RootMoves::These(texts.iter().map(number).collect::<PyResult<_>>()?))
}

/// Searches many states in parallel; `moves` names for each state the moves to value besides the best one.
#[pyfunction]
#[pyo3(signature = (states, depth = None, nodes = None, all_moves = false, moves = None))]
pub fn search(
    py: Python<'_>,
    states: Vec<Py<State>>,
    depth: Option<u32>,
    nodes: Option<u64>,
    all_moves: bool,
    moves: Option<Vec<Vec<String>>>,
) -> PyResult<Vec<SearchResult>> {
    let lines = lines(&states);
    let simple = if all_moves { RootMoves::All } else { RootMoves::Best };
    let mut questions: Vec<_> = lines.iter().map(|&line| (line, simple.clone())).collect();
    if let Some(moves) = moves {
        if moves.len() != states.len() {
            let message = format!("{} states, but moves of {}", states.len(), moves.len());
            return Err(setting_error("game-length-mismatch", message));
        }
        for ((line, wanted), texts) in questions.iter_mut().zip(&moves) {
            *wanted = root_moves(*line, texts)?;
        }
    }
    let found = interrupt::run(py, |stop| batch::search(&questions, Limits { depth, nodes }, stop))?;
    Ok(lines.into_iter().zip(found).map(|(line, found)| SearchResult::new(line, found)).collect())
}

/// Solves many states in parallel, each within `nodes` nodes; `None` where the proof did not fit. Values
/// beyond ±`cap` are given as ±`cap`.
#[pyfunction]
pub fn solve(
    py: Python<'_>,
    states: Vec<Py<State>>,
    nodes: u64,
    cap: i32,
) -> PyResult<Vec<Option<SearchResult>>> {
    let lines = lines(&states);
    let found = interrupt::run(py, |stop| batch::solve(&lines, nodes, cap, stop))?;
    Ok(lines.into_iter().zip(found).map(|(line, found)| Some(SearchResult::new(line, found?))).collect())
}

/// Counts lines of play: `(lines of exactly this depth, lines that ended before)`.
#[pyfunction]
pub fn perft(py: Python<'_>, state: &State, depth: u32) -> PyResult<(u64, u64)> {
    let found = interrupt::run(py, |stop| state.line().perft(depth, stop))?;
    Ok((found.lines, found.ended))
}
