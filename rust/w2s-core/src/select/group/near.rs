//! The best rows of each group by one reading: a sample says between which two scores each group is cut, rows
//! above are kept, and only those between are brought together and settled exactly.
//!
//! It returns `None` if groups are too small for a sample, if ties fill the range between, or if the sample
//! was wrong; [`super::cut`] then does the whole work.

use rayon::prelude::*;

use crate::select::blocks::{CHUNK, for_each_bit};
use crate::select::lanes::LANES;
use crate::select::random::hash;
use crate::select::rows::Rows;
use crate::select::score::Score;
use crate::select::segments::Block;

/// One row of each stretch of this length is sampled first.
const STRETCH: usize = 64;
/// Smaller groups, in the mean, have too few rows in the sample.
const LEAST_GROUP: usize = 64 * STRETCH;
/// Standard errors of the sampled rank on either side of the guess: with thousands of groups none should be wrong.
const SIGMAS: f64 = 5.0;

/// The scores between which a group is cut, both excluded; NaN means no limit on that side.
#[derive(Clone, Copy)]
struct Limits<S> {
    low: S,
    high: S,
}

/// Where a group is cut: its lowest key kept, and the last position kept there.
#[derive(Clone, Copy)]
struct Cut<K> {
    key: K,
    last: usize,
}

/// A row between the limits of its group: its key and its offset in the chunk.
type Between<S> = (<S as Score>::Key, u32);

/// The best rows of each group, `quotas[g] <= sizes[g]` of them; none where that takes more than one reading.
/// No score is NaN.
pub fn top_near<S: Score>(scores: &[S], groups: &[u32], sizes: &[usize], quotas: &[usize]) -> Option<Rows> {
    if scores.len() / LEAST_GROUP < sizes.len() {
        return None;
    }
    let limits = guess(scores, groups, sizes, quotas)?;
    let mut rows = Rows::none(scores.len());
    let (blocks, above): (Vec<_>, Vec<_>) = scores
        .par_chunks(CHUNK)
        .zip(groups.par_chunks(CHUNK))
        .zip(rows.chunks_mut())
        .map(|((scores, groups), words)| compare(scores, groups, words, &limits))
        .unzip();
    let cuts: Option<Vec<_>> = (0..sizes.len())
        .into_par_iter()
        .map_init(Vec::new, |keys, group| {
            let above: usize = above.iter().map(|counts: &Vec<u32>| counts[group] as usize).sum();
            cut_group::<S>(&blocks, group, quotas[group].checked_sub(above)?, keys)
        })
        .collect();
    let cuts = cuts?;
    rows.chunks_mut().zip(&blocks).enumerate().for_each(|(chunk, (words, block))| {
        for (group, cut) in cuts.iter().enumerate() {
            for &(key, offset) in block.segment(group) {
                let row = chunk * CHUNK + offset as usize;
                let keep = cut.is_some_and(|cut| key > cut.key || (key == cut.key && row <= cut.last));
                words[offset as usize / LANES] |= u64::from(keep) << (offset as usize % LANES);
            }
        }
    });
    Some(rows)
}

/// The limits of each group, from a row of each stretch; none where the two limits of a group are tied.
fn guess<S: Score>(
    scores: &[S],
    groups: &[u32],
    sizes: &[usize],
    quotas: &[usize],
) -> Option<Vec<Limits<S>>> {
    let drawn: Vec<(usize, S::Key)> = (0..scores.len() / STRETCH)
        .into_par_iter()
        .map(|i| {
            let row = i * STRETCH + (hash(0, i as u64) % STRETCH as u64) as usize;
            (groups[row] as usize, scores[row].key())
        })
        .collect();
    let sample = Block::sort(sizes.len(), drawn.iter().copied());
    (0..sizes.len())
        .into_par_iter()
        .map_init(Vec::new, |keys, group| {
            keys.clear();
            keys.extend_from_slice(sample.segment(group));
            limits_of(keys, sizes[group], quotas[group])
        })
        .collect()
}

fn limits_of<S: Score>(keys: &mut [S::Key], size: usize, quota: usize) -> Option<Limits<S>> {
    if quota == 0 || quota == size {
        let (low, high) = if quota == 0 { (S::HIGHEST, S::NAN) } else { (S::NAN, S::LOWEST) };
        return Some(Limits { low, high });
    }
    let share_below = 1.0 - quota as f64 / size as f64;
    let rank = share_below * keys.len() as f64;
    let margin = SIGMAS * (rank * (1.0 - share_below)).sqrt() + 4.0;
    let (low, high) = ((rank - margin).floor(), (rank + margin).ceil() as usize);
    let at = |keys: &mut [S::Key], place: usize| S::of_key(*keys.select_nth_unstable(place).1);
    let high = if high < keys.len() { at(keys, high) } else { S::NAN };
    let low = if low >= 0.0 && !keys.is_empty() { at(keys, low as usize) } else { S::NAN };
    (low != high).then_some(Limits { low, high })
}

/// Marks the rows at or above the upper limit of their group; gives the rows between, by group, and how many rows
/// of each group were marked.
#[expect(clippy::neg_cmp_op_on_partial_ord, reason = "NaN means no limit: nothing is at or below it")]
fn compare<S: Score>(
    scores: &[S],
    groups: &[u32],
    words: &mut [u64],
    limits: &[Limits<S>],
) -> (Block<Between<S>>, Vec<u32>) {
    let mut above = vec![0; limits.len()];
    let mut between = Vec::new();
    let blocks = scores.chunks(LANES).zip(groups.chunks(LANES));
    for (i, (word, (scores, groups))) in words.iter_mut().zip(blocks).enumerate() {
        let (mut high, mut not_low) = (0u64, 0u64);
        for (j, (&score, &group)) in scores.iter().zip(groups).enumerate() {
            let limits = limits[group as usize];
            high |= u64::from(score >= limits.high) << j;
            not_low |= u64::from(!(score <= limits.low)) << j;
        }
        *word = high;
        for_each_bit(high, |j| above[groups[j] as usize] += 1);
        for_each_bit(not_low & !high, |j| {
            between.push((groups[j] as usize, (scores[j].key(), (i * LANES + j) as u32)));
        });
    }
    (Block::sort(limits.len(), between.iter().copied()), above)
}

/// The cut of a group that keeps `quota` of its rows between: `Some(None)` if it keeps none of them, `None`
/// if there are too few.
fn cut_group<S: Score>(
    blocks: &[Block<Between<S>>],
    group: usize,
    wanted: usize,
    keys: &mut Vec<S::Key>,
) -> Option<Option<Cut<S::Key>>> {
    keys.clear();
    blocks.iter().for_each(|block| keys.extend(block.segment(group).iter().map(|between| between.0)));
    let nth = keys.len().checked_sub(wanted)?;
    if wanted == 0 {
        return Some(None);
    }
    let (_, &mut key, better) = keys.select_nth_unstable(nth);
    let ties = 1 + better.iter().filter(|&&other| other == key).count();
    let tied = blocks.iter().enumerate().flat_map(|(chunk, block)| {
        let here = block.segment(group).iter().filter(|between| between.0 == key);
        here.map(move |&(_, offset)| chunk * CHUNK + offset as usize)
    });
    Some(tied.into_iter().nth(ties - 1).map(|last| Cut { key, last }))
}

#[cfg(test)]
mod tests {
    use super::super::cut::cuts;
    use super::super::keep;
    use super::*;
    use proptest::prelude::*;

    const GROUPS: usize = 5;

    fn mixed(seed: u64, row: usize) -> u64 {
        hash(seed, row as u64)
    }

    /// Groups of very different sizes, the last one empty.
    fn groups_of(rows: usize, seed: u64) -> Vec<u32> {
        (0..rows).map(|row| (mixed(seed, row) % 63 + 1).ilog2().min(GROUPS as u32 - 2)).collect()
    }

    fn sizes_of(groups: &[u32]) -> Vec<usize> {
        (0..GROUPS).map(|group| groups.iter().filter(|&&other| other as usize == group).count()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn one_reading_finds_what_the_whole_work_finds(
            rows in LEAST_GROUP * GROUPS..200_000,
            seed in any::<u64>(),
            shares in prop::array::uniform5(prop_oneof![Just(0.0), Just(1.0), 0.0..1.0f64]),
            values in prop_oneof![Just(u64::MAX), 2..100_000u64],
            sorted in any::<bool>(),
        ) {
            let groups = groups_of(rows, seed);
            let mut scores: Vec<f32> = (0..rows).map(|row| (mixed(!seed, row) % values) as f32 - 1e3).collect();
            if sorted {
                scores.sort_unstable_by(f32::total_cmp);
            }
            let sizes = sizes_of(&groups);
            let quotas: Vec<usize> =
                sizes.iter().zip(shares).map(|(&size, share)| (size as f64 * share) as usize).collect();
            let whole = keep(&scores, &groups, &cuts(&scores, &groups, &sizes, &quotas));
            if let Some(near) = top_near(&scores, &groups, &sizes, &quotas) {
                prop_assert_eq!(near, whole);
            } else {
                prop_assert!(values < 100_000);
            }
        }
    }

    #[test]
    fn ties_that_fill_the_limits_are_left_to_the_whole_work() {
        let rows = LEAST_GROUP * GROUPS;
        let groups = groups_of(rows, 0);
        let sizes = sizes_of(&groups);
        let quotas: Vec<usize> = sizes.iter().map(|size| size / 2).collect();
        assert_eq!(top_near(&vec![0.5f32; rows], &groups, &sizes, &quotas), None);
    }
}
