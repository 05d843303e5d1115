"""Engines that misbehave, through ``UciModel.answer``: each has its failure, and no process is left."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import chess.pgn
import pytest

from tests.doubles.engines import ScriptedEngines, processes_with
from tests.doubles.errors import raises_code
from tests.doubles.signals import hears_ctrl_c
from w2s.arena import ArenaSpec, run
from w2s.arena.spec import LabelPolicy, MatchRules, Verification
from w2s.arena.spec import PlayerLimits as ArenaLimits
from w2s.errors import ModelError, UsageError
from w2s.games import State, game
from w2s.models import Answer, Want, load_model
from w2s.models.uci import UciModel, process
from w2s.models.uci.protocol import SearchLimits
from w2s.tasks import Clock, MoveExample

START = game("chess").state()
SOON_S = 0.8


@pytest.fixture
def scripted(tmp_path: Path) -> Iterator[ScriptedEngines]:
    with ScriptedEngines(tmp_path) as engine:
        yield engine


def in_match(state: State = START, match: str | None = "m", **more: object) -> MoveExample:
    return MoveExample("e", state, match=match, **more)  # type: ignore[arg-type]


def ask(model: UciModel, example: MoveExample | None = None, want: Want | None = None) -> Answer:
    return model.answer([example or in_match()], want or Want(evidence=True))[0]


AT_GO = [
    # misdeed, arguments, ending, what the report says
    ("exit", ("--code", "3", "--words", "boom"), "crash", "exited with code 3 before it sent bestmove"),
    ("signal", ("--code", "11"), "crash", "was killed by SIGSEGV before it sent bestmove"),
    ("hang", (), "stall", "did not send bestmove within 0.8 s"),
    ("late", ("--seconds", "600"), "stall", "did not send bestmove within 0.8 s"),
    ("chatter", (), "stall", "did not send bestmove within 0.8 s"),
    ("flood_errors", (), "stall", "did not send bestmove within 0.8 s"),
    ("flood_lines", (), "crash", "without sending bestmove"),
    ("flood_bytes", (), "crash", "without sending bestmove"),
    ("close_output", (), "crash", "closed its output before it sent bestmove"),
    ("close_all", (), "crash", "closed its output before it sent bestmove"),
]


@pytest.mark.parametrize("where", ["match", "label"])
@pytest.mark.parametrize(("misdeed", "arguments", "ending", "report"), AT_GO, ids=[row[0] for row in AT_GO])
def test_engine_failure_fails_only_its_answer(
    scripted: ScriptedEngines,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    misdeed: str,
    arguments: tuple[str, ...],
    ending: str,
    report: str,
    where: str,
) -> None:
    if misdeed.startswith("flood"):  # the others must not reach it, however fast the machine is
        monkeypatch.setattr("w2s.models.uci.engine.MAX_ANSWER_BYTES", 1 << 20)
    once = ("--once", str(tmp_path / "done"))
    example = in_match(match="m" if where == "match" else None)
    with scripted.model("--at", "go", "--do", misdeed, *arguments, *once, timeout_s=SOON_S) as model:
        failed, good = ask(model, example), ask(model, example)
        assert (failed.label, failed.failure) == ("", ending)
        assert report in str(failed.raw)
        assert "\n" not in str(failed.raw)
        assert (good.label, good.failure) == ("a2a3", None)
        processes = 1 if where == "match" else 2
        assert scripted.count(processes) == processes


def test_last_line_on_standard_error_is_reported(scripted: ScriptedEngines) -> None:
    with scripted.model("--at", "go", "--do", "exit", "--code", "7", "--words", "no net found") as model:
        raw = str(ask(model).raw)
        assert raw.startswith("exited with code 7 before it sent bestmove; ")
        assert raw.endswith("standard error: 'no net found'")


@pytest.mark.parametrize(
    ("said", "label"),
    [
        (r"bestmove e2e5\n", "e2e5"),
        (r"bestmove [e2e4]\n", "[e2e4]"),
        (r"bestmove a1a1\n", "a1a1"),
        (r"bestmove 0000\n", "0000"),
        (r"bestmove (none)\n", "(none)"),
        (r"bestmove\n", ""),
        (r"bestmove \n", ""),
        (r"bestmove ponder e7e5\n", ""),
        (r"bestmove e2e4 ponder e7e5\n", "e2e4"),
        (r"  bestmove\te2e4  \r\n", "e2e4"),
        (r"bestmove \xff\xfe\n", "\ufffd\ufffd"),
        (r"bestmove e2\x00e4\n", "e2\x00e4"),
        (r"garbage\n\x00\n\xff\nbestmovee7e5\ninfo\ninfo pv\ninfo score cp pv\nbestmove e2e4\n", "e2e4"),
        (r"info depth 1 score cp 99999999999999999999999999 pv e2e4\nbestmove e2e4\n", "e2e4"),
    ],
)
def test_malformed_move_is_returned_unchanged(scripted: ScriptedEngines, said: str, label: str) -> None:
    with scripted.model("--at", "go", "--do", "say", "--text", said) as model:
        answer = ask(model)
        assert (answer.label, answer.failure) == (label, None)
        assert ask(model).label == label  # the process is still there, and in step
        assert len({pid for pid, _ in scripted.heard()}) == 1


def test_huge_move_is_cut_and_next_answer_is_clean(scripted: ScriptedEngines, tmp_path: Path) -> None:
    once = ("--once", str(tmp_path / "done"))
    with scripted.model("--at", "go", "--do", "huge_move", *once) as model:
        long = ask(model)
        assert (long.failure, set(long.label)) == (None, {"x"})
        assert len(long.label) <= 2 * process.MAX_LINE_BYTES
        assert ask(model).label == "a2a3"


def test_huge_line_before_answer_is_skipped(scripted: ScriptedEngines) -> None:
    with scripted.model("--at", "go", "--do", "huge") as model:
        assert ask(model).label == "a2a3"


def test_mask_replaces_malformed_move_with_legal_one(scripted: ScriptedEngines) -> None:
    lines = "info multipv 1 score cp 9 pv e2e5", "info multipv 2 score cp 5 pv d2d4", "bestmove 0000", ""
    text = r"\n".join(lines)
    with scripted.model("--at", "go", "--do", "say", "--text", text) as model:
        answer = ask(model, want=Want(mask=True))
        assert (answer.label, answer.raw) == ("d2d4", "0000")
        only = in_match(only=("h2h3", "g2g3"), match=None)
        assert ask(model, only, want=Want(mask=True)).label in ("h2h3", "g2g3")


def test_second_bestmove_is_not_used_for_next_search(scripted: ScriptedEngines, tmp_path: Path) -> None:
    with scripted.model("--at", "go", "--do", "twice", "--once", str(tmp_path / "done")) as model:
        assert ask(model).label == "e2e4"
        time.sleep(0.5)
        assert ask(model, in_match(START.play("h2h3"))).label == "a7a5"


def test_late_answer_is_not_used_for_next_search(scripted: ScriptedEngines, tmp_path: Path) -> None:
    once = ("--once", str(tmp_path / "done"))
    late = ("--at", "go", "--do", "late", "--seconds", str(1.5 * SOON_S), "--text", r"bestmove h2h3\n")
    with scripted.model(*late, *once, timeout_s=SOON_S) as model:
        assert ask(model).failure == "stall"
        time.sleep(SOON_S)  # by now the first process would have answered
        assert ask(model).label == "a2a3"


def test_answer_after_clock_within_timeout_is_kept(
    scripted: ScriptedEngines,
) -> None:
    clock = Clock(own_s=0.05, other_s=1.0, increment_s=0.0)
    with scripted.model("--at", "go", "--do", "late", "--seconds", "0.2", limits=SearchLimits()) as model:
        answer = ask(model, in_match(clock=clock))
        assert (answer.label, answer.failure) == ("a2a3", None)
        assert 0.2 <= answer.seconds < 5


AT_START = [
    ("start", "exit", ("--code", "2", "--words", "bad flag"), "exited with code 2 before it sent uciok"),
    (
        "uci",
        "exit",
        (
            "--code",
            "0",
        ),
        "exited with code 0 before it sent uciok",
    ),
    ("uci", "hang", (), "did not send uciok within 0.8 s"),
    ("uci", "flood_bytes", (), "without sending uciok"),
    ("uci", "close_output", (), "closed its output before it sent uciok"),
    ("start", "close_all", (), "closed its"),
    ("isready", "hang", (), "did not send readyok within 0.8 s"),
    ("isready", "signal", ("--code", "6"), "was killed by SIGABRT before it sent readyok"),
    (
        "setoption",
        "exit",
        ("--code", "9", "--words", "no such option"),
        "standard error: 'no such option'",
    ),
]


@pytest.mark.parametrize(("moment", "misdeed", "arguments", "report"), AT_START)
def test_failed_start_is_refused_before_any_work(
    scripted: ScriptedEngines,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
    misdeed: str,
    arguments: tuple[str, ...],
    report: str,
) -> None:
    monkeypatch.setattr("w2s.models.uci.engine.MAX_ANSWER_BYTES", 1 << 20)
    with raises_code("uci-start-failed", ModelError) as caught:
        scripted.model("--at", moment, "--do", misdeed, *arguments, options={"Hash": "8"}, timeout_s=SOON_S)
    assert report in str(caught.value)
    assert str(caught.value).startswith(f"the engine '{sys.executable}")
    assert "run it in a terminal" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("moment", "misdeed", "ending"),
    [("start", "exit", "crash"), ("uci", "hang", "stall"), ("isready", "exit", "crash")],
)
def test_failed_restart_fails_only_its_answer(
    scripted: ScriptedEngines, tmp_path: Path, moment: str, misdeed: str, ending: str
) -> None:
    """The labelling engine is the second process; the first one played."""
    once = tmp_path / "done"
    once.touch()
    with scripted.model("--at", moment, "--do", misdeed, "--once", str(once), timeout_s=SOON_S) as model:
        assert ask(model).failure is None
        once.unlink()
        assert ask(model, in_match(match=None)).failure == ending
        assert ask(model, in_match(match=None)).label == "a2a3"


def test_closed_input_fails_without_waiting(scripted: ScriptedEngines) -> None:
    words = ("--at", "isready", "--after", "1", "--do", "close_input", "--text", r"readyok\n")
    with scripted.model(*words, timeout_s=60.0) as model:
        began = time.monotonic()
        answer = ask(model)
        assert (answer.failure, answer.raw) == ("crash", "closed its input before it sent bestmove")
        assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    ("declared", "options", "report"),
    [
        ("", {"Hash": "8"}, "no option 'Hash'"),
        ("option name Hash", {"Hash": "8"}, "no option 'Hash'"),
        ("option name Hash type slider min 1 max 9", {"Hash": "8"}, "no option 'Hash'"),
        ("option name Hash type spin default 1 min 1 max 4", {"Hash": "8"}, "from 1 to 4, not '8'"),
        ("option name Hash type spin default 1 min 1 max 4", {"Hsah": "8"}, "did you mean 'Hash'?"),
    ],
)
def test_undeclared_option_is_a_usage_error(
    scripted: ScriptedEngines, declared: str, options: dict[str, str], report: str
) -> None:
    with pytest.raises(UsageError) as caught:
        scripted.model("--options", declared, options=options)
    assert report in str(caught.value)
    assert "\n" not in str(caught.value)


def test_spin_with_contradictory_bounds_accepts_any_number(scripted: ScriptedEngines) -> None:
    declared = "option name Hash type spin default 1 min 9 max 4"
    with scripted.model("--options", declared, options={"Hash": "6"}) as model:
        assert ask(model, in_match(match=None)).label == "a2a3"
    assert "setoption name Hash value 6" in [said for _, said in scripted.heard()]


def test_engine_without_options_plays_and_labels(scripted: ScriptedEngines) -> None:
    with scripted.model("--options", "", "--info", "info depth 1 score cp 3 pv a2a3") as model:
        assert ask(model).label == "a2a3"
        answer = ask(model, in_match(match=None), Want(evidence=True, values=True))
        assert (answer.label, answer.value_cp, len(answer.values_cp)) == ("a2a3", 3, 20)


def test_changed_options_after_restart_are_a_crash(scripted: ScriptedEngines, tmp_path: Path) -> None:
    once = tmp_path / "done"
    once.touch()
    say = ("--at", "uci", "--do", "say", "--text", r"uciok\n", "--once", str(once))
    with scripted.model(*say, options={"Hash": "8"}) as model:
        once.unlink()
        answer = ask(model, in_match(match=None))
        assert answer.failure == "crash"
        assert "declared other options" in str(answer.raw)


def test_carriage_returns_are_ignored(scripted: ScriptedEngines) -> None:
    text = "info depth 1 multipv 1 score cp 7 pv a2a3"
    with scripted.model("--end", r"\r\n", "--info", text, options={"Style of play": "very risky"}) as model:
        answer = ask(model)
        assert (answer.label, answer.value_cp, answer.failure) == ("a2a3", 7, None)


def test_ten_failures_in_a_row_end_the_work(scripted: ScriptedEngines) -> None:
    with scripted.model("--at", "go", "--do", "exit", "--code", "3") as model:
        for number in range(9):
            assert ask(model, in_match(match=str(number))).failure == "crash"
        with raises_code("uci-repeated-failure", ModelError) as caught:
            ask(model)
        assert "10 times in a row" in str(caught.value)
        assert "exited with code 3" in str(caught.value)
        assert "\n" not in str(caught.value)


def test_occasional_failures_do_not_end_the_work(scripted: ScriptedEngines) -> None:
    """The engine answers once and crashes at the next search, repeatedly."""
    with scripted.model("--at", "go", "--do", "exit", "--after", "1") as model:
        failures = [ask(model, in_match(match=str(n))).failure for n in range(24)]
    assert failures == [None, "crash"] * 12


@pytest.mark.parametrize("child", ["same", "group", "session"])
@pytest.mark.parametrize("end", ["quit", "crash", "stall", "kill"])
def test_child_processes_of_engine_are_killed(scripted: ScriptedEngines, child: str, end: str) -> None:
    """The child may ignore SIGTERM and have its own process group or session."""
    misdeed = {"quit": (), "kill": (), "crash": ("--do", "exit"), "stall": ("--do", "hang")}[end]
    ignored = ("--ignore", "term,quit,eof") if end == "kill" else ()
    model = scripted.model("--child", child, *ignored, "--at", "go", *misdeed, timeout_s=SOON_S)
    assert scripted.count(2) == 2
    ask(model)
    if end in ("crash", "stall"):
        assert scripted.left() == {}
    model.close()
    assert scripted.left() == {}


def test_forking_engine_is_killed(scripted: ScriptedEngines) -> None:
    model = scripted.model("--at", "uci", "--do", "fork", "--ignore", "term,quit,eof")
    assert ask(model).label == "a2a3"
    model.close()
    assert scripted.left() == {}


def test_engine_that_ignores_signals_is_killed(scripted: ScriptedEngines) -> None:
    model = scripted.model("--ignore", "term,quit,eof")
    began = time.monotonic()
    model.close()
    model.close()
    assert scripted.left() == {}
    assert time.monotonic() - began < 10


def test_shell_script_with_spaces_in_path_is_an_engine(scripted: ScriptedEngines, tmp_path: Path) -> None:
    folder = tmp_path / "my engines & more"
    folder.mkdir()
    script = folder / "an engine"
    words = " ".join(f"'{word}'" for word in scripted.command())
    script.write_text(f"#!/bin/sh\necho starting >&2\n{words}\n")
    script.chmod(0o755)
    quoted = str(script).replace("&", "%26")
    for target in (quoted, f"'{quoted}'"):
        model = load_model(f"uci:{target}?nodes=1&Hash=4")
        assert model.answer([in_match()], Want())[0].label == "a2a3"
        assert scripted.count(1) == 1
        model.close()
        assert scripted.left() == {}


@pytest.mark.parametrize(
    ("name", "mode", "text", "report"),
    [
        ("missing", None, "", "does not exist"),
        ("plain", 0o644, "#!/bin/sh\n", "chmod +x"),
        ("headless", 0o755, "echo", "cannot be started: Exec format error"),
        ("orphan", 0o755, "#!/no/such/shell\n", "cannot be started: No such file or directory"),
    ],
)
def test_program_that_cannot_run_is_refused(
    tmp_path: Path, name: str, mode: int | None, text: str, report: str
) -> None:
    path = tmp_path / name
    if mode is not None:
        path.write_text(text)
        path.chmod(mode)
    with pytest.raises(ModelError) as caught:
        load_model(f"uci:{path}?nodes=1")
    assert report in str(caught.value)
    assert "\n" not in str(caught.value)


def test_folder_is_refused_as_program(tmp_path: Path) -> None:
    with raises_code("uci-engine-not-found", ModelError) as caught:
        load_model(f"uci:{tmp_path}?nodes=1")
    assert "is a folder" in str(caught.value)


@pytest.mark.parametrize(
    "reference", ["uci:a\0b?nodes=1", "uci:/bin/a%00b?nodes=1", "uci:'a?nodes=1", "uci:?nodes=1"]
)
def test_unreadable_command_is_refused(reference: str) -> None:
    with raises_code("uci-invalid-command") as caught:
        load_model(reference)
    assert "\n" not in str(caught.value)


def test_too_many_open_files_are_void(scripted: ScriptedEngines) -> None:
    """The playing engine runs already; the labelling engine cannot be started until files are closed."""
    with scripted.model() as model:
        assert ask(model).failure is None
        files = []
        try:
            while True:
                files.append(os.open("/dev/null", os.O_RDONLY))
        except OSError:
            pass
        try:
            answer = ask(model, in_match(match=None))
        finally:
            for file in files:
                os.close(file)
        assert answer.failure == "void"
        assert "Too many open files" in str(answer.raw)
        assert ask(model, in_match(match=None)).label == "a2a3"


def test_concurrent_timeouts_do_not_add_up(scripted: ScriptedEngines) -> None:
    words = ("--at", "go", "--do", "hang")
    with scripted.model(*words, timeout_s=1.5, concurrency=4) as model:
        began = time.monotonic()
        answers = model.answer([in_match(match=str(n)) for n in range(4)], Want())
        assert [answer.failure for answer in answers] == ["stall"] * 4
        assert time.monotonic() - began < 5  # one after the other they would take six seconds


# -- in matches ---------------------------------------------------------------------------------------------

IN_MATCHES = [
    (("--do", "exit", "--code", "3", "--words", "} {boom"), "forfeit: crash", "exited with code 3"),
    (("--do", "flood_bytes"), "forfeit: crash", "without sending bestmove"),
    (("--do", "close_all"), "forfeit: crash", "closed its output"),
    (("--do", "hang"), "forfeit: stall", "did not send bestmove within"),
    (("--do", "say", "--text", r"bestmove e2e5\n"), "forfeit: illegal", "'e2e5' is illegal"),
    (("--do", "say", "--text", r"bestmove 0000\n"), "forfeit: illegal", "'0000' is illegal"),
    (("--do", "say", "--text", r"bestmove\n"), "forfeit: unparsable", "'' is unparsable"),
    (("--do", "say", "--text", r"bestmove \xff\x00}\n"), "forfeit: unparsable", "is unparsable"),
    (("--do", "huge_move"), "forfeit: unparsable", "characters) is unparsable"),
    (("--do", "late", "--seconds", "1.5"), "forfeit: time", "s of 1.000 s"),
]


@pytest.mark.parametrize(
    ("words", "ending", "report"), IN_MATCHES, ids=[f"{' '.join(row[0][1:])[:30]}" for row in IN_MATCHES]
)
def test_failure_forfeits_its_match_only(
    scripted: ScriptedEngines,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    words: tuple[str, ...],
    ending: str,
    report: str,
) -> None:
    monkeypatch.setattr("w2s.models.uci.engine.MAX_ANSWER_BYTES", 1 << 24)
    limits = {"tc": "1"} if ending == "forfeit: time" else {}
    options: dict[str, object] = {} if limits else {"nodes": 1}
    timeout_s = 20 if ending == "forfeit: time" else SOON_S
    bad = scripted.reference(
        "--at", "go", *words, "--once", str(tmp_path / "done"), **options, timeout_s=timeout_s
    )
    spec = ArenaSpec(
        game="chess",
        players={"bad": bad, "good": "random"},
        pairs=2,
        rules=MatchRules(max_plies=2),
        limits=ArenaLimits(**limits),
        labels=LabelPolicy(labellers="mover"),
        verify=Verification(oracles=()),
    )
    found = run(spec, tmp_path / "run")
    assert scripted.left() == {}
    assert found["endings"] == {ending: 1, "adjudicated: length": 3}
    assert found["voids"] == 0
    pgn = (tmp_path / "run" / "games.pgn").read_text()
    assert report in pgn.replace("\n", " ")
    file = io.StringIO(pgn)
    games = [game for _ in range(4) if (game := chess.pgn.read_game(file)) is not None]
    assert [game.errors for game in games] == [[]] * 4
    assert [game.headers["Result"] for game in games].count("1/2-1/2") == 3


# -- the parent goes first ----------------------------------------------------------------------------------

PARENT = """
    import sys
    from w2s.games import game
    from w2s.models import Want
    from w2s.models.uci import UciModel
    from w2s.models.uci.play import SearchSettings
    from w2s.models.uci.protocol import SearchLimits
    from w2s.tasks import MoveExample

    def main():
        model = UciModel("uci:x", sys.argv[1:], SearchSettings(SearchLimits(nodes=1)), {}, concurrency=2)
        example = MoveExample("e", game("chess").state(), match="m")
        model.answer([example], Want())
        print("playing", flush=True)
        try:
            while True:
                model.answer([example], Want())
        except KeyboardInterrupt:
            print("interrupted", flush=True)
            raise SystemExit(130)

    main()
"""


def parent_of(scripted: ScriptedEngines, *words: str) -> subprocess.Popen[str]:
    code = textwrap.dedent(PARENT)
    command = [sys.executable, "-c", code, *scripted.command(*words)]
    parent = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, process_group=0, preexec_fn=hears_ctrl_c
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == "playing\n"
    return parent


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["sigkill", "sigterm"])
def test_engines_exit_when_parent_is_killed(scripted: ScriptedEngines, number: int) -> None:
    with parent_of(scripted) as parent:
        parent.send_signal(number)
        parent.wait()
    assert scripted.left() == {}


def test_ctrl_c_ends_parent_and_engines(scripted: ScriptedEngines) -> None:
    with parent_of(scripted, "--at", "go", "--do", "hang", "--after", "3", "--ignore", "term,eof") as parent:
        time.sleep(0.3)
        os.killpg(parent.pid, signal.SIGINT)  # as a terminal does
        assert parent.wait(timeout=60) == 130
        assert parent.stdout is not None
        assert parent.stdout.read() == "interrupted\n"
    assert scripted.left() == {}


def test_process_search_finds_processes(scripted: ScriptedEngines) -> None:
    """The checks that no process is left are only valid if the search finds processes."""
    with scripted.model("--child", "group") as model:
        assert scripted.count(2) == 2
        assert processes_with(scripted.tag) == scripted.alive()
        assert ask(model).label == "a2a3"
