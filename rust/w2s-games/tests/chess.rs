//! Chess: what is known to go wrong elsewhere, and what only chess has.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test, in shared functions too")]

use w2s_games::chess::Chess;
use w2s_games::{Draws, Game, Line, Move, MoveError, Notation, Reason};

fn state(fen: &str) -> Chess {
    Chess::parse(fen).unwrap_or_else(|error| panic!("{error}: {fen}"))
}

fn after(fen: &str, moves: &str) -> Line<Chess> {
    let mut line = Line::new(state(fen));
    for text in moves.split_whitespace() {
        let mv = line.now().parse_move(text).unwrap_or_else(|why| panic!("{text} is {why}"));
        line.play(mv).unwrap();
    }
    line
}

/// Whether two positions are one for agreement: by key, by comparison, and both the same.
fn are_one(left: &str, right: &str) -> bool {
    let (left, right) = (state(left), state(right));
    assert_eq!(left.key() == right.key(), left.same_up_to_transposition(&right));
    left.key() == right.key()
}

// cozy-chess's own `same_position` calls these two different, although no pawn can capture on c3.
#[test]
fn en_passant_without_a_capturer_is_no_difference() {
    let with = "2kr3r/1p3p1p/p2b1p2/3b4/PqP5/1P1P1N2/5PPP/RN1Q1RK1 b - c3 0 15";
    let without = "2kr3r/1p3p1p/p2b1p2/3b4/PqP5/1P1P1N2/5PPP/RN1Q1RK1 b - - 0 15";
    assert!(are_one(with, without));
    assert_eq!(state(with), state(without));
    assert_eq!(state(with).print(), without);
}

#[test]
fn en_passant_is_a_difference_exactly_where_a_pawn_can_legally_capture() {
    for (with, is_legal) in [
        ("4k3/8/8/3pP3/8/8/8/4K3 w - d6 0 1", true),
        ("4k3/8/8/3p4/4P3/8/8/4K3 w - d6 0 1", false), // the pawn stands on the wrong rank
        ("8/8/8/K2pP2r/8/8/8/7k w - d6 0 1", false),   // both pawns leave the rank of the king
        ("4k2b/8/8/3pP3/8/8/8/K7 w - d6 0 1", false),  // the capturer is pinned
        ("4k3/1b6/8/3pP3/8/5K2/8/8 w - d6 0 1", false), // the captured pawn shields the king
        ("4b2k/8/8/3pP3/K7/8/8/8 w - d6 0 1", false),  // check from elsewhere
        ("4k3/8/8/3pP3/2K5/8/8/8 w - d6 0 1", true),   // the way out of check
        ("4k3/8/4r3/2PpP3/8/8/8/4K3 w - d6 0 1", true), // one of two capturers is pinned
    ] {
        let without = with.replace(" d6 ", " - ");
        assert_eq!(!are_one(with, &without), is_legal, "{with}");
        assert_eq!(state(with) != state(&without), is_legal, "{with}");
        assert_eq!(state(with).print(), if is_legal { with.to_string() } else { without });
    }
}

#[test]
fn castling_rights_and_the_player_to_move_are_differences_and_clocks_are_not() {
    let position = "r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1";
    for other in ["w KQk - 0 1", "w Kkq - 0 1", "w - - 0 1", "b KQkq - 0 1"] {
        assert!(!are_one(position, &format!("r3k2r/8/8/8/8/8/8/R3K2R {other}")), "{other}");
    }
    assert!(are_one(position, "r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 49 80"));
    assert_ne!(state(position), state("r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 49 80"));
}

#[test]
fn castling_rights_written_in_three_ways_are_one_position() {
    let fen = "r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1";
    let files = "r3k2r/8/8/8/8/8/8/R3K2R w HAha - 0 1";
    assert!(are_one(fen, files));
    assert_eq!((state(fen).print(), state(files).print()), (fen.to_string(), files.to_string()));
    // The outer of two rooks has the right where a letter names the side only.
    assert_eq!(state("k7/8/8/8/8/8/8/1K2R1R1 w K - 0 1").print(), "k7/8/8/8/8/8/8/1K2R1R1 w G - 0 1");
    assert!(!are_one("k7/8/8/8/8/8/8/1K2R1R1 w K - 0 1", "k7/8/8/8/8/8/8/1K2R1R1 w E - 0 1"));
}

#[test]
fn castling_is_read_in_every_form_and_printed_as_the_position_writes_it() {
    for (fen, king_to_rook, printed) in [
        ("4k3/8/8/8/8/8/8/R3K2R w KQ - 0 1", "e1h1", "e1g1"),
        ("4k3/8/8/8/8/8/8/R3K2R w HA - 0 1", "e1h1", "e1h1"),
        ("4k3/8/8/8/8/8/8/1RK4R w HB - 0 1", "c1h1", "c1h1"),
    ] {
        let state = state(fen);
        let mv = state.parse_move("O-O").unwrap();
        for text in [king_to_rook, "0-0", "o-o", "O-O+", printed] {
            assert_eq!(state.parse_move(text), Ok(mv), "{text} in {fen}");
        }
        assert_eq!(state.print_move(mv, Notation::Canonical), printed);
        assert_eq!(state.print_move(mv, Notation::Long), "O-O");
    }
}

#[test]
fn a_rook_that_shields_the_king_from_a_rook_behind_it_cannot_castle() {
    let state = state("4k3/8/8/8/8/8/8/qRK5 w B - 0 1");
    assert_eq!(state.parse_move("O-O-O"), Err(MoveError::Illegal));
}

#[test]
fn one_text_for_two_moves_is_ambiguous_and_a_pin_resolves_it() {
    let knights = "4k3/8/8/8/8/2N3N1/8/4K3 w - - 0 1";
    assert_eq!(state(knights).parse_move("Ne4"), Err(MoveError::Ambiguous));
    assert!(state(knights).parse_move("Nce4").is_ok());
    let pinned = "4k3/8/8/8/1b6/2N3N1/8/4K3 w - - 0 1";
    let mv = state(pinned).parse_move("Ne4").unwrap();
    assert_eq!(state(pinned).print_move(mv, Notation::San), "Ne4");
}

#[test]
fn two_squares_without_a_letter_are_any_pieces_move() {
    let state = state("4k3/8/2n5/8/3P4/8/8/R3K2R b KQ - 0 1");
    for text in ["c6d4", "c6xd4", "c6-d4", "Nxd4", "Nc6xd4"] {
        let mv = state.parse_move(text).unwrap_or_else(|why| panic!("{text} is {why}"));
        assert_eq!(state.print_move(mv, Notation::San), "Nxd4", "{text}");
    }
    assert_eq!(state.parse_move("c6-c5"), Err(MoveError::Illegal));
    assert!(after("4k3/8/8/8/8/8/8/R3K2R w KQ - 0 1", "e1-g1").now().print().contains("R4RK1"));
}

#[test]
fn a_promotion_names_its_piece() {
    let state = state("1r2k3/P7/8/8/8/8/8/4K3 w - - 0 1");
    for text in ["a8=Q", "a8Q", "a8(Q)", "a7a8q", "a7a8Q", "a7-a8=Q", "a8=q"] {
        let mv = state.parse_move(text).unwrap_or_else(|why| panic!("{text} is {why}"));
        assert_eq!(state.print_move(mv, Notation::Canonical), "a7a8q", "{text}");
    }
    for text in ["a8", "a7a8", "a8=K", "a8=P", "axb8"] {
        assert!(state.parse_move(text).is_err(), "{text}");
    }
    assert_eq!(state.parse_move("a8=").unwrap_err(), MoveError::Unparsable);
}

#[test]
fn a_position_that_occurs_three_times_is_drawn_by_claim_and_five_times_by_itself() {
    let shuffle = "Nf3 Nf6 Ng1 Ng8 ";
    for (times, claimed, automatic) in
        [(1, false, false), (2, true, false), (3, true, false), (4, true, true)]
    {
        let line = after("startpos", &shuffle.repeat(times));
        for (draws, is_drawn) in [(Draws::Claimed, claimed), (Draws::Automatic, automatic)] {
            let reason = line.outcome(draws).map(|outcome| outcome.reason);
            assert_eq!(reason, is_drawn.then_some(Reason::Repetition), "{times} {draws:?}");
        }
    }
}

#[test]
fn a_position_that_lost_a_right_is_another_position() {
    // The king goes and comes back: the first time with the right to castle, then without.
    let line = after("4k3/8/8/8/8/8/8/4K2R w K - 0 1", &"Ke2 Ke7 Ke1 Ke8 ".repeat(2));
    assert_eq!(line.outcome(Draws::Claimed), None);
    let line = after("4k3/8/8/8/8/8/8/4K2R w K - 0 1", &"Ke2 Ke7 Ke1 Ke8 ".repeat(3));
    assert_eq!(line.outcome(Draws::Claimed).unwrap().reason, Reason::Repetition);
}

#[test]
fn moves_without_progress_end_the_game_unless_the_last_one_mates() {
    let line = after("7k/8/8/8/8/8/R7/1R5K w - - 99 90", "Ra7");
    assert_eq!(line.outcome(Draws::Claimed).unwrap().reason, Reason::FiftyMoves);
    assert_eq!(line.outcome(Draws::Automatic), None);
    let line = after("7k/8/8/8/8/8/R7/1R5K w - - 149 90", "Ra7");
    assert_eq!(line.outcome(Draws::Automatic).unwrap().reason, Reason::FiftyMoves);
    let line = after("7k/R7/8/8/8/8/8/1R5K w - - 149 90", "Rb8");
    assert_eq!(line.outcome(Draws::Automatic).unwrap().reason, Reason::Mate);
}

#[test]
fn material_that_cannot_mate_ends_the_game() {
    for (fen, is_drawn) in [
        ("4k3/8/8/8/8/8/8/4K3 w - - 0 1", true),
        ("4k3/8/8/8/8/8/8/4KN2 w - - 0 1", true),
        ("4k3/8/8/8/8/8/8/4KB2 b - - 0 1", true),
        ("4kb2/8/8/8/8/8/8/2B1K3 w - - 0 1", true), // bishops on squares of one colour
        ("4kb2/8/8/8/8/8/8/4KB2 w - - 0 1", false),
        ("4k3/8/8/8/8/8/8/3NKN2 w - - 0 1", false),
        ("4kn2/8/8/8/8/8/8/4KN2 w - - 0 1", false),
        ("4kn2/8/8/8/8/8/8/4KB2 w - - 0 1", false),
        ("4k3/8/8/8/8/8/4P3/4K3 w - - 0 1", false),
        ("4k3/8/8/8/8/8/8/R3K3 w - - 0 1", false),
    ] {
        let reason = after(fen, "").outcome(Draws::Automatic).map(|outcome| outcome.reason);
        assert_eq!(reason, is_drawn.then_some(Reason::InsufficientMaterial), "{fen}");
    }
}

#[test]
fn clocks_are_numbers_that_stop_where_reading_does() {
    let line = after("4k3/8/8/8/8/8/8/R3K3 b - - 65535 65535", "Kd8 Ra2");
    assert_eq!(line.now().print(), "3k4/8/8/8/8/8/R7/4K3 b - - 65535 65535");
    assert_eq!(Chess::parse(&line.now().print()).as_ref(), Ok(line.now()));
    for clocks in
        ["65536 1", "0 65536", "70000 1", "0 99999999999999999999", "-1 1", "+1 1", "0x1 1", "1.0 1"]
    {
        assert!(Chess::parse(&format!("4k3/8/8/8/8/8/8/R3K3 b - - {clocks}")).is_err(), "{clocks}");
    }
    assert_eq!(state("4k3/8/8/8/8/8/8/R3K3 b - - 7000 1").print(), "4k3/8/8/8/8/8/8/R3K3 b - - 7000 1");
}

#[test]
fn positions_that_the_rules_do_not_allow_are_refused() {
    for fen in [
        "8/8/8/8/8/8/8/4K3 w - - 0 1",                              // one king
        "4k3/8/8/8/8/8/8/K3K3 w - - 0 1",                           // two kings of a side
        "4k3/8/8/8/8/8/8/4KR2 w KQ - 0 1",                          // no rook to castle with
        "4k3/8/8/8/8/8/4R3/4K3 w - - 0 1",                          // the player that moved stands in check
        "P3k3/8/8/8/8/8/8/4K3 w - - 0 1",                           // a pawn on the last rank
        "4k3/8/8/8/8/8/8/4K3 w - e6 0 1",                           // no pawn moved
        "rnbqkbnr/pppppppp/9/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1", // a row of nine
        "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP w KQkq - 0 1",          // seven rows
        "rnbqkbnr/pppppppp/44/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1",
        "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR x KQkq - 0 1",
        "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KKkq - 0 1",
        "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1 7",
    ] {
        assert!(Chess::parse(fen).is_err(), "{fen}");
    }
}

#[test]
fn a_number_of_no_move_is_not_legal() {
    let state = Chess::start();
    assert!(!state.is_legal(Move(u16::MAX)));
    assert_eq!((0..=u16::MAX).filter(|&number| state.is_legal(Move(number))).count(), 20);
}

#[test]
fn a_move_to_its_own_square_is_none_even_where_the_king_castles_on_the_spot() {
    for (fen, text, castles) in [
        ("1nr1n1kr/2pp1ppp/4p3/p7/3P1q2/8/8/1K1b4 b h - 13 32", "g8g8", "g8h8"),
        ("4k3/8/8/8/8/8/8/R1K5 w A - 0 1", "c1c1", "c1a1"),
    ] {
        assert_eq!(state(fen).parse_move(text), Err(MoveError::Illegal), "{text}");
        assert!(state(fen).parse_move(castles).is_ok(), "{castles}");
    }
}
