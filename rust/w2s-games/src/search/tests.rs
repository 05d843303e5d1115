//! Search against plain minimax, mates, and proofs against brute force.

use super::*;
use crate::batch;
use crate::chess::Chess;
use crate::connect_four::ConnectFour;
use crate::dyn_game::DynLine;
use crate::game::{Draws, Game, MATE, Move};
use crate::line::Line;
use crate::othello::Othello;
use std::sync::atomic::AtomicBool;

static NEVER: AtomicBool = AtomicBool::new(false);

/// A small deterministic source of moves.
fn random_line<G: Game>(plies: usize, mut seed: u64) -> Line<G> {
    let mut line = Line::new(G::start());
    let mut moves = Vec::new();
    for _ in 0..plies {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        line.now().legal_moves(&mut moves);
        if moves.is_empty() {
            break;
        }
        line.play(moves[(seed >> 33) as usize % moves.len()]).unwrap();
    }
    line
}

/// The plain definition: no window, no table, no order.
fn minimax<G: Game>(line: &mut Line<G>, depth: u32, ply: u32) -> i32 {
    if let Some(outcome) = line.outcome(Draws::Claimed) {
        return line.now().final_value(outcome, ply);
    }
    if depth == 0 {
        return line.now().evaluate();
    }
    let mut moves = Vec::new();
    line.now().legal_moves(&mut moves);
    let values = moves.into_iter().map(|mv| {
        let mut next = line.clone();
        next.play(mv).unwrap();
        -minimax(&mut next, depth - 1, ply + 1)
    });
    values.max().unwrap()
}

fn agrees_with_minimax<G: Game>(depth: u32, plies: &[usize]) {
    let mut compared = 0;
    for seed in 0..12 {
        for &plies in plies {
            let mut line = random_line::<G>(plies, seed);
            if line.outcome(Draws::Claimed).is_some() {
                continue;
            }
            let expected = minimax(&mut line, depth, 0);
            let limits = Limits { depth: Some(depth), nodes: None };
            for root_moves in [RootMoves::Best, RootMoves::All] {
                let found = search(&line, limits, &root_moves, &NEVER);
                assert_eq!(found.value, expected, "{} seed {seed}", line.now().print());
                let best = found.best.unwrap();
                assert_eq!(found.line.first(), Some(&best));
                if root_moves == RootMoves::All {
                    let of_best = found.values.iter().find(|(mv, _)| *mv == best).unwrap().1;
                    assert_eq!(of_best, expected);
                    assert_eq!(found.values.len(), line.now().count_legal_moves());
                }
            }
            compared += 1;
        }
    }
    assert!(compared > 10);
}

#[test]
fn games_without_forcing_moves_get_the_value_of_minimax() {
    agrees_with_minimax::<ConnectFour>(4, &[0, 7, 15, 24]);
    agrees_with_minimax::<Othello>(3, &[2, 20, 40, 52]);
}

#[test]
fn values_of_all_moves_are_true_values_of_their_own() {
    for seed in 0..8 {
        let line = random_line::<Othello>(30, seed);
        let found = search(&line, Limits { depth: Some(3), nodes: None }, &RootMoves::All, &NEVER);
        for (mv, value) in found.values {
            let mut next = line.clone();
            next.play(mv).unwrap();
            assert_eq!(value, -minimax(&mut next, 2, 1));
        }
    }
}

#[test]
fn moves_that_were_asked_for_get_the_values_of_a_search_of_all() {
    for seed in 0..8 {
        let line = random_line::<Othello>(24, seed);
        let limits = Limits { depth: Some(4), nodes: None };
        let all = search(&line, limits, &RootMoves::All, &NEVER);
        let asked = vec![all.values[0].0, all.values[all.values.len() - 1].0];
        let found = search(&line, limits, &RootMoves::These(asked.clone()), &NEVER);
        let expected: Vec<_> = all.values.iter().filter(|(mv, _)| asked.contains(mv)).copied().collect();
        assert_eq!((found.value, found.values), (all.value, expected));
    }
}

fn mate(position: &str, depth: u32, plies: i32) {
    let line = Line::new(Chess::parse(position).unwrap());
    let found = search(&line, Limits { depth: Some(depth), nodes: None }, &RootMoves::Best, &NEVER);
    assert_eq!(found.value, MATE - plies, "{position}: {:?}", found.line);
    assert!(found.exact);
    assert_eq!(i32::try_from(found.line.len()), Ok(plies));
}

#[test]
fn mates_are_found_and_counted() {
    mate("6k1/5ppp/8/8/8/8/5PPP/3R2K1 w - - 0 1", 2, 1);
    mate("kbK5/pp6/1P6/8/8/8/8/R7 w - - 0 1", 4, 3);
    mate("r1b1kb1r/pppp1ppp/5q2/4n3/3KP3/2N3PN/PPP4P/R1BQ1B1R b kq - 0 1", 5, 5);
}

#[test]
fn a_finished_game_has_a_value_and_no_move() {
    let line = Line::new(Chess::parse("7k/6Q1/6K1/8/8/8/8/8 b - - 0 1").unwrap());
    let found = search(&line, Limits { depth: Some(3), nodes: None }, &RootMoves::All, &NEVER);
    assert_eq!((found.best, found.value), (None, -MATE));
}

#[test]
fn perpetual_check_saves_the_side_that_is_behind() {
    // Black is two rooks ahead and threatens mate; White checks on e8 and h5 for ever.
    let line = Line::new(Chess::parse("6k1/6p1/8/7Q/8/8/rr4PK/q7 w - - 0 1").unwrap());
    let found = search(&line, Limits { depth: Some(6), nodes: None }, &RootMoves::Best, &NEVER);
    assert_eq!(found.value, 0, "{:?}", found.line);
}

#[test]
fn a_node_limit_is_kept_and_gives_the_same_answer_twice() {
    let line = random_line::<Chess>(20, 3);
    for nodes in [1, 500, 5_000, 50_000] {
        let limits = Limits { depth: None, nodes: Some(nodes) };
        let first = search(&line, limits, &RootMoves::Best, &NEVER);
        assert_eq!(first, search(&line, limits, &RootMoves::Best, &NEVER));
        assert!(first.best.is_some());
        assert!(first.depth == 1 || first.nodes <= nodes, "{} of {nodes}", first.nodes);
    }
}

#[test]
fn a_batch_answers_like_its_parts_whatever_the_threads() {
    let lines: Vec<Line<Chess>> = (0..12).map(|seed| random_line(16, seed)).collect();
    let limits = Limits { depth: Some(3), nodes: None };
    let alone: Vec<SearchResult> =
        lines.iter().map(|line| search(line, limits, &RootMoves::All, &NEVER)).collect();
    let any: Vec<_> = lines.iter().map(|line| (line as &dyn DynLine, RootMoves::All)).collect();
    for threads in [1, 2, 5] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        assert_eq!(pool.install(|| batch::search(&any, limits, &NEVER)), alone);
    }
}

fn solves_like_brute_force<G: Game>(plies: &[usize]) {
    let mut solved = 0;
    for seed in 0..60 {
        for &plies in plies {
            let line = random_line::<G>(plies, seed);
            if line.outcome(Draws::Claimed).is_some() {
                continue;
            }
            let found = solve(&line, 10_000_000, MATE, &NEVER).expect("small enough");
            for &(mv, value) in &found.values {
                let mut next = line.clone();
                next.play(mv).unwrap();
                assert_eq!(value, -minimax(&mut next, 200, 1), "{}", line.now().print());
            }
            solved += 1;
        }
    }
    assert!(solved > 5);
}

#[test]
fn endings_are_solved_as_brute_force_solves_them() {
    solves_like_brute_force::<ConnectFour>(&[32, 35]);
    solves_like_brute_force::<Othello>(&[54, 57]);
}

#[test]
fn a_capped_proof_gives_the_capped_values() {
    for seed in 0..20 {
        let line = random_line::<ConnectFour>(30, seed);
        if line.outcome(Draws::Claimed).is_some() {
            continue;
        }
        let whole = solve(&line, 10_000_000, MATE, &NEVER).expect("small enough");
        let capped = solve(&line, 10_000_000, 100, &NEVER).expect("smaller still");
        let expected: Vec<_> = whole.values.iter().map(|&(mv, value)| (mv, value.clamp(-100, 100))).collect();
        assert_eq!(capped.values, expected);
        assert_eq!(capped.value, whole.value.clamp(-100, 100));
    }
}

#[test]
fn a_proof_that_does_not_fit_is_no_answer() {
    assert_eq!(solve(&Line::new(ConnectFour::start()), 1_000, MATE, &NEVER), None);
    assert_eq!(solve(&Line::new(Chess::start()), 1_000, MATE, &NEVER), None);
}

#[test]
fn a_search_stops_when_told_to() {
    let stop = AtomicBool::new(true);
    let found =
        search(&Line::new(Chess::start()), Limits { depth: Some(60), nodes: None }, &RootMoves::Best, &stop);
    assert!(found.stopped);
    let _: Option<Move> = found.best;
}
