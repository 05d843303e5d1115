//! Many scores of each row become one.

use crate::errors::{aggregate_error, setting_error, value_error};
use crate::interrupt;
use crate::scores::{Scores, values};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use w2s_core::aggregate::{AggregateError, Aggregated, Method, Missing, Table, aggregate as combine};
use w2s_core::select::Score;

/// Scores as they stand: row after row, or column by column.
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

/// Settings by the names that Python gives them.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Settings {
    weights: Option<Vec<f64>>,
    trim: f64,
    clip: f64,
    limit: f64,
}

fn method<'a>(name: &str, settings: &'a Settings) -> PyResult<Method<'a>> {
    let Settings { weights, trim, clip, limit } = settings;
    let weights = weights.as_deref();
    let found = match (name, weights) {
        ("log_odds", _) => Method::LogOdds { clip: *clip, weights },
        ("vote", _) => Method::Vote { limit: *limit, weights },
        ("weighted_mean", Some(weights)) => Method::WeightedMean(weights),
        ("weighted_mean", None) => return Err(setting_error("weighted_mean needs weights")),
        (_, Some(_)) => return Err(setting_error(format!("weights mean nothing to {name}; leave them out"))),
        ("mean", None) => Method::Mean,
        ("median", None) => Method::Median,
        ("trimmed_mean", None) => Method::TrimmedMean(*trim),
        ("min", None) => Method::Min,
        ("max", None) => Method::Max,
        ("product", None) => Method::Product,
        ("mean_rank", None) => Method::MeanRank,
        ("borda", None) => Method::Borda,
        ("majority", None) => Method::Majority { limit: *limit },
        _ => return Err(setting_error(format!("no method is called {name:?}"))),
    };
    Ok(found)
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
    let method = self::method(method, &settings)?;
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
    fn rows<S: Score>(&self, values: &[S], n_columns: usize) -> PyResult<Aggregated> {
        self.table(Table::rows(values, n_columns))
    }

    fn columns(&self, columns: &[Scores<'_>]) -> PyResult<Aggregated> {
        let (mut narrow, mut wide) = (Vec::new(), Vec::new());
        for column in columns {
            match column {
                Scores::F32(column) => narrow.push(values(column)?),
                Scores::F64(column) => wide.push(values(column)?),
            }
        }
        match (narrow.is_empty(), wide.is_empty()) {
            (false, false) => Err(value_error("columns of scores must be of one precision")),
            (false, true) => self.table(Table::columns(&narrow)),
            _ => self.table(Table::columns(&wide)),
        }
    }

    fn table<S: Score>(&self, table: Result<Table<S>, AggregateError>) -> PyResult<Aggregated> {
        let (table, method, missing) = (table.map_err(aggregate_error)?, self.method, self.missing);
        interrupt::run(self.py, |_| combine(table, method, missing))?.map_err(aggregate_error)
    }
}
