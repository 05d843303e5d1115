//! Columns of one row group, read together.

use crate::column::{Chunk, ColumnReader};
use crate::error::GroupError;
use crate::mask::Mask;
use crate::pages::Source;
use crate::pieces::Piece;
use crate::scratch::with_scratch;

/// Reads the kept rows of some column chunks of a row group.
#[derive(Debug)]
pub struct GroupReader<S> {
    file: S,
    mask: Mask,
    columns: Vec<ColumnReader>,
}

impl<S: Source> GroupReader<S> {
    /// Prepares to read.
    ///
    /// # Arguments
    /// * `file` – the file
    /// * `chunks` – column chunks of one row group
    /// * `keep` – a flag for each row of the row group
    #[must_use]
    pub fn new(file: S, chunks: Vec<Chunk>, keep: &[bool]) -> Self {
        let columns = chunks.into_iter().map(ColumnReader::new).collect();
        Self { file, mask: Mask::new(keep), columns }
    }

    /// The next `count` kept rows, fewer at the end: the pieces of each column.
    ///
    /// # Errors
    /// The first column chunk that is damaged or cannot be read.
    pub fn take(&mut self, count: usize) -> Result<Vec<Vec<Piece>>, GroupError> {
        let Self { file, mask, columns } = self;
        with_scratch(|scratch| {
            let read = columns.iter_mut().enumerate().map(|(column, reader)| {
                reader.take(file, mask, count, scratch).map_err(|error| GroupError { column, error })
            });
            read.collect()
        })
    }

    /// Checks that the pages behind the last kept row have as many rows as the row group.
    ///
    /// # Errors
    /// The first column chunk that is damaged or cannot be read.
    pub fn finish(&mut self) -> Result<(), GroupError> {
        let Self { file, mask, columns } = self;
        with_scratch(|scratch| {
            columns.iter_mut().enumerate().try_for_each(|(column, reader)| {
                reader.finish(file, mask, scratch).map_err(|error| GroupError { column, error })
            })
        })
    }
}
