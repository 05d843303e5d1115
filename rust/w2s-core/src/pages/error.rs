//! What can be wrong with a page.

use thiserror::Error;

/// A page that is not what its header or the format says.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PageError {
    /// The bytes end before the header does: give more, if there are more.
    #[error("a page header is cut off")]
    HeaderCutOff,
    /// Bytes that are not a header.
    #[error("a page header is damaged")]
    BadHeader,
    /// Levels or indices end early, or a run is longer than the page.
    #[error("runs of levels or indices are damaged")]
    BadRuns,
    /// A text reaches beyond the page.
    #[error("value {row} of a page reaches beyond its end")]
    BadText {
        /// The first such row of the page.
        row: usize,
    },
    /// An index beyond the end of the dictionary.
    #[error("value {row} of a page is not in the dictionary")]
    NotInDictionary {
        /// The first such row of the page.
        row: usize,
    },
    /// The kept texts of one page exceed 2 GiB.
    #[error("the kept texts of one page exceed 2 GiB")]
    TooLong,
}

impl PageError {
    /// Always false: what is wrong with a page is the data.
    #[must_use]
    pub fn is_setting(&self) -> bool {
        match self {
            Self::HeaderCutOff
            | Self::BadHeader
            | Self::BadRuns
            | Self::BadText { .. }
            | Self::NotInDictionary { .. }
            | Self::TooLong => false,
        }
    }

    /// A stable identifier of the fault.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::HeaderCutOff => "table-page-header-cut-off",
            Self::BadHeader => "table-page-header-damaged",
            Self::BadRuns => "table-page-runs-damaged",
            Self::BadText { .. } => "table-page-text-damaged",
            Self::NotInDictionary { .. } => "table-page-index-damaged",
            Self::TooLong => "table-page-too-long",
        }
    }
}
