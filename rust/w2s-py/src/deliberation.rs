//! Deliberation: trees that hand states to a network and take its answers.

use crate::encode::parse_view;
use crate::errors::{data_error, setting_error, shape_error};
use crate::interrupt;
use crate::pool::Pool;
use crate::state::State;
use numpy::ndarray::Array4;
use numpy::{IntoPyArray, PyArray1, PyArray4, PyReadonlyArray1};
use pyo3::prelude::*;
use std::sync::{Mutex, MutexGuard, PoisonError};
use w2s_games::deliberation::{Finding, MoveFinding, Plan, Proof, Request};
use w2s_games::forest::Forest;
use w2s_games::{DynLine, Notation};

type Leaves<'py> = (Bound<'py, PyArray4<f32>>, Bound<'py, PyArray1<i64>>, Bound<'py, PyArray1<i64>>);

/// Trees that look ahead from many states of one game.
#[derive(Debug)]
#[pyclass(frozen, module = "w2s._core")]
pub struct Deliberation {
    forest: Mutex<Forest>,
    lines: Vec<Box<dyn DynLine>>,
    planes: [usize; 3],
}

/// What was found about one state; the columns have a row per move that was considered.
#[derive(Debug)]
#[pyclass(frozen, get_all, module = "w2s._core")]
pub struct DeliberationFinding {
    /// The moves, canonical.
    moves: Vec<String>,
    /// Their probabilities in the policy.
    priors: Vec<f32>,
    /// Their values, from -1 to 1, for the player to move.
    values: Vec<f32>,
    /// Their values as soon as they are made.
    first_values: Vec<f32>,
    /// Plies to a proven win, minus those to a proven loss; 0 where neither is proven.
    proofs: Vec<i32>,
    /// States below each that were visited.
    visits: Vec<u32>,
    /// The best of the moves.
    best: Option<String>,
    /// The network's value of the state.
    first_value: f32,
    /// How often the best move changed.
    changes: u32,
    /// The share of the search after which it did not change any more.
    settled: f32,
    /// States that the network evaluated.
    evaluations: u32,
    /// States that were met.
    nodes: u32,
}

impl DeliberationFinding {
    fn new(line: &dyn DynLine, found: &Finding) -> Self {
        let text = |mv| line.print_move(mv, Notation::Canonical).unwrap_or_default();
        Self {
            moves: found.moves.iter().map(|one| text(one.mv)).collect(),
            priors: found.moves.iter().map(|one| one.prior).collect(),
            values: found.moves.iter().map(|one| one.value).collect(),
            first_values: found.moves.iter().map(|one| one.first_value).collect(),
            proofs: found.moves.iter().map(proof).collect(),
            visits: found.moves.iter().map(|one| one.visits).collect(),
            best: found.best.map(text),
            first_value: found.first_value,
            changes: found.changes,
            settled: found.settled,
            evaluations: found.evaluations,
            nodes: found.nodes,
        }
    }
}

fn proof(found: &MoveFinding) -> i32 {
    match found.worth.proof {
        Some(Proof::Win(plies)) => plies.cast_signed(),
        Some(Proof::Loss(plies)) => -plies.cast_signed(),
        _ => 0,
    }
}

#[pymethods]
impl Deliberation {
    /// Trees for states of one game: `widths`, the moves at each depth, or `visits`, a number of states.
    #[new]
    #[pyo3(signature = (game, states, view, moves, widths = None, visits = None))]
    fn new(
        py: Python<'_>,
        game: &str,
        states: Vec<Py<State>>,
        view: &str,
        moves: Vec<Vec<String>>,
        widths: Option<Vec<usize>>,
        visits: Option<u32>,
    ) -> PyResult<Self> {
        let (view, shape) = parse_view(game, view)?;
        let plan = match (widths, visits) {
            (Some(widths), None) => Plan::Widths(widths),
            (None, Some(visits)) => Plan::Visits(visits),
            _ => return Err(setting_error("game-deliberation-plan", "give either widths or visits")),
        };
        if moves.len() != states.len() {
            let message = format!("{} states, but moves of {}", states.len(), moves.len());
            return Err(setting_error("game-length-mismatch", message));
        }
        let mut lines = Vec::with_capacity(states.len());
        let mut requests = Vec::with_capacity(states.len());
        for (state, texts) in states.iter().zip(&moves) {
            let line = state.get().line();
            if state.get().name() != game {
                let message = format!("a state is of {}, not of {game}", state.get().name());
                return Err(setting_error("game-mixed-states", message));
            }
            let number = |text: &String| {
                let why = |error: w2s_games::MoveError| {
                    setting_error(error.code(), format!("{text:?} is {error} at {}", line.position()))
                };
                line.parse_move(text).map_err(why)
            };
            let moves = texts.iter().map(number).collect::<PyResult<_>>()?;
            requests.push(Request { view, plan: plan.clone(), moves });
            lines.push(line.clone_box());
        }
        let trees = lines.iter().zip(&requests);
        let forest = interrupt::run(py, |_| {
            Forest::new(trees.map(|(line, request)| line.deliberate(request)).collect())
        })?;
        Ok(Self { forest: Mutex::new(forest), lines, planes: shape.planes })
    }

    /// At most `most` states for the network: planes, policy entries of the legal moves, and their offsets.
    fn leaves<'py>(&self, py: Python<'py>, most: usize) -> PyResult<Leaves<'py>> {
        let [channels, rows, columns] = self.planes;
        let size = channels * rows * columns;
        let pool = Pool::of_process()?;
        let found = interrupt::watch(py, |stop| {
            let mut forest = self.lock();
            let forest = &mut *forest;
            pool.run(|| forest.leaves(most, size, stop))
        })?;
        let count = found.offsets.len() - 1;
        let indices: Vec<i64> = found.choices.iter().map(|one| one.index.cast_signed() as i64).collect();
        let offsets: Vec<i64> = found.offsets.iter().map(|&one| one.cast_signed() as i64).collect();
        Ok((
            Array4::from_shape_vec([count, channels, rows, columns], found.planes)
                .map_err(shape_error)?
                .into_pyarray(py),
            indices.into_pyarray(py),
            offsets.into_pyarray(py),
        ))
    }

    /// Takes the values of the last leaves, and the logits of their legal moves.
    fn receive(
        &self,
        py: Python<'_>,
        values: PyReadonlyArray1<'_, f32>,
        logits: PyReadonlyArray1<'_, f32>,
    ) -> PyResult<()> {
        let (values, logits) = (values.as_slice()?, logits.as_slice()?);
        if !values.iter().chain(logits).all(|number| number.is_finite()) {
            return Err(data_error(
                "game-network-not-finite",
                "the network gave a number that is not finite",
            ));
        }
        let pool = Pool::of_process()?;
        let result = interrupt::watch(py, |_| {
            let mut forest = self.lock();
            let forest = &mut *forest;
            pool.run(|| forest.receive(values, logits))
        })?;
        result.map_err(|wanted| {
            let message = format!(
                "{} values and {} logits, but the leaves need {} and {}",
                values.len(),
                logits.len(),
                wanted.values,
                wanted.logits
            );
            setting_error("game-length-mismatch", message)
        })
    }

    /// What was found about each state.
    fn findings(&self, py: Python<'_>) -> PyResult<Vec<DeliberationFinding>> {
        let pool = Pool::of_process()?;
        let found = interrupt::watch(py, |_| {
            let forest = self.lock();
            let forest = &*forest;
            pool.run(|| forest.findings())
        })?;
        Ok(self
            .lines
            .iter()
            .zip(&found)
            .map(|(line, found)| DeliberationFinding::new(&**line, found))
            .collect())
    }
}

impl Deliberation {
    /// A panic elsewhere raised in that call; the trees that it left are not used for an answer.
    fn lock(&self) -> MutexGuard<'_, Forest> {
        self.forest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
