//! Combines the scores of each row into one.

use crate::errors::{data_error, raised};
use crate::interrupt;
use crate::scores::{Scores, values};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use w2s_core::aggregate::{self as core, AggregateError, AggregatedScores, Method, Missing, Table};
use w2s_core::select::Score;

/// Scores as Python holds them: row after row, or column by column.
#[derive(FromPyObject)]
pub enum Scored<'py> {
    /// Rows of single precision.
    #[pyo3(transparent, annotation = "float32")]
    Rows32(PyReadonlyArray2<'py, f32>),
    /// Rows of double precision.
    #[pyo3(transparent, annotation = "float64")]
    Rows64(PyReadonlyArray2<'py, f64>),
    /// A list of columns, all of one precision.
    #[pyo3(transparent, annotation = "list")]
    Columns(Vec<Scores<'py>>),
}

/// Settings by their names in Python.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Settings {
    weights: Option<Vec<f64>>,
    trim: f64,
    clip: f64,
    limit: f64,
}

/// One score for each row, how many scores are missing, and how many rows have none.
#[pyfunction]
pub fn aggregate<'py>(
    py: Python<'py>,
    scores: Scored<'py>,
    method: &str,
    settings: Settings,
    skip_missing: bool,
) -> PyResult<(Bound<'py, PyArray1<f64>>, usize, usize)> {
    let Settings { weights, trim, clip, limit } = &settings;
    let settings = core::Settings { weights: weights.as_deref(), trim: *trim, clip: *clip, limit: *limit };
    let method = Method::named(method, settings).map_err(raised)?;
    let missing = if skip_missing { Missing::Skip } else { Missing::Refuse };
    let run = Run { py, method, missing };
    let found = match &scores {
        Scored::Rows32(rows) => run.rows(rows.as_slice()?, rows.as_array().ncols()),
        Scored::Rows64(rows) => run.rows(rows.as_slice()?, rows.as_array().ncols()),
        Scored::Columns(columns) => run.columns(columns),
    }?;
    Ok((found.values.into_pyarray(py), found.missing, found.empty_rows))
}

struct Run<'a, 'py> {
    py: Python<'py>,
    method: Method<'a>,
    missing: Missing,
}

impl Run<'_, '_> {
    fn rows<S: Score>(&self, values: &[S], n_columns: usize) -> PyResult<AggregatedScores> {
        self.table(Table::rows(values, n_columns))
    }

    fn columns(&self, columns: &[Scores<'_>]) -> PyResult<AggregatedScores> {
        let (mut narrow, mut wide) = (Vec::new(), Vec::new());
        for column in columns {
            match column {
                Scores::F32(column) => narrow.push(values(column)?),
                Scores::F64(column) => wide.push(values(column)?),
            }
        }
        match (narrow.is_empty(), wide.is_empty()) {
            (false, false) => {
                Err(data_error("aggregate-mixed-precision", "columns of scores must have one precision"))
            }
            (false, true) => self.table(Table::columns(&narrow)),
            _ => self.table(Table::columns(&wide)),
        }
    }

    fn table<S: Score>(&self, table: Result<Table<S>, AggregateError>) -> PyResult<AggregatedScores> {
        let (table, method, missing) = (table.map_err(raised)?, self.method, self.missing);
        interrupt::run(self.py, |_| core::aggregate(table, method, missing))?.map_err(raised)
    }
}
