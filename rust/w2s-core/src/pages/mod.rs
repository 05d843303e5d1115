//! Pages of Parquet columns of texts: the values of the rows that are kept, and no others.
//!
//! A reader that decodes whole columns copies every text before one is left out. Here a page, already decompressed,
//! is walked from length to length and only kept texts are copied. Knows nothing about files or compression.

mod error;
mod header;
mod hybrid;
mod texts;

#[cfg(test)]
mod tests;

pub use error::PageError;
pub use header::{Header, PageKind, header};
pub use texts::{Texts, Values, kept};
