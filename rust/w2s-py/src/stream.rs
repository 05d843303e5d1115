//! Selections over a stream that comes in chunks.

use crate::errors::{select_error, value_error};
use crate::interrupt;
use crate::scores::{Scores, values, with_scores};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use std::sync::{Mutex, MutexGuard, PoisonError};
use w2s_core::select::Score;
use w2s_core::select::stream::{self, Cut};

type Positions<'py> = Bound<'py, PyArray1<i64>>;

fn signed(positions: Vec<u64>) -> Vec<i64> {
    positions.into_iter().map(|position| position as i64).collect()
}

/// A panic elsewhere cannot leave counts half done in a way that matters: that call raised.
fn open<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The k best rows of a stream.
#[pyclass(frozen, module = "w2s._core")]
pub struct TopK(Mutex<stream::TopK>);

#[pymethods]
impl TopK {
    #[new]
    fn new(k: usize) -> Self {
        Self(Mutex::new(stream::TopK::new(k)))
    }

    /// Sees a chunk whose first row stands at `start`.
    fn push(&self, py: Python<'_>, start: u64, scores: Scores<'_>) -> PyResult<()> {
        with_scores!(&scores, |slice| {
            interrupt::run(py, |_| open(&self.0).push(start, slice))?.map_err(select_error)
        })
    }

    /// Positions of the rows so far, best first.
    fn best_first<'py>(&self, py: Python<'py>) -> Positions<'py> {
        let held = open(&self.0).clone();
        signed(held.finish()).into_pyarray(py)
    }
}

/// The k best rows of each group of a stream.
#[pyclass(frozen, module = "w2s._core")]
pub struct TopKByGroup(Mutex<stream::TopKByGroup>);

#[pymethods]
impl TopKByGroup {
    #[new]
    fn new(k: usize) -> Self {
        Self(Mutex::new(stream::TopKByGroup::new(k)))
    }

    /// Sees a chunk whose first row stands at `start`.
    fn push(
        &self,
        py: Python<'_>,
        start: u64,
        scores: Scores<'_>,
        groups: PyReadonlyArray1<'_, u64>,
    ) -> PyResult<()> {
        let groups = values(&groups)?;
        with_scores!(&scores, |slice| {
            interrupt::run(py, |_| open(&self.0).push(start, slice, groups))?.map_err(select_error)
        })
    }

    /// The groups so far, ascending, each with the positions of its rows, best first.
    fn best_first<'py>(&self, py: Python<'py>) -> Vec<(u64, Positions<'py>)> {
        let held = open(&self.0).clone();
        held.finish().into_iter().map(|(group, rows)| (group, signed(rows).into_pyarray(py))).collect()
    }
}

/// k rows of a stream, drawn by a seed.
#[pyclass(frozen, module = "w2s._core")]
pub struct RandomK(Mutex<stream::RandomK>);

#[pymethods]
impl RandomK {
    #[new]
    fn new(k: usize, seed: u64) -> Self {
        Self(Mutex::new(stream::RandomK::new(k, seed)))
    }

    /// Sees `rows` rows from `start` on.
    fn push(&self, py: Python<'_>, start: u64, rows: usize) -> PyResult<()> {
        interrupt::run(py, |_| open(&self.0).push(start, rows))
    }

    /// Positions of the rows so far, ascending.
    fn ascending<'py>(&self, py: Python<'py>) -> Positions<'py> {
        let held = open(&self.0).clone();
        signed(held.finish()).into_pyarray(py)
    }
}

/// The best rows of a stream that a budget pays for.
#[pyclass(frozen, module = "w2s._core")]
pub struct WithinBudget(Mutex<stream::WithinBudget>);

#[pymethods]
impl WithinBudget {
    #[new]
    fn new(budget: f64) -> PyResult<Self> {
        Ok(Self(Mutex::new(stream::WithinBudget::new(budget).map_err(select_error)?)))
    }

    /// Sees a chunk whose first row stands at `start`.
    fn push(
        &self,
        py: Python<'_>,
        start: u64,
        scores: Scores<'_>,
        costs: PyReadonlyArray1<'_, f64>,
    ) -> PyResult<()> {
        let costs = values(&costs)?;
        with_scores!(&scores, |slice| {
            interrupt::run(py, |_| open(&self.0).push(start, slice, costs))?.map_err(select_error)
        })
    }

    /// Positions of the rows so far, best first, and what they cost.
    fn best_first<'py>(&self, py: Python<'py>) -> (Positions<'py>, f64) {
        let (rows, spent) = open(&self.0).clone().finish();
        (signed(rows).into_pyarray(py), spent)
    }
}

/// The exact cut of each group by passes over a stream.
#[pyclass(frozen, module = "w2s._core")]
pub struct Narrowing {
    held: Mutex<stream::Narrowing>,
    wide: bool,
}

impl Narrowing {
    fn score(&self, cut: &Cut) -> Option<f64> {
        let score = if self.wide { f64::of_key(cut.key) } else { f32::of_key(cut.key as u32).into() };
        (!cut.is_nothing()).then_some(score)
    }

    fn same_precision(&self, scores: &Scores<'_>) -> PyResult<()> {
        if matches!(scores, Scores::F64(_)) == self.wide {
            return Ok(());
        }
        let known = if self.wide { "float64" } else { "float32" };
        Err(value_error(format!("this narrowing is of {known} scores; cast every chunk to that")))
    }

    fn check_groups(&self, rows: usize, groups: Option<&[u32]>, n_groups: usize) -> PyResult<()> {
        let Some(groups) = groups else { return Ok(()) };
        if groups.len() != rows {
            return Err(value_error(format!("groups has {} values for {rows} scores", groups.len())));
        }
        match groups.iter().position(|&group| group as usize >= n_groups) {
            Some(at) => Err(value_error(format!("row {at} has group {}, of {n_groups}", groups[at]))),
            None => Ok(()),
        }
    }
}

#[pymethods]
impl Narrowing {
    #[new]
    fn new(wide: bool, digit_bits: u32) -> PyResult<Self> {
        if digit_bits != 8 && digit_bits != 16 {
            return Err(value_error(format!("a digit has 8 or 16 bits, not {digit_bits}")));
        }
        let held = if wide {
            stream::Narrowing::new::<f64>(digit_bits)
        } else {
            stream::Narrowing::new::<f32>(digit_bits)
        };
        Ok(Self { held: Mutex::new(held), wide })
    }

    /// Sees a chunk whose first row stands at `start`, in this pass.
    #[pyo3(signature = (start, scores, groups = None))]
    fn push(
        &self,
        py: Python<'_>,
        start: u64,
        scores: Scores<'_>,
        groups: Option<PyReadonlyArray1<'_, u32>>,
    ) -> PyResult<()> {
        self.same_precision(&scores)?;
        let groups = groups.as_ref().map(values).transpose()?;
        with_scores!(&scores, |slice| {
            interrupt::run(py, |_| open(&self.held).push(start, slice, groups))?.map_err(select_error)
        })
    }

    /// Rows of each group.
    fn sizes<'py>(&self, py: Python<'py>) -> Positions<'py> {
        signed(open(&self.held).sizes()).into_pyarray(py)
    }

    /// Ends a pass, with the rows that each group is to keep.
    fn end_pass(&self, quotas: Vec<u64>) -> PyResult<()> {
        open(&self.held).end_pass(&quotas).map_err(select_error)
    }

    /// Whether the cuts are known.
    fn is_done(&self) -> bool {
        open(&self.held).is_done()
    }

    /// Of each group: the lowest score kept, rows kept with that score, rows left out with it.
    fn cuts(&self) -> Vec<(Option<f64>, u64, u64)> {
        let held = open(&self.held);
        held.cuts().iter().map(|cut| (self.score(cut), cut.ties, cut.ties_left_out)).collect()
    }

    /// Offsets of a chunk's rows that are kept, and its rows at the cut of each group; `before` counts these in
    /// earlier chunks.
    #[pyo3(signature = (scores, groups, before))]
    fn kept<'py>(
        &self,
        py: Python<'py>,
        scores: Scores<'py>,
        groups: Option<PyReadonlyArray1<'py, u32>>,
        before: Vec<u64>,
    ) -> PyResult<(Positions<'py>, Positions<'py>)> {
        self.same_precision(&scores)?;
        let groups = groups.as_ref().map(values).transpose()?;
        let cuts: Vec<Cut> = open(&self.held).cuts().to_vec();
        if before.len() != cuts.len() {
            return Err(value_error(format!("{} counts for {} groups", before.len(), cuts.len())));
        }
        with_scores!(&scores, |slice| {
            self.check_groups(slice.len(), groups, cuts.len())?;
            let (offsets, ties) = interrupt::run(py, |_| stream::kept(slice, groups, &cuts, &before))?;
            Ok((offsets.into_pyarray(py), signed(ties).into_pyarray(py)))
        })
    }
}
