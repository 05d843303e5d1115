//! Positions and moves as text; bad text is a verdict and never a panic.

use super::lines::many_states;
use crate::every_game;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::collections::HashMap;
use std::marker::PhantomData;
use w2s_games::{Game, MoveError, Notation};

every_game!(a_printed_state_is_read_as_the_same: round_trip);
fn round_trip<G: Game>(_: PhantomData<G>) {
    assert_eq!(G::parse("startpos").as_ref(), Ok(&G::start()));
    for state in many_states::<G>(8) {
        let text = state.print();
        let again = G::parse(&text);
        assert_eq!(again.as_ref(), Ok(&state), "{text}");
        let again = again.unwrap();
        assert_eq!((again.print(), again.key()), (text.clone(), state.key()));
        assert_eq!(G::parse(&format!(" {text} \r\n")).as_ref(), Ok(&state), "{text}");
    }
}

every_game!(states_are_equal_exactly_where_they_print_equal: equality);
fn equality<G: Game>(_: PhantomData<G>) {
    let states = many_states::<G>(4);
    let texts: Vec<String> = states.iter().map(Game::print).collect();
    let mut equal = 0;
    for (index, state) in states.iter().enumerate() {
        for (other, text) in states.iter().zip(&texts).skip(index + 1) {
            assert_eq!(state == other, texts[index] == *text, "{text} and {}", texts[index]);
            equal += usize::from(state == other);
        }
    }
    assert!(equal > 0);
}

every_game!(keys_are_equal_exactly_where_states_are_the_same_up_to_transposition: keys);
fn keys<G: Game>(_: PhantomData<G>) {
    let states = many_states::<G>(4);
    let mut same = 0;
    for (index, state) in states.iter().enumerate() {
        for other in &states[index + 1..] {
            let is_same = state.same_up_to_transposition(other);
            assert_eq!(state.key() == other.key(), is_same, "{} and {}", state.print(), other.print());
            assert_eq!(other.same_up_to_transposition(state), is_same);
            assert!(is_same || state != other);
            same += usize::from(is_same);
        }
    }
    assert!(same > 0);
}

every_game!(transposed_orders_lead_to_equal_keys_and_the_same_moves: transposed);
fn transposed<G: Game>(_: PhantomData<G>) {
    let mut seen: HashMap<u64, G> = HashMap::new();
    let (mut level, mut met) = (vec![G::start()], 0);
    let (mut moves, mut other_moves) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let mut next = Vec::new();
        for state in &level {
            state.legal_moves(&mut moves);
            for &mv in &moves {
                let mut after = state.clone();
                after.play(mv);
                next.push(after);
            }
        }
        for state in &next {
            let first = seen.entry(state.key()).or_insert_with(|| state.clone());
            assert!(first.same_up_to_transposition(state), "{} and {}", first.print(), state.print());
            first.legal_moves(&mut moves);
            state.legal_moves(&mut other_moves);
            assert_eq!(moves, other_moves, "{}", state.print());
            met += 1;
        }
        level = next;
    }
    assert!(seen.len() < met, "no two orders of moves met");
}

fn never_positions() -> Vec<String> {
    let mut texts: Vec<String> =
        ["", " ", "0000", "startpos x", "STARTPOS", "\0", "8/8/8/8/8/8/8/8 w - - 0 1", "x"]
            .map(String::from)
            .to_vec();
    texts.push("x".repeat(10_000_000));
    texts.push("/".repeat(10_000_000));
    texts.push(" ".repeat(10_000_000));
    texts.push("9".repeat(64));
    texts.push("é".repeat(100));
    texts.push("7/7/7/7/7/7 \u{1d4cd}".to_string());
    texts
}

every_game!(what_is_no_position_is_an_error_of_one_short_line: no_position);
fn no_position<G: Game>(_: PhantomData<G>) {
    for text in never_positions() {
        let error = G::parse(&text).expect_err(&text[..text.len().min(40)]).to_string();
        assert!(error.contains(G::NAME) && error.len() < 200 && !error.contains('\n'), "{error}");
    }
}

every_game!(what_is_no_move_is_a_verdict: no_move);
fn no_move<G: Game>(_: PhantomData<G>) {
    let long =
        ["e".repeat(10_000_000), " ".repeat(10_000_000), "1".repeat(10_000_000), "+".repeat(10_000_000)];
    let texts = [
        "",
        " ",
        "[e2e2]",
        "a1a1",
        "0000",
        "\0",
        "e2\0e4",
        "♟",
        "é4",
        "--",
        "e2e4 e7e5",
        "0",
        "9",
        "i9",
        "-1",
    ];
    for state in many_states::<G>(1) {
        for text in texts {
            if let Ok(mv) = state.parse_move(text) {
                // Only `--` is a move anywhere, where it means to pass.
                assert!(state.is_legal(mv) && text == "--", "{text:?} in {}", state.print());
            }
        }
        for garbage in ["[e2e2]", "", "\0", "♟", "é4", "e2e4 e7e5"] {
            assert_eq!(state.parse_move(garbage), Err(MoveError::Unparsable), "{garbage:?}");
        }
    }
    for text in &long {
        assert_eq!(G::start().parse_move(text), Err(MoveError::Unparsable));
    }
}

/// Seeded, so that a failure is the same everywhere; proptest prints the smallest text that fails.
fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// Any bytes as text, or a good text with some bytes replaced, left out or put in.
fn near(texts: Vec<String>) -> impl Strategy<Value = String> {
    let bytes = prop::collection::vec(any::<u8>(), 0..200).boxed();
    let edit = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0usize..3);
    let letters: Vec<u8> = texts.iter().flat_map(|text| text.bytes()).collect();
    let edited =
        (prop::sample::select(texts), prop::collection::vec(edit, 0..4)).prop_map(move |(text, edits)| {
            let mut bytes = text.into_bytes();
            for (place, letter, kind) in edits {
                let at = place.index(bytes.len() + 1);
                let letter = *letter.get(&letters);
                match kind {
                    0 => bytes.insert(at, letter),
                    _ if at == bytes.len() => {}
                    1 => bytes[at] = letter,
                    _ => {
                        bytes.remove(at);
                    }
                }
            }
            bytes
        });
    prop_oneof![1 => bytes, 4 => edited.boxed()]
        .prop_map(|bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned())
}

every_game!(any_text_is_a_position_that_plays_or_an_error: any_position);
fn any_position<G: Game>(_: PhantomData<G>) {
    let texts = many_states::<G>(2).iter().map(Game::print).collect();
    runner(20_000)
        .run(&near(texts), |text| {
            let Ok(state) = G::parse(&text) else { return Ok(()) };
            let printed = state.print();
            let again = G::parse(&printed);
            prop_assert_eq!(again.as_ref(), Ok(&state), "{} from {}", printed, text);
            let mut moves = Vec::new();
            state.legal_moves(&mut moves);
            prop_assert_eq!(moves.is_empty(), state.count_legal_moves() == 0);
            state.evaluate();
            for mv in moves {
                let mut after = state.clone();
                after.play(mv);
                prop_assert!(
                    G::parse(&after.print()).is_ok(),
                    "{} after {:?} in {}",
                    after.print(),
                    mv,
                    printed
                );
                prop_assert!(!state.print_move(mv, Notation::San).is_empty());
            }
            Ok(())
        })
        .unwrap();
}

every_game!(any_text_is_a_legal_move_or_a_verdict: any_move);
fn any_move<G: Game>(_: PhantomData<G>) {
    let states = many_states::<G>(2);
    let mut texts = Vec::new();
    let mut moves = Vec::new();
    for state in states.iter().step_by(9) {
        state.legal_moves(&mut moves);
        for &mv in &moves {
            let forms = [Notation::Canonical, Notation::San, Notation::Long];
            texts.extend(forms.map(|notation| state.print_move(mv, notation)));
        }
    }
    runner(20_000)
        .run(&(near(texts), prop::sample::select(states)), |(text, state)| {
            if let Ok(mv) = state.parse_move(&text) {
                prop_assert!(state.is_legal(mv), "{:?} in {}", text, state.print());
            }
            Ok(())
        })
        .unwrap();
}
