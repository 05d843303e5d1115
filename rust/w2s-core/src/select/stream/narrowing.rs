//! The exact cut of a stream that can be read several times, in memory that grows with neither its rows nor those kept.
//!
//! Each pass counts one more digit of the keys of those scores whose digits so far are those of the cut. Within a
//! pass, shards may come in any order and from any number of narrowings that are merged.

use super::super::{Score, SelectError};
use super::refuse_nan;
use crate::Argument;

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
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::NOTHING
    }

    /// Whether a row is kept that has this key and that many rows with the key of the cut before it.
    #[inline(always)]
    #[must_use]
    pub fn keeps(&self, key: u64, ties_before: u64) -> bool {
        key > self.key || (key == self.key && ties_before < self.ties)
    }
}

/// The cuts of all groups of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cuts {
    key_bits: u32,
    of_group: Vec<Cut>,
}

impl Cuts {
    /// The cut of each group.
    #[must_use]
    pub fn of_group(&self) -> &[Cut] {
        &self.of_group
    }

    /// The lowest score that each group keeps; none where it keeps no row.
    #[must_use]
    pub fn scores(&self) -> Vec<Option<f64>> {
        let score = |cut: &Cut| match u32::try_from(cut.key) {
            Ok(key) if self.key_bits == u32::BITS => f64::from(f32::of_key(key)),
            _ => f64::of_key(cut.key),
        };
        self.of_group.iter().map(|cut| (!cut.is_nothing()).then(|| score(cut))).collect()
    }

    /// Offsets of the rows of a shard that the cuts keep, and how many of its rows are at the cut of each group.
    ///
    /// `ties_before` holds the rows of earlier shards at the cut of each group.
    ///
    /// # Errors
    /// Scores of another precision than the stream's; lengths differ; a group that the stream had not.
    pub fn kept<S: Score>(
        &self,
        scores: &[S],
        groups: Option<&[u32]>,
        ties_before: &[u64],
    ) -> Result<(Vec<i64>, Vec<u64>), SelectError> {
        check_precision::<S>(self.key_bits)?;
        if ties_before.len() != self.of_group.len() {
            let (len, expected) = (ties_before.len(), self.of_group.len());
            return Err(SelectError::SettingLength { argument: Argument::TiesBefore, len, expected });
        }
        if let Some(groups) = groups {
            check_length(groups, scores)?;
            check_known(groups, self.of_group.len())?;
        }
        let (mut offsets, mut ties) = (Vec::new(), vec![0; self.of_group.len()]);
        for (offset, score) in scores.iter().enumerate() {
            let (group, key) = (groups.map_or(0, |groups| groups[offset] as usize), score.key().into());
            let cut = self.of_group[group];
            if cut.keeps(key, ties_before[group] + ties[group]) {
                offsets.push(offset.cast_signed() as i64);
            }
            ties[group] += u64::from(key == cut.key);
        }
        Ok((offsets, ties))
    }
}

fn check_precision<S: Score>(expected: u32) -> Result<(), SelectError> {
    let bits = S::KEY_BITS;
    if bits == expected { Ok(()) } else { Err(SelectError::PrecisionMismatch { bits, expected }) }
}

fn check_length<S>(groups: &[u32], scores: &[S]) -> Result<(), SelectError> {
    let (len, expected) = (groups.len(), scores.len());
    let mismatch = SelectError::LengthMismatch { argument: Argument::Groups, len, expected };
    if len == expected { Ok(()) } else { Err(mismatch) }
}

fn check_known(groups: &[u32], n_groups: usize) -> Result<(), SelectError> {
    let unknown = groups.iter().position(|&group| group as usize >= n_groups);
    unknown.map_or(Ok(()), |index| Err(SelectError::UnknownGroup { index, group: groups[index], n_groups }))
}

/// Counts of a stream's scores, group by group, on the way to the cut of each.
///
/// ```
/// use w2s_core::select::stream::Narrowing;
/// let shards = [[0.5f32, 0.75], [0.75, 0.25]];
/// let mut narrowing = Narrowing::new::<f32>(16)?;
/// while !narrowing.is_done() {
///     for (i, shard) in shards.iter().enumerate() {
///         narrowing.push(2 * i as u64, shard, None)?;
///     }
///     narrowing.end_pass(&[1])?;
/// }
/// let cuts = narrowing.cuts();
/// assert_eq!((cuts.of_group()[0].ties, cuts.of_group()[0].ties_left_out), (1, 1));
/// assert_eq!(cuts.kept(&shards[1], None, &[1])?.0, []); // the tie of the first shard is kept, this one is not
/// assert_eq!(cuts.scores(), [Some(0.75)]);
/// # Ok::<(), w2s_core::select::SelectError>(())
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
    cuts: Cuts,         // once done
}

impl Narrowing {
    /// Nothing seen yet of scores of this type. A digit has 8 or 16 bits: each pass holds 2^`digit_bits`
    /// numbers of 8 bytes per group, and there are as many passes as digits in a key.
    ///
    /// # Errors
    /// [`SelectError::BadDigit`] for another number of bits.
    pub fn new<S: Score>(digit_bits: u32) -> Result<Self, SelectError> {
        if digit_bits != 8 && digit_bits != 16 {
            return Err(SelectError::BadDigit { bits: digit_bits });
        }
        let mut narrowing = Self {
            key_bits: S::KEY_BITS,
            digit_bits,
            known_bits: 0,
            prefixes: Vec::new(),
            counts: Vec::new(),
            above: Vec::new(),
            sizes: Vec::new(),
            cuts: Cuts { key_bits: S::KEY_BITS, of_group: Vec::new() },
        };
        narrowing.grow(1);
        Ok(narrowing)
    }

    /// Adds a shard whose first row is at position `start` of the stream; without groups, all rows are of
    /// group 0.
    ///
    /// # Errors
    /// A score is NaN, named by its position in the stream; another precision than this narrowing's; lengths differ;
    /// after the first pass, a group that this had not. Nothing of the shard is then added.
    pub fn push<S: Score>(
        &mut self,
        start: u64,
        scores: &[S],
        groups: Option<&[u32]>,
    ) -> Result<(), SelectError> {
        check_precision::<S>(self.key_bits)?;
        refuse_nan(start, scores)?;
        let Some(groups) = groups else {
            scores.iter().for_each(|score| self.see(0, score.key().into()));
            return Ok(());
        };
        check_length(groups, scores)?;
        if self.known_bits == 0 {
            self.grow(groups.iter().max().map_or(0, |&most| most as usize + 1));
        } else {
            check_known(groups, self.sizes.len()).map_err(|error| error.shifted(start as usize))?;
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
    #[must_use]
    pub fn empty(&self) -> Self {
        let mut empty = self.clone();
        empty.counts.fill(0);
        empty
    }

    /// Rows of each group seen so far in the first pass, or in all of it.
    #[must_use]
    pub fn sizes(&self) -> Vec<u64> {
        if self.known_bits > 0 {
            return self.sizes.clone();
        }
        self.counts.chunks(1 << self.digit_bits).map(|digits| digits.iter().sum()).collect()
    }

    /// Ends a pass; `quotas` is the number of rows that each group keeps, the same in every pass. A quota
    /// above the size of a group keeps the whole group.
    ///
    /// # Errors
    /// [`SelectError::SettingLength`] where there are not as many quotas as groups.
    pub fn end_pass(&mut self, quotas: &[u64]) -> Result<(), SelectError> {
        if quotas.len() != self.sizes.len() {
            let (len, expected) = (quotas.len(), self.sizes.len());
            return Err(SelectError::SettingLength { argument: Argument::Quota, len, expected });
        }
        self.sizes = self.sizes();
        self.known_bits += self.digit_bits;
        self.cuts.of_group = (0..quotas.len()).map(|group| self.narrow(group, quotas[group])).collect();
        self.counts.fill(0);
        Ok(())
    }

    /// Whether every digit of the cuts is known.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.known_bits == self.key_bits
    }

    /// The cut of each group; meaningful once this is done.
    #[must_use]
    pub fn cuts(&self) -> &Cuts {
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

#[cfg(test)]
mod tests {
    use super::super::super::top;
    use super::*;
    use proptest::prelude::*;

    fn narrowed(shards: &[Vec<f64>], k: u64, digit_bits: u32) -> Narrowing {
        let mut narrowing = Narrowing::new::<f64>(digit_bits).unwrap();
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
                let (offsets, ties) = narrowing.cuts().kept(shard, None, &before).unwrap();
                found.extend(offsets.iter().map(|offset| start + offset));
                before[0] += ties[0];
                start += shard.len().cast_signed() as i64;
            }
            let expected = top(&whole, k as usize).unwrap();
            prop_assert_eq!(found, expected.rows.positions());
            prop_assert_eq!(narrowing.cuts().of_group()[0].ties_left_out, expected.ties_left_out as u64);
        }
    }

    #[test]
    fn a_group_seen_only_after_the_first_pass_is_refused() {
        let mut narrowing = Narrowing::new::<f32>(16).unwrap();
        narrowing.push(0, &[0.5f32, 0.25], Some(&[0, 1])).unwrap();
        narrowing.end_pass(&[1, 1]).unwrap();
        let found = narrowing.push(10, &[0.5f32, 0.25], Some(&[0, 2]));
        assert_eq!(found, Err(SelectError::UnknownGroup { index: 11, group: 2, n_groups: 2 }));
    }

    #[test]
    fn shards_that_do_not_fit_the_stream_are_refused() {
        assert_eq!(Narrowing::new::<f32>(11).unwrap_err(), SelectError::BadDigit { bits: 11 });
        let mut narrowing = Narrowing::new::<f32>(16).unwrap();
        let wide = SelectError::PrecisionMismatch { bits: 64, expected: 32 };
        assert_eq!(narrowing.push(0, &[0.5f64], None), Err(wide.clone()));
        narrowing.push(0, &[0.5f32], None).unwrap();
        for _ in 0..2 {
            narrowing.end_pass(&[1]).unwrap();
            narrowing.push(0, &[0.5f32], None).unwrap();
        }
        let cuts = narrowing.cuts();
        assert_eq!(cuts.kept(&[0.5f64], None, &[0]), Err(wide));
        let unknown = SelectError::UnknownGroup { index: 0, group: 1, n_groups: 1 };
        assert_eq!(cuts.kept(&[0.5f32], Some(&[1]), &[0]), Err(unknown));
        assert!(matches!(cuts.kept(&[0.5f32], Some(&[]), &[0]), Err(SelectError::LengthMismatch { .. })));
        assert!(matches!(cuts.kept(&[0.5f32], None, &[]), Err(SelectError::SettingLength { .. })));
        assert_eq!(cuts.kept(&[0.5f32, 0.25], None, &[0]), Ok((vec![0], vec![1])));
    }
}
