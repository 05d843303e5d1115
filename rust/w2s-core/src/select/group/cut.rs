//! The score at which each group is cut, and the last row that is kept there.
//!
//! Keys are brought together by group, block by block; each group then finds its own n-th best.

use rayon::prelude::*;

use super::ids::block_rows;
use crate::select::score::Score;
use crate::select::segments::{Block, gather};

/// Where the groups are cut: a row is kept above the cut of its group, and at the cut up to the last position.
pub struct Cuts<S> {
    /// The lowest score kept; NaN where the group keeps nothing.
    pub scores: Vec<Option<S>>,
    /// Groups that keep some of the rows at their cut and not others, and the last position kept there.
    pub last_tie: Vec<(u32, usize)>,
}

/// One group's cut, and where its ties end if not all are kept: in which block, after how many ties there.
struct Cut<S> {
    score: Option<S>,
    end: Option<TieEnd>,
}

#[derive(Clone, Copy)]
struct TieEnd {
    block: usize,
    ties: usize,
}

/// Cuts each group so that it keeps its quota; `quotas[g] <= sizes[g]`, no score is NaN.
pub fn cuts<S: Score>(scores: &[S], groups: &[u32], sizes: &[usize], quotas: &[usize]) -> Cuts<S> {
    let rows = block_rows(sizes.len());
    let is_cut: Vec<bool> =
        sizes.iter().zip(quotas).map(|(size, quota)| (1..*size).contains(quota)).collect();
    let blocks: Vec<Block<S::Key>> = scores
        .par_chunks(rows)
        .zip(groups.par_chunks(rows))
        .map(|(scores, groups)| {
            let keys = groups.iter().zip(scores).map(|(&group, score)| (group as usize, score.key()));
            Block::sort(sizes.len(), keys)
        })
        .collect();
    let found: Vec<Cut<S>> = (0..sizes.len())
        .into_par_iter()
        .map_init(Vec::new, |buffer, group| {
            if is_cut[group] {
                cut_group(&blocks, group, quotas[group], buffer)
            } else {
                Cut { score: (quotas[group] > 0).then_some(S::LOWEST), end: None }
            }
        })
        .collect();
    let last_tie = last_ties(scores, groups, rows, &found);
    Cuts { scores: found.into_iter().map(|cut| cut.score).collect(), last_tie }
}

fn cut_group<S: Score>(
    blocks: &[Block<S::Key>],
    group: usize,
    quota: usize,
    keys: &mut Vec<S::Key>,
) -> Cut<S> {
    gather(blocks, group, keys);
    let nth = keys.len() - quota;
    let (worse, &mut cut, better) = keys.select_nth_unstable(nth);
    let at_cut = |keys: &[S::Key]| keys.iter().filter(|&&key| key == cut).count();
    let kept = 1 + at_cut(better);
    let end = worse.contains(&cut).then(|| {
        let mut ties = kept;
        let mut block = 0;
        loop {
            let here = at_cut(blocks[block].segment(group));
            if here >= ties {
                break TieEnd { block, ties };
            }
            ties -= here;
            block += 1;
        }
    });
    Cut { score: Some(S::of_key(cut)), end }
}

/// Positions of the last ties kept, from the blocks in which they lie.
fn last_ties<S: Score>(scores: &[S], groups: &[u32], rows: usize, cuts: &[Cut<S>]) -> Vec<(u32, usize)> {
    let mut ends: Vec<(TieEnd, u32)> =
        cuts.iter().enumerate().filter_map(|(group, cut)| cut.end.map(|end| (end, group as u32))).collect();
    ends.sort_unstable_by_key(|(end, group)| (end.block, *group));
    let by_block: Vec<_> = ends.chunk_by(|a, b| a.0.block == b.0.block).collect();
    let found = by_block.into_par_iter().map(|ends| {
        let start = ends[0].0.block * rows;
        let stop = scores.len().min(start + rows);
        last_ties_in(&scores[start..stop], &groups[start..stop], start, ends, cuts)
    });
    found.flatten_iter().collect()
}

fn last_ties_in<S: Score>(
    scores: &[S],
    groups: &[u32],
    start: usize,
    ends: &[(TieEnd, u32)],
    cuts: &[Cut<S>],
) -> Vec<(u32, usize)> {
    let mut left = vec![0; cuts.len()];
    ends.iter().for_each(|(end, group)| left[*group as usize] = end.ties);
    let mut found = Vec::with_capacity(ends.len());
    for (offset, (score, &group)) in scores.iter().zip(groups).enumerate() {
        let left = &mut left[group as usize];
        if *left > 0 && cuts[group as usize].score == Some(*score) {
            *left -= 1;
            if *left == 0 {
                found.push((group, start + offset));
            }
        }
    }
    found
}
