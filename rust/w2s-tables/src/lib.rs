//! Tables of w2s: the kept rows of the column chunks of a Parquet file, as Arrow lays columns out.
//!
//! A reader that decodes whole columns copies every value before one is left out. Here only pages with a kept row are
//! decompressed, into memory that each thread reuses, and only values of kept rows are copied. Columns are flat; what
//! is nested, or has a codec or an encoding that is not listed here, is the caller's.
//!
//! The bytes are untrusted: damage is a [`ColumnError`], never a panic and never another value.

mod bits;
mod codec;
mod column;
mod delta;
mod dictionary;
mod error;
mod group;
mod hybrid;
mod levels;
mod mask;
mod pages;
mod pieces;
mod scratch;
mod snappy;
mod texts;
mod width;

#[cfg(test)]
mod tests;

pub use codec::Codec;
pub use column::{Cast, Chunk, Layout};
pub use error::{ColumnError, GroupError};
pub use group::GroupReader;
pub use pages::Source;
pub use pieces::{Offsets, Piece};
