//! Group ids: dense ones are checked and counted, sparse ones become dense.

use rayon::prelude::*;

use crate::select::SelectError;

/// Rows per task, unless there are more groups than that.
const BLOCK: usize = 1 << 18;

/// How many rows a task over groups takes: a fixed number, or as many as there are groups, so that tables of
/// one number per group and task never outgrow the rows.
pub fn block_rows(n_groups: usize) -> usize {
    BLOCK.max(n_groups)
}

/// Rows in each group.
///
/// # Errors
/// [`SelectError::UnknownGroup`] with the first row whose group is not below `n_groups`.
pub fn sizes(groups: &[u32], n_groups: usize) -> Result<Vec<usize>, SelectError> {
    count(groups, n_groups, |_, block| {
        let mut table = vec![0; n_groups];
        let known =
            block.iter().all(|&group| table.get_mut(group as usize).map(|count| *count += 1).is_some());
        known.then_some(table)
    })
    .ok_or_else(|| first_unknown(groups, n_groups))
}

/// Sums the tables that blocks of rows give; none where one of them gives none.
pub fn count(
    groups: &[u32],
    n_groups: usize,
    table: impl Fn(usize, &[u32]) -> Option<Vec<u32>> + Sync,
) -> Option<Vec<usize>> {
    let rows = block_rows(n_groups);
    let add = |mut sums: Vec<usize>, counts: Vec<u32>| {
        sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count as usize);
        sums
    };
    groups
        .par_chunks(rows)
        .enumerate()
        .map(|(block, ids)| table(block * rows, ids))
        .try_fold(|| vec![0; n_groups], |sums, counts| counts.map(|counts| add(sums, counts)))
        .try_reduce_with(|mut a, b| {
            a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
            Some(a)
        })
        .unwrap_or_else(|| Some(vec![0; n_groups]))
}

fn first_unknown(groups: &[u32], n_groups: usize) -> SelectError {
    let index = groups.iter().position(|&group| group as usize >= n_groups).unwrap_or_default();
    SelectError::UnknownGroup { index, group: groups[index], n_groups }
}

/// Dense ids for sparse ones, and the sparse id of each dense one, ascending.
///
/// ```
/// let (dense, ids) = w2s_core::select::dense_groups(&[70, 9, 70]).unwrap();
/// assert_eq!((dense, ids), (vec![1, 0, 1], vec![9, 70]));
/// ```
///
/// # Errors
/// [`SelectError::TooManyGroups`] where they do not fit 32 bits.
pub fn dense_groups(sparse: &[u64]) -> Result<(Vec<u32>, Vec<u64>), SelectError> {
    let mut ids: Vec<u64> = sparse.par_chunks(BLOCK).map(distinct).reduce(Vec::new, merge);
    ids.shrink_to_fit();
    if ids.len() > u32::MAX as usize {
        return Err(SelectError::TooManyGroups);
    }
    let places = Places::of(&ids);
    Ok((sparse.par_iter().map(|&id| places.find(id)).collect(), ids))
}

/// The distinct ids of a block, ascending.
fn distinct(block: &[u64]) -> Vec<u64> {
    let mut table = Places { slots: vec![(0, FREE); 1024], shift: 54 };
    let mut ids = Vec::new();
    for &id in block {
        if table.insert(id, ids.len() as u32) {
            ids.push(id);
            if ids.len() * 2 > table.slots.len() {
                table = table.grown();
            }
        }
    }
    ids.sort_unstable();
    ids
}

/// Both ascending lists in one, without repeats.
fn merge(a: Vec<u64>, b: Vec<u64>) -> Vec<u64> {
    let mut both = Vec::with_capacity(a.len().max(b.len()));
    let (mut a, mut b) = (a.into_iter().peekable(), b.into_iter().peekable());
    while let Some(next) = [a.peek(), b.peek()].into_iter().flatten().min().copied() {
        a.next_if_eq(&next);
        b.next_if_eq(&next);
        both.push(next);
    }
    both
}

const FREE: u32 = u32::MAX;

/// The place of each id in a list: a table with open addressing, at most half full.
struct Places {
    slots: Vec<(u64, u32)>,
    shift: u32,
}

impl Places {
    fn of(ids: &[u64]) -> Self {
        let bits = (ids.len().max(1) * 2).next_power_of_two().trailing_zeros();
        let mut table = Self { slots: vec![(0, FREE); 1 << bits], shift: u64::BITS - bits };
        ids.iter().enumerate().for_each(|(place, &id)| {
            table.insert(id, place as u32);
        });
        table
    }

    /// The slot of the id, or the free one where it would go.
    fn slot(&self, id: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = (id.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift) as usize;
        while self.slots[slot].1 != FREE && self.slots[slot].0 != id {
            slot = (slot + 1) & mask;
        }
        slot
    }

    /// Adds an id; false if it already exists.
    fn insert(&mut self, id: u64, place: u32) -> bool {
        let slot = self.slot(id);
        let new = self.slots[slot].1 == FREE;
        if new {
            self.slots[slot] = (id, place);
        }
        new
    }

    fn find(&self, id: u64) -> u32 {
        self.slots[self.slot(id)].1
    }

    fn grown(self) -> Self {
        let mut table = Self { slots: vec![(0, FREE); self.slots.len() * 2], shift: self.shift - 1 };
        for (id, place) in self.slots.into_iter().filter(|slot| slot.1 != FREE) {
            table.insert(id, place);
        }
        table
    }
}
