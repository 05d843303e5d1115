//! Selections over a stream that comes in chunks.

use crate::errors::raised;
use crate::interrupt;
use crate::pool::Pool;
use crate::scores::{Scores, values, with_scores};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard, PoisonError};
use w2s_core::select::{SelectError, stream};

type Positions<'py> = Bound<'py, PyArray1<i64>>;

fn signed(positions: Vec<u64>) -> Vec<i64> {
    positions.into_iter().map(u64::cast_signed).collect()
}

/// An accumulator that the threads of Python share; it takes one chunk at a time.
#[derive(Debug)]
struct Shared<T>(Mutex<T>);

impl<T: Clone + Send> Shared<T> {
    fn new(accumulator: T) -> Self {
        Self(Mutex::new(accumulator))
    }

    /// A panic elsewhere cannot leave counts half done in a way that matters: that call raised.
    fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sees a chunk, without the GIL.
    fn push(
        &self,
        py: Python<'_>,
        see: impl FnOnce(&mut T) -> Result<(), SelectError> + Send,
    ) -> PyResult<()> {
        let pool = Pool::of_process()?;
        let push = |_: &AtomicBool| {
            let mut held = self.lock();
            let accumulator = &mut *held;
            pool.run(|| see(accumulator))
        };
        interrupt::watch(py, push)?.map_err(raised)
    }

    /// What was seen so far, to be finished while others push.
    fn snapshot(&self) -> T {
        self.lock().clone()
    }
}

/// The k best rows of a stream.
#[derive(Debug)]
#[pyclass(frozen, module = "w2s._core")]
pub struct TopK(Shared<stream::TopK>);

#[pymethods]
impl TopK {
    #[new]
    fn new(k: usize) -> Self {
        Self(Shared::new(stream::TopK::new(k)))
    }

    /// Sees a chunk whose first row is at position `start` of the stream.
    fn push(&self, py: Python<'_>, start: u64, scores: Scores<'_>) -> PyResult<()> {
        with_scores!(&scores, |slice| self.0.push(py, |top| top.push(start, slice)))
    }

    /// Positions of the rows so far, best first.
    fn best_first<'py>(&self, py: Python<'py>) -> Positions<'py> {
        signed(self.0.snapshot().finish()).into_pyarray(py)
    }
}

/// The k best rows of each group of a stream.
#[derive(Debug)]
#[pyclass(frozen, module = "w2s._core")]
pub struct TopKByGroup(Shared<stream::TopKByGroup>);

#[pymethods]
impl TopKByGroup {
    #[new]
    fn new(k: usize) -> Self {
        Self(Shared::new(stream::TopKByGroup::new(k)))
    }

    /// Sees a chunk whose first row is at position `start` of the stream.
    fn push(
        &self,
        py: Python<'_>,
        start: u64,
        scores: Scores<'_>,
        groups: PyReadonlyArray1<'_, u64>,
    ) -> PyResult<()> {
        let groups = values(&groups)?;
        with_scores!(&scores, |slice| self.0.push(py, |top| top.push(start, slice, groups)))
    }

    /// The groups so far, ascending, each with the positions of its rows, best first.
    fn best_first<'py>(&self, py: Python<'py>) -> Vec<(u64, Positions<'py>)> {
        let groups = self.0.snapshot().finish().into_iter();
        groups.map(|(group, rows)| (group, signed(rows).into_pyarray(py))).collect()
    }
}

/// k rows of a stream, drawn by a seed.
#[derive(Debug)]
#[pyclass(frozen, module = "w2s._core")]
pub struct RandomK(Shared<stream::RandomK>);

#[pymethods]
impl RandomK {
    #[new]
    fn new(k: usize, seed: u64) -> Self {
        Self(Shared::new(stream::RandomK::new(k, seed)))
    }

    /// Sees `rows` rows from position `start` on.
    fn push(&self, py: Python<'_>, start: u64, rows: usize) -> PyResult<()> {
        self.0.push(py, |random| {
            random.push(start, rows);
            Ok(())
        })
    }

    /// Positions of the rows so far, ascending.
    fn ascending<'py>(&self, py: Python<'py>) -> Positions<'py> {
        signed(self.0.snapshot().finish()).into_pyarray(py)
    }
}

/// The best rows of a stream that a budget pays for.
#[derive(Debug)]
#[pyclass(frozen, module = "w2s._core")]
pub struct WithinBudget(Shared<stream::WithinBudget>);

#[pymethods]
impl WithinBudget {
    #[new]
    fn new(budget: f64) -> PyResult<Self> {
        Ok(Self(Shared::new(stream::WithinBudget::new(budget).map_err(raised)?)))
    }

    /// Sees a chunk whose first row is at position `start` of the stream.
    fn push(
        &self,
        py: Python<'_>,
        start: u64,
        scores: Scores<'_>,
        costs: PyReadonlyArray1<'_, f64>,
    ) -> PyResult<()> {
        let costs = values(&costs)?;
        with_scores!(&scores, |slice| self.0.push(py, |bought| bought.push(start, slice, costs)))
    }

    /// Positions of the rows so far, best first, and their total cost.
    fn best_first<'py>(&self, py: Python<'py>) -> (Positions<'py>, f64) {
        let (rows, spent) = self.0.snapshot().finish();
        (signed(rows).into_pyarray(py), spent)
    }
}

/// The exact cut of each group by passes over a stream.
#[derive(Debug)]
#[pyclass(frozen, module = "w2s._core")]
pub struct Narrowing(Shared<stream::Narrowing>);

#[pymethods]
impl Narrowing {
    #[new]
    fn new(wide: bool, digit_bits: u32) -> PyResult<Self> {
        let narrowing = if wide {
            stream::Narrowing::new::<f64>(digit_bits)
        } else {
            stream::Narrowing::new::<f32>(digit_bits)
        };
        Ok(Self(Shared::new(narrowing.map_err(raised)?)))
    }

    /// Sees a chunk whose first row is at position `start` of the stream, in this pass.
    #[pyo3(signature = (start, scores, groups = None))]
    fn push(
        &self,
        py: Python<'_>,
        start: u64,
        scores: Scores<'_>,
        groups: Option<PyReadonlyArray1<'_, u32>>,
    ) -> PyResult<()> {
        let groups = groups.as_ref().map(values).transpose()?;
        with_scores!(&scores, |slice| self.0.push(py, |narrowing| narrowing.push(start, slice, groups)))
    }

    /// Rows of each group.
    fn sizes<'py>(&self, py: Python<'py>) -> Positions<'py> {
        signed(self.0.lock().sizes()).into_pyarray(py)
    }

    /// Ends a pass; `quotas` is the number of rows that each group keeps.
    fn end_pass(&self, quotas: Vec<u64>) -> PyResult<()> {
        self.0.lock().end_pass(&quotas).map_err(raised)
    }

    /// Whether the cuts are known.
    fn is_done(&self) -> bool {
        self.0.lock().is_done()
    }

    /// Of each group: the lowest score kept, rows kept with that score, rows left out with it.
    fn cuts(&self) -> Vec<(Option<f64>, u64, u64)> {
        let narrowing = self.0.lock();
        let cuts = narrowing.cuts();
        let ties = cuts.of_group().iter().map(|cut| (cut.ties, cut.ties_left_out));
        cuts.scores().into_iter().zip(ties).map(|(score, (kept, left_out))| (score, kept, left_out)).collect()
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
        let groups = groups.as_ref().map(values).transpose()?;
        let cuts = self.0.lock().cuts().clone();
        with_scores!(&scores, |slice| {
            let kept = interrupt::run(py, |_| cuts.kept(slice, groups, &before))?;
            let (offsets, ties) = kept.map_err(raised)?;
            Ok((offsets.into_pyarray(py), signed(ties).into_pyarray(py)))
        })
    }
}
