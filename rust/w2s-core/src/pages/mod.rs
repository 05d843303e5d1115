//! Pages of Parquet columns of texts: the values of the rows that are kept, and no others.
//!
//! A reader that decodes whole columns copies every text before one is left out. Here a page, already decompressed,
//! is walked from length to length and only kept texts are copied. Reading and decompression are the
//! caller's. The bytes are untrusted: damage is a [`PageError`], never a panic.
//!
//! ```
//! use w2s_core::pages::{Values, kept};
//! let page = b"\x02\0\0\0e4\x03\0\0\0Nf3";
//! let texts = kept(None, Values::Plain(page), &[false, true])?;
//! assert_eq!((texts.offsets, texts.data), (vec![0, 3], b"Nf3".to_vec()));
//! # Ok::<(), w2s_core::pages::PageError>(())
//! ```

mod error;
mod footer;
mod header;
mod hybrid;
mod lz4;
mod texts;

#[cfg(test)]
mod tests;

pub use error::{FooterError, PageError};
pub use footer::{Chunk, Footer, Group, footer};
pub use header::{Header, PageKind, header};
pub use lz4::lz4_length;
pub use texts::{Texts, Values, kept};
