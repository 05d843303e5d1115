//! n × m borrowed scores, row after row or column by column.

use rayon::prelude::*;

use super::AggregateError;
use crate::select::Score;

/// Scores of n rows in m columns, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a, S> {
    layout: Layout<'a, S>,
    start: usize,
    n_rows: usize,
    n_columns: usize,
}

#[derive(Clone, Copy, Debug)]
enum Layout<'a, S> {
    Rows(&'a [S]),
    Columns(&'a [&'a [S]]),
}

impl<'a, S: Score> Table<'a, S> {
    /// Row after row, each of `n_columns` scores.
    ///
    /// # Errors
    /// There is no column, or the values are not a whole number of rows.
    pub fn rows(values: &'a [S], n_columns: usize) -> Result<Self, AggregateError> {
        if n_columns == 0 {
            return Err(AggregateError::NoColumns);
        }
        if !values.len().is_multiple_of(n_columns) {
            return Err(AggregateError::IncompleteRow { len: values.len(), columns: n_columns });
        }
        Ok(Self { layout: Layout::Rows(values), start: 0, n_rows: values.len() / n_columns, n_columns })
    }

    /// Column by column, all of one length.
    ///
    /// # Errors
    /// There is no column, or they differ in length.
    pub fn columns(columns: &'a [&'a [S]]) -> Result<Self, AggregateError> {
        let rows = columns.first().ok_or(AggregateError::NoColumns)?.len();
        if let Some(column) = columns.iter().position(|column| column.len() != rows) {
            return Err(AggregateError::LengthMismatch {
                column,
                len: columns[column].len(),
                expected: rows,
            });
        }
        Ok(Self { layout: Layout::Columns(columns), start: 0, n_rows: rows, n_columns: columns.len() })
    }

    /// How many rows there are.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// How many columns there are.
    #[must_use]
    pub fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// One score.
    #[inline(always)]
    pub(super) fn at(&self, row: usize, column: usize) -> S {
        match self.layout {
            Layout::Rows(values) => values[(self.start + row) * self.n_columns + column],
            Layout::Columns(columns) => columns[column][self.start + row],
        }
    }

    /// The table in parts of `rows` rows, the last of them shorter.
    pub(super) fn chunks(self, rows: usize) -> impl IndexedParallelIterator<Item = Self> {
        (0..self.n_rows.div_ceil(rows)).into_par_iter().map(move |chunk| {
            let start = chunk * rows;
            Self { start: self.start + start, n_rows: rows.min(self.n_rows - start), ..self }
        })
    }

    /// The scores row after row: borrowed, or copied into the buffer.
    pub(super) fn by_rows<'b>(&self, buffer: &'b mut Vec<S>) -> &'b [S]
    where
        'a: 'b,
    {
        match self.layout {
            Layout::Rows(values) => &values[self.start * self.n_columns..][..self.n_rows * self.n_columns],
            Layout::Columns(columns) => {
                buffer.resize(self.n_rows * self.n_columns, S::LOWEST);
                for (i, column) in columns.iter().enumerate() {
                    let slots = buffer[i..].iter_mut().step_by(self.n_columns);
                    slots.zip(&column[self.start..]).for_each(|(slot, &score)| *slot = score);
                }
                buffer
            }
        }
    }

    /// Scores that are NaN, and rows in which all are.
    pub(super) fn count_nan(&self) -> (usize, usize) {
        let any = match self.layout {
            Layout::Rows(values) => {
                any_nan(&values[self.start * self.n_columns..][..self.n_rows * self.n_columns])
            }
            Layout::Columns(columns) => {
                columns.iter().any(|column| any_nan(&column[self.start..][..self.n_rows]))
            }
        };
        if !any {
            return (0, 0);
        }
        let in_row = |row| (0..self.n_columns).filter(|&column| self.at(row, column).is_nan()).count();
        (0..self.n_rows)
            .map(in_row)
            .fold((0, 0), |(scores, rows), nan| (scores + nan, rows + usize::from(nan == self.n_columns)))
    }
}

fn any_nan<S: Score>(scores: &[S]) -> bool {
    // Without a branch in it, the loop is vectorised.
    scores.iter().fold(false, |any, score| any | score.is_nan())
}
