//! Selections over whole columns.

use crate::errors::{raised, setting_error};
use crate::interrupt;
use crate::scores::{Scores, values, with_scores};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use w2s_core::select::{self, GroupRule, GroupedTop, PerGroup, Scale, Score};

type Positions<'py> = Bound<'py, PyArray1<i64>>;
/// Positions, rows of each group, rows that each keeps.
type Grouped<'py> = (Positions<'py>, Positions<'py>, Positions<'py>);

/// Codes of the rows, and the id of each code.
type DenseGroups<'py> = (Bound<'py, PyArray1<u32>>, Bound<'py, PyArray1<u64>>);

/// Positions of the `k` best scores, best first.
#[pyfunction]
pub fn top_k<'py>(py: Python<'py>, scores: Scores<'py>, k: usize) -> PyResult<Positions<'py>> {
    with_scores!(&scores, |slice| {
        let found = interrupt::run(py, |_| select::top_k(slice, k))?;
        Ok(found.map_err(raised)?.into_pyarray(py))
    })
}

/// Positions of the `k` best scores, ascending; the lowest score kept; rows with that score left out.
#[pyfunction]
pub fn top<'py>(
    py: Python<'py>,
    scores: Scores<'py>,
    k: usize,
) -> PyResult<(Positions<'py>, Option<f64>, usize)> {
    with_scores!(&scores, |slice| {
        let found = interrupt::run(py, |_| {
            let top = select::top(slice, k);
            top.map(|top| (top.rows.positions(), top.cut.map(Score::to_f64), top.ties_left_out))
        })?;
        let (rows, cut, ties) = found.map_err(raised)?;
        Ok((rows.into_pyarray(py), cut, ties))
    })
}

/// Positions of the scores from `low` to `high`, ascending; without a `high` there is no upper end.
#[pyfunction]
#[pyo3(signature = (scores, low, high = None))]
pub fn between<'py>(
    py: Python<'py>,
    scores: Scores<'py>,
    low: f64,
    high: Option<f64>,
) -> PyResult<Positions<'py>> {
    with_scores!(&scores, |slice| {
        let found = interrupt::run(py, |_| {
            let rows = match high {
                Some(high) => select::band(slice, low, high),
                None => select::threshold(slice, low),
            };
            rows.map(|rows| rows.positions())
        })?;
        Ok(found.map_err(raised)?.into_pyarray(py))
    })
}

/// The smallest score that a share `q` of the rows does not exceed; `None` without rows.
#[pyfunction]
pub fn quantile(py: Python<'_>, scores: Scores<'_>, q: f64) -> PyResult<Option<f64>> {
    with_scores!(&scores, |slice| {
        let found = interrupt::run(py, |_| select::quantile(slice, q))?;
        Ok(found.map_err(raised)?.map(Score::to_f64))
    })
}

/// The best rows of each group by exactly one of counts, shares and limits: one for all groups, or one for each.
#[pyfunction]
#[pyo3(signature = (scores, groups, n_groups, counts = None, shares = None, limits = None, least = None, most = None))]
#[expect(clippy::too_many_arguments, reason = "the signature is that of the Python function")]
pub fn top_by_group<'py>(
    py: Python<'py>,
    scores: Scores<'py>,
    groups: PyReadonlyArray1<'py, u32>,
    n_groups: usize,
    counts: Option<Vec<usize>>,
    shares: Option<Vec<f64>>,
    limits: Option<Vec<f64>>,
    least: Option<Vec<usize>>,
    most: Option<Vec<usize>>,
) -> PyResult<Grouped<'py>> {
    let groups = values(&groups)?;
    let keep = match (&counts, &shares, &limits) {
        (Some(counts), None, None) => PerGroup::Count(counts),
        (None, Some(shares), None) => PerGroup::Fraction(shares),
        (None, None, Some(limits)) => PerGroup::Threshold(limits),
        _ => {
            return Err(setting_error(
                "select-not-one-rule",
                "give exactly one of counts, shares and limits",
            ));
        }
    };
    let (min, max) = (least.as_deref().unwrap_or(&[]), most.as_deref().unwrap_or(&[]));
    let rule = GroupRule { keep, min, max };
    with_scores!(&scores, |slice| {
        let found = interrupt::run(py, |_| select::top_by_group(slice, groups, n_groups, &rule).map(open))?;
        Ok(wrap(py, found.map_err(raised)?))
    })
}

fn open(top: GroupedTop) -> [Vec<i64>; 3] {
    let wide = |counts: Vec<usize>| counts.into_iter().map(|count| count.cast_signed() as i64).collect();
    [top.rows.positions(), wide(top.sizes), wide(top.kept)]
}

fn wrap(py: Python<'_>, [rows, sizes, kept]: [Vec<i64>; 3]) -> Grouped<'_> {
    (rows.into_pyarray(py), sizes.into_pyarray(py), kept.into_pyarray(py))
}

/// Positions of the best rows that a budget pays for, best first, and their total cost.
#[pyfunction]
pub fn within_budget<'py>(
    py: Python<'py>,
    scores: Scores<'py>,
    costs: PyReadonlyArray1<'py, f64>,
    budget: f64,
) -> PyResult<(Positions<'py>, f64)> {
    let costs = values(&costs)?;
    with_scores!(&scores, |slice| {
        let found = interrupt::run(py, |_| select::within_budget(slice, costs, budget))?;
        let bought = found.map_err(raised)?;
        Ok((bought.positions.into_pyarray(py), bought.spent))
    })
}

/// Positions of `k` of `rows` rows drawn by a seed, ascending.
#[pyfunction]
pub fn random_k(py: Python<'_>, rows: usize, k: usize, seed: u64) -> PyResult<Positions<'_>> {
    Ok(interrupt::run(py, |_| select::random_k(rows, k, seed).positions())?.into_pyarray(py))
}

/// score^power of each row; they sum to 1, or their mean is 1.
#[pyfunction]
pub fn weights<'py>(
    py: Python<'py>,
    scores: Scores<'py>,
    power: f64,
    mean_one: bool,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let scale = if mean_one { Scale::Mean } else { Scale::Sum };
    with_scores!(&scores, |slice| {
        let found = interrupt::run(py, |_| select::weights(slice, power, scale))?;
        Ok(found.map_err(raised)?.into_pyarray(py))
    })
}

/// Dense ids for sparse ones, and the sparse id of each dense one, ascending.
#[pyfunction]
pub fn dense_groups<'py>(py: Python<'py>, ids: PyReadonlyArray1<'py, u64>) -> PyResult<DenseGroups<'py>> {
    let ids = values(&ids)?;
    let (dense, sparse) = interrupt::run(py, |_| select::dense_groups(ids))?.map_err(raised)?;
    Ok((dense.into_pyarray(py), sparse.into_pyarray(py)))
}

/// The number of rows in a share of `rows`.
#[pyfunction]
pub fn rows_of_share(rows: usize, share: f64) -> PyResult<usize> {
    select::rows_of_fraction(rows, share).map_err(raised)
}

/// Shares `k` among parts by their sizes.
#[pyfunction]
pub fn apportion(sizes: Vec<usize>, k: usize) -> Vec<usize> {
    select::largest_remainder(&sizes, k)
}
