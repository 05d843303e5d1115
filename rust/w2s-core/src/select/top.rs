//! The k best rows of a column, without sorting it.
//!
//! One pass compares every score with a guessed bracket: rows at or above it are kept, the few inside it are
//! collected and settled exactly. Where the guess was wrong, or ties fill the bracket, a second pass at the exact
//! cut decides. Ties go to the lower position.

use rayon::prelude::*;

use super::SelectError;
use super::blocks::{CHUNK, CHUNK_WORDS, fill_words, first_nan, for_each_bit, refuse_nan};
use super::bracket::{Bracket, guess};
use super::histogram::kth_best_key;
use super::lanes::LANES;
use super::rows::Rows;
use super::score::Score;

/// The best rows of a column and where they end.
#[derive(Clone, Debug, PartialEq)]
pub struct Top<S> {
    /// The rows that are kept.
    pub rows: Rows,
    /// The lowest score that is kept; `None` if no row is kept.
    pub cut: Option<S>,
    /// Rows with the score of the cut that are left out, all at higher positions than those kept.
    pub ties_left_out: usize,
}

/// The `k` best rows; all of them if there are at most `k`.
///
/// # Errors
/// [`SelectError::NanScore`] with the first NaN.
pub fn top<S: Score>(scores: &[S], k: usize) -> Result<Top<S>, SelectError> {
    if k == 0 || k >= scores.len() {
        refuse_nan(scores)?;
        return Ok(if k == 0 { nothing(scores.len()) } else { everything(scores) });
    }
    top_within(scores, k, guess(scores, k))
}

fn nothing<S>(len: usize) -> Top<S> {
    Top { rows: Rows::none(len), cut: None, ties_left_out: 0 }
}

fn everything<S: Score>(scores: &[S]) -> Top<S> {
    let cut = scores.par_chunks(CHUNK).filter_map(|chunk| chunk.iter().map(|score| score.key()).min()).min();
    Top { rows: Rows::all(scores.len()), cut: cut.map(S::of_key), ties_left_out: 0 }
}

/// As [`top`], `1 <= k < scores.len()`, with a guess of the cut that may be wrong.
pub(super) fn top_within<S: Score>(
    scores: &[S],
    k: usize,
    bracket: Bracket<S>,
) -> Result<Top<S>, SelectError> {
    let cut = if bracket.low < bracket.high {
        let pass = Pass::over(scores, bracket)?;
        if (pass.at_least_high..=pass.at_least_high + pass.inside()).contains(&k) {
            return Ok(pass.settle(k, bracket.high));
        }
        // The counts say on which side the cut lies.
        if pass.at_least_high > k { bracket.high } else { bracket.low }
    } else {
        bracket.high
    };
    match top_at(scores, k, cut)? {
        Some(top) => Ok(top),
        None => top_by_histogram(scores, k),
    }
}

/// What one reading of a column leaves: rows at or above the bracket, and the rows strictly inside it.
struct Pass<S: Score> {
    rows: Rows,
    at_least_high: usize,
    inside: Vec<Inside<S>>, // of each chunk
}

/// Rows of a chunk inside the bracket: offset in the chunk, key.
type Inside<S> = Vec<(u32, <S as Score>::Key)>;

impl<S: Score> Pass<S> {
    fn over(scores: &[S], bracket: Bracket<S>) -> Result<Self, SelectError> {
        let mut rows = Rows::none(scores.len());
        let seen: Option<Vec<_>> = scores
            .par_chunks(CHUNK)
            .zip(rows.chunks_mut())
            .map(|(chunk, words)| compare_chunk(chunk, words, bracket))
            .collect();
        let Some(seen) = seen else {
            return Err(SelectError::NanScore { index: first_nan(scores).unwrap_or_default() });
        };
        let (counts, inside): (Vec<usize>, Vec<_>) = seen.into_iter().unzip();
        Ok(Self { rows, at_least_high: counts.iter().sum(), inside })
    }

    fn inside(&self) -> usize {
        self.inside.iter().map(Vec::len).sum()
    }

    /// Adds the best rows from inside the bracket until there are `k`.
    fn settle(mut self, k: usize, high: S) -> Top<S> {
        let wanted = k - self.at_least_high;
        if wanted == 0 {
            return Top { rows: self.rows, cut: Some(high), ties_left_out: 0 };
        }
        let mut keys: Vec<S::Key> = self.inside.par_iter().flatten_iter().map(|&(_, key)| key).collect();
        let nth = keys.len() - wanted;
        let (_, &mut cut, better) = keys.select_nth_unstable(nth);
        let ties_kept = wanted - better.iter().filter(|&&key| key > cut).count();
        let ties = self.ties_before(cut);
        let allowed: Vec<usize> = ties.iter().map(|&before| ties_kept.saturating_sub(before)).collect();
        self.rows.chunks_mut().zip(&self.inside).zip(&allowed).for_each(|((words, inside), &allowed)| {
            keep_inside(words, inside, cut, allowed);
        });
        Top { rows: self.rows, cut: Some(S::of_key(cut)), ties_left_out: ties[ties.len() - 1] - ties_kept }
    }

    /// Rows with this key in the chunks before each chunk, and in all.
    fn ties_before(&self, cut: S::Key) -> Vec<usize> {
        let counts: Vec<usize> =
            self.inside.par_iter().map(|chunk| chunk.iter().filter(|(_, key)| *key == cut).count()).collect();
        let mut before = vec![0];
        before.extend(counts.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        }));
        before
    }
}

/// Marks the rows at or above the bracket; returns their number and the rows inside; none where a score is NaN.
fn compare_chunk<S: Score>(
    chunk: &[S],
    words: &mut [u64],
    bracket: Bracket<S>,
) -> Option<(usize, Inside<S>)> {
    // Comparing and collecting in two loops keeps the first one free of branches.
    let mut between = [0; CHUNK_WORDS];
    let mut slots = between.iter_mut();
    let (mut count, mut n_inside) = (0, 0);
    fill_words(chunk, words, |_, block, valid| {
        let high = S::at_least(block, bracket.high) & valid;
        let not_low = S::not_at_most(block, bracket.low) & valid; // NaN is here, and in the word above it is not
        count += high.count_ones() as usize;
        n_inside += (not_low & !high).count_ones() as usize;
        if let Some(slot) = slots.next() {
            *slot = not_low & !high;
        }
        high
    });
    let mut inside = Vec::with_capacity(n_inside);
    for (i, &word) in between.iter().enumerate() {
        for_each_bit(word, |bit| inside.push(((i * LANES + bit) as u32, chunk[i * LANES + bit])));
    }
    let nan = inside.iter().any(|(_, score)| score.is_nan());
    (!nan).then(|| (count, inside.into_iter().map(|(offset, score)| (offset, score.key())).collect()))
}

/// Marks the rows above the cut and the first `ties` of those at it.
fn keep_inside<K: Copy + Ord>(words: &mut [u64], inside: &[(u32, K)], cut: K, mut ties: usize) {
    for &(offset, key) in inside {
        let keep = key > cut || (key == cut && ties > 0);
        ties -= usize::from(keep && key == cut);
        words[offset as usize / 64] |= u64::from(keep) << (offset % 64);
    }
}

/// The `k` best rows where this score is the k-th best; none where it is not.
fn top_at<S: Score>(scores: &[S], k: usize, cut: S) -> Result<Option<Top<S>>, SelectError> {
    let (mut rows, mut ties) = (Rows::none(scores.len()), Rows::none(scores.len()));
    let nan = scores
        .par_chunks(CHUNK)
        .zip(rows.chunks_mut().zip(ties.chunks_mut()))
        .map(|(chunk, (words, ties))| split_chunk(chunk, words, ties, cut))
        .reduce(|| false, |a, b| a | b);
    if nan {
        return Err(SelectError::NanScore { index: first_nan(scores).unwrap_or_default() });
    }
    let (above, n_ties) = (rows.count(), ties.count());
    if above >= k || above + n_ties < k {
        return Ok(None);
    }
    ties.keep_first(k - above);
    rows.add(&ties);
    Ok(Some(Top { rows, cut: Some(cut), ties_left_out: above + n_ties - k }))
}

/// Marks the rows above the cut and, separately, those at it; returns whether a score is NaN.
fn split_chunk<S: Score>(chunk: &[S], words: &mut [u64], ties: &mut [u64], cut: S) -> bool {
    let (mut nan, mut ties) = (0, ties.iter_mut());
    fill_words(chunk, words, |_, block, valid| {
        let at_least = S::at_least(block, cut) & valid;
        let above = S::not_at_most(block, cut) & valid;
        nan |= above & !at_least;
        if let Some(word) = ties.next() {
            *word = at_least & !above;
        }
        above
    });
    nan != 0
}

fn top_by_histogram<S: Score>(scores: &[S], k: usize) -> Result<Top<S>, SelectError> {
    let cut = S::of_key(kth_best_key(scores, k));
    let top = top_at(scores, k, cut)?;
    Ok(top.unwrap_or_else(|| unreachable!("the k-th best score of a column is its cut at k")))
}
