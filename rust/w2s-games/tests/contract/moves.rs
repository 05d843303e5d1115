//! Legal moves: listed, counted, numbered, spelled.

use super::lines::{Draw, many_states};
use crate::every_game;
use std::collections::{BTreeMap, HashSet};
use std::marker::PhantomData;
use w2s_games::{Game, Move, MoveError, Notation};

const NOTATIONS: [Notation; 3] = [Notation::Canonical, Notation::San, Notation::Long];

fn legal<G: Game>(state: &G) -> Vec<Move> {
    // What the list held before must not stay.
    let mut moves = vec![Move(u16::MAX)];
    state.legal_moves(&mut moves);
    moves
}

every_game!(legal_moves_ascend_without_repeats_and_are_counted: ascend);
fn ascend<G: Game>(_: PhantomData<G>) {
    for state in many_states::<G>(6) {
        let moves = legal(&state);
        assert!(moves.windows(2).all(|pair| pair[0] < pair[1]), "{}", state.print());
        assert_eq!(moves.len(), state.count_legal_moves(), "{}", state.print());
    }
}

every_game!(a_number_is_legal_exactly_where_the_list_has_it: numbers);
fn numbers<G: Game>(_: PhantomData<G>) {
    for state in many_states::<G>(3).iter().step_by(5) {
        let moves: HashSet<Move> = legal(state).into_iter().collect();
        for number in 0..=u16::MAX {
            let mv = Move(number);
            assert_eq!(state.is_legal(mv), moves.contains(&mv), "{number} in {}", state.print());
        }
    }
}

every_game!(every_notation_is_read_as_the_move_it_was_printed_for: spelled);
fn spelled<G: Game>(_: PhantomData<G>) {
    for state in many_states::<G>(6) {
        for notation in NOTATIONS {
            let mut texts = BTreeMap::new();
            for mv in legal(&state) {
                let text = state.print_move(mv, notation);
                assert_eq!(state.parse_move(&text), Ok(mv), "{text} in {}", state.print());
                assert_eq!(state.parse_move(&format!(" {text}\n")), Ok(mv), "{text} in {}", state.print());
                assert_eq!(texts.insert(text.clone(), mv), None, "{text} twice in {}", state.print());
            }
        }
    }
}

every_game!(a_move_text_from_another_state_is_legal_exactly_where_it_is_read: elsewhere);
fn elsewhere<G: Game>(_: PhantomData<G>) {
    let states = many_states::<G>(4);
    let mut draw = Draw::new(11);
    let (mut read, mut refused) = (0, 0);
    for state in &states {
        let other = &states[draw.below(states.len())];
        for mv in legal(other) {
            match state.parse_move(&other.print_move(mv, Notation::Canonical)) {
                Ok(mv) => {
                    assert!(state.is_legal(mv));
                    read += 1;
                }
                Err(why) => {
                    assert_eq!(why, MoveError::Illegal, "{mv:?} in {}", state.print());
                    refused += 1;
                }
            }
        }
    }
    assert!(read > 0 && refused > 0, "{read} read, {refused} refused");
}

every_game!(policy_indices_are_inside_the_policy_and_distinct: policy);
fn policy<G: Game>(_: PhantomData<G>) {
    for state in many_states::<G>(6) {
        let moves = legal(&state);
        let indices: HashSet<usize> = moves.iter().map(|&mv| state.policy_index(mv)).collect();
        assert_eq!(indices.len(), moves.len(), "{}", state.print());
        assert!(indices.iter().all(|&index| index < G::POLICY), "{}", state.print());
    }
}

every_game!(moves_for_search_are_legal_while_the_game_goes_on: for_search);
fn for_search<G: Game>(_: PhantomData<G>) {
    let mut forcing = 0;
    for state in many_states::<G>(6).into_iter().filter(|state| state.count_legal_moves() > 0) {
        let all: HashSet<Move> = legal(&state).into_iter().collect();
        let mut moves = vec![Move(u16::MAX)];
        state.forcing_moves(&mut moves);
        assert!(moves.iter().all(|mv| all.contains(mv)), "{}", state.print());
        forcing += moves.len();
        moves.push(Move(u16::MAX));
        state.sensible_moves(&mut moves);
        assert!(moves.iter().all(|mv| all.contains(mv)), "{}", state.print());
        assert!(!moves.is_empty() || state.foreseen().is_some(), "{}", state.print());
        for &mv in &all {
            state.order(mv);
        }
    }
    assert_eq!(forcing > 0, G::HAS_FORCING_MOVES);
}

every_game!(planes_are_finite_and_written_whole: planes);
fn planes<G: Game>(_: PhantomData<G>) {
    let mut out = vec![0.0; G::PLANES.iter().product()];
    let mut seen = HashSet::new();
    for state in many_states::<G>(3) {
        out.fill(f32::NAN);
        state.planes(&mut out);
        assert!(out.iter().all(|value| value.is_finite()), "{}", state.print());
        seen.insert(out.iter().map(|value| value.to_bits()).collect::<Vec<_>>());
    }
    assert!(seen.len() > 50, "planes tell only {} states apart", seen.len());
}

every_game!(playing_changes_the_player_to_move_and_no_copy: playing);
fn playing<G: Game>(_: PhantomData<G>) {
    for state in many_states::<G>(3) {
        let before = state.print();
        for mv in legal(&state) {
            let mut after = state.clone();
            after.play(mv);
            assert_eq!(after.to_move(), state.to_move().other(), "{before}");
            assert_ne!(after, state, "{before}");
        }
        assert_eq!(state.print(), before);
    }
}
