//! Combines many votes on each item into one label.

use crate::errors::{raised, shape_error};
use crate::interrupt;
use crate::scores::values;
use numpy::ndarray::{ArrayD, IxDyn};
use numpy::{IntoPyArray, PyArray1, PyArrayDyn, PyReadonlyArray1};
use pyo3::prelude::*;
use w2s_core::crowd::{self, METHODS, Method, Options, Rows, Shape, Votes, fit};

/// Names of the methods, in the order in which lists show them.
#[pyfunction]
pub fn crowd_methods() -> Vec<&'static str> {
    METHODS.iter().map(|method| method.name()).collect()
}

/// The result of a fit; an array that the method does not learn is `None`.
#[derive(Debug)]
#[pyclass(frozen, get_all, module = "w2s._core")]
pub struct Consensus {
    /// Class code of each item.
    labels: Py<PyArray1<u32>>,
    /// Probability of that class.
    trust: Py<PyArrayDyn<f64>>,
    /// Items × classes; `None` where these are too many.
    posterior: Option<Py<PyArrayDyn<f64>>>,
    /// Share of each class.
    priors: Py<PyArrayDyn<f64>>,
    /// One value for each worker.
    skill: Py<PyArrayDyn<f64>>,
    /// Workers × class × vote.
    confusion: Option<Py<PyArrayDyn<f64>>>,
    /// Workers × vote.
    strategy: Option<Py<PyArrayDyn<f64>>>,
    /// One value for each item.
    difficulty: Option<Py<PyArrayDyn<f64>>>,
    /// The objective after each iteration.
    trace: Py<PyArrayDyn<f64>>,
    /// Whether it converged before the maximum number of iterations.
    converged: bool,
}

impl Consensus {
    fn wrap(py: Python<'_>, shape: Shape, found: crowd::Consensus) -> PyResult<Self> {
        let Shape { items, workers, classes } = shape;
        let array = |values: Vec<f64>, sides: &[usize]| -> PyResult<Py<PyArrayDyn<f64>>> {
            let array = ArrayD::from_shape_vec(IxDyn(sides), values).map_err(shape_error)?;
            Ok(array.into_pyarray(py).unbind())
        };
        let learned = |values: Vec<f64>, sides: &[usize]| {
            (!values.is_empty()).then(|| array(values, sides)).transpose()
        };
        let rounds = found.trace.len();
        Ok(Self {
            labels: found.labels.into_pyarray(py).unbind(),
            trust: array(found.trust, &[items])?,
            posterior: learned(found.posterior, &[items, classes])?,
            priors: array(found.priors, &[classes])?,
            skill: array(found.workers.skill, &[workers])?,
            confusion: learned(found.workers.confusion, &[workers, classes, classes])?,
            strategy: learned(found.workers.strategy, &[workers, classes])?,
            difficulty: learned(found.difficulty, &[items])?,
            trace: array(found.trace, &[rounds])?,
            converged: found.converged,
        })
    }
}

/// Options by the names that Python gives them.
#[derive(Debug, FromPyObject)]
#[pyo3(from_item_all)]
pub struct FitOptions {
    max_iterations: usize,
    tolerance: f64,
    priors: Option<Vec<f64>>,
    skills: Option<Vec<f64>>,
    restarts: usize,
    seed: u64,
}

impl From<FitOptions> for Options {
    fn from(given: FitOptions) -> Self {
        let FitOptions { max_iterations, tolerance, priors, skills, restarts, seed } = given;
        Self { max_iterations, tolerance, priors, skills, restarts, seed }
    }
}

/// Reconciles votes given as dense codes; `shape` is the number of items, workers and classes.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "the signature is that of the Python function")]
pub fn crowd_fit<'py>(
    py: Python<'py>,
    items: PyReadonlyArray1<'py, u32>,
    workers: PyReadonlyArray1<'py, u32>,
    votes: PyReadonlyArray1<'py, u32>,
    weights: Option<PyReadonlyArray1<'py, f64>>,
    shape: (usize, usize, usize),
    method: &str,
    options: FitOptions,
) -> PyResult<Consensus> {
    let method: Method = method.parse().map_err(raised)?;
    let shape = Shape { items: shape.0, workers: shape.1, classes: shape.2 };
    let weights = weights.as_ref().map(values).transpose()?;
    let rows = Rows { items: values(&items)?, workers: values(&workers)?, votes: values(&votes)?, weights };
    let options = Options::from(options);
    let found = interrupt::run(py, |stop| {
        Votes::new(shape, rows).and_then(|votes| fit(&votes, method, &options, stop))
    })?;
    Consensus::wrap(py, shape, found.map_err(raised)?)
}
