//! When a search stops: at a depth, after a number of nodes, or by a flag.

use std::sync::atomic::{AtomicBool, Ordering};

/// How far a search extends. With neither limit it searches one ply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Plies from the root, forcing moves beyond them aside.
    pub depth: Option<u32>,
    /// States visited; the first ply is always finished.
    pub nodes: Option<u64>,
}

/// No search goes deeper.
pub const DEEPEST: u32 = 128;
const NODES_BETWEEN_LOOKS: u64 = 1024;

impl Limits {
    /// The last depth of the iteration.
    #[must_use]
    pub fn last_depth(self) -> u32 {
        match (self.depth, self.nodes) {
            (Some(depth), _) => depth.clamp(1, DEEPEST),
            (None, Some(_)) => DEEPEST,
            (None, None) => 1,
        }
    }
}

/// Counts nodes and says when to stop.
pub struct Budget<'a> {
    pub nodes: u64,
    limit: u64,
    stop: &'a AtomicBool,
    stopped: bool,
}

impl<'a> Budget<'a> {
    pub fn new(nodes: Option<u64>, stop: &'a AtomicBool) -> Self {
        Self { nodes: 0, limit: nodes.unwrap_or(u64::MAX), stop, stopped: false }
    }

    pub fn set_limit(&mut self, nodes: Option<u64>) {
        self.limit = nodes.unwrap_or(u64::MAX);
    }

    /// Counts one node; true where none is left and the search has to end now.
    pub fn spend(&mut self) -> bool {
        if self.is_spent() {
            return true;
        }
        self.nodes += 1;
        if self.nodes.is_multiple_of(NODES_BETWEEN_LOOKS) && self.stop.load(Ordering::Relaxed) {
            self.stopped = true;
        }
        self.stopped
    }

    pub fn is_spent(&self) -> bool {
        self.stopped || self.nodes >= self.limit
    }

    /// Whether the flag ended the search.
    pub fn was_stopped(&self) -> bool {
        self.stopped || self.stop.load(Ordering::Relaxed)
    }
}
