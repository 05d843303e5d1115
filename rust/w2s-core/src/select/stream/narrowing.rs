//! The exact cut of a stream that can be read several times, in memory that grows with neither its rows nor those kept.
//!
//! Each pass counts one more digit of the keys of those scores whose digits so far are those of the cut. Within a
//! pass, shards may come in any order and from any number of narrowings that are merged.

use super::super::{Score, SelectError};
use super::refuse_nan;

/// Where a group is cut: rows with a key above this one are kept, and of those with this key the first `ties`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The key of the lowest score kept; above every key where none is.
    pub key: u64,
    /// Rows with that key that are kept, those at the lowest positions.
    pub ties: u64,
    /// Rows with that key that are left out.
    pub ties_left_out: u64,
}

impl Cut {
    const NOTHING: Self = Self { key: u64::MAX, ties: 0, ties_left_out: 0 };

    /// Whether no row is kept.
    pub fn is_nothing(&self) -> bool {
        *self == Self::NOTHING
    }

    /// Whether a row is kept that has this key and that many rows with the key of the cut before it.
    #[inline(always)]
    pub fn keeps(&self, key: u64, ties_before: u64) -> bool {
        key > self.key || (key == self.key && ties_before < self.ties)
    }
}

/// Counts of a stream's scores, group by group, on the way to the cut of each.
///
/// ```
/// use w2s_core::select::stream::Narrowing;
/// let shards = [[0.5f32, 0.75], [0.75, 0.25]];
/// let mut narrowing = Narrowing::new::<f32>(16);
/// while !narrowing.is_done() {
///     for (i, shard) in shards.iter().enumerate() {
///         narrowing.push(2 * i as u64, shard, None).unwrap();
///     }
///     narrowing.end_pass(&[1]).unwrap();
/// }
/// assert_eq!((narrowing.cuts()[0].ties, narrowing.cuts()[0].ties_left_out), (1, 1));
/// ```
#[derive(Clone, Debug)]
pub struct Narrowing {
    key_bits: u32,
    digit_bits: u32,
    known_bits: u32,
    prefixes: Vec<u64>, // of each group's cut: its known digits
    counts: Vec<u64>,   // groups × digits, of this pass
    above: Vec<u64>,    // rows of each group above its prefix
    sizes: Vec<u64>,    // rows of each group
    cuts: Vec<Cut>,     // once done
}

impl Narrowing {
    /// Nothing seen yet of scores of this type. A digit has 8 or 16 bits: each pass holds 2^`digit_bits` numbers of 8
    /// bytes a group, and there are as many passes as digits in a key.
    pub fn new<S: Score>(digit_bits: u32) -> Self {
        debug_assert!(digit_bits > 0 && S::KEY_BITS.is_multiple_of(digit_bits));
        let mut narrowing = Self {
            key_bits: S::KEY_BITS,
            digit_bits,
            known_bits: 0,
            prefixes: Vec::new(),
            counts: Vec::new(),
            above: Vec::new(),
            sizes: Vec::new(),
            cuts: Vec::new(),
        };
        narrowing.grow(1);
        narrowing
    }

    /// Sees a shard whose first row stands at position `start` of the stream; without groups, all rows are of group 0.
    ///
    /// # Errors
    /// A score is NaN, named by its position in the stream; lengths differ; after the first pass, a group that this
    /// had not. Nothing of the shard is then seen.
    pub fn push<S: Score>(
        &mut self,
        start: u64,
        scores: &[S],
        groups: Option<&[u32]>,
    ) -> Result<(), SelectError> {
        debug_assert_eq!(S::KEY_BITS, self.key_bits);
        refuse_nan(start, scores)?;
        let Some(groups) = groups else {
            scores.iter().for_each(|score| self.see(0, score.key().into()));
            return Ok(());
        };
        if groups.len() != scores.len() {
            return Err(SelectError::Lengths { name: "groups", len: groups.len(), rows: scores.len() });
        }
        let n_groups = groups.iter().max().map_or(0, |&most| most as usize + 1);
        if self.known_bits == 0 {
            self.grow(n_groups);
        } else if let Some(index) = groups.iter().position(|&group| group as usize >= self.sizes.len()) {
            let index = start as usize + index;
            let group = groups[index - start as usize];
            return Err(SelectError::UnknownGroup { index, group, n_groups: self.sizes.len() });
        }
        scores.iter().zip(groups).for_each(|(score, &group)| self.see(group as usize, score.key().into()));
        Ok(())
    }

    /// Adds what another one has seen in the same pass.
    pub fn merge(&mut self, other: &Self) {
        debug_assert_eq!((self.key_bits, self.digit_bits), (other.key_bits, other.digit_bits));
        debug_assert_eq!(self.known_bits, other.known_bits);
        self.grow(other.sizes.len());
        self.counts.iter_mut().zip(&other.counts).for_each(|(sum, count)| *sum += count);
    }

    /// One of the same pass that has seen nothing, to be merged later.
    pub fn empty(&self) -> Self {
        let mut empty = self.clone();
        empty.counts.fill(0);
        empty
    }

    /// Rows of each group seen so far in the first pass, or in all of it.
    pub fn sizes(&self) -> Vec<u64> {
        if self.known_bits > 0 {
            return self.sizes.clone();
        }
        self.counts.chunks(1 << self.digit_bits).map(|digits| digits.iter().sum()).collect()
    }

    /// Ends a pass, with the rows that each group is to keep: the same in every pass. More than a group has is all.
    ///
    /// # Errors
    /// [`SelectError::PerGroup`] where there are not as many quotas as groups.
    pub fn end_pass(&mut self, quotas: &[u64]) -> Result<(), SelectError> {
        if quotas.len() != self.sizes.len() {
            let (len, n_groups) = (quotas.len(), self.sizes.len());
            return Err(SelectError::PerGroup { name: "quota", len, n_groups });
        }
        self.sizes = self.sizes();
        self.known_bits += self.digit_bits;
        self.cuts = (0..quotas.len()).map(|group| self.narrow(group, quotas[group])).collect();
        self.counts.fill(0);
        Ok(())
    }

    /// Whether every digit of the cuts is known.
    pub fn is_done(&self) -> bool {
        self.known_bits == self.key_bits
    }

    /// The cut of each group; meaningful once this is done.
    pub fn cuts(&self) -> &[Cut] {
        &self.cuts
    }

    fn grow(&mut self, n_groups: usize) {
        if n_groups > self.sizes.len() {
            self.counts.resize(n_groups << self.digit_bits, 0);
            self.prefixes.resize(n_groups, 0);
            self.above.resize(n_groups, 0);
            self.sizes.resize(n_groups, 0);
        }
    }

    #[inline(always)]
    fn see(&mut self, group: usize, key: u64) {
        let rest = self.key_bits - self.known_bits;
        if rest > 0 && key.checked_shr(rest).unwrap_or(0) == self.prefixes[group] {
            let digit = (key >> (rest - self.digit_bits)) as usize & ((1 << self.digit_bits) - 1);
            self.counts[(group << self.digit_bits) + digit] += 1;
        }
    }

    /// Finds the next digit of a group's cut.
    fn narrow(&mut self, group: usize, quota: u64) -> Cut {
        let quota = quota.min(self.sizes[group]);
        if quota == 0 {
            return Cut::NOTHING;
        }
        let digits = &self.counts[group << self.digit_bits..][..1 << self.digit_bits];
        let (mut above, mut digit) = (self.above[group], digits.len() - 1);
        while above + digits[digit] < quota {
            above += digits[digit];
            digit -= 1;
        }
        self.above[group] = above;
        self.prefixes[group] = (self.prefixes[group] << self.digit_bits) | digit as u64;
        let ties = quota - above;
        Cut { key: self.prefixes[group], ties, ties_left_out: digits[digit] - ties }
    }
}

/// Offsets of the rows of a shard that the cuts keep, and how many of its rows stand at the cut of each group.
///
/// `before` holds the rows of earlier shards at the cut of each group.
pub fn kept<S: Score>(
    scores: &[S],
    groups: Option<&[u32]>,
    cuts: &[Cut],
    before: &[u64],
) -> (Vec<i64>, Vec<u64>) {
    let (mut offsets, mut ties) = (Vec::new(), vec![0; cuts.len()]);
    for (offset, score) in scores.iter().enumerate() {
        let (group, key) = (groups.map_or(0, |groups| groups[offset] as usize), score.key().into());
        let cut = cuts[group];
        if cut.keeps(key, before[group] + ties[group]) {
            offsets.push(offset as i64);
        }
        ties[group] += u64::from(key == cut.key);
    }
    (offsets, ties)
}

#[cfg(test)]
mod tests {
    use super::super::super::top;
    use super::*;
    use proptest::prelude::*;

    fn narrowed(shards: &[Vec<f64>], k: u64, digit_bits: u32) -> Narrowing {
        let mut narrowing = Narrowing::new::<f64>(digit_bits);
        while !narrowing.is_done() {
            for shard in shards.iter().rev() {
                let mut part = narrowing.empty();
                part.push(0, shard, None).unwrap();
                narrowing.merge(&part);
            }
            narrowing.end_pass(&[k]).unwrap();
        }
        narrowing
    }

    proptest! {
        #[test]
        fn narrowed_shards_keep_the_rows_that_the_whole_column_keeps(
            shards in prop::collection::vec(prop::collection::vec(
                prop_oneof![Just(0.0), Just(-0.0), Just(f64::INFINITY), Just(0.5), any::<f64>().prop_filter("a number", |x| !x.is_nan())], 0..20), 1..5),
            k in 0u64..40,
            digit_bits in prop_oneof![Just(8u32), Just(16)],
        ) {
            let whole = shards.concat();
            let narrowing = narrowed(&shards, k, digit_bits);
            let (mut found, mut before, mut start) = (Vec::new(), vec![0], 0);
            for shard in &shards {
                let (offsets, ties) = kept(shard, None, narrowing.cuts(), &before);
                found.extend(offsets.iter().map(|offset| start + offset));
                before[0] += ties[0];
                start += shard.len() as i64;
            }
            let expected = top(&whole, k as usize).unwrap();
            prop_assert_eq!(found, expected.rows.positions());
            prop_assert_eq!(narrowing.cuts()[0].ties_left_out, expected.ties_left_out as u64);
        }
    }

    #[test]
    fn a_group_seen_only_after_the_first_pass_is_refused() {
        let mut narrowing = Narrowing::new::<f32>(16);
        narrowing.push(0, &[0.5f32, 0.25], Some(&[0, 1])).unwrap();
        narrowing.end_pass(&[1, 1]).unwrap();
        let found = narrowing.push(10, &[0.5f32, 0.25], Some(&[0, 2]));
        assert_eq!(found, Err(SelectError::UnknownGroup { index: 11, group: 2, n_groups: 2 }));
    }
}
