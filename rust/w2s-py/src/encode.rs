//! Many states as feature planes and policy entries.

use crate::errors::value_error;
use crate::interrupt;
use crate::state::State;
use numpy::ndarray::{Array2, Array4};
use numpy::{IntoPyArray, PyArray1, PyArray2, PyArray4};
use pyo3::prelude::*;
use w2s_games::chess::lc0;
use w2s_games::encode::{Encoded, View, encode as encode_lines};
use w2s_games::rules::AnyLine;
use w2s_games::{Move, registry};

type Columns<'py> = (
    Bound<'py, PyArray4<f32>>,
    Bound<'py, PyArray1<i64>>,
    Bound<'py, PyArray1<i64>>,
    Bound<'py, PyArray2<i32>>,
);

fn view(name: &str) -> PyResult<View> {
    match name {
        "own" => Ok(View::Own),
        "lc0" => Ok(View::Lc0),
        _ => Err(value_error(format!("no view is called {name:?}; use own or lc0"))),
    }
}

fn shape(game: &str, name: &str) -> PyResult<([usize; 3], usize)> {
    let rules = registry::game(game).map_err(value_error)?;
    rules.view(view(name)?).ok_or_else(|| value_error(format!("{game} has no view {name:?}; use own")))
}

/// Channels, rows and columns of a view's planes, and entries of its policy.
#[pyfunction]
pub fn view_shape(game: &str, view: &str) -> PyResult<([usize; 3], usize)> {
    shape(game, view)
}

/// Where each entry of Lc0's policy lies in a convolutional one: `plane * 64 + from`.
#[pyfunction]
pub fn lc0_places(py: Python<'_>) -> Bound<'_, PyArray1<i64>> {
    let places: Vec<i64> = lc0::convolution_places().into_iter().map(|place| place as i64).collect();
    places.into_pyarray(py)
}

/// Feature planes of many states of one game; policy entries of their legal moves, offsets, and cells.
#[pyfunction]
pub fn encode<'py>(
    py: Python<'py>,
    game: &str,
    states: Vec<Py<State>>,
    view: &str,
) -> PyResult<Columns<'py>> {
    let ([channels, rows, columns], _) = shape(game, view)?;
    if let Some(other) = states.iter().find(|state| state.get().name() != game) {
        return Err(value_error(format!("a state of {} among those of {game}", other.get().name())));
    }
    let view = self::view(view)?;
    let lines: Vec<&dyn AnyLine> = states.iter().map(|state| state.get().line()).collect();
    let size = channels * rows * columns;
    let found = interrupt::run(py, |stop| encode_lines(&lines, view, size, stop))?;
    wrapped(py, found, [states.len(), channels, rows, columns])
}

fn wrapped(py: Python<'_>, found: Encoded, shape: [usize; 4]) -> PyResult<Columns<'_>> {
    let indices: Vec<i64> = found.choices.iter().map(|choice| choice.index as i64).collect();
    let offsets: Vec<i64> = found.offsets.iter().map(|&offset| offset as i64).collect();
    let place = |cell: Option<usize>| cell.map_or(-1, |cell| cell as i32);
    let cells: Vec<i32> = found.choices.iter().flat_map(|choice| choice.cells.map(place)).collect();
    let cells = Array2::from_shape_vec((indices.len(), 2), cells).map_err(value_error)?;
    Ok((
        Array4::from_shape_vec(shape, found.planes).map_err(value_error)?.into_pyarray(py),
        indices.into_pyarray(py),
        offsets.into_pyarray(py),
        cells.into_pyarray(py),
    ))
}

/// What the board shows after one legal move of each state: takes, threatens, exposed.
#[pyfunction]
pub fn signs<'py>(
    py: Python<'py>,
    states: Vec<Py<State>>,
    moves: Vec<u16>,
) -> PyResult<Bound<'py, PyArray2<bool>>> {
    if states.len() != moves.len() {
        return Err(value_error(format!("{} states, but {} moves", states.len(), moves.len())));
    }
    let mut found = Vec::with_capacity(3 * moves.len());
    for (state, &mv) in states.iter().zip(&moves) {
        let signs = state.get().line().signs(Move(mv));
        let signs = signs.ok_or_else(|| value_error(format!("move number {mv} is not legal here")))?;
        found.extend([signs.takes, signs.threatens, signs.exposed]);
    }
    Ok(Array2::from_shape_vec((moves.len(), 3), found).map_err(value_error)?.into_pyarray(py))
}
