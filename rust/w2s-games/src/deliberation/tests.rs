use super::*;
use crate::game::{Draws, Game};
use crate::line::Line;
use crate::view::View;
use crate::{chess::Chess, connect_four::ConnectFour, othello::Othello};

/// A network that is a function of the planes and of nothing else.
fn answer(planes: &[f32], count: usize) -> (f32, Vec<f32>) {
    let mut state = 1u64;
    for value in planes {
        state = (state ^ u64::from(value.to_bits())).wrapping_mul(0x0100_0000_01b3).rotate_left(7);
    }
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f32::from(u16::try_from(state >> 48).unwrap()) / 65_535.0
    };
    (2.0 * next() - 1.0, (0..count).map(|_| 3.0 * next()).collect())
}

fn planes_of<G: Game>(line: &Line<G>) -> Vec<f32> {
    let mut planes = vec![0.0; G::PLANES.iter().product()];
    line.now().fill_view(View::Own, line.history(), &mut planes);
    planes
}

fn finish(tree: &mut dyn DynTree, size: usize, most: usize) -> Finding {
    while tree.open() > 0 {
        let rows = tree.open().min(most);
        let answers: Vec<(f32, Vec<f32>)> = (0..rows)
            .map(|row| {
                let mut planes = vec![0.0; size];
                tree.fill_planes(row, &mut planes);
                answer(&planes, tree.choices(row).len())
            })
            .collect();
        let answers: Vec<_> = answers.iter().map(|(value, logits)| (*value, logits.as_slice())).collect();
        tree.receive(&answers);
    }
    tree.finding()
}

/// Minimax written down as it is defined: no tree is kept and nothing is shared.
fn plain<G: Game>(line: &Line<G>, widths: &[usize]) -> Worth {
    if let Some(outcome) = line.outcome(Draws::Claimed) {
        return Worth::of_outcome(line.now(), outcome);
    }
    let mut moves = Vec::new();
    line.now().legal_moves(&mut moves);
    let (value, logits) = answer(&planes_of(line), moves.len());
    let Some((&width, rest)) = widths.split_first() else { return Worth::guess(value) };
    let mut order: Vec<usize> = (0..moves.len()).collect();
    order.sort_by(|&one, &other| logits[other].total_cmp(&logits[one]));
    let worths: Vec<Worth> = order
        .iter()
        .take(width)
        .map(|&index| {
            let mut next = line.clone();
            next.play(moves[index]).unwrap();
            plain(&next, rest).of_move()
        })
        .collect();
    Worth::best(worths.into_iter(), width >= moves.len()).unwrap()
}

fn positions<G: Game>(count: u64) -> impl Iterator<Item = Line<G>> {
    (0..count).map(|seed| {
        let mut line = Line::new(G::start());
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        for _ in 0..seed % 40 {
            let mut moves = Vec::new();
            line.now().legal_moves(&mut moves);
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            if line.outcome(Draws::Claimed).is_some() {
                break;
            }
            line.play(moves[usize::try_from(state >> 33).unwrap() % moves.len()]).unwrap();
        }
        line
    })
}

fn widths_equal_the_definition<G: Game>() {
    let mut compared = 0;
    for line in positions::<G>(4_000) {
        let widths = vec![3, usize::MAX, 2];
        let request = Request { view: View::Own, plan: Plan::Widths(widths.clone()), moves: vec![] };
        let found = finish(&mut Tree::new(&line, &request), G::PLANES.iter().product(), 7);
        if line.outcome(Draws::Claimed).is_some() {
            assert_eq!((found.moves.len(), found.best, found.evaluations), (0, None, 0));
            continue;
        }
        if compared == 1_000 {
            break;
        }
        let worth = plain(&line, &widths);
        let best = found.moves.iter().find(|one| Some(one.mv) == found.best).unwrap();
        assert_eq!(best.worth.value, worth.value, "{}", line.now().print());
        assert!(found.moves.iter().all(|one| one.worth.rank() <= best.worth.rank()));
        compared += 1;
    }
    assert_eq!(compared, 1_000, "{}", G::NAME);
}

#[test]
fn widths_equal_plain_minimax_in_every_game() {
    widths_equal_the_definition::<Chess>();
    widths_equal_the_definition::<ConnectFour>();
    widths_equal_the_definition::<Othello>();
}

/// PUCT written down as it is defined: a move with its prior, its visits, the sum of its values, and its replies.
struct PlainNode<G: Game> {
    line: Line<G>,
    prior: f64,
    visits: f64,
    total: f64,
    replies: Vec<PlainNode<G>>,
}

impl<G: Game> PlainNode<G> {
    fn new(line: Line<G>, prior: f64) -> Self {
        Self { line, prior, visits: 0.0, total: 0.0, replies: Vec::new() }
    }

    /// One visit: the value of the state for the player to move; `None` where a finished game is met.
    fn visit(&mut self) -> Option<f64> {
        if self.line.outcome(Draws::Claimed).is_some() {
            return None;
        }
        let value = if self.visits == 0.0 { self.expand() } else { -self.most_promising().visit()? };
        self.visits += 1.0;
        self.total += value;
        Some(value)
    }

    fn expand(&mut self) -> f64 {
        let mut moves = Vec::new();
        self.line.now().legal_moves(&mut moves);
        let (value, logits) = answer(&planes_of(&self.line), moves.len());
        let raised: Vec<f64> = logits.iter().map(|&logit| f64::from(logit).exp()).collect();
        let sum: f64 = raised.iter().sum();
        for (&mv, one) in moves.iter().zip(&raised) {
            let mut next = self.line.clone();
            next.play(mv).unwrap();
            self.replies.push(Self::new(next, one / sum));
        }
        f64::from(value)
    }

    fn most_promising(&mut self) -> &mut Self {
        let seen: f64 = self.replies.iter().filter(|one| one.visits > 0.0).map(|one| one.prior).sum();
        let (mean, tries) = (self.total / self.visits, self.visits.sqrt());
        let score = |one: &Self| {
            let value = if one.visits > 0.0 { -one.total / one.visits } else { mean - 0.3 * seen.sqrt() };
            value + 1.5 * one.prior * tries / (1.0 + one.visits)
        };
        let best = self.replies.iter().map(&score).fold(f64::NEG_INFINITY, f64::max);
        let at = self.replies.iter().position(|one| score(one) == best).unwrap();
        &mut self.replies[at]
    }
}

/// Up to 16 visits come one after another, so that nothing waits for the network.
fn visits_equal_the_definition<G: Game>() {
    let mut compared = 0;
    for line in positions::<G>(4_000) {
        if compared == 1_000 {
            break;
        }
        let request = Request { view: View::Own, plan: Plan::Visits(16), moves: vec![] };
        let mut root = PlainNode::new(line.clone(), 1.0);
        if (0..16).any(|_| root.visit().is_none()) {
            continue; // the search ends a proven game early
        }
        let found = finish(&mut Tree::new(&line, &request), G::PLANES.iter().product(), 7);
        let plain: Vec<_> = root.replies.iter().filter(|one| one.visits > 0.0).collect();
        assert_eq!(found.moves.len(), plain.len(), "{}", line.now().print());
        for (one, plain) in found.moves.iter().zip(plain) {
            assert_eq!(f64::from(one.visits), plain.visits);
            assert!((f64::from(one.value) + plain.total / plain.visits).abs() < 1e-5);
        }
        compared += 1;
    }
    assert_eq!(compared, 1_000, "{}", G::NAME);
}

#[test]
fn visits_equal_plain_puct_in_every_game() {
    visits_equal_the_definition::<Chess>();
    visits_equal_the_definition::<ConnectFour>();
    visits_equal_the_definition::<Othello>();
}

#[test]
fn the_size_of_a_batch_changes_nothing() {
    for plan in [Plan::Widths(vec![4, 3, 3]), Plan::Visits(120)] {
        for line in positions::<Chess>(20) {
            let request = Request { view: View::Own, plan: plan.clone(), moves: vec![] };
            let size = Chess::PLANES.iter().product();
            let found = [1, 3, 1000].map(|most| finish(&mut Tree::new(&line, &request), size, most));
            assert!(found[0] == found[1] && found[1] == found[2]);
        }
    }
}

#[test]
fn requested_moves_are_valued() {
    let line = Line::new(Chess::start());
    let mut legal = Vec::new();
    line.now().legal_moves(&mut legal);
    for plan in [Plan::Widths(vec![1, 1]), Plan::Visits(30)] {
        let request = Request { view: View::Own, plan, moves: legal.clone() };
        let found = finish(&mut Tree::new(&line, &request), Chess::PLANES.iter().product(), 9);
        assert_eq!(found.moves.iter().map(|one| one.mv).collect::<Vec<_>>(), legal);
    }
}

fn found(position: &str, plan: Plan) -> (Line<Chess>, Finding) {
    let line = Line::new(Chess::parse(position).unwrap());
    let request = Request { view: View::Own, plan, moves: vec![] };
    let found = finish(&mut Tree::new(&line, &request), Chess::PLANES.iter().product(), 8);
    (line, found)
}

#[test]
fn forced_mates_are_proven() {
    let mates =
        [("6k1/5ppp/8/8/8/8/5PPP/3R2K1 w - - 0 1", "d1d8", 1), ("7k/8/8/8/8/8/R7/1R5K w - - 0 1", "a2g2", 3)];
    for (position, label, plies) in mates {
        for plan in [Plan::Widths(vec![usize::MAX; plies as usize]), Plan::Visits(6_000)] {
            let (line, found) = found(position, plan.clone());
            let best = found.moves.iter().find(|one| Some(one.mv) == found.best).unwrap();
            assert_eq!(best.worth.proof, Some(Proof::Win(plies)), "{label} by {plan:?}");
            let mut after = line.clone();
            after.play(best.mv).unwrap();
            assert!(plies > 1 || line.now().parse_move(label).unwrap() == best.mv);
        }
    }
}

#[test]
fn visits_are_counted_and_averaged() {
    let (_, found) = found("startpos", Plan::Visits(200));
    assert_eq!(found.moves.iter().map(|one| one.visits).sum::<u32>(), 199);
    assert!(found.evaluations <= 200 && found.moves.iter().all(|one| one.value.abs() <= 1.0));
    assert!((0.0..=1.0).contains(&found.settled));
}

#[test]
fn a_node_is_no_proven_loss_while_moves_are_left_out() {
    let loss = |plies| Worth::proven(Proof::Loss(plies));
    assert_eq!(Worth::best([loss(2), loss(4)].into_iter(), true), Some(loss(4)));
    assert_eq!(Worth::best([loss(2), loss(4)].into_iter(), false), Some(Worth::guess(-1.0)));
    assert_eq!(
        Worth::best([Worth::guess(0.5), Worth::proven(Proof::Win(9))].into_iter(), false).unwrap().value,
        1.0
    );
    assert_eq!(Worth::best(std::iter::empty(), true), None);
}
