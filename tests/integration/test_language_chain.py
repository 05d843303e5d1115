"""Chains over tiny language models, killed and resumed; and the same by hand, a command a step."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import w2s
from tests.doubles.chains import (
    language_tables,
    numbers,
    recorded_steps,
    weights,
    write_chain,
    write_questions,
)
from tests.doubles.chat import ChatReply, ChatRequest, ChatServer, completion, token
from tests.doubles.encoders import write_encoder
from tests.doubles.language import write_language_model
from tests.doubles.language_training import answers, choices, settings
from w2s.chain import estimate, load_config
from w2s.cli.app import run
from w2s.train import TrainingSet, train

pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")
pytest.importorskip("peft", reason="needs peft: pip install 'w2s[models]'")

SHORT = "score=generate&temperature=0.7&max_new_tokens=4"


@pytest.fixture(scope="module", autouse=True)
def offline() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setenv("TOKENIZERS_PARALLELISM", "false")
        yield


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random models, two that have learned to reply, and questions of both tasks."""
    folder = tmp_path_factory.mktemp("speakers")
    for seed, name in enumerate(("teacher", "student", "silent")):
        write_language_model(folder / name, seed=seed)
    write_questions(folder)
    how = settings(finetuning="full", epochs=12, learning_rate=3e-3)
    train(f"hf:{folder / 'silent'}?score=generate", choices(40), how, folder / "speaker")
    sums = answers(40)
    ones_and_twos = TrainingSet.hard(sums.examples, ["12"[i % 2] for i in range(40)])
    train(f"hf:{folder / 'silent'}", ones_and_twos, how, folder / "counter")
    return folder


def chain(place: Path, task: str, folder: Path, **overrides: Any) -> Path:
    """The file of a chain."""
    return write_chain(folder / "chain.toml", language_tables(place, task, **overrides))


CASES: dict[str, dict[str, Any]] = {
    "choice": {"rounds": 2, "evidence": ["hidden", "afterstate", "student", "icl:2", "samples:2"]},
    "answer": {
        "teacher": "hf:{place}/counter?max_new_tokens=12",
        "student": "hf:{place}/student?max_new_tokens=12",
        "evidence": ["hidden", "samples:2"],
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("task", list(CASES))
def test_chain_killed_at_random_moments_ends_with_the_same_numbers(
    place: Path, tmp_path: Path, task: str
) -> None:
    more = {
        key: value.format(place=place) if isinstance(value, str) else value
        for key, value in CASES[task].items()
    }
    setting = chain(place, task, tmp_path, **more)
    assert run(["chain", str(setting), "--out", str(tmp_path / "whole")]) == 0
    seed = int.from_bytes(os.urandom(4), "big")
    print(f"seed {seed}")  # shown where the test fails
    draw, out = random.Random(seed), tmp_path / "killed"
    words = [sys.executable, "-m", "w2s", "chain", str(setting), "--out", str(out)]
    kills = 0
    for _ in range(3):
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        for _ in range(draw.randrange(2, 7)):
            process.stderr.readline()
        time.sleep(draw.random() * 2)
        process.send_signal(signal.SIGKILL)
        process.stderr.close()
        kills += process.wait() == -signal.SIGKILL
    assert kills
    assert run(["chain", str(setting), "--out", str(out)]) == 0
    assert numbers(out) == numbers(tmp_path / "whole")
    assert weights(out) == weights(tmp_path / "whole")


@pytest.mark.slow
def test_adapter_labels_the_next_round(place: Path, tmp_path: Path) -> None:
    setting = chain(place, "choice", tmp_path, rounds=2)
    assert run(["chain", str(setting), "--out", str(tmp_path / "run")]) == 0
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    first, second = metrics["rounds"]
    student = tmp_path / "run" / "round-1" / "seed-0" / "trust-arm" / "student"
    assert first["teacher"] == [f"hf:{place / 'teacher'}"]
    assert second["teacher"] == [f"hf:{student}"]
    assert (student / "adapter_config.json").exists()
    labels = pq.read_table(tmp_path / "run" / "round-2" / "seed-0" / "labels" / "labels.parquet")
    assert set(labels.column("model").to_pylist()) == {f"hf:{student}"}
    assert set(labels.column("label").to_pylist()) <= {"A", "B"}
    assert labels.num_rows == 64


@pytest.mark.slow
def test_self_training_student_is_shown_gold(place: Path, tmp_path: Path) -> None:
    arms, evidence = ["base", "self", "trust"], ["hidden", "icl:2"]
    setting = chain(place, "choice", tmp_path, arms=arms, evidence=evidence)
    assert run(["chain", str(setting), "--out", str(tmp_path / "run")]) == 0
    (labels,) = (tmp_path / "run" / "fixed").glob("*/seed-0/self/labels/labels.parquet")
    assert pq.read_table(labels).column("icl").null_count == 0


@pytest.mark.slow
def test_model_with_shots_is_shown_gold(place: Path, tmp_path: Path) -> None:
    for name, shots in (("none", ""), ("two", "?shots=2")):
        (tmp_path / name).mkdir()
        models = {who: f"hf:{place / who}{shots}" for who in ("teacher", "student")}
        setting = chain(place, "choice", tmp_path / name, arms=["base", "trust"], **models)
        assert run(["chain", str(setting), "--out", str(tmp_path / name / "run")]) == 0
    read = [pq.read_table(tmp_path / name / "run/round-1/labels/labels.parquet") for name in ("none", "two")]
    for column in ("log_prob", "student_log_prob"):
        assert read[0].column(column).to_pylist() != read[1].column(column).to_pylist()
    student = next((tmp_path / "two/run/round-1").glob("seed-0/trust-arm/step.json"))
    assert "shots=" not in json.loads(student.read_text())["model"]


@pytest.mark.slow
def test_encoders_teach_and_learn_in_one_chain(place: Path, tmp_path: Path) -> None:
    teacher, student = write_encoder(tmp_path / "t"), write_encoder(tmp_path / "s", bare=True, seed=1)
    setting = chain(
        place, "choice", tmp_path, rounds=2, teacher=f"hf:{teacher}", student=f"hf:{student}?head=fresh"
    )
    assert run(["chain", str(setting), "--out", str(tmp_path / "run")]) == 0
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["rounds"][1]["teacher"][0].endswith("trust-arm/student")
    assert set(metrics["rounds"][1]["arms"]) == {"naive", "confidence", "trust"}


def says(heard: ChatRequest) -> ChatReply:
    """A, with a log-probability where it is asked for; drawn, B as often as the question has it."""
    unsure = sum(heard.question.encode()) % 5
    letter = "B" if heard.body.get("seed", 4) % 5 < unsure else "A"
    return completion(letter, [token(letter, -0.1 * unsure)] if "logprobs" in heard.body else None)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "function"), [({"logprobs": "true"}, "logistic"), ({}, "self_consistency")]
)
def test_endpoint_teaches_by_its_samples(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, str], function: str
) -> None:
    monkeypatch.setenv("W2S_CACHE", str(tmp_path / "cache"))
    arms = ["base", "naive", "self_consistency", "trust"]
    with ChatServer(says) as server:
        teacher = server.reference(**options)
        setting = chain(place, "choice", tmp_path, teacher=teacher, evidence=["samples:4"], arms=arms)
        words = ["chain", str(setting), "--trust", function, "--out"]
        assert run([*words, str(tmp_path / "run")]) == 0
        asked = len(server.heard)
        assert run([*words, str(tmp_path / "again")]) == 0
        assert len(server.heard) == 2 * asked
    assert numbers(tmp_path / "run") == numbers(tmp_path / "again")
    labels = pq.read_table(tmp_path / "run" / "round-1" / "labels" / "labels.parquet")
    assert set(labels.column("label").to_pylist()) == {"A"}
    for name in ("self_consistency", "predictive_entropy"):
        assert len(set(labels.column(name).to_pylist())) > 2
    scores = pq.read_table(tmp_path / "run" / "round-1" / "seed-0" / "trust" / "scores.parquet")
    assert len(set(scores.column("trust").to_pylist())) > 2
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert set(metrics["rounds"][0]["arms"]) == {"naive", "self_consistency", "trust"}


@pytest.mark.slow
def test_labels_without_an_answer_are_left_out_and_counted(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    setting = chain(place, "choice", tmp_path, teacher=f"hf:{place / 'speaker'}?{SHORT}")
    assert run(["chain", str(setting), "--out", str(tmp_path / "run")]) == 0
    said = capsys.readouterr().err
    labels = pq.read_table(tmp_path / "run" / "round-1" / "labels" / "labels.parquet").to_pylist()
    empty = {row["id"] for row in labels if row["label"] is None}
    assert empty
    assert f"round 1 of 1: {len(empty)} examples are left out because their labels have no answer" in said
    roles = pq.read_table(tmp_path / "run" / "splits.parquet").to_pylist()
    pool = {row["id"] for row in roles if row["role"] == "pool"}
    scores = pq.read_table(tmp_path / "run" / "round-1" / "seed-0" / "trust" / "scores.parquet")
    assert not empty & set(scores.column("id").to_pylist())
    naive = json.loads((tmp_path / "run" / "metrics.json").read_text())["rounds"][0]["arms"]["naive"]
    assert naive["rows"]["mean"] == len(pool - empty)


@pytest.mark.slow
@pytest.mark.parametrize("prompt", ["", "?prompt=move-legal-san"])
def test_trust_fitted_on_choices_scores_chess_labels_of_the_same_teacher(
    place: Path, tmp_path: Path, prompt: str
) -> None:
    draw, lines = random.Random(1), []
    while len(lines) < 40:
        state = w2s.game("chess").state()
        for _ in range(draw.randrange(8, 20)):
            state = state.play(draw.choice(state.legal_moves()))
        moves = state.legal_moves()
        if len(moves) > 1:
            after = state.play(moves[0])
            if after.outcome() is None:
                lines.append(f"{state.position},{moves[0]} {draw.choice(after.legal_moves())},900")
    (tmp_path / "puzzles.csv").write_text("\n".join(lines) + "\n")
    words = ["chain", "--regime", "ood_domain", "--gold-task", "choice", "--out", str(tmp_path / "run")]
    words += ["--gold-examples", str(place / "choice.jsonl"), "--examples", str(tmp_path / "puzzles.csv")]
    words += ["--teacher", f"hf:{place / 'teacher'}{prompt}", "--student", f"hf:{place / 'student'}{prompt}"]
    words += [
        "--gold-rows",
        "32",
        "--pool-rows",
        "20",
        "--test-rows",
        "10",
        "--rounds",
        "1",
        "--trust",
        "logistic",
    ]
    base = tmp_path / "base.toml"
    base.write_text('evidence = ["hidden"]\n[train]\nepochs = 1\n[stop]\ncollapse = false\n')
    words += ["--arm", "base", "--arm", "naive", "--arm", "gold", "--arm", "trust"]
    assert run([words[0], str(base), *words[1:]]) == 0
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["regime"]["gold_task"] == "choice"
    assert "gold" not in metrics
    assert set(metrics["rounds"][0]["arms"]) == {"naive", "trust"}
    settings = json.loads((tmp_path / "run/round-1/seed-0/trust/trust.json").read_text())
    assert "hidden" in json.dumps(settings)
    planned = estimate(load_config(resume=tmp_path / "run"), None)["steps"]
    assert {folder for step in planned for folder in step["folders"]} == recorded_steps(tmp_path / "run")
    gold = pq.read_table(tmp_path / "run/round-1/gold-labels/labels.parquet")
    assert set(gold.column("task").to_pylist()) == {"choice"}
    assert all(name.startswith("choice:") for name in gold.column("id").to_pylist())


@pytest.mark.slow
@pytest.mark.parametrize("task", ["choice", "answer"])
def test_commands_lead_from_questions_to_a_student(
    place: Path, tmp_path: Path, task: str, capsys: pytest.CaptureFixture[str]
) -> None:
    source = str(place / f"{task}.jsonl")
    teacher = f"hf:{place / 'teacher'}" if task == "choice" else f"hf:{place / 'counter'}?max_new_tokens=12"
    labels, scored, kept = (str(tmp_path / f"{name}.parquet") for name in ("labels", "scored", "kept"))

    def typed(*words: str) -> dict[str, Any]:
        assert run([*words, "--json"]) == 0
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    label = ["label", source, "--task", task, "--model", teacher, "--hidden", "--evidence", "samples:2"]
    made = typed(*label, "--out", labels)
    assert made["labels"] + made["unanswered"] == 90
    fit = ["trust", "fit", labels, "--gold", "correct", "--function", "logistic", "--features", "hidden"]
    assert typed(*fit, "--folds", "2", "--out", str(tmp_path / "trust"))["gold_rows"] == made["known"]
    assert typed("trust", "score", labels, "--function", str(tmp_path / "trust"), "--out", scored)["rows"]
    assert run(["filter", scored, "--score", "trust", "--top", "25%", "--out", kept]) == 0
    capsys.readouterr()
    rows = pq.read_table(kept)
    assert {"question", "label", "raw", "trust"} <= set(rows.column_names)
    student = ["--student", f"hf:{place / 'student'}", "--finetuning", "lora", "--rank", "4", "--epochs", "1"]
    learned = typed("train", kept, *student, "--weight-column", "trust", "--out", str(tmp_path / "student"))
    assert learned["rows"] == rows.num_rows == 23
    asked = ["eval", source, "--task", task, "--limit", "20", "--model"]
    short = "?max_new_tokens=12" if task == "answer" else ""
    learner = str(tmp_path / "student") if task == "choice" else f"hf:{tmp_path / 'student'}{short}"
    found = typed(*asked, learner, "--model", f"hf:{place / 'student'}{short}")
    assert found["examples"] == 20
    assert len(found["models"]) == 2
