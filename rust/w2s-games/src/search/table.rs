//! The transposition table: value, search depth and best move of a state. A key has two places: one keeps
//! what was searched deepest, the other what came last.

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

/// A table that its owner lets grow: most searches are small, and memory that is never used still costs time.
pub struct Table {
    slots: Vec<Slot>,
}

impl Table {
    /// A small table.
    pub fn new() -> Self {
        Self { slots: vec![EMPTY; 1 << SMALLEST_BITS] }
    }

    /// Grows the table for a search of `nodes` nodes; entries are kept.
    pub fn make_room(&mut self, nodes: u64) {
        let bits = (64 - nodes.leading_zeros()).clamp(SMALLEST_BITS, LARGEST_BITS);
        if self.slots.len() < 1 << bits {
            let before = std::mem::replace(&mut self.slots, vec![EMPTY; 1 << bits]);
            for slot in before.into_iter().filter(|slot| slot.depth >= 0) {
                self.keep(slot);
            }
        }
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
        Some(Entry {
            value: from_here(slot.value, -ply.cast_signed()),
            depth: slot.depth.into(),
            bound,
            best,
        })
    }

    pub fn put(&mut self, key: u64, ply: u32, entry: Entry) {
        let new = Slot {
            key,
            value: from_here(entry.value, ply.cast_signed()),
            best: entry.best.map_or(NO_MOVE, |mv| mv.0),
            depth: entry.depth.clamp(0, 127) as i8,
            bound: entry.bound as u8,
        };
        self.keep(new);
    }

    fn keep(&mut self, new: Slot) {
        let index = self.index(new.key);
        let [deepest, last] = &mut self.slots[index..index + 2] else { return };
        if deepest.key == new.key {
            if deepest.depth <= new.depth || new.bound == Bound::Exact as u8 {
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
