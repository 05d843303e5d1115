//! The contract of a game: two players, taking turns, nothing hidden.
//!
//! Knows no particular game and no search; how a state was reached is an argument (see [`History`]).
//!
//! ```
//! use w2s_games::{Game, Notation, chess::Chess};
//!
//! let mut state = Chess::start();
//! let mv = state.parse_move("Nf3")?;
//! assert_eq!(state.print_move(mv, Notation::Canonical), "g1f3");
//! state.play(mv);
//! assert!(state.print().starts_with("rnbqkbnr/pppppppp/8/8/8/5N2/PPPPPPPP/RNBQKB1R b"));
//! # Ok::<(), w2s_games::MoveError>(())
//! ```

use crate::view::{Choice, View, ViewShape};
use thiserror::Error;

/// A move as a number: its meaning belongs to the game, its order is the order of legal moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Move(pub u16);

/// Who moves: the player that starts the game, or the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// White in chess, Black in Othello, Red in Connect Four.
    First,
    /// The opponent of [`Side::First`].
    Second,
}

impl Side {
    /// The opponent.
    #[must_use]
    pub fn other(self) -> Side {
        match self {
            Side::First => Side::Second,
            Side::Second => Side::First,
        }
    }
}

/// Why a game is over by its rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// Chess: the king is attacked and cannot escape.
    Mate,
    /// Chess: no legal move, no check.
    Stalemate,
    /// Chess: the position occurred three (claimed) or five (automatic) times.
    Repetition,
    /// Chess: fifty (claimed) or seventy-five (automatic) moves without pawn move or capture.
    FiftyMoves,
    /// Chess: no sequence of moves can mate.
    InsufficientMaterial,
    /// Connect Four: four in a row.
    Line,
    /// The board has no free place.
    BoardFull,
    /// Othello: neither player can move.
    NoMoves,
}

impl Reason {
    /// Every reason, in the order of their numbers.
    pub const ALL: [Reason; 8] = [
        Reason::Mate,
        Reason::Stalemate,
        Reason::Repetition,
        Reason::FiftyMoves,
        Reason::InsufficientMaterial,
        Reason::Line,
        Reason::BoardFull,
        Reason::NoMoves,
    ];

    /// The word for it in files and on screens.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Reason::Mate => "mate",
            Reason::Stalemate => "stalemate",
            Reason::Repetition => "repetition",
            Reason::FiftyMoves => "fifty-move",
            Reason::InsufficientMaterial => "insufficient material",
            Reason::Line => "line",
            Reason::BoardFull => "board full",
            Reason::NoMoves => "no moves",
        }
    }
}

/// How a game ended: who won, if anyone, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Outcome {
    /// The winner; `None` is a draw.
    pub winner: Option<Side>,
    /// Why the game is over.
    pub reason: Reason,
}

/// Which draws count: those that a player may claim, or only automatic ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Draws {
    /// Threefold repetition and fifty moves end the game (match rules).
    Claimed,
    /// Only fivefold repetition and seventy-five moves do.
    Automatic,
}

/// How a move is written. A game without a variant writes its only form for every one.
///
/// ```
/// use w2s_games::Notation;
/// assert_eq!("san".parse(), Ok(Notation::San));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Notation {
    /// The canonical form, used as label: UCI for chess, `4` for Connect Four, `d3` for Othello.
    Canonical,
    /// Standard algebraic notation.
    San,
    /// Long algebraic notation, `Ng1-f3`.
    Long,
}

impl Notation {
    /// Every notation.
    pub const ALL: [Notation; 3] = [Notation::Canonical, Notation::San, Notation::Long];

    /// The name that users write.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Notation::Canonical => "canonical",
            Notation::San => "san",
            Notation::Long => "long",
        }
    }
}

/// A name that no notation has.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown notation {name:?}; use one of: {}", Notation::ALL.map(Notation::name).join(", "))]
pub struct UnknownNotation {
    /// The given name.
    pub name: String,
}

impl UnknownNotation {
    /// A stable identifier of the fault.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "game-unknown-notation"
    }

    /// Always true: no data could make the argument right.
    #[must_use]
    pub fn is_setting(&self) -> bool {
        true
    }
}

impl std::str::FromStr for Notation {
    type Err = UnknownNotation;

    fn from_str(name: &str) -> Result<Self, UnknownNotation> {
        let found = Notation::ALL.into_iter().find(|notation| notation.name() == name);
        found.ok_or_else(|| UnknownNotation { name: name.to_string() })
    }
}

/// How a state was reached: the line of play behind it.
#[derive(Clone, Copy, Debug)]
pub struct History<'a, G> {
    /// The state at the beginning of the line.
    pub start: &'a G,
    /// The moves played since, oldest first.
    pub moves: &'a [Move],
    /// The key of the state before each of these moves, oldest first.
    pub keys: &'a [u64],
}

/// What the board shows at once after a move; each game says what the words mean there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct MoveTraits {
    /// It takes something from the opponent.
    pub takes: bool,
    /// The opponent has to answer it.
    pub threatens: bool,
    /// The opponent can punish it at once.
    pub exposed: bool,
}

/// Why a text is not a position.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("not a {game} position: {why}")]
pub struct PositionError {
    /// The game's name.
    pub game: &'static str,
    /// What is wrong, in a few words that never repeat the text.
    pub why: String,
}

impl PositionError {
    /// A stable identifier of the fault.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "game-invalid-position"
    }

    /// Always false: the text is data.
    #[must_use]
    pub fn is_setting(&self) -> bool {
        false
    }
}

/// Why a text is not a legal move.
///
/// The three variants are all there are: every text is unparsable, illegal, ambiguous or a legal move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum MoveError {
    /// Not a move in any notation of this game.
    #[error("not a move in any notation")]
    Unparsable,
    /// A move in form, but not legal here.
    #[error("not legal here")]
    Illegal,
    /// The text fits more than one legal move.
    #[error("ambiguous: it fits more than one legal move")]
    Ambiguous,
}

impl MoveError {
    /// The word for it in files and on screens.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            MoveError::Unparsable => "unparsable",
            MoveError::Illegal => "illegal",
            MoveError::Ambiguous => "ambiguous",
        }
    }

    /// A stable identifier of the fault.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            MoveError::Unparsable => "game-unparsable-move",
            MoveError::Illegal => "game-illegal-move",
            MoveError::Ambiguous => "game-ambiguous-move",
        }
    }

    /// Always false: the text is data.
    #[must_use]
    pub fn is_setting(&self) -> bool {
        match self {
            MoveError::Unparsable | MoveError::Illegal | MoveError::Ambiguous => false,
        }
    }
}

/// A state of a two-player, turn-based game without hidden information.
///
/// A value is reached by [`Game::start`], by [`Game::parse`] of a position that the rules allow,
/// or by playing legal moves: an illegal state cannot be written. What depends on how the state was
/// reached (repetition) takes the keys of the earlier states as an argument.
///
/// Every implementor runs through the contract suite in `tests/contract`.
pub trait Game: Clone + Eq + Send + Sync + std::fmt::Debug + 'static {
    /// The name in the registry, in TOML and on the command line.
    const NAME: &'static str;
    /// Shape of the feature planes: channels, rows, columns.
    const PLANES: [usize; 3];
    /// How many indices a policy over moves has, see [`Game::policy_index`].
    const POLICY: usize;
    /// Whether positions can be unquiet, so that a search must try forcing moves before it evaluates.
    const HAS_FORCING_MOVES: bool = false;

    /// The state in which a game starts.
    fn start() -> Self;

    /// The state that a text describes; `startpos` is the start in every game.
    ///
    /// # Errors
    /// [`PositionError`] where the text is not a position or the rules do not allow it.
    fn parse(text: &str) -> Result<Self, PositionError>;

    /// The position as text: FEN for chess. `parse(print(s)) == s`, and equal states print equal.
    fn print(&self) -> String;

    /// Who is to move.
    fn to_move(&self) -> Side;

    /// The legal moves, ascending; `moves` is cleared first. Empty exactly where the rules end the
    /// game without looking at history or draws that ignore moves.
    fn legal_moves(&self, moves: &mut Vec<Move>);

    /// How many legal moves there are; faster than listing them where a game can count.
    fn count_legal_moves(&self) -> usize {
        let mut moves = Vec::with_capacity(64);
        self.legal_moves(&mut moves);
        moves.len()
    }

    /// Plays a move that must be legal here; anything else may panic or corrupt the state.
    fn play(&mut self, mv: Move);

    /// Whether the rules allow this move here.
    fn is_legal(&self, mv: Move) -> bool {
        let mut moves = Vec::with_capacity(64);
        self.legal_moves(&mut moves);
        moves.binary_search(&mv).is_ok()
    }

    /// How the game ended, if it did. `earlier` holds the keys of the states before this one, oldest
    /// first, without this one.
    fn outcome(&self, earlier: &[u64], draws: Draws) -> Option<Outcome>;

    /// Whether this state is one of the earlier ones come back, in games where that can happen.
    fn recurs(&self, _earlier: &[u64]) -> bool {
        false
    }

    /// The identity of this state for agreement: equal for transpositions, clocks left out.
    fn key(&self) -> u64;

    /// Exactly what [`Game::key`] hashes, compared without hashing.
    fn same_up_to_transposition(&self, other: &Self) -> bool;

    /// The legal move that a text means, in any notation of the game.
    ///
    /// # Errors
    /// [`MoveError`] says whether it does not parse, is not legal or is ambiguous.
    fn parse_move(&self, text: &str) -> Result<Move, MoveError>;

    /// Appends a legal move as text.
    fn write_move(&self, mv: Move, notation: Notation, text: &mut String);

    /// A legal move as text.
    fn print_move(&self, mv: Move, notation: Notation) -> String {
        let mut text = String::with_capacity(8);
        self.write_move(mv, notation, &mut text);
        text
    }

    /// Writes the feature planes, seen by the player to move, into `out`
    /// (`PLANES[0] * PLANES[1] * PLANES[2]` values, row-major).
    fn planes(&self, out: &mut [f32]);

    /// The index of a legal move in a policy of `POLICY` entries, seen by the player to move: injective
    /// over the legal moves of a state.
    fn policy_index(&self, mv: Move) -> usize;

    /// Where a legal move starts and where it ends, as places of a plane (row × columns + column); `None` for
    /// a move without a place.
    fn cells(&self, mv: Move) -> [Option<usize>; 2];

    /// The shape of a view of this game; `None` where the game does not have the view. A game that returns a shape
    /// for another view than [`View::Own`] also overrides [`Game::fill_view`] and [`Game::view_choice`].
    #[must_use]
    fn view(view: View) -> Option<ViewShape> {
        (view == View::Own).then_some(ViewShape { planes: Self::PLANES, policy: Self::POLICY })
    }

    /// Writes the feature planes of a view that the game has, as [`Game::planes`] does for its own. `history` is
    /// the line of play that led to this state.
    fn fill_view(&self, view: View, _history: History<'_, Self>, out: &mut [f32]) {
        debug_assert_eq!(view, View::Own, "{} does not have this view", Self::NAME);
        self.planes(out);
    }

    /// A legal move in a view that the game has.
    #[inline]
    fn view_choice(&self, view: View, mv: Move) -> Choice {
        debug_assert_eq!(view, View::Own, "{} does not have this view", Self::NAME);
        Choice { index: self.policy_index(mv), cells: self.cells(mv) }
    }

    /// What the board shows at once after a legal move.
    fn move_traits(&self, mv: Move) -> MoveTraits;

    /// Static value in hundredths of a unit (pawn, disc), positive where the player to move is better.
    /// Always strictly inside ±[`crate::game::MATE`] / 2.
    fn evaluate(&self) -> i32;

    /// Value of a finished game for the player to move, `ply` plies below the root of a search.
    fn final_value(&self, outcome: Outcome, ply: u32) -> i32 {
        match outcome.winner {
            None => 0,
            Some(side) if side == self.to_move() => MATE - ply.cast_signed(),
            Some(_) => ply.cast_signed() - MATE,
        }
    }

    /// The legal moves that a search tries before it evaluates: captures and promotions. `moves` is cleared
    /// first.
    fn forcing_moves(&self, moves: &mut Vec<Move>) {
        moves.clear();
    }

    /// More than a forcing move can add to the static value at once: a search leaves out what cannot help.
    fn most_gain(&self, _mv: Move) -> i32 {
        MATE
    }

    /// A win or loss that follows without search: the number of plies until the player to move wins, or the
    /// negative number until that player loses. Only where it is certain and no line of play ends it sooner.
    fn foreseen(&self) -> Option<i32> {
        None
    }

    /// The legal moves that a search of two plies or more tries; `moves` is cleared first. A move may be left
    /// out where it loses to the next one and another does not.
    fn sensible_moves(&self, moves: &mut Vec<Move>) {
        self.legal_moves(moves);
    }

    /// Whether the player to move has to answer a threat (a check), so that no static value holds.
    fn is_under_threat(&self) -> bool {
        false
    }

    /// How early search tries a legal move: higher first. It never changes a value.
    fn order(&self, _mv: Move) -> i32 {
        0
    }

    /// An upper bound of the plies left in any game from here, where the game has one.
    fn max_plies_left(&self) -> Option<u32> {
        None
    }

    /// How many plies are left in most games from here, where the game has a bound.
    fn usual_plies_left(&self) -> Option<u32> {
        self.max_plies_left()
    }
}

/// The value of an immediate win; a win in `n` plies is worth `MATE - n`.
pub const MATE: i32 = 1_000_000;
