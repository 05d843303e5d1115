"""An endpoint in the commands arena, label and eval."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.doubles.chat import ChatReply, ChatRequest, ChatServer, plays
from w2s.cli.app import run


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the files, the key or the cache of the user who runs it."""
    monkeypatch.chdir(tmp_path)
    for name in ("W2S_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def arena(server: ChatServer, out: str, *options: str, pairs: int = 1) -> list[str]:
    teacher = ["--teacher", server.reference(), "--student", "search:depth=1"]
    short = ["--pairs", str(pairs), "--max-plies", "24", "--oracle", "search:depth=1", "--json"]
    return ["arena", "--game", "chess", *teacher, *short, "--out", out, *options]


def test_arena_retries_illegal_replies_of_an_endpoint(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def slips_first(heard: ChatRequest) -> str:
        return f"My move: {plays(heard)}!" if "not legal" in heard.question else "Ke9, what else?"

    with ChatServer(slips_first) as server:
        assert run(arena(server, "r", "--illegal", "retry:3")) == 0
        result = json.loads(capsys.readouterr().out)
        table = pq.read_table("r/labels.parquet").to_pylist()
        played = [row for row in table if row["player"] == "teacher" and row["played"]]
        assert len(played) >= 14
        assert all(row["legal"] and row["raw"].startswith("My move: ") for row in played)
        assert {tuple(row["rejected"]) for row in played} == {("Ke9, what else?",)}
        assert sum(result["endings"].values()) == 2
        asked = len(server.heard)
        assert run(arena(server, "again", "--illegal", "retry:3")) == 0
        assert len(server.heard) == 2 * asked
    assert Path("r/games.pgn").read_text() == Path("again/games.pgn").read_text()


def test_unusable_reply_forfeits_its_match_and_run_continues(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def breaks_now_and_then(heard: ChatRequest) -> str | ChatReply:
        return ChatReply(b'{"choices": nothing') if len(server.heard) % 9 == 0 else plays(heard)

    with ChatServer(breaks_now_and_then) as server:
        assert run(arena(server, "r", "--illegal", "retry:3", pairs=3)) == 0
    result = json.loads(capsys.readouterr().out)
    table = pq.read_table("r/labels.parquet").to_pylist()
    failed = [row for row in table if row["failure"]]
    played = {(row["match"], row["ply"]) for row in table if row["played"]}
    lost = [row for row in failed if (row["match"], row["ply"]) not in played]
    assert lost
    assert result["endings"]["forfeit: unparsable"] == len(lost)
    assert {row["failure"] for row in failed} == {"reply"}
    assert {(row["verdict"], row["correct"]) for row in failed} == {("unparsable", None)}
    assert result["verdicts"]["teacher"]["unparsable"] == len(failed)
    assert {row["raw"] for row in failed} == {"the reply is not JSON"}


def test_eval_uses_gold_as_few_shot_examples(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, numbers in (("test", range(4)), ("gold", range(4, 9))):
        rows = [{"id": f"s{n}", "question": f"{n}+1?", "answer": str(n + 1)} for n in numbers]
        Path(f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))

    def counts(heard: ChatRequest) -> str:
        shown = len(heard.body["messages"]) // 2
        return str(int(heard.question.partition("+")[0][-1]) + (1 if shown == 3 else 0))

    with ChatServer(counts) as server:
        name = server.reference(cache="off", shots=3)
        asked = ["eval", "test.jsonl", "--task", "answer", "--model", name, "--json"]
        assert run(asked) == 2
        assert "[model-too-few-shots]" in capsys.readouterr().err
        assert run([*asked, "--few-shot", "gold.jsonl"]) == 0
    assert json.loads(capsys.readouterr().out)["models"][0]["accuracy"]["value"] == 1.0


PUZZLES = """\
PuzzleId,FEN,Moves,Rating
a,7k/5ppp/8/8/8/8/8/R3K3 b - - 0 1,h8g8 a1a8,600
b,6k1/5ppp/8/8/8/8/1q6/R3K3 b - - 0 1,b2b7 a1a7,1200
c,6k1/5ppp/8/8/8/8/8/RR2K3 b - - 0 1,h7h6 a1a8,700
"""


def test_label_asks_again_in_another_run_and_eval_counts_failures(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("puzzles.csv").write_text(PUZZLES, encoding="utf-8")
    with ChatServer(lambda heard: "It is Ra8.") as server:
        label = ["label", "puzzles.csv", "--model", server.reference(), "--out", "labels.parquet", "--json"]
        assert run(label) == 0
        assert json.loads(capsys.readouterr().out)["correct"] == 2
        rows = pq.read_table("labels.parquet").to_pylist()
        assert [(row["label"], row["raw"]) for row in rows] == [("a1a8", "It is Ra8.")] * 3
        server.script = lambda heard: "It is Rb8."
        assert run([*label, "--overwrite"]) == 0
        assert len(server.heard) == 6
        rows = pq.read_table("labels.parquet").to_pylist()
        assert [row["raw"] for row in rows] == ["It is Rb8."] * 3
        assert run([*label, "--overwrite", "--hidden"]) == 2
        assert "[model-no-hidden-states]" in capsys.readouterr().err
        server.script = lambda heard: "I resign"
        assert run(["eval", "puzzles.csv", "--model", server.reference(cache="off"), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["models"][0]["failures"] == 3


def test_interrupted_eval_continues_and_a_finished_one_leaves_nothing(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    Path("puzzles.csv").write_text(PUZZLES, encoding="utf-8")
    with ChatServer(lambda heard: ChatReply(b"", 401) if len(server.heard) > 2 else "It is Ra8.") as server:
        words = ["eval", "puzzles.csv", "--model", server.reference(concurrency=1), "--json"]
        assert run(words) == 0
        assert json.loads(capsys.readouterr().out)["models"][0]["failures"] == 1
        assert [path.name for path in Path().iterdir()] == ["puzzles.csv"]
        server.heard.clear()
        many = "".join(f"x{n},7k/5ppp/8/8/8/8/8/R3K3 b - - {n} {n + 1},h8g8 a1a8,600\n" for n in range(20))
        Path("puzzles.csv").write_text(PUZZLES + many, encoding="utf-8")
        assert run(words) == 4
        capsys.readouterr()
        server.heard.clear()
        server.script = lambda heard: "It is Ra8."
        assert run(words) == 0
        assert len(server.heard) == 20  # two positions have the same request
        assert "2 of 22 replies came from the cache .w2s-eval-" in caplog.text
        assert [path.name for path in Path().iterdir()] == ["puzzles.csv"]
