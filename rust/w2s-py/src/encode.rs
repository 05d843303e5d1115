//! Many states as feature planes and policy entries.

use crate::errors::{raised, setting_error, shape_error};
use crate::interrupt;
use crate::state::State;
use numpy::ndarray::{Array2, Array4};
use numpy::{IntoPyArray, PyArray1, PyArray2, PyArray4};
use pyo3::prelude::*;
use w2s_games::batch::{self, EncodedStates};
use w2s_games::chess::lc0;
use w2s_games::{DynLine, Move, View, ViewShape, registry};

type Columns<'py> = (
    Bound<'py, PyArray4<f32>>,
    Bound<'py, PyArray1<i64>>,
    Bound<'py, PyArray1<i64>>,
    Bound<'py, PyArray2<i32>>,
);

pub fn parse_view(game: &str, name: &str) -> PyResult<(View, ViewShape)> {
    let dyn_game = registry::game(game).map_err(raised)?;
    let view: View = name.parse().map_err(raised)?;
    let missing =
        || setting_error("game-unknown-view", format!("{game} does not have the view {name:?}; use own"));
    Ok((view, dyn_game.view(view).ok_or_else(missing)?))
}

/// Channels, rows and columns of a view's planes, and entries of its policy.
#[pyfunction]
pub fn view_shape(game: &str, view: &str) -> PyResult<([usize; 3], usize)> {
    let (_, shape) = parse_view(game, view)?;
    Ok((shape.planes, shape.policy))
}

/// Where each entry of Lc0's policy lies in a convolutional one: `plane * 64 + from`.
#[pyfunction]
pub fn lc0_places(py: Python<'_>) -> Bound<'_, PyArray1<i64>> {
    let places: Vec<i64> =
        lc0::convolution_places().into_iter().map(|place| place.cast_signed() as i64).collect();
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
    let (view, shape) = parse_view(game, view)?;
    let [channels, rows, columns] = shape.planes;
    if let Some(other) = states.iter().find(|state| state.get().name() != game) {
        let message = format!(
            "one state is of {}, the others are of {game}; encode one game at a time",
            other.get().name()
        );
        return Err(setting_error("game-mixed-states", message));
    }
    let lines: Vec<&dyn DynLine> = states.iter().map(|state| state.get().line()).collect();
    let size = channels * rows * columns;
    let found = interrupt::run(py, |stop| batch::encode(&lines, view, size, stop))?;
    wrapped(py, found, [states.len(), channels, rows, columns])
}

fn wrapped(py: Python<'_>, found: EncodedStates, shape: [usize; 4]) -> PyResult<Columns<'_>> {
    let indices: Vec<i64> = found.choices.iter().map(|choice| choice.index.cast_signed() as i64).collect();
    let offsets: Vec<i64> = found.offsets.iter().map(|&offset| offset.cast_signed() as i64).collect();
    let place = |cell: Option<usize>| cell.map_or(-1, |cell| cell.cast_signed() as i32);
    let cells: Vec<i32> = found.choices.iter().flat_map(|choice| choice.cells.map(place)).collect();
    let cells = Array2::from_shape_vec((indices.len(), 2), cells).map_err(shape_error)?;
    Ok((
        Array4::from_shape_vec(shape, found.planes).map_err(shape_error)?.into_pyarray(py),
        indices.into_pyarray(py),
        offsets.into_pyarray(py),
        cells.into_pyarray(py),
    ))
}

/// What the board shows after one legal move of each state: takes, threatens, exposed.
#[pyfunction]
pub fn move_traits<'py>(
    py: Python<'py>,
    states: Vec<Py<State>>,
    moves: Vec<u16>,
) -> PyResult<Bound<'py, PyArray2<bool>>> {
    if states.len() != moves.len() {
        let message =
            format!("{} states, but {} moves; give one move for each state", states.len(), moves.len());
        return Err(setting_error("game-length-mismatch", message));
    }
    let lines: Vec<&dyn DynLine> = states.iter().map(|state| state.get().line()).collect();
    let numbers: Vec<Move> = moves.iter().map(|&mv| Move(mv)).collect();
    let illegal = |row: usize| {
        setting_error("game-illegal-move", format!("row {row}: move number {} is not legal", moves[row]))
    };
    let traits = batch::move_traits(&lines, &numbers).map_err(illegal)?;
    let flags: Vec<bool> = traits.iter().flat_map(|mv| [mv.takes, mv.threatens, mv.exposed]).collect();
    Ok(Array2::from_shape_vec((moves.len(), 3), flags).map_err(shape_error)?.into_pyarray(py))
}
