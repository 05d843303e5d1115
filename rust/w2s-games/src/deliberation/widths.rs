//! Fixed widths: at each depth the likeliest moves, and minimax over the values of the last depth.

use super::Plan;
use super::finding::{Finding, MoveFinding, Trail};
use super::tree::{Edge, NONE, Place, ROOT, Tree};
use super::worth::Worth;
use crate::game::{Game, Move};

impl<G: Game> Tree<G> {
    /// Adds the children of a node that the network has answered, and theirs where it knows them already.
    pub(super) fn widen(&mut self, place: Place) {
        let mut left = vec![place];
        while let Some(place) = left.pop() {
            let Some(width) = self.width(self.nodes[place as usize].depth) else { continue };
            let edges = self.likeliest(place, width);
            let count = edges.len();
            self.nodes[place as usize].edges = edges;
            for edge in 0..count {
                let child = self.child(place, edge);
                if self.nodes[child as usize].proven.is_none() && self.is_answered(child) {
                    left.push(child);
                }
            }
        }
    }

    /// How many moves are considered in this depth; `None` below the last one.
    fn width(&self, depth: usize) -> Option<usize> {
        match &self.request.plan {
            Plan::Widths(widths) => widths.get(depth).copied(),
            Plan::Visits(_) => None,
        }
    }

    /// The likeliest moves of a node, ascending, and at the root those of the request.
    fn likeliest(&self, place: Place, width: usize) -> Vec<Edge> {
        let mut edges = self.edges(place);
        edges.sort_by(|one, other| other.prior.total_cmp(&one.prior)); // stable: the first of equal ones
        let requested: &[Move] = if place == ROOT { &self.request.moves } else { &[] };
        let mut rank = 0;
        edges.retain(|edge| {
            rank += 1;
            rank <= width || requested.contains(&edge.mv)
        });
        edges.sort_by_key(|edge| edge.mv);
        edges
    }

    /// What a node is worth if the search ends this many plies below it.
    fn minimax(&self, place: Place, plies: usize) -> Worth {
        let node = &self.nodes[place as usize];
        if node.proven.is_some() || plies == 0 || node.edges.is_empty() {
            return self.first_worth(place);
        }
        let children = node.edges.iter().filter(|edge| edge.child != NONE && self.is_answered(edge.child));
        let moves = children.map(|edge| self.minimax(edge.child, plies - 1).of_move());
        Worth::best(moves, self.is_complete(place)).unwrap_or_else(|| self.first_worth(place))
    }

    /// The worth of each move of the root if the search ends this many plies after it.
    fn worths(&self, plies: usize) -> Vec<Worth> {
        let edges = &self.nodes[ROOT as usize].edges;
        edges.iter().map(|edge| self.minimax(edge.child, plies).of_move()).collect()
    }

    /// The best move of the root by these worths; the likeliest, then the first of equal ones.
    fn best(&self, worths: &[Worth]) -> Option<Move> {
        let better = |one: &(&Edge, &Worth), other: &(&Edge, &Worth)| {
            let by_rank = one.1.rank().total_cmp(&other.1.rank());
            by_rank.then(one.0.prior.total_cmp(&other.0.prior)).then(other.0.mv.cmp(&one.0.mv))
        };
        let edges = self.nodes[ROOT as usize].edges.iter();
        edges.zip(worths).max_by(better).map(|(edge, _)| edge.mv)
    }

    pub(super) fn finding_of_widths(&self) -> Finding {
        let root = &self.nodes[ROOT as usize];
        let depths = match &self.request.plan {
            Plan::Widths(widths) => widths.len(),
            Plan::Visits(_) => 0,
        };
        let (mut trail, mut worths, mut first) = (Trail::default(), Vec::new(), Vec::new());
        if let Some(choice) = (!root.edges.is_empty()).then(|| self.policy_choice()).flatten() {
            trail.push(choice);
            for plies in 0..depths {
                worths = self.worths(plies);
                self.best(&worths).into_iter().for_each(|best| trail.push(best));
                if plies == 0 {
                    first.clone_from(&worths);
                }
            }
        }
        let sizes = self.sizes();
        let moves = root.edges.iter().zip(&worths).zip(&first).map(|((edge, &worth), first)| MoveFinding {
            mv: edge.mv,
            prior: edge.prior,
            value: worth.value,
            first_value: first.value,
            worth,
            visits: sizes[edge.child as usize],
        });
        Finding { moves: moves.collect(), best: self.best(&worths), ..self.found_by(trail) }
    }

    /// How many nodes are below each, and itself.
    fn sizes(&self) -> Vec<u32> {
        let mut sizes = vec![1; self.nodes.len()];
        for place in (1..self.nodes.len()).rev() {
            sizes[self.nodes[place].parent as usize] += sizes[place];
        }
        sizes
    }
}
