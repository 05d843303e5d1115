//! Search, exact solving and perft of states.

use crate::errors::value_error;
use crate::interrupt;
use crate::state::State;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use w2s_games::rules::AnyLine;
use w2s_games::search::{Found, Limits, Valued, batch, solve_batch};
use w2s_games::{Move, Notation};

/// What a search found, with moves as canonical texts.
#[pyclass(frozen, module = "w2s._core")]
pub struct Searched {
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
impl Searched {
    /// Values of the moves that were to get one, in their fixed order.
    #[getter]
    fn values<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let values = PyDict::new(py);
        for (mv, value) in &self.values {
            values.set_item(mv, value)?;
        }
        Ok(values)
    }
}

impl Searched {
    fn new(line: &dyn AnyLine, found: Found) -> Self {
        let text = |mv: Move| line.print_move(mv, Notation::Canonical).unwrap_or_default();
        Self {
            best: found.best.map(text),
            value_cp: found.value,
            depth: found.depth,
            nodes: found.nodes,
            line: texts_of(line, &found.line),
            exact: found.exact,
            values: found.values.into_iter().map(|(mv, value)| (text(mv), value)).collect(),
        }
    }
}

/// The moves of a continuation, each in the state where it is played.
fn texts_of(line: &dyn AnyLine, moves: &[Move]) -> Vec<String> {
    let mut line = line.boxed();
    let mut texts = Vec::with_capacity(moves.len());
    for &mv in moves {
        texts.extend(line.print_move(mv, Notation::Canonical));
        if line.play(mv).is_err() {
            break;
        }
    }
    texts
}

fn lines(states: &[Py<State>]) -> Vec<&dyn AnyLine> {
    states.iter().map(|state| state.get().line()).collect()
}

/// The moves of a state that are to get a value, from their texts.
fn valued(line: &dyn AnyLine, texts: &[String]) -> PyResult<Valued> {
    let number = |text: &String| {
        let why = |error| value_error(format!("{text:?} is {error} at {}", line.position()));
        line.parse_move(text).map_err(why)
    };
    Ok(Valued::These(texts.iter().map(number).collect::<PyResult<_>>()?))
}

/// Searches many states side by side; `moves` names for each state those that get a value beside the best.
#[pyfunction]
#[pyo3(signature = (states, depth = None, nodes = None, all_moves = false, moves = None))]
pub fn search(
    py: Python<'_>,
    states: Vec<Py<State>>,
    depth: Option<u32>,
    nodes: Option<u64>,
    all_moves: bool,
    moves: Option<Vec<Vec<String>>>,
) -> PyResult<Vec<Searched>> {
    let lines = lines(&states);
    let simple = if all_moves { Valued::All } else { Valued::Best };
    let mut questions: Vec<_> = lines.iter().map(|&line| (line, simple.clone())).collect();
    if let Some(moves) = moves {
        if moves.len() != states.len() {
            return Err(value_error(format!("{} states, but moves of {}", states.len(), moves.len())));
        }
        for ((line, wanted), texts) in questions.iter_mut().zip(&moves) {
            *wanted = valued(*line, texts)?;
        }
    }
    let found = interrupt::run(py, |stop| batch(&questions, Limits { depth, nodes }, stop))?;
    Ok(lines.into_iter().zip(found).map(|(line, found)| Searched::new(line, found)).collect())
}

/// Solves many states side by side, each within `nodes` nodes; `None` where the proof did not fit. Values
/// beyond ±`cap` are given as ±`cap`.
#[pyfunction]
pub fn solve(
    py: Python<'_>,
    states: Vec<Py<State>>,
    nodes: u64,
    cap: i32,
) -> PyResult<Vec<Option<Searched>>> {
    let lines = lines(&states);
    let found = interrupt::run(py, |stop| solve_batch(&lines, nodes, cap, stop))?;
    Ok(lines.into_iter().zip(found).map(|(line, found)| Some(Searched::new(line, found?))).collect())
}

/// Counts lines of play: `(lines of exactly this depth, lines that ended before)`.
#[pyfunction]
pub fn perft(py: Python<'_>, state: &State, depth: u32) -> PyResult<(u64, u64)> {
    let found = interrupt::run(py, |stop| state.line().perft(depth, stop))?;
    Ok((found.lines, found.ended))
}
