//! What is already known about a state: value, how deep it was searched, best move.
//!
//! Knows nothing about how values are found. A key has two places: one keeps what was searched deepest, the
//! other what came last.

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
/// 48 MiB.
const LARGEST_BITS: u32 = 21;

/// A table of fixed size.
pub struct Table {
    slots: Vec<Slot>,
}

impl Table {
    /// A table that fits a search to this depth or of so many nodes.
    pub fn new(depth: u32, nodes: Option<u64>) -> Self {
        let by_depth = SMALLEST_BITS + 2 * depth.min(10);
        let by_nodes = nodes.map_or(LARGEST_BITS, |nodes| 65 - nodes.leading_zeros());
        let bits = by_depth.min(by_nodes).clamp(SMALLEST_BITS, LARGEST_BITS);
        Self { slots: vec![EMPTY; 1 << bits] }
    }

    pub fn clear(&mut self) {
        self.slots.fill(EMPTY);
    }

    /// The first of the two places of a key.
    fn index(&self, key: u64) -> usize {
        // Keys of small games are not spread evenly.
        let spread = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (spread >> (64 - self.slots.len().trailing_zeros())) as usize & !1
    }

    /// What is known, with mates counted from `ply` plies below the root.
    pub fn get(&self, key: u64, ply: u32) -> Option<Entry> {
        let index = self.index(key);
        let slot = self.slots[index..index + 2].iter().find(|slot| slot.key == key && slot.depth >= 0)?;
        let bound = [Bound::Exact, Bound::AtLeast, Bound::AtMost][usize::from(slot.bound)];
        let best = (slot.best != NO_MOVE).then_some(Move(slot.best));
        Some(Entry { value: from_here(slot.value, -(ply as i32)), depth: slot.depth.into(), bound, best })
    }

    pub fn put(&mut self, key: u64, ply: u32, entry: Entry) {
        let new = Slot {
            key,
            value: from_here(entry.value, ply as i32),
            best: entry.best.map_or(NO_MOVE, |mv| mv.0),
            depth: entry.depth.clamp(0, 127) as i8,
            bound: entry.bound as u8,
        };
        let index = self.index(key);
        let [deepest, last] = &mut self.slots[index..index + 2] else { return };
        if deepest.key == key {
            if deepest.depth <= new.depth || entry.bound == Bound::Exact {
                *deepest = new;
            }
        } else if deepest.depth <= new.depth {
            *last = std::mem::replace(deepest, new);
        } else {
            *last = new;
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
