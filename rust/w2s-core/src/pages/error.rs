//! What can be wrong with a page.

use thiserror::Error;

/// A page that is not what its header or the format says.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum PageError {
    /// The bytes end before the header does: give more, if there are more.
    #[error("a page header is cut off")]
    HeaderCutOff,
    /// A header that is not one.
    #[error("a page header is damaged")]
    BadHeader,
    /// Levels or indices end early, or a run is longer than the page.
    #[error("runs of levels or indices are damaged")]
    BadRuns,
    /// A text reaches beyond the page.
    #[error("value {0} of a page reaches beyond its end")]
    BadText(usize),
    /// An index that the dictionary has not.
    #[error("value {0} of a page is not in the dictionary")]
    NotInDictionary(usize),
    /// The kept texts of one page exceed 2 GiB.
    #[error("the kept texts of one page exceed 2 GiB")]
    TooLong,
}
