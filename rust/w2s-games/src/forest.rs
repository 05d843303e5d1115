//! Many deliberations at once: one batch of states for the network from all their trees.

use crate::batch::EncodedStates;
use crate::deliberation::{Answer, DynTree, Finding};
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// Independent trees, and the states that the network is looking at.
#[derive(Debug, Default)]
pub struct Forest {
    trees: Vec<Box<dyn DynTree>>,
    /// The states that were handed out: which tree, and how many of its open ones.
    handed: Vec<(usize, usize)>,
    /// The tree that is asked first: all get on alike, so that batches are full until the end.
    first: usize,
}

/// Answers that do not fit the states that were handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerMismatch {
    /// Values that are needed.
    pub values: usize,
    /// Logits that are needed.
    pub logits: usize,
}

impl Forest {
    /// A forest of these trees, each answered for in their order.
    #[must_use]
    pub fn new(trees: Vec<Box<dyn DynTree>>) -> Self {
        Self { trees, handed: Vec::new(), first: 0 }
    }

    /// At most `most` states that wait for the network, `size` values of planes each: none where all trees are
    /// finished. Meaningless once `stop` is set.
    ///
    /// # Panics
    /// Where the planes of a state do not have `size` values.
    #[must_use]
    pub fn leaves(&mut self, most: usize, size: usize, stop: &AtomicBool) -> EncodedStates {
        let mut left = most;
        self.handed.clear();
        let (before, after) = (0..self.first, self.first..self.trees.len());
        for place in after.chain(before) {
            let count = self.trees[place].open().min(left);
            left -= count;
            if count > 0 {
                self.handed.push((place, count));
            }
        }
        self.first = self.handed.last().map_or(0, |&(place, _)| (place + 1) % self.trees.len());
        let rows = || self.handed.iter().flat_map(|&(place, count)| (0..count).map(move |row| (place, row)));
        let mut planes = vec![0.0; (most - left) * size];
        let jobs: Vec<_> = planes.chunks_exact_mut(size.max(1)).zip(rows()).collect();
        let trees = &self.trees;
        let found: Vec<_> = jobs
            .into_par_iter()
            .map(|(planes, (place, row))| {
                if stop.load(Ordering::Relaxed) {
                    return Vec::new();
                }
                trees[place].fill_planes(row, planes);
                trees[place].choices(row)
            })
            .collect();
        let mut offsets = vec![0];
        for choices in &found {
            offsets.push(offsets[offsets.len() - 1] + choices.len());
        }
        EncodedStates { planes, choices: found.concat(), offsets }
    }

    /// Takes the answers about all states that were handed out last, in their order.
    ///
    /// # Errors
    /// [`AnswerMismatch`] where there are more or fewer values or logits than states and their legal moves.
    pub fn receive(&mut self, values: &[f32], logits: &[f32]) -> Result<(), AnswerMismatch> {
        let mut answers: Vec<Vec<Answer<'_>>> = self.trees.iter().map(|_| Vec::new()).collect();
        let (mut row, mut at) = (0, 0);
        for &(place, count) in &self.handed {
            for open in 0..count {
                let end = at + self.trees[place].choices(open).len();
                if let (Some(&value), Some(logits)) = (values.get(row), logits.get(at..end)) {
                    answers[place].push((value, logits));
                }
                (row, at) = (row + 1, end);
            }
        }
        if (row, at) != (values.len(), logits.len()) {
            return Err(AnswerMismatch { values: row, logits: at });
        }
        self.handed.clear();
        self.trees
            .par_iter_mut()
            .zip(answers)
            .filter(|(_, answers)| !answers.is_empty())
            .for_each(|(tree, answers)| tree.receive(&answers));
        Ok(())
    }

    /// What was found about the root of each tree.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        self.trees.par_iter().map(|tree| tree.finding()).collect()
    }
}
