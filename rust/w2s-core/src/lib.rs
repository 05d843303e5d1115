//! Numbers of w2s: scores in, positions or numbers out.
//!
//! | module | question it answers |
//! |---|---|
//! | [`select`] | which rows are kept? |
//! | [`aggregate`] | how are the scores of a row combined? |
//! | [`certify`] | how many rows can be kept at a guaranteed purity? |
//! | [`crowd`] | how are many votes combined into one label? |
//! | [`lines`] | is each line of a block one JSON object? |
//! | [`pages`] | which texts does a page of a Parquet column hold in the rows that are kept? |
//!
//! Knows nothing about Python or games, and opens no file. [`pages`] is here, although it decodes a file format,
//! because it is a kernel of selection: the caller reads and decompresses the bytes, and the kernel returns
//! the texts of the selected rows.
//!
//! Every error enum has the same two questions: `code()` is a stable identifier of the fault, and `is_setting()` tells
//! an argument that no data could make right from data that is wrong. The same fault has the same variant name in
//! each of them.
#![forbid(unsafe_code)]

pub mod aggregate;
mod argument;
pub mod certify;
pub mod crowd;
pub mod lines;
pub mod pages;
pub mod select;
mod thrift;

pub use argument::Argument;
