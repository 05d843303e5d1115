"""What is sent to an engine: matches, labels, clocks and Chess960; and properties of the model."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.engines import ScriptedEngines
from tests.doubles.errors import raises_code
from w2s.errors import UsageError
from w2s.games import State, game
from w2s.models import Answer, HasMatchState, Model, Want, load_model
from w2s.models.uci import UciModel
from w2s.models.uci.protocol import SearchLimits
from w2s.tasks import Clock, MoveExample

START = game("chess").state()
START_LINE = f"position fen {START.position}"
LATER = START.play("e2e4").play("e7e5")
CHESS960 = game("chess").state("nrbbqnkr/pppppppp/8/8/8/8/PPPPPPPP/NRBBQNKR w HBhb - 0 1")
MATED = game("chess").state("startpos", ["f2f3", "e7e5", "g2g4", "d8h4"])


@pytest.fixture
def scripted(tmp_path: Path) -> Iterator[ScriptedEngines]:
    with ScriptedEngines(tmp_path) as engine:
        yield engine


def ask(model: UciModel, state: State = START, want: Want | None = None, **more: object) -> Answer:
    example = MoveExample("e", state, **more)  # type: ignore[arg-type]
    return model.answer([example], want or Want())[0]


def said(scripted: ScriptedEngines, since: int = 0) -> list[str]:
    """The commands that engines received, without those of the first start."""
    return [command for _, command in scripted.heard()][since:]


GREETING = ["uci", "isready"]
NEW_GAME = ["ucinewgame", "isready"]


def test_uci_model_keeps_match_state(scripted: ScriptedEngines) -> None:
    with scripted.model(concurrency=3) as model:
        as_model: Model = model
        assert isinstance(as_model, HasMatchState)
        assert (model.reference, model.slots, model.deterministic) == ("uci:scripted", 3, True)


def test_match_starts_with_one_ucinewgame(scripted: ScriptedEngines) -> None:
    with scripted.model() as model:
        ask(model, START, match="m")
        ask(model, LATER, match="m")
    first = [START_LINE, "go nodes 1"]
    second = [f"{START_LINE} moves e2e4 e7e5", "go nodes 1"]
    assert said(scripted) == [*GREETING, *NEW_GAME, *first, *second, "quit"]


@pytest.mark.parametrize("released", [False, True])
def test_replayed_match_starts_with_ucinewgame(scripted: ScriptedEngines, released: bool) -> None:
    with scripted.model() as model:
        ask(model, START, match="m")
        ask(model, START if not released else LATER, match="m")
        if released:
            model.release("m")
            ask(model, LATER.play("g1f3").play("b8c6"), match="m")
    assert said(scripted).count("ucinewgame") == 2


def test_next_match_reuses_process_with_ucinewgame(scripted: ScriptedEngines) -> None:
    with scripted.model() as model:
        for match in ("a", "b"):
            ask(model, match=match)
            model.release(match)
    assert said(scripted).count("ucinewgame") == 2
    assert said(scripted).count("uci") == 1


def test_retry_keeps_game_and_excludes_rejected_moves(scripted: ScriptedEngines) -> None:
    state = game("chess").state("7k/8/8/8/8/8/8/K7 w - - 0 1")
    with scripted.model() as model:
        ask(model, state, match="m")
        ask(model, state, match="m", attempt=1, rejected=("a1b1",))
        ask(model, state, match="m", attempt=2, rejected=("a1b1", "nonsense"))
        ask(model, state, match=None, only=("a1b2", "a1a2"))
    assert said(scripted).count("ucinewgame") == 2  # of the match, and of the label
    assert [command for command in said(scripted) if command.startswith("go")] == [
        "go nodes 1",
        "go nodes 1 searchmoves a1a2 a1b2",
        "go nodes 1 searchmoves a1a2 a1b2",
        "go nodes 1 searchmoves a1a2 a1b2",
    ]


def test_concurrent_matches_have_separate_processes(scripted: ScriptedEngines) -> None:
    with scripted.model(concurrency=2) as model:
        for state in (START, LATER):
            answers = model.answer([MoveExample("e", state, match=name) for name in "ab"], Want())
            assert [answer.failure for answer in answers] == [None, None]
    by_process: dict[int, list[str]] = {}
    for pid, command in scripted.heard():
        by_process.setdefault(pid, []).append(command.split()[0])
    game_of_two = ["uci", "isready", "ucinewgame", "isready", "position", "go", "position", "go", "quit"]
    assert list(by_process.values()) == [game_of_two, game_of_two]


def test_surplus_matches_share_processes_with_ucinewgame(scripted: ScriptedEngines) -> None:
    with scripted.model(concurrency=1) as model:
        for state in (START, LATER):
            model.answer([MoveExample("e", state, match=name) for name in "ab"], Want())
    assert said(scripted).count("ucinewgame") == 4
    assert said(scripted).count("uci") == 1


def test_answers_keep_order_of_examples(scripted: ScriptedEngines) -> None:
    states = [START]
    for move in ("e2e4", "e7e5", "g1f3", "b8c6", "f1b5"):
        states.append(states[-1].play(move))
    examples = [
        MoveExample(str(n), state, match=None if n % 2 else f"m{n}") for n, state in enumerate(states)
    ]
    with scripted.model(concurrency=2) as model:
        labels = [answer.label for answer in model.answer(examples, Want())]
    assert labels == ["a2a3", "a7a5", *(state.legal_moves()[0] for state in states[2:])]


def test_empty_batch_sends_nothing(scripted: ScriptedEngines) -> None:
    with scripted.model() as model:
        assert model.answer([], Want(evidence=True, values=True)) == []
    assert said(scripted) == [*GREETING, "quit"]


def test_engine_is_cleared_before_each_label(scripted: ScriptedEngines) -> None:
    with scripted.model() as model:
        ask(model, START)
        ask(model, LATER)
    label = ["setoption name Clear Hash", *NEW_GAME]
    assert said(scripted, since=2) == [
        *["uci", "setoption name Hash value 1", "isready"],
        *[*label, START_LINE, "go nodes 1"],
        *[*label, f"{START_LINE} moves e2e4 e7e5", "go nodes 1"],
        *["quit", "quit"],
    ]


def test_labelling_engine_keeps_user_hash(scripted: ScriptedEngines) -> None:
    with scripted.model(options={"hash": "64"}) as model:
        ask(model)
    assert said(scripted).count("setoption name Hash value 64") == 2
    assert "setoption name Hash value 1" not in said(scripted)


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ("option name Hash type spin default 16 min 4 max 64", ["setoption name Hash value 4"]),
        ("option name Hash type spin default 0 min 0 max 0", []),
        ("option name Hash type check default false", []),
    ],
)
def test_small_hash_respects_bounds_of_engine(
    scripted: ScriptedEngines, declared: str, told: list[str]
) -> None:
    with scripted.model("--options", declared) as model:
        assert ask(model).failure is None
    assert [command for command in said(scripted) if "Hash" in command] == told


@pytest.mark.parametrize(
    ("options", "match", "want", "lines"),
    [
        ({}, None, Want(evidence=True), ["5"]),
        ({}, None, Want(), []),
        ({"MultiPV": "3"}, None, Want(evidence=True), ["3", "3"]),
        ({"MultiPV": "3"}, None, Want(), ["3", "3"]),
        ({"MultiPV": "3"}, "m", Want(evidence=True), ["3"]),
        ({}, "m", Want(evidence=True), []),
    ],
)
def test_evidence_uses_five_lines_for_labels_and_user_multipv_in_matches(
    scripted: ScriptedEngines, options: dict[str, str], match: str | None, want: Want, lines: list[str]
) -> None:
    with scripted.model(options=options) as model:
        ask(model, START, want, match=match)
    begin = "setoption name MultiPV value "
    assert [c.removeprefix(begin) for c in said(scripted) if c.startswith(begin)] == lines


def test_multipv_is_limited_by_number_of_moves(scripted: ScriptedEngines) -> None:
    with scripted.model() as model:
        ask(model, game("chess").state("7k/8/8/8/8/8/8/K7 w - - 0 1"), Want(evidence=True))
        ask(model, START, Want(evidence=True))
        ask(model, START, Want(evidence=True), only=("e2e4",))
    lines = [command for command in said(scripted) if "MultiPV" in command]
    assert lines == [f"setoption name MultiPV value {count}" for count in (3, 5, 1)]


def test_values_search_moves_without_a_line_separately(
    scripted: ScriptedEngines,
) -> None:
    state = game("chess").state("7k/8/8/8/8/8/8/K7 w - - 0 1")
    with scripted.model("--info", "info multipv 1 score cp 12 pv a1b2") as model:
        answer = ask(model, state, Want(values=True))
    searches = [command for command in said(scripted) if command.startswith("go")]
    assert searches == ["go nodes 1", "go nodes 1 searchmoves a1b1", "go nodes 1 searchmoves a1a2"]
    assert answer.values_cp == {"a1a2": 12, "a1b1": 12, "a1b2": 12}
    assert "setoption name MultiPV value 3" in said(scripted)


def test_values_of_match_moves_come_from_labelling_process(scripted: ScriptedEngines) -> None:
    with scripted.model("--info", "info multipv 1 score cp 12 pv a2a3") as model:
        answer = ask(model, START, Want(values=True), match="m")
        assert scripted.count(2) == 2
    assert len(answer.values_cp) == 20


def test_evidence_is_softmax_of_lines(scripted: ScriptedEngines) -> None:
    lines = r"info multipv 1 score cp 100 pv a2a3\ninfo multipv 2 score cp 0 pv e2e4"
    with scripted.model("--info", lines) as model:
        answer = ask(model, START, Want(evidence=True))
    assert (answer.label, answer.n_options, answer.value_cp) == ("a2a3", 20, 100)
    assert answer.log_prob == pytest.approx(-0.3132617)  # ln(e / (e + 1))
    assert answer.margin == pytest.approx(0.4621172)  # (e - 1) / (e + 1)
    assert answer.entropy == pytest.approx(0.5822031)


def test_single_line_gives_no_evidence(scripted: ScriptedEngines) -> None:
    with scripted.model("--info", "info multipv 1 score cp 100 pv a2a3") as model:
        answer = ask(model, START, Want(evidence=True), match="m")
    assert (answer.value_cp, answer.n_options) == (100, 20)
    assert (answer.log_prob, answer.margin, answer.entropy) == (None, None, None)


def test_clocks_are_sent_by_colour(scripted: ScriptedEngines) -> None:
    black = game("chess").state("7k/8/8/8/8/8/8/K7 b - - 0 1")
    clock = Clock(own_s=3.0, other_s=7.5, increment_s=0.25)
    with scripted.model(limits=SearchLimits()) as model:
        ask(model, START, match="m", clock=clock)
        ask(model, START.play("e2e4"), match="m", clock=clock)
        ask(model, black, match="n", clock=clock)
    assert [command for command in said(scripted) if command.startswith("go")] == [
        "go wtime 3000 btime 7500 winc 250 binc 250",
        "go wtime 7500 btime 3000 winc 250 binc 250",
        "go wtime 7500 btime 3000 winc 250 binc 250",
    ]


def test_chess960_option_follows_position(scripted: ScriptedEngines) -> None:
    with scripted.model() as model:
        for state in (CHESS960, START, START, CHESS960):
            ask(model, state)
    told = [command.rpartition(" ")[2] for command in said(scripted) if "Chess960" in command]
    assert told == ["true", "false", "true"]


def test_chess960_is_refused_without_option(scripted: ScriptedEngines) -> None:
    with scripted.model("--options", "") as model:
        with raises_code("uci-no-chess960", UsageError):
            ask(model, CHESS960)
        assert ask(model, START).label == "a2a3"


def test_other_game_is_refused(scripted: ScriptedEngines) -> None:
    with (
        scripted.model() as model,
        raises_code("model-other-game", UsageError),
    ):
        ask(model, game("othello").state())


def test_search_without_limit_or_clock_has_default_limit_and_says_so(
    scripted: ScriptedEngines, caplog: pytest.LogCaptureFixture
) -> None:
    with scripted.model(limits=SearchLimits()) as model:
        assert ask(model, match="m", clock=Clock(1.0, 1.0, 0.0)).failure is None
        assert caplog.records == []
        assert ask(model).failure is None
        assert ask(model).failure is None
    searches = [command for command in said(scripted) if command.startswith("go")]
    assert searches[0].startswith("go wtime")
    assert searches[1:] == ["go nodes 1000"] * 2
    assert [record.message for record in caplog.records] == [
        f"{model.reference} has no limit: it searches 1,000 nodes where it has no clock; add ?nodes=N, "
        "?depth=N or ?movetime=MS to choose"
    ]


def test_finished_game_has_no_label_and_no_search(scripted: ScriptedEngines) -> None:
    with scripted.model() as model:
        answer = ask(model, MATED, Want(evidence=True, values=True, mask=True))
        assert (answer.label, answer.failure) == ("", None)
        assert not any(command.startswith("go") for command in said(scripted))
        assert ask(model, MATED, Want(mask=True), match="m").label == "(none)"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "limits", "deterministic"),
    [
        ({}, SearchLimits(nodes=1), True),
        ({}, SearchLimits(depth=1), True),
        ({}, SearchLimits(nodes=1, movetime_ms=100), False),
        ({}, SearchLimits(), False),
        ({"Threads": "2"}, SearchLimits(nodes=1), False),
        ({"Skill Level": "3"}, SearchLimits(nodes=1), False),
        ({"Skill Level": "20"}, SearchLimits(nodes=1), True),
        ({"UCI_LimitStrength": "true"}, SearchLimits(nodes=1), False),
        ({"UCI_LimitStrength": "false"}, SearchLimits(nodes=1), True),
    ],
)
def test_time_threads_and_weakening_are_not_deterministic(
    scripted: ScriptedEngines, options: dict[str, str], limits: SearchLimits, deterministic: bool
) -> None:
    declared = r"\n".join(
        (
            "option name Threads type spin default 1 min 1 max 8",
            "option name Skill Level type spin default 20 min 0 max 20",
            "option name UCI_LimitStrength type check default false",
        )
    )
    with scripted.model("--options", declared, options=options, limits=limits) as model:
        assert model.deterministic is deterministic


def test_reference_sets_limits_options_and_timeout(scripted: ScriptedEngines) -> None:
    reference = scripted.reference(**{"nodes": 7, "Style Of Play": "Very Risky", "timeout_s": 9})
    model = load_model(reference, concurrency=2)
    assert (model.reference, model.slots) == (reference, 2)
    assert model.answer([MoveExample("e", START, match="m")], Want())[0].label == "a2a3"
    model.close()
    assert "setoption name Style Of Play value Very Risky" in said(scripted)
    assert "go nodes 7" in said(scripted)


@pytest.mark.slow
def test_processes_end_when_model_is_collected(scripted: ScriptedEngines) -> None:
    model = scripted.model()
    assert scripted.count(1) == 1
    del model
    gc.collect()
    assert scripted.left() == {}


def test_close_is_idempotent(scripted: ScriptedEngines) -> None:
    model = scripted.model()
    model.close()
    model.close()
    assert said(scripted).count("quit") == 1
