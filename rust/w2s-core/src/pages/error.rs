//! What can be wrong with a page.

use crate::thrift::Damage;
use thiserror::Error;

/// Bytes that are not a page header.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PageError {
    /// The bytes end before the header does: give more, if there are more.
    #[error("a page header is cut off")]
    HeaderCutOff,
    /// Bytes that are not a header.
    #[error("a page header is damaged")]
    BadHeader,
}

/// A footer that cannot be used.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum FooterError {
    /// The bytes are not a footer.
    #[error("its footer is damaged")]
    Damaged,
    /// Columns are encrypted.
    #[error("columns are encrypted")]
    Encrypted,
    /// The row groups have other rows than the file.
    #[error("its row groups have another number of rows than the file")]
    Rows,
    /// A row group has another number of columns than the schema.
    #[error("row group {group} has {found} columns, but the schema {expected}")]
    Columns {
        /// Number of the row group.
        group: u64,
        /// Its column chunks.
        found: usize,
        /// Leaves of the schema.
        expected: usize,
    },
    /// A column chunk contradicts the schema, its row group or the size of the file.
    #[error("row group {group}, column {column}: {what}")]
    Chunk {
        /// Number of the row group.
        group: u64,
        /// Number of the column.
        column: u64,
        /// What is wrong.
        what: &'static str,
    },
}

impl FooterError {
    pub(super) fn chunk(what: &'static str) -> Self {
        Self::Chunk { group: 0, column: 0, what }
    }

    pub(super) fn in_column(self, number: u64) -> Self {
        match self {
            Self::Chunk { group, what, .. } => Self::Chunk { group, column: number, what },
            other => other,
        }
    }

    pub(super) fn in_group(self, number: u64) -> Self {
        match self {
            Self::Chunk { column, what, .. } => Self::Chunk { group: number, column, what },
            Self::Columns { found, expected, .. } => Self::Columns { group: number, found, expected },
            other => other,
        }
    }

    /// Always false: what is wrong with a footer is the data.
    #[must_use]
    pub fn is_setting(&self) -> bool {
        match self {
            Self::Damaged | Self::Encrypted | Self::Rows | Self::Columns { .. } | Self::Chunk { .. } => false,
        }
    }

    /// A stable identifier of the fault.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Encrypted => "table-encrypted",
            Self::Damaged | Self::Rows | Self::Columns { .. } | Self::Chunk { .. } => "table-damaged",
        }
    }
}

impl From<Damage> for FooterError {
    fn from(_: Damage) -> Self {
        Self::Damaged
    }
}
