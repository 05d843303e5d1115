//! The posterior where items × classes would be too many numbers: a cell for each class that has a vote on an
//! item, and one for all its other classes together, so that memory grows with the votes.
//!
//! Every method but Dawid–Skene tells classes without a vote on an item apart by their priors alone, so the
//! probability of the others is divided among them as the priors say.

use super::belief::{Evidence, Expectation, normalise};
use super::error::CrowdError;
use super::sweep::sweep_rows;
use super::votes::Votes;
use std::ops::Range;
use std::sync::atomic::AtomicBool;

/// Numbers that a table may always hold: 128 MiB.
const LARGEST_TABLE: usize = 1 << 24;
/// Numbers per vote that a larger table may hold.
const NUMBERS_A_VOTE: usize = 32;

/// Whether a table with these sides is held, given the number of votes.
pub(super) fn is_held(votes: usize, sides: &[usize]) -> bool {
    let most = votes.saturating_mul(NUMBERS_A_VOTE).max(LARGEST_TABLE);
    sides.iter().try_fold(1usize, |cells, side| cells.checked_mul(*side)).is_some_and(|cells| cells <= most)
}

/// The cells of all items.
#[derive(Clone, Debug)]
pub(super) struct Cells {
    /// Where each item's cells start; its last one is that of the other classes.
    starts: Vec<usize>,
    /// The classes that each item has votes for, ascending, and a number without meaning for its last cell.
    classes: Vec<u32>,
    n_classes: usize,
}

impl Cells {
    /// The same votes, with cells, and with the place of a cell where the class was.
    pub fn of(votes: &Votes) -> Votes {
        let shape = votes.shape();
        let mut cells =
            Self { starts: vec![0], classes: Vec::with_capacity(votes.len()), n_classes: shape.classes };
        let mut places = Vec::with_capacity(votes.len());
        let mut voted = Vec::new();
        for item in 0..shape.items {
            voted.clear();
            voted.extend(votes.of(item).map(|at| votes.vote(at).1 as u32));
            voted.sort_unstable();
            voted.dedup();
            let place = |at| voted.partition_point(|&class| (class as usize) < votes.vote(at).1);
            places.extend(votes.of(item).map(|at| place(at) as u32));
            cells.classes.extend_from_slice(&voted);
            cells.classes.push(u32::MAX);
            cells.starts.push(cells.classes.len());
        }
        votes.with_cells(cells, &places)
    }

    /// How many cells there are.
    pub fn len(&self) -> usize {
        self.classes.len()
    }

    /// The cells of an item.
    pub fn row(&self, item: usize) -> Range<usize> {
        self.starts[item]..self.starts[item + 1]
    }

    /// The classes that an item has votes for, ascending.
    pub fn voted(&self, item: usize) -> &[u32] {
        &self.classes[self.starts[item]..self.starts[item + 1] - 1]
    }

    /// The place of a class among the cells of an item; that of the last cell where it has no vote.
    pub fn place(&self, item: usize, class: u32) -> usize {
        self.voted(item).binary_search(&class).unwrap_or(self.voted(item).len())
    }

    /// Shares of weight × skill; the priors if these sum to 0, and if there is no vote.
    pub fn voted_shares(
        &self,
        votes: &Votes,
        skills: &[f64],
        priors: &[f64],
        stop: &AtomicBool,
    ) -> Result<Vec<f64>, CrowdError> {
        let priors = Spread::new(priors.to_vec());
        let mut posterior = vec![0.0; self.len()];
        let start = |item: usize| self.starts[item];
        sweep_rows(votes, 0, &start, &mut posterior, stop, |run, rows, _| {
            let begin = start(run.start);
            for item in run {
                let row = &mut rows[self.starts[item] - begin..self.starts[item + 1] - begin];
                for at in votes.of(item) {
                    let (worker, place, weight) = votes.vote(at);
                    row[place] += weight * skills[worker];
                }
                let sum: f64 = row.iter().sum();
                if sum > 0.0 {
                    row.iter_mut().for_each(|value| *value /= sum);
                    continue;
                }
                let voted = self.voted(item);
                row.iter_mut().zip(voted).for_each(|(cell, &class)| *cell = priors.shares[class as usize]);
                row[voted.len()] = priors.rest(voted);
            }
        })?;
        Ok(posterior)
    }

    /// Replaces the posterior of all items that have votes, and counts, as [`super::belief::expect`] does.
    pub fn expect<E: Evidence>(
        &self,
        votes: &Votes,
        evidence: &E,
        log_priors: &[f64],
        posterior: &mut [f64],
        stop: &AtomicBool,
    ) -> Result<Expectation, CrowdError> {
        let priors = Spread::new(log_priors.iter().map(|log| log.exp()).collect());
        self.pass(votes, evidence, &priors, posterior, stop, &|item, range, row| {
            let (voted, rest) = (self.voted(item), priors.rest(self.voted(item)));
            for (cell, &class) in row.iter_mut().zip(voted) {
                *cell = log_priors[class as usize];
            }
            row[voted.len()] = rest.ln();
            let left_out = evidence.score(item, range, row);
            let (log_sum, entropy) = normalise(row);
            (log_sum + left_out, entropy + row[voted.len()] * priors.entropy_of_rest(voted, rest))
        })
    }

    /// Counts with the posterior as it is.
    pub fn count<E: Evidence>(
        &self,
        votes: &Votes,
        evidence: &E,
        log_priors: &[f64],
        posterior: &mut [f64],
        stop: &AtomicBool,
    ) -> Result<Expectation, CrowdError> {
        let priors = Spread::new(log_priors.iter().map(|log| log.exp()).collect());
        self.pass(votes, evidence, &priors, posterior, stop, &|_, _, _| (0.0, 0.0))
    }

    fn pass<E: Evidence>(
        &self,
        votes: &Votes,
        evidence: &E,
        priors: &Spread,
        posterior: &mut [f64],
        stop: &AtomicBool,
        update: &(impl Fn(usize, Range<usize>, &mut [f64]) -> (f64, f64) + Sync),
    ) -> Result<Expectation, CrowdError> {
        let (classes, cells) = (self.n_classes, evidence.cells());
        let start = |item: usize| self.starts[item];
        let mut table =
            sweep_rows(votes, cells + classes + 3, &start, posterior, stop, |run, rows, table| {
                let (table, sums) = table.split_at_mut(cells);
                let begin = start(run.start);
                for item in run {
                    let range = votes.of(item);
                    if range.is_empty() {
                        continue;
                    }
                    let row = &mut rows[self.starts[item] - begin..self.starts[item + 1] - begin];
                    let (log_likelihood, entropy) = update(item, range.clone(), row);
                    let voted = self.voted(item);
                    let ratio = priors.ratio(row[voted.len()], voted);
                    for (value, &class) in row.iter().zip(voted) {
                        sums[class as usize] += value - ratio * priors.shares[class as usize];
                    }
                    sums[classes] += log_likelihood;
                    sums[classes + 1] += entropy;
                    sums[classes + 2] += ratio;
                    evidence.count(range, row, table);
                }
            })?;
        let [log_likelihood, entropy, ratio] = [0, 1, 2].map(|at| table[cells + classes + at]);
        let sums = table[cells..cells + classes].iter().zip(&priors.shares);
        let mass = sums.map(|(sum, share)| (sum + ratio * share).max(0.0)).collect();
        table.truncate(cells);
        Ok(Expectation { table, mass, log_likelihood, entropy })
    }

    /// The likeliest class of each item, ties to the lower, and its probability. Classes without a vote on an item
    /// share their probability as `spread` does; items without votes have the priors.
    ///
    /// Shares that differ by no more than `tie` are tied.
    pub fn best(&self, posterior: &[f64], spread: &[f64], priors: &[f64], tie: f64) -> (Vec<u32>, Vec<f64>) {
        let (spread, priors) = (Spread::new(spread.to_vec()), Spread::new(priors.to_vec()));
        let of_item = |item: usize| {
            let shares = if self.voted(item).is_empty() { &priors } else { &spread };
            self.best_of(item, &posterior[self.row(item)], shares, tie)
        };
        (0..self.starts.len() - 1).map(of_item).unzip()
    }

    fn best_of(&self, item: usize, row: &[f64], priors: &Spread, tie: f64) -> (u32, f64) {
        let voted = self.voted(item);
        let ratio = priors.ratio(row[voted.len()], voted);
        let other = priors.first_beside(voted).map(|class| (class, ratio * priors.shares[class as usize]));
        let candidates = || voted.iter().copied().zip(row.iter().copied()).chain(other);
        let largest = candidates().map(|(_, value)| value).fold(0.0, f64::max);
        candidates()
            .filter(|(_, value)| *value >= largest - tie)
            .min_by_key(|(class, _)| *class)
            .unwrap_or((0, 0.0))
    }
}

/// How the probability of classes without a vote is divided among them.
#[derive(Debug)]
struct Spread {
    shares: Vec<f64>,
    /// Their sum, which is 1 but for rounding and floors.
    sum: f64,
    /// Sum of p ln p over all classes.
    log_sum: f64,
    /// The classes, the likeliest first, ties to the lower.
    order: Vec<u32>,
}

/// Less than this is what rounding leaves of a sum to 1.
const ROUNDING: f64 = 1e-12;

fn p_log_p(share: f64) -> f64 {
    if share > 0.0 { share * share.ln() } else { 0.0 }
}

impl Spread {
    fn new(shares: Vec<f64>) -> Self {
        let mut order: Vec<u32> = (0..shares.len() as u32).collect();
        order.sort_by(|&left, &right| shares[right as usize].total_cmp(&shares[left as usize]));
        Self {
            sum: shares.iter().sum(),
            log_sum: shares.iter().map(|&share| p_log_p(share)).sum(),
            order,
            shares,
        }
    }

    /// The share of all classes but these.
    fn rest(&self, voted: &[u32]) -> f64 {
        let own: f64 = voted.iter().map(|&class| self.shares[class as usize]).sum();
        let rest = if voted.len() == self.shares.len() { 0.0 } else { self.sum - own };
        if rest > ROUNDING { rest } else { 0.0 }
    }

    /// What each share is multiplied by where the classes but these have a probability together.
    fn ratio(&self, probability: f64, voted: &[u32]) -> f64 {
        if probability > 0.0 { probability / self.rest(voted) } else { 0.0 }
    }

    /// The entropy over all classes but these, which have a share together.
    fn entropy_of_rest(&self, voted: &[u32], rest: f64) -> f64 {
        if rest == 0.0 {
            return 0.0;
        }
        let own: f64 = voted.iter().map(|&class| p_log_p(self.shares[class as usize])).sum();
        rest.ln() - (self.log_sum - own) / rest
    }

    /// The likeliest class that is none of these, which ascend.
    fn first_beside(&self, voted: &[u32]) -> Option<u32> {
        self.order.iter().copied().find(|class| voted.binary_search(class).is_err())
    }
}

#[cfg(test)]
mod tests {
    use super::super::consensus::Consensus;
    use super::super::method::{Method, by_method};
    use super::super::options::Options;
    use super::super::random::Random;
    use super::super::votes::{ABSTAIN, Rows, Shape};
    use super::*;

    const METHODS: [Method; 6] = [
        Method::Majority,
        Method::WeightedMajority,
        Method::OneCoin,
        Method::Glad,
        Method::Mace,
        Method::ZeroBased,
    ];

    fn below(random: &mut Random, limit: usize) -> u32 {
        (random.unit() * limit as f64) as u32
    }

    /// Votes with repeats, weights, abstentions, and items and workers that have none.
    fn drawn(seed: u64) -> Votes {
        let mut random = Random::new(seed);
        let shape = Shape { items: 12, workers: 5, classes: 1 + below(&mut random, 6) as usize };
        let count = 1 + below(&mut random, 60) as usize;
        let items: Vec<u32> = (0..count).map(|_| below(&mut random, shape.items - 1)).collect();
        let workers: Vec<u32> = (0..count).map(|_| below(&mut random, shape.workers - 1)).collect();
        let vote =
            |random: &mut Random| if random.unit() < 0.1 { ABSTAIN } else { below(random, shape.classes) };
        let votes: Vec<u32> = (0..count).map(|_| vote(&mut random)).collect();
        let weights: Vec<f64> = (0..count).map(|_| f64::from(below(&mut random, 5)) / 2.0).collect();
        let weights = (random.unit() < 0.5).then_some(&weights[..]);
        Votes::new(shape, Rows { items: &items, workers: &workers, votes: &votes, weights }).unwrap()
    }

    fn options(votes: &Votes, method: Method, seed: u64) -> Options {
        let Shape { workers, classes, .. } = votes.shape();
        let sum = (classes * (classes + 1) / 2) as f64;
        let priors = (1..=classes).map(|class| class as f64 / sum).collect();
        Options {
            max_iterations: 8,
            tolerance: 0.0,
            priors: seed.is_multiple_of(3).then_some(priors),
            skills: (method == Method::WeightedMajority)
                .then(|| (0..workers).map(|worker| worker as f64).collect()),
            ..Options::default()
        }
    }

    fn assert_close(dense: &[f64], with_cells: &[f64], what: &str) {
        assert_eq!(dense.len(), with_cells.len(), "{what}");
        for (one, other) in dense.iter().zip(with_cells) {
            assert!((one - other).abs() <= 1e-6 * one.abs().max(1.0), "{what}: {one} and {other}");
        }
    }

    #[test]
    fn cells_give_what_items_by_classes_give() {
        for seed in 0..300 {
            let votes = drawn(seed);
            for method in METHODS {
                let what = format!("{} of seed {seed}", method.name());
                let options = options(&votes, method, seed);
                let fit =
                    |votes: &Votes| by_method(votes, method, &options, &AtomicBool::new(false)).unwrap();
                let (dense, with_cells): (Consensus, Consensus) = (fit(&votes), fit(&Cells::of(&votes)));
                assert_close(&dense.trust, &with_cells.trust, &what);
                assert_close(&dense.priors, &with_cells.priors, &what);
                assert_close(&dense.workers.skill, &with_cells.workers.skill, &what);
                assert_close(&dense.trace, &with_cells.trace, &what);
                assert_close(&dense.difficulty, &with_cells.difficulty, &what);
                for (item, (one, other)) in dense.labels.iter().zip(&with_cells.labels).enumerate() {
                    // Rounding decides between classes of one probability.
                    let row = &dense.posterior[item * votes.shape().classes..];
                    let gap = (row[*one as usize] - row[*other as usize]).abs();
                    assert!(gap < 1e-6, "{what}, item {item}: {one} and {other}");
                }
            }
        }
    }

    #[test]
    fn tables_are_held_up_to_a_bound_that_grows_with_the_votes() {
        assert!(is_held(1, &[1 << 12, 1 << 12]));
        assert!(!is_held(1, &[1 << 12, (1 << 12) + 1]));
        assert!(is_held(1 << 20, &[1 << 20, NUMBERS_A_VOTE]));
        assert!(!is_held(1, &[usize::MAX, 2]));
    }
}
