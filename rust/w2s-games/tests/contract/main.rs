//! The contract suite: what every registered game has to keep, whoever wrote it.
//!
//! Knows no particular game but for a few positions that lead where random play seldom goes. A game joins by being
//! registered; `every_game_is_registered` fails for one that is not.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test, in shared functions too")]

mod lines;
mod moves;
mod outcome;
mod text;

use w2s_games::registry::{self, ForEach};
use w2s_games::{Draws, DynGame, DynLine, Game, View};

/// One test that runs a check of this name for every game, and counts that it did.
#[macro_export]
macro_rules! every_game {
    ($name:ident: $check:expr) => {
        #[test]
        fn $name() {
            struct Check(Vec<&'static str>);
            impl w2s_games::registry::ForEach for Check {
                fn game<G: w2s_games::Game>(&mut self) {
                    $check(std::marker::PhantomData::<G>);
                    self.0.push(G::NAME);
                }
            }
            let mut check = Check(Vec::new());
            w2s_games::registry::for_each(&mut check);
            assert_eq!(check.0, w2s_games::registry::names());
            assert!(check.0.len() >= 3, "there are fewer games than there were");
        }
    };
}

#[test]
fn names_are_words_that_find_their_game() {
    let names = registry::names();
    assert!(names.len() >= 3);
    for (index, name) in names.iter().enumerate() {
        assert!(!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
        assert!(!names[..index].contains(name), "{name} is registered twice");
        assert_eq!(registry::game(name).unwrap().name(), *name);
    }
}

#[test]
fn an_unknown_name_is_answered_with_those_that_exist() {
    let error = registry::game("checkers").err().unwrap().to_string();
    assert!(registry::names().iter().all(|name| error.contains(name)), "{error}");
}

#[test]
fn every_game_is_registered() {
    struct Types(Vec<String>);
    impl ForEach for Types {
        fn game<G: Game>(&mut self) {
            self.0.push(std::any::type_name::<G>().rsplit("::").next().unwrap().to_string());
        }
    }
    let mut registered = Types(Vec::new());
    registry::for_each(&mut registered);
    let mut written = implementors(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    registered.0.sort();
    written.sort();
    assert!(written.len() >= 3, "found only {written:?}");
    assert_eq!(written, registered.0);
}

/// The types that the source says are games.
fn implementors(folder: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(implementors(&path));
        } else {
            let text = std::fs::read_to_string(&path).unwrap();
            let types = text.lines().filter_map(|line| line.trim_start().strip_prefix("impl Game for "));
            found.extend(types.map(|rest| rest.trim_end_matches([' ', '{']).to_string()));
        }
    }
    found
}

#[test]
fn the_face_by_name_says_what_the_game_says() {
    for game in registry::GAMES {
        let mut line = game.line("startpos").unwrap();
        let mut draw = lines::Draw::new(3);
        while let Some(mv) = draw.pick(&line.legal_moves()) {
            let before = line.clone_box();
            line.play(mv).unwrap();
            assert_eq!(line.moves(), [before.moves(), &[mv]].concat());
            assert_eq!(line.start_text(), before.start_text());
            for view in View::ALL {
                let Some(shape) = game.view(view) else { continue };
                line.fill_planes(view, &mut vec![0.0; shape.planes.iter().product()]);
                let choices = line.choices(view);
                if view == View::Own {
                    let indices: Vec<usize> = choices.iter().map(|choice| choice.index).collect();
                    assert_eq!(line.policy_indices(), indices);
                }
                assert_eq!(choices.len(), line.legal_moves().len());
                assert!(choices.iter().all(|choice| choice.index < shape.policy));
            }
            if line.outcome(Draws::Claimed).is_some() {
                break;
            }
        }
        assert!(line.moves().len() >= 7);
        assert_eq!(replayed(*game, &*line), line.position());
    }
}

fn replayed(game: &dyn DynGame, line: &dyn DynLine) -> String {
    let mut again = game.line(&line.start_text()).unwrap();
    for text in line.move_texts(w2s_games::Notation::Long) {
        again.play(again.parse_move(&text).unwrap()).unwrap();
    }
    again.position()
}
