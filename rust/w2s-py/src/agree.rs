//! Agreement over columns of text.

use crate::errors::{raised, setting_error};
use crate::interrupt;
use crate::texts::Texts;
use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use w2s_games::agree::Answers;
use w2s_games::registry;

/// One player's answers: codes of the verdicts, concatenated canonical texts, and the end of each text.
type AnswerColumns<'py> = (Bound<'py, PyArray1<u8>>, Bound<'py, PyBytes>, Bound<'py, PyArray1<u32>>);
type Flags<'py> = Bound<'py, PyArray1<bool>>;
/// Left answers, right answers, same move, same state, same key.
type AgreementColumns<'py> = (AnswerColumns<'py>, AnswerColumns<'py>, Flags<'py>, Flags<'py>, Flags<'py>);

fn columns(py: Python<'_>, answers: Answers) -> AnswerColumns<'_> {
    let text = PyBytes::new(py, answers.text.as_bytes());
    (answers.readings.into_pyarray(py), text, answers.ends.into_pyarray(py))
}

/// Compares two answers to each position: left answers, right answers, same move, same state, same key.
///
/// Each column is a list of `str` or a tuple `(data, offsets)` of an Arrow string array's buffers.
#[pyfunction]
pub fn agree<'py>(
    py: Python<'py>,
    game: &str,
    positions: &Bound<'py, PyAny>,
    left: &Bound<'py, PyAny>,
    right: &Bound<'py, PyAny>,
) -> PyResult<AgreementColumns<'py>> {
    let game = registry::game(game).map_err(raised)?;
    let texts = [Texts::read(positions)?, Texts::read(left)?, Texts::read(right)?];
    let rows = [texts[0].rows()?, texts[1].rows()?, texts[2].rows()?];
    let lengths = rows.each_ref().map(Vec::len);
    if lengths[0] != lengths[1] || lengths[1] != lengths[2] {
        let [positions, left, right] = lengths;
        return Err(setting_error(
            "game-length-mismatch",
            format!("columns differ in length: {positions} positions, {left} left and {right} right answers"),
        ));
    }
    let found = interrupt::run(py, |stop| game.agree(rows.each_ref().map(Vec::as_slice), stop))?;
    Ok((
        columns(py, found.left),
        columns(py, found.right),
        found.same_move.into_pyarray(py),
        found.same_state.into_pyarray(py),
        found.same_key.into_pyarray(py),
    ))
}
