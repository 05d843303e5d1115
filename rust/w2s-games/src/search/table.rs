//! What is already known about a state: value, how deep it was searched, best move.
//!
//! Knows nothing about how values are found. One slot per key, deeper knowledge stays.

use crate::game::{MATE, Move};

/// What a stored value says about the true one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    Exact,
    AtLeast,
    AtMost,
}

/// What is known about one state.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub value: i32,
    pub depth: i16,
    pub bound: Bound,
    pub best: Option<Move>,
}

#[derive(Clone, Copy)]
struct Slot {
    key: u64,
    value: i32,
    best: u16,
    depth: i8,
    bound: u8,
}

const EMPTY: Slot = Slot { key: 0, value: 0, best: NO_MOVE, depth: -1, bound: 0 };
const NO_MOVE: u16 = u16::MAX;
const SMALLEST_BITS: u32 = 10;
const LARGEST_BITS: u32 = 20;

/// A table of fixed size.
pub struct Table {
    slots: Vec<Slot>,
}

impl Table {
    /// A table that fits a search to this depth or of so many nodes.
    pub fn new(depth: u32, nodes: Option<u64>) -> Self {
        let by_depth = SMALLEST_BITS + 2 * depth.min(10);
        let by_nodes = nodes.map_or(LARGEST_BITS, |nodes| 64 - nodes.leading_zeros());
        let bits = by_depth.min(by_nodes).clamp(SMALLEST_BITS, LARGEST_BITS);
        Self { slots: vec![EMPTY; 1 << bits] }
    }

    pub fn clear(&mut self) {
        self.slots.fill(EMPTY);
    }

    fn index(&self, key: u64) -> usize {
        // Keys of small games are not spread evenly.
        (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - self.slots.len().trailing_zeros())) as usize
    }

    /// What is known, with mates counted from `ply` plies below the root.
    pub fn get(&self, key: u64, ply: u32) -> Option<Entry> {
        let slot = &self.slots[self.index(key)];
        if slot.key != key || slot.depth < 0 {
            return None;
        }
        let bound = [Bound::Exact, Bound::AtLeast, Bound::AtMost][usize::from(slot.bound)];
        let best = (slot.best != NO_MOVE).then_some(Move(slot.best));
        Some(Entry { value: from_here(slot.value, -(ply as i32)), depth: slot.depth.into(), bound, best })
    }

    pub fn put(&mut self, key: u64, ply: u32, entry: Entry) {
        let index = self.index(key);
        let slot = &mut self.slots[index];
        if slot.key != key || i16::from(slot.depth) <= entry.depth || entry.bound == Bound::Exact {
            *slot = Slot {
                key,
                value: from_here(entry.value, ply as i32),
                best: entry.best.map_or(NO_MOVE, |mv| mv.0),
                depth: entry.depth.clamp(0, 127) as i8,
                bound: entry.bound as u8,
            };
        }
    }
}

/// Moves the distance of a mate by some plies; other values stay.
fn from_here(value: i32, plies: i32) -> i32 {
    if value > MATE / 2 {
        value + plies
    } else if value < -MATE / 2 {
        value - plies
    } else {
        value
    }
}
