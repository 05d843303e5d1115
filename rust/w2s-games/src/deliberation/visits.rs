//! PUCT: each visit goes down the tree to the move that promises most, and adds one state to it.
//!
//! Source: Silver et al., *Mastering Chess and Shogi by Self-Play with a General Reinforcement Learning
//! Algorithm*, arXiv 1712.01815, formula of the search; unvisited moves count as the node's own value minus a
//! reduction, as in Leela Chess Zero. Proven results are backed up as by Winands, Björnsson, Saito,
//! *Monte-Carlo Tree Search Solver*, 2008.

use super::Plan;
use super::finding::{Finding, MoveFinding};
use super::tree::{Edge, NONE, Node, Place, ROOT, Tree};
use super::worth::{Proof, Worth};
use crate::game::{Game, Move};

/// How much the policy counts against the values.
const EXPLORATION: f64 = 1.5;
/// How much less than its parent an unvisited move promises, times the root of the visited share of the policy.
const REDUCTION: f64 = 0.3;
/// States of one tree that wait for the network at the same time, at most.
const WAITING: usize = 8;
/// One state more waits for each of this many visits.
const VISITS_PER_WAITING: u32 = 16;

impl<G: Game> Tree<G> {
    /// Ends the visits whose states the network has answered, and begins the next ones.
    pub(super) fn visit(&mut self) {
        for leaf in std::mem::take(&mut self.leaves) {
            self.finish(leaf);
        }
        let Plan::Visits(most) = self.request.plan else { return };
        let mut begun = self.root().visits;
        let wanted = WAITING.min(1 + (begun / VISITS_PER_WAITING) as usize);
        while begun < most && self.leaves.len() < wanted && self.root().proven.is_none() {
            let Some(leaf) = self.descend() else { break };
            begun += 1;
            self.each_on_path(leaf, |node| node.waiting += 1);
            if self.is_answered(leaf) {
                self.finish(leaf);
            } else {
                self.leaves.push(leaf);
            }
        }
    }

    fn root(&self) -> &Node<G> {
        &self.nodes[ROOT as usize]
    }

    /// The node that the next visit adds, or a proven one; `None` where it meets one that waits for the network.
    fn descend(&mut self) -> Option<Place> {
        let mut place = ROOT;
        loop {
            let node = &self.nodes[place as usize];
            if node.proven.is_some() {
                return Some(place);
            }
            if node.edges.is_empty() {
                return None;
            }
            let edge = self.promising(place);
            let is_new = self.nodes[place as usize].edges[edge].child == NONE;
            place = self.child(place, edge);
            if is_new {
                return Some(place);
            }
        }
    }

    /// The edge of a node that promises most.
    fn promising(&self, place: Place) -> usize {
        let node = &self.nodes[place as usize];
        let child = |edge: &Edge| self.nodes.get(edge.child as usize).filter(|child| child.visits > 0);
        let known: f64 =
            node.edges.iter().filter(|edge| child(edge).is_some()).map(|edge| f64::from(edge.prior)).sum();
        let unknown = node.total / f64::from(node.visits) - REDUCTION * known.sqrt();
        let tries = f64::from(node.visits + node.waiting).sqrt();
        let score = |edge: &Edge| {
            let visits = self.nodes.get(edge.child as usize).map_or(0, |child| child.visits + child.waiting);
            if place == ROOT && visits == 0 && self.request.moves.contains(&edge.mv) {
                return f64::INFINITY;
            }
            let worth = child(edge).map(Node::worth_of_move);
            if worth.is_some_and(|worth| matches!(worth.proof, Some(Proof::Loss(_)))) {
                return f64::NEG_INFINITY;
            }
            let value = worth.map_or(unknown, |worth| f64::from(worth.value));
            value + EXPLORATION * f64::from(edge.prior) * tries / f64::from(1 + visits)
        };
        let scores: Vec<f64> = node.edges.iter().map(score).collect();
        (1..scores.len()).fold(0, |best, one| if scores[one] > scores[best] { one } else { best })
    }

    /// Ends the visit of a node: its worth reaches all nodes on the way to it.
    fn finish(&mut self, leaf: Place) {
        let node = &self.nodes[leaf as usize];
        if node.proven.is_none() && node.edges.is_empty() {
            self.nodes[leaf as usize].edges = self.edges(leaf);
            if leaf == ROOT {
                self.policy_choice().into_iter().for_each(|choice| self.trail.push(choice));
            }
        }
        let known = self.nodes[leaf as usize].proven;
        let mut value = f64::from(known.unwrap_or_else(|| self.first_worth(leaf)).value);
        self.each_on_path(leaf, |node| {
            node.visits += 1;
            node.waiting -= 1;
            node.total += value;
            value = -value;
        });
        if known.is_some() {
            self.prove(leaf);
        }
        if leaf != ROOT {
            self.chosen().into_iter().for_each(|best| self.trail.push(best));
        }
    }

    /// Backs up a proof as far as it reaches.
    fn prove(&mut self, leaf: Place) {
        let mut place = self.nodes[leaf as usize].parent;
        while place != NONE {
            let node = &self.nodes[place as usize];
            let proven = |edge: &Edge| self.nodes.get(edge.child as usize)?.proven.map(Worth::of_move);
            let is_complete = node.edges.iter().all(|edge| proven(edge).is_some());
            let best = Worth::best(node.edges.iter().filter_map(proven), is_complete);
            let Some(best) = best.filter(|best| best.proof.is_some()) else { return };
            self.nodes[place as usize].proven = Some(best);
            place = self.nodes[place as usize].parent;
        }
    }

    /// Changes a node and all its ancestors, from the bottom.
    fn each_on_path(&mut self, mut place: Place, mut change: impl FnMut(&mut Node<G>)) {
        while place != NONE {
            change(&mut self.nodes[place as usize]);
            place = self.nodes[place as usize].parent;
        }
    }

    /// The move of the root that the visits chose: a proven win, else the most visited one that is not a proven loss.
    fn chosen(&self) -> Option<Move> {
        let key = |edge: &&Edge| {
            let child = &self.nodes[edge.child as usize];
            let worth = child.worth_of_move();
            let rank = match worth.proof {
                Some(Proof::Win(_)) => (2, 0, worth.rank()),
                Some(Proof::Loss(_)) => (0, 0, worth.rank()),
                _ => (1, child.visits, worth.rank()),
            };
            (rank, edge.prior)
        };
        let better = |one: &&Edge, other: &&Edge| {
            let (((kind, visits, rank), prior), ((kind2, visits2, rank2), prior2)) = (key(one), key(other));
            let by_kind = kind.cmp(&kind2).then(visits.cmp(&visits2)).then(rank.total_cmp(&rank2));
            by_kind.then(prior.total_cmp(&prior2)).then(other.mv.cmp(&one.mv))
        };
        self.visited().max_by(better).map(|edge| edge.mv)
    }

    /// The moves of the root that were visited.
    fn visited(&self) -> impl Iterator<Item = &Edge> {
        let is_visited = |edge: &&Edge| edge.child != NONE && self.nodes[edge.child as usize].visits > 0;
        self.root().edges.iter().filter(is_visited)
    }

    pub(super) fn finding_of_visits(&self) -> Finding {
        let moves = self.visited().map(|edge| {
            let child = &self.nodes[edge.child as usize];
            let worth = child.worth_of_move();
            MoveFinding {
                mv: edge.mv,
                prior: edge.prior,
                value: worth.value,
                first_value: self.first_worth(edge.child).of_move().value,
                worth,
                visits: child.visits,
            }
        });
        Finding { moves: moves.collect(), best: self.chosen(), ..self.found_by(self.trail) }
    }
}

impl<G> Node<G> {
    /// The worth of the move that leads to a visited node, for the player who makes it.
    #[expect(clippy::cast_possible_truncation, reason = "a value from -1 to 1")]
    fn worth_of_move(&self) -> Worth {
        let average = || Worth::guess((self.total / f64::from(self.visits)) as f32);
        self.proven.unwrap_or_else(average).of_move()
    }
}
