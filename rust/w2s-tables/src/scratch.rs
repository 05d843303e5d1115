//! Memory that a thread keeps from one column chunk to the next.

use crate::codec::Decompressor;
use crate::levels::Levels;
use crate::pages::Window;
use std::cell::RefCell;

/// Buffers beyond this are given back after a call.
const KEPT_BYTES: usize = 8 << 20;

#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// Bytes of the file.
    pub(crate) window: Window,
    /// The page, decompressed.
    pub(crate) page: Vec<u8>,
    pub(crate) decompressor: Decompressor,
    pub(crate) decoding: Decoding,
}

/// What the decoding of a page needs in addition to its bytes.
#[derive(Debug, Default)]
pub(crate) struct Decoding {
    pub(crate) levels: Levels,
    /// The kept rows of a page, and then their stored values.
    pub(crate) picks: Vec<u32>,
    /// Places in the dictionary of all stored values.
    pub(crate) places: Vec<u32>,
    /// Numbers that were held as differences.
    pub(crate) numbers: Vec<i64>,
    /// Lengths that were held as differences.
    pub(crate) lengths: Vec<i64>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Calls `work` with the buffers of this thread.
pub(crate) fn with_scratch<T>(work: impl FnOnce(&mut Scratch) -> T) -> T {
    SCRATCH.with_borrow_mut(|scratch| {
        let found = work(scratch);
        scratch.window.forget(KEPT_BYTES);
        if scratch.page.len() > KEPT_BYTES {
            scratch.page = Vec::new();
        }
        if scratch.decoding.picks.capacity() + scratch.decoding.places.capacity() > KEPT_BYTES / 4
            || scratch.decoding.numbers.capacity() + scratch.decoding.lengths.capacity() > KEPT_BYTES / 8
        {
            scratch.decoding = Decoding::default();
        }
        found
    })
}
