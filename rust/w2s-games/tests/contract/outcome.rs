//! Ends of games, values, histories.

use super::lines::{lines, many_states, states};
use crate::every_game;
use std::marker::PhantomData;
use w2s_games::game::MATE;
use w2s_games::{Draws, Game, Line, Move, MoveError};

fn legal<G: Game>(state: &G) -> Vec<Move> {
    let mut moves = Vec::new();
    state.legal_moves(&mut moves);
    moves
}

every_game!(without_moves_the_game_is_over_and_what_ends_by_itself_may_be_claimed: ends);
fn ends<G: Game>(_: PhantomData<G>) {
    let (mut over, mut goes_on) = (0, 0);
    for line in lines::<G>(20) {
        for (ply, state) in states(&line).iter().enumerate() {
            let earlier = &line.earlier()[..ply];
            let automatic = state.outcome(earlier, Draws::Automatic);
            let claimed = state.outcome(earlier, Draws::Claimed);
            if state.count_legal_moves() == 0 {
                assert!(automatic.is_some(), "{}", state.print());
                assert_eq!(automatic, state.outcome(&[], Draws::Automatic), "{}", state.print());
            }
            if let Some(ended) = automatic {
                assert_eq!(claimed.map(|claimed| claimed.winner), Some(ended.winner), "{}", state.print());
            }
            if let Some(ended) = claimed.filter(|claimed| claimed.winner.is_some()) {
                assert_eq!(automatic, Some(ended), "nobody claims a win: {}", state.print());
                assert_eq!(state.count_legal_moves(), 0, "{}", state.print());
            }
            over += usize::from(automatic.is_some());
            goes_on += usize::from(automatic.is_none());
        }
    }
    assert!(over > 5 && goes_on > 100, "{over} over, {goes_on} not");
}

every_game!(values_are_bounded_and_a_win_is_worth_more_than_a_loss: values);
fn values<G: Game>(_: PhantomData<G>) {
    for line in lines::<G>(12) {
        let state = line.now();
        assert!(state.evaluate().abs() < MATE / 2, "{}", state.print());
        let Some(ended) = line.outcome(Draws::Automatic) else { continue };
        let value = state.final_value(ended, 3);
        assert!(value.abs() <= MATE, "{}", state.print());
        let sign = ended.winner.map_or(0, |winner| if winner == state.to_move() { 1 } else { -1 });
        assert_eq!(value.signum(), sign, "{}", state.print());
        assert!(state.final_value(ended, 2).abs() >= value.abs(), "{}", state.print());
    }
}

every_game!(what_is_foreseen_comes_true: foreseen);
fn foreseen<G: Game>(_: PhantomData<G>) {
    for state in many_states::<G>(8) {
        let Some(plies) = state.foreseen() else { continue };
        if state.outcome(&[], Draws::Automatic).is_some() {
            continue;
        }
        let within = plies.unsigned_abs();
        assert_eq!(forced(&state, within), Some(plies > 0), "{plies} in {}", state.print());
        assert_eq!(forced(&state, within - 1), None, "sooner than {plies} in {}", state.print());
    }
}

/// Whether the player to move wins or loses by force within so many plies; `None` where neither.
fn forced<G: Game>(state: &G, plies: u32) -> Option<bool> {
    if let Some(ended) = state.outcome(&[], Draws::Automatic) {
        return ended.winner.map(|winner| winner == state.to_move());
    }
    if plies == 0 {
        return None;
    }
    let replies: Vec<Option<bool>> = legal(state)
        .into_iter()
        .map(|mv| {
            let mut after = state.clone();
            after.play(mv);
            forced(&after, plies - 1)
        })
        .collect();
    if replies.contains(&Some(false)) {
        return Some(true);
    }
    replies.iter().all(|&reply| reply == Some(true)).then_some(false)
}

every_game!(what_is_left_out_as_not_sensible_loses_to_the_next_move: left_out);
fn left_out<G: Game>(_: PhantomData<G>) {
    let mut sensible = Vec::new();
    for state in many_states::<G>(4) {
        state.sensible_moves(&mut sensible);
        if state.foreseen().is_some() || sensible.is_empty() {
            continue;
        }
        for mv in legal(&state).into_iter().filter(|mv| !sensible.contains(mv)) {
            let mut after = state.clone();
            after.play(mv);
            assert_eq!(forced(&after, 1), Some(true), "{mv:?} in {}", state.print());
        }
    }
}

every_game!(the_bound_of_plies_left_holds_and_never_rises: bounds);
fn bounds<G: Game>(_: PhantomData<G>) {
    for line in lines::<G>(12) {
        let mut before = u32::MAX;
        for (ply, state) in states(&line).iter().enumerate() {
            let Some(bound) = state.max_plies_left() else { continue };
            let played = (line.moves().len() - ply) as u32;
            assert!(played <= bound && bound <= before, "{bound} plies left in {}", state.print());
            before = bound;
        }
    }
}

every_game!(a_line_keeps_how_it_came_about: history);
fn history<G: Game>(_: PhantomData<G>) {
    for line in lines::<G>(6) {
        let states = states(&line);
        assert_eq!(states.last(), Some(line.now()));
        assert_eq!(states.first(), Some(line.start()));
        let keys: Vec<u64> = states.iter().map(Game::key).collect();
        assert_eq!(&keys[..keys.len() - 1], line.earlier());
    }
}

every_game!(a_state_recurs_exactly_where_an_earlier_one_is_the_same: recurs);
fn recurs<G: Game>(_: PhantomData<G>) {
    for line in lines::<G>(8) {
        let states = states(&line);
        for (ply, state) in states.iter().enumerate() {
            let again = states[..ply].iter().any(|before| before.same_up_to_transposition(state));
            assert_eq!(state.recurs(&line.earlier()[..ply]), again, "ply {ply}, {}", state.print());
        }
    }
}

every_game!(an_illegal_move_is_refused_and_changes_nothing: refused);
fn refused<G: Game>(_: PhantomData<G>) {
    for line in lines::<G>(2) {
        let before = line.now().print();
        let moves = legal(line.now());
        let mut again: Line<G> = line.clone();
        for number in (0..=u16::MAX).step_by(7).filter(|&number| !moves.contains(&Move(number))) {
            assert_eq!(again.play(Move(number)), Err(MoveError::Illegal));
        }
        assert_eq!(again.now().print(), before);
        assert_eq!((again.moves(), again.earlier()), (line.moves(), line.earlier()));
    }
}
