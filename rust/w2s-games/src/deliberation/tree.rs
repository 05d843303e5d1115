//! The states that a deliberation met, and what the network said about them.

use super::finding::{Finding, Trail};
use super::worth::Worth;
use super::{Plan, Request};
use crate::game::{Draws, Game, History, Move};
use crate::line::Line;
use crate::view::{Choice, View};
use std::collections::HashMap;
use std::collections::VecDeque;
use std::fmt::Debug;

/// What a network says about a state: its value for the player to move, and the logits of its legal moves, ascending.
pub type Answer<'a> = (f32, &'a [f32]);

/// A tree whose game is not known to the caller.
pub trait DynTree: Debug + Send + Sync {
    /// How many states wait for an answer of the network; 0 where the tree is finished.
    fn open(&self) -> usize;
    /// Writes the feature planes of a state that waits, counted from 0.
    fn fill_planes(&self, row: usize, planes: &mut [f32]);
    /// The legal moves of a state that waits, ascending.
    fn choices(&self, row: usize) -> Vec<Choice>;
    /// Takes the answers about the first states that wait, and continues.
    ///
    /// # Panics
    /// Where there are more answers than states, or an answer has another number of moves.
    fn receive(&mut self, answers: &[Answer<'_>]);
    /// What was found so far; all of it once no state waits.
    fn finding(&self) -> Finding;
}

/// A place of the tree; `NONE` if there is none.
pub type Place = u32;
/// No place.
pub const NONE: Place = Place::MAX;
/// The first place.
pub const ROOT: Place = 0;

/// A legal move of a node.
#[derive(Clone, Copy, Debug)]
pub struct Edge {
    pub mv: Move,
    pub prior: f32,
    pub child: Place,
}

/// A state in the line of play that led to it.
#[derive(Clone, Debug)]
pub struct Node<G> {
    pub state: G,
    pub parent: Place,
    pub mv: Move,
    pub depth: usize,
    /// What the network says about it; `NONE` where the game is over.
    pub evaluation: usize,
    /// What the rules say about it, or what follows from its children.
    pub proven: Option<Worth>,
    /// Its moves that are considered; empty until the network has answered.
    pub edges: Vec<Edge>,
    pub visits: u32,
    pub waiting: u32,
    pub total: f64,
}

/// What the network says about all nodes that look the same to it.
#[derive(Clone, Debug)]
struct Evaluation {
    value: f32,
    /// Probabilities of the legal moves, ascending; empty until the network has answered.
    priors: Vec<f32>,
    /// The node that is shown to the network.
    shown: Place,
    /// All nodes that need the answer, in the order in which they were met.
    nodes: Vec<Place>,
}

/// A deliberation about the state that a line has reached.
#[derive(Clone, Debug)]
pub struct Tree<G: Game> {
    line: Line<G>,
    pub(super) request: Request,
    pub(super) nodes: Vec<Node<G>>,
    evaluations: Vec<Evaluation>,
    known: HashMap<(u64, u64), usize>,
    open: VecDeque<usize>,
    /// Nodes of visits that wait for the network.
    pub(super) leaves: Vec<Place>,
    /// The best moves after each visit.
    pub(super) trail: Trail,
    planes: Vec<f32>,
}

impl<G: Game> Tree<G> {
    /// A tree that waits for the answer about its root.
    ///
    /// # Panics
    /// Where the game does not have the view.
    #[must_use]
    pub fn new(line: &Line<G>, request: &Request) -> Self {
        let shape = G::view(request.view).unwrap_or_else(|| panic!("{} has no such view", G::NAME));
        let mut tree = Self {
            line: line.clone(),
            request: request.clone(),
            nodes: Vec::new(),
            evaluations: Vec::new(),
            known: HashMap::new(),
            open: VecDeque::new(),
            leaves: vec![ROOT],
            trail: Trail::default(),
            planes: vec![0.0; shape.planes.iter().product()],
        };
        tree.add(NONE, Move(0), line.now().clone());
        tree.nodes[ROOT as usize].waiting = 1;
        tree
    }

    /// Adds a node. Where the network has not seen its state, it waits for an answer.
    pub(super) fn add(&mut self, parent: Place, mv: Move, state: G) -> Place {
        let place = Place::try_from(self.nodes.len()).expect("a tree has fewer than 2^32 nodes");
        let depth = if parent == NONE { 0 } else { self.nodes[parent as usize].depth + 1 };
        let (edges, proven) = (Vec::new(), None);
        let evaluation = usize::MAX;
        self.nodes.push(Node {
            state,
            parent,
            mv,
            depth,
            evaluation,
            proven,
            edges,
            visits: 0,
            waiting: 0,
            total: 0.0,
        });
        let (moves, keys) = self.path(place);
        let state = &self.nodes[place as usize].state;
        if let Some(outcome) = state.outcome(&keys, Draws::Claimed) {
            self.nodes[place as usize].proven = Some(Worth::of_outcome(state, outcome));
            return place;
        }
        let mut planes = std::mem::take(&mut self.planes);
        let history = History { start: self.line.start(), moves: &moves, keys: &keys };
        state.fill_view(self.request.view, history, &mut planes);
        let identity = (fingerprint(&planes), state.key());
        self.planes = planes;
        let next = self.evaluations.len();
        let evaluation = *self.known.entry(identity).or_insert(next);
        if evaluation == next {
            let (priors, nodes) = (Vec::new(), Vec::new());
            self.evaluations.push(Evaluation { value: 0.0, priors, shown: place, nodes });
            self.open.push_back(evaluation);
        }
        self.nodes[place as usize].evaluation = evaluation;
        if !self.is_answered(place) {
            self.evaluations[evaluation].nodes.push(place);
        }
        place
    }

    /// The child of a node by one of its edges, added where it is missing.
    pub(super) fn child(&mut self, place: Place, edge: usize) -> Place {
        let node = &self.nodes[place as usize];
        let Edge { mv, child, .. } = node.edges[edge];
        if child != NONE {
            return child;
        }
        let mut state = node.state.clone();
        state.play(mv);
        let child = self.add(place, mv, state);
        self.nodes[place as usize].edges[edge].child = child;
        child
    }

    /// The moves that led to a node, and the keys of the states before it, oldest first.
    fn path(&self, place: Place) -> (Vec<Move>, Vec<u64>) {
        let depth = self.nodes[place as usize].depth;
        let (mut moves, mut keys) = (self.line.moves().to_vec(), self.line.earlier().to_vec());
        moves.resize(moves.len() + depth, Move(0));
        keys.resize(keys.len() + depth, 0);
        let (mut node, mut at) = (&self.nodes[place as usize], moves.len());
        while node.parent != NONE {
            at -= 1;
            moves[at] = node.mv;
            node = &self.nodes[node.parent as usize];
            keys[at] = node.state.key();
        }
        (moves, keys)
    }

    /// Whether the rules or the network have said what a node is worth.
    pub(super) fn is_answered(&self, place: Place) -> bool {
        let evaluation = self.evaluations.get(self.nodes[place as usize].evaluation);
        evaluation.is_none_or(|evaluation| !evaluation.priors.is_empty())
    }

    /// What a node is worth without its children: by the rules where the game is over, else by the network.
    pub(super) fn first_worth(&self, place: Place) -> Worth {
        let node = &self.nodes[place as usize];
        let evaluation = self.evaluations.get(node.evaluation);
        evaluation.map_or_else(|| node.proven.unwrap_or(Worth::guess(0.0)), |one| Worth::guess(one.value))
    }

    /// All legal moves of a node that the network has answered, with their probabilities.
    pub(super) fn edges(&self, place: Place) -> Vec<Edge> {
        let node = &self.nodes[place as usize];
        let mut moves = Vec::with_capacity(64);
        node.state.legal_moves(&mut moves);
        let priors = &self.evaluations[node.evaluation].priors;
        moves.iter().zip(priors).map(|(&mv, &prior)| Edge { mv, prior, child: NONE }).collect()
    }

    /// Whether all legal moves of a node are among its edges.
    pub(super) fn is_complete(&self, place: Place) -> bool {
        let node = &self.nodes[place as usize];
        node.edges.len() == self.evaluations[node.evaluation].priors.len()
    }

    /// A finding without moves.
    pub(super) fn found_by(&self, trail: Trail) -> Finding {
        let count = |number| u32::try_from(number).unwrap_or(u32::MAX);
        Finding {
            first_value: self.first_worth(ROOT).value,
            changes: trail.changes(),
            settled: trail.settled(),
            evaluations: count(self.evaluations.len() - self.open.len()),
            nodes: count(self.nodes.len()),
            ..Finding::default()
        }
    }

    fn waits(&self, row: usize) -> &Node<G> {
        &self.nodes[self.evaluations[self.open[row]].shown as usize]
    }

    /// The network's first choice at the root.
    pub(super) fn policy_choice(&self) -> Option<Move> {
        let edges = self.edges(ROOT);
        let best = edges.iter().copied().reduce(|best, one| if one.prior > best.prior { one } else { best });
        best.map(|edge| edge.mv)
    }
}

impl<G: Game> DynTree for Tree<G> {
    fn open(&self) -> usize {
        self.open.len()
    }

    fn fill_planes(&self, row: usize, planes: &mut [f32]) {
        let (moves, keys) = self.path(self.evaluations[self.open[row]].shown);
        let history = History { start: self.line.start(), moves: &moves, keys: &keys };
        self.waits(row).state.fill_view(self.request.view, history, planes);
    }

    fn choices(&self, row: usize) -> Vec<Choice> {
        let state = &self.waits(row).state;
        let mut moves = Vec::with_capacity(64);
        state.legal_moves(&mut moves);
        let choice = |mv| match self.request.view {
            View::Own => Choice { index: state.policy_index(mv), cells: state.cells(mv) },
            other => state.view_choice(other, mv),
        };
        moves.into_iter().map(choice).collect()
    }

    fn receive(&mut self, answers: &[Answer<'_>]) {
        for &(value, logits) in answers {
            let place = self.open.pop_front().expect("no more answers than states that wait");
            let evaluation = &mut self.evaluations[place];
            evaluation.value = value.clamp(-1.0, 1.0);
            evaluation.priors = softmax(logits);
            let nodes = std::mem::take(&mut evaluation.nodes);
            if matches!(self.request.plan, Plan::Widths(_)) {
                nodes.into_iter().for_each(|node| self.widen(node));
            }
        }
        if self.open.is_empty() && matches!(self.request.plan, Plan::Visits(_)) {
            self.visit();
        }
    }

    fn finding(&self) -> Finding {
        match self.request.plan {
            Plan::Widths(_) => self.finding_of_widths(),
            Plan::Visits(_) => self.finding_of_visits(),
        }
    }
}

/// Probabilities from logits, in double precision.
fn softmax(logits: &[f32]) -> Vec<f32> {
    let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let raised: Vec<f64> = logits.iter().map(|&logit| f64::from(logit - most).exp()).collect();
    let sum: f64 = raised.iter().sum();
    #[expect(clippy::cast_possible_truncation, reason = "a probability")]
    raised.iter().map(|&one| (one / sum) as f32).collect()
}

/// A hash of planes.
fn fingerprint(planes: &[f32]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut lanes = [FACTOR, FACTOR.rotate_left(16), FACTOR.rotate_left(32), FACTOR.rotate_left(48)];
    for chunk in planes.chunks(4) {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane = (lane.rotate_left(23) ^ u64::from(value.to_bits())).wrapping_mul(FACTOR);
        }
    }
    lanes.iter().fold(0, |all, &lane| (all.rotate_left(17) ^ lane).wrapping_mul(FACTOR))
}
