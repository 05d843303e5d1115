//! Where the columns of a Parquet file are: its footer, and the headers of pages.
//!
//! Reading, decompression and decoding are `w2s-tables`'s. The bytes are untrusted: damage is a [`PageError`] or a
//! [`FooterError`], never a panic.

mod error;
mod footer;
mod header;

#[cfg(test)]
mod tests;

pub use error::{FooterError, PageError};
pub use footer::{Chunk, Footer, Group, footer};
pub use header::{Header, PageKind, header};
