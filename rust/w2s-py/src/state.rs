//! A line of play as an immutable Python object.

use crate::errors::{data_error, raised};
use numpy::ndarray::Array3;
use numpy::{IntoPyArray, PyArray1, PyArray3};
use pyo3::prelude::*;
use w2s_games::{Draws, DynLine, Move, Notation, Side, View, ViewShape, registry};

/// The names of all games.
#[pyfunction]
pub fn game_names() -> Vec<&'static str> {
    registry::names()
}

fn own_view(game: &str) -> PyResult<ViewShape> {
    let shape = registry::game(game).map_err(raised)?.view(View::Own);
    shape.ok_or_else(|| data_error("game-unknown-view", format!("{game} has no planes")))
}

/// Channels, rows and columns of a game's feature planes.
#[pyfunction]
pub fn planes_shape(game: &str) -> PyResult<[usize; 3]> {
    Ok(own_view(game)?.planes)
}

/// Entries of a game's policy over moves.
#[pyfunction]
pub fn policy_size(game: &str) -> PyResult<usize> {
    Ok(own_view(game)?.policy)
}

/// The state that a position text describes.
#[pyfunction]
pub fn start(game: &str, position: &str) -> PyResult<State> {
    let game = registry::game(game).map_err(raised)?;
    Ok(State { game: game.name(), line: game.line(position).map_err(raised)? })
}

fn notation(name: &str) -> PyResult<Notation> {
    name.parse().map_err(raised)
}

/// A state with the moves that led to it; playing a move gives a new one.
#[derive(Debug)]
#[pyclass(frozen, module = "w2s._core")]
pub struct State {
    game: &'static str,
    line: Box<dyn DynLine>,
}

impl State {
    /// The line of play that led to this state.
    pub fn line(&self) -> &dyn DynLine {
        self.line.as_ref()
    }

    /// Name of the game.
    pub fn name(&self) -> &'static str {
        self.game
    }

    fn text(&self, mv: Move, notation: Notation) -> PyResult<String> {
        let illegal = || data_error("game-illegal-move", format!("move number {} is not legal here", mv.0));
        self.line.print_move(mv, notation).ok_or_else(illegal)
    }
}

#[pymethods]
impl State {
    /// Name of the game.
    #[getter]
    fn game(&self) -> &'static str {
        self.game
    }

    /// The position as text.
    #[getter]
    fn position(&self) -> String {
        self.line.position()
    }

    /// The position at the beginning of the line, as text.
    #[getter]
    fn start_position(&self) -> String {
        self.line.start_text()
    }

    /// The moves played since the beginning, as numbers.
    #[getter]
    fn moves(&self) -> Vec<u16> {
        self.line.moves().iter().map(|mv| mv.0).collect()
    }

    /// The moves played since the beginning in canonical form, joined by spaces.
    #[getter]
    fn played(&self) -> &str {
        self.line.played()
    }

    /// How many moves were played since the beginning.
    #[getter]
    fn ply(&self) -> usize {
        self.line.moves().len()
    }

    /// The moves played since the beginning, as texts.
    #[pyo3(signature = (notation = "canonical"))]
    fn move_texts(&self, notation: &str) -> PyResult<Vec<String>> {
        Ok(self.line.move_texts(self::notation(notation)?))
    }

    /// 0 where the player that started the game is to move, else 1.
    #[getter]
    fn to_move(&self) -> u8 {
        u8::from(self.line.to_move() == Side::Second)
    }

    /// Identity for agreement, a 64-bit number.
    #[getter]
    fn key(&self) -> u64 {
        self.line.key()
    }

    /// The legal moves as numbers, ascending.
    fn legal_moves(&self) -> Vec<u16> {
        self.line.legal_moves().iter().map(|mv| mv.0).collect()
    }

    /// The legal moves as texts, in the order of their numbers.
    #[pyo3(signature = (notation = "canonical"))]
    fn legal_texts(&self, notation: &str) -> PyResult<Vec<String>> {
        let form = self::notation(notation)?;
        self.line.legal_moves().into_iter().map(|mv| self.text(mv, form)).collect()
    }

    /// `(move, "")`, or `(None, why)` with why one of unparsable, illegal, ambiguous.
    fn parse_move(&self, text: &str) -> (Option<u16>, &'static str) {
        match self.line.parse_move(text) {
            Ok(mv) => (Some(mv.0), ""),
            Err(error) => (None, error.word()),
        }
    }

    /// A legal move as text.
    #[pyo3(signature = (mv, notation = "canonical"))]
    fn print_move(&self, mv: u16, notation: &str) -> PyResult<String> {
        self.text(Move(mv), self::notation(notation)?)
    }

    /// The state after a legal move.
    fn play(&self, mv: u16) -> PyResult<State> {
        let mut line = self.line.clone_box();
        line.play(Move(mv))
            .map_err(|error| data_error(error.code(), format!("move number {mv} is {error}")))?;
        Ok(State { game: self.game, line })
    }

    /// `None`, or `(winner, reason)` with winner 0, 1 or `None`.
    #[pyo3(signature = (claimed = true))]
    fn outcome(&self, claimed: bool) -> Option<(Option<u8>, &'static str)> {
        let draws = if claimed { Draws::Claimed } else { Draws::Automatic };
        let outcome = self.line.outcome(draws)?;
        Some((outcome.winner.map(|side| u8::from(side == Side::Second)), outcome.reason.word()))
    }

    /// Feature planes, float32, channels × rows × columns, seen by the player to move.
    fn planes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray3<f32>>> {
        let mut planes = Array3::zeros(own_view(self.game)?.planes);
        if let Some(values) = planes.as_slice_mut() {
            self.line.fill_planes(View::Own, values);
        }
        Ok(planes.into_pyarray(py))
    }

    /// Policy index of each legal move, int64, in the order of `legal_moves`.
    fn policy_indices<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<i64>> {
        let indices = self.line.policy_indices();
        let indices: Vec<i64> = indices.into_iter().map(|index| index.cast_signed() as i64).collect();
        indices.into_pyarray(py)
    }
}
