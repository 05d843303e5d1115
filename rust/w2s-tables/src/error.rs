//! What can be wrong with a column chunk.

use std::io;
use thiserror::Error;
use w2s_core::pages::PageError;

/// A column chunk that cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ColumnError {
    /// The file cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A page header is damaged.
    #[error(transparent)]
    Header(PageError),
    /// The chunk ends inside a page, or before its last page.
    #[error("it ends before its last page")]
    CutOff,
    /// A page is longer than the rest of the chunk.
    #[error("a page reaches beyond its end")]
    BeyondEnd,
    /// A page claims more bytes than the chunk has.
    #[error("a page claims to be larger than the column")]
    TooLarge,
    /// The pages hold more values than the row group has rows.
    #[error("it has more values than rows")]
    TooManyValues,
    /// The checksum of a page is not that of its bytes.
    #[error("the checksum of a page is wrong")]
    Checksum,
    /// The bytes of a page cannot be decompressed.
    #[error("a page cannot be decompressed")]
    Compression,
    /// A page decompresses to another size than its header says.
    #[error("a page has another size than it claims")]
    Size,
    /// The levels of a page are longer than the page.
    #[error("the levels of a page are longer than the page")]
    Levels,
    /// Levels have an encoding that writers of today do not use.
    #[error("the levels of a page have encoding {0}")]
    LevelEncoding(i32),
    /// The values of a page have an encoding that their type does not allow.
    #[error("a page has encoding {0}")]
    Encoding(i32),
    /// Levels or indices end early, or a run is longer than the page.
    #[error("runs of levels or indices are damaged")]
    Runs,
    /// Differences of numbers end early or claim another number of values.
    #[error("differences of numbers are damaged")]
    Deltas,
    /// A value reaches beyond the page.
    #[error("value {0} of a page reaches beyond its end")]
    Value(usize),
    /// A value is not in the dictionary.
    #[error("value {0} of a page is not in the dictionary")]
    NotInDictionary(usize),
    /// The dictionary has fewer values than it claims.
    #[error("its dictionary is cut off")]
    Dictionary,
}

impl From<PageError> for ColumnError {
    fn from(error: PageError) -> Self {
        if error == PageError::HeaderCutOff { Self::CutOff } else { Self::Header(error) }
    }
}

/// A column chunk of a row group that cannot be read.
#[derive(Debug, Error)]
#[error("column {column}: {error}")]
pub struct GroupError {
    /// Number of the column among those that are read.
    pub column: usize,
    /// What is wrong with it.
    pub error: ColumnError,
}

impl GroupError {
    /// Always false: what is wrong with a column is the data.
    #[must_use]
    pub fn is_setting(&self) -> bool {
        false
    }

    /// A stable identifier of the fault.
    #[must_use]
    pub fn code(&self) -> &'static str {
        if matches!(self.error, ColumnError::Io(_)) { "table-unreadable" } else { "table-damaged" }
    }
}
