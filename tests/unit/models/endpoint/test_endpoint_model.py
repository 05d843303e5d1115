"""An endpoint as a model, against a real server on loopback."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.doubles.chat import ChatServer, Heard, Said, completion, plays, token
from tests.doubles.errors import raises_code
from tests.unit.models.endpoint.doubles import ask, choice, letters, model, number_of
from w2s.errors import DataError, ModelError, UsageError
from w2s.games import game
from w2s.models import Answer, Want, load_model
from w2s.models.endpoint import cache as cache_file
from w2s.models.endpoint.connection import Connection
from w2s.tasks import MoveExample
from w2s.tasks.answer import AnswerExample


def test_all_three_kinds_of_example_are_answered_by_their_prompts() -> None:
    said = {"Question": "The answer is B.", "apples": r"So \boxed{7}", "position": "I play e4."}
    with ChatServer(lambda heard: next(s for word, s in said.items() if word in heard.question)) as server:
        examples = [
            choice(1),
            AnswerExample("a", "How many apples?"),
            MoveExample("m", game("chess").state()),
        ]
        answers = ask(server, examples, concurrency=1)
    assert [answer.label for answer in answers] == ["B", "7", "e2e4"]
    assert [answer.raw for answer in answers] == list(said.values())
    assert all(answer.failure is None and answer.seconds > 0 for answer in answers)
    assert [heard.path for heard in server.heard] == ["/v1/chat/completions"] * 3
    body = server.heard[0].body
    assert (body["model"], body["temperature"], body["max_tokens"]) == ("small", 0.0, 1024)
    assert "seed" not in body
    assert "logprobs" not in body
    assert "A. one" in body["messages"][0]["content"]


def test_solved_examples_are_turns_in_front_of_every_question_but_their_own() -> None:
    solved = [(replace(choice(number), gold=("C",)), "C") for number in (1, 2, 3)]
    with ChatServer(letters) as server, model(server, shots=2, cache="off", concurrency=1) as asked:
        with pytest.raises(UsageError) as caught:
            asked.answer([choice(1)], Want())
        assert "--gold FILE" in str(caught.value)
        asked.show(solved)
        asked.answer([choice(number) for number in range(6)], Want())
    for heard in server.heard:
        *shown, question = heard.body["messages"]
        assert [turn["role"] for turn in shown] == ["user", "assistant"] * 2
        assert [turn["content"] for turn in shown[1::2]] == ["C", "C"]
        assert question not in shown
    assert len(server.heard) == 6
    orders = set()
    for seed in range(8):
        with ChatServer(letters) as server, model(server, shots=2, cache="off", seed=seed) as asked:
            asked.show(solved)
            asked.answer([choice(0)], Want())
        orders.add(str(server.heard[0].body["messages"]))
    assert len(orders) > 2


@pytest.mark.parametrize("concurrency", [1, 3, 16])
def test_answers_come_in_the_order_asked_whatever_comes_back_first(concurrency: int) -> None:
    def slow_first(heard: Heard) -> str:
        time.sleep(0.02 * (number_of(heard) % 4 == 0))
        return letters(heard)

    with ChatServer(slow_first) as server:
        answers = ask(server, [choice(n) for n in range(24)], concurrency=concurrency, cache="off")
    assert [answer.label for answer in answers] == ["ABC"[n % 3] for n in range(24)]
    assert len({heard.line for heard in server.heard}) <= concurrency


def test_as_many_requests_as_allowed_are_under_way_at_once() -> None:
    together = threading.Barrier(4)

    def wait_for_the_others(heard: Heard) -> str:
        together.wait(10)
        return letters(heard)

    with ChatServer(wait_for_the_others) as server:
        answers = ask(server, [choice(n) for n in range(8)], concurrency=4)
    assert [answer.failure for answer in answers] == [None] * 8


def test_connections_are_used_again_across_calls() -> None:
    with ChatServer(letters) as server, model(server, concurrency=1) as asked:
        for number in range(5):
            asked.answer([choice(number)], Want())
    assert len({heard.line for heard in server.heard}) == 1


def test_a_connection_that_the_server_dropped_is_opened_again_without_a_retry() -> None:
    def and_hang_up(heard: Heard) -> Said:
        return Said(completion(letters(heard)).body, headers={"Connection": "close"})

    with ChatServer(and_hang_up) as server, model(server, concurrency=1, retries=0) as asked:
        found = [asked.answer([choice(number)], Want())[0] for number in range(4)]
    assert [answer.label for answer in found] == ["A", "B", "C", "A"]
    assert len({heard.line for heard in server.heard}) == 4


@pytest.mark.parametrize("is_seen", [True, False])
def test_an_idle_connection_that_died_costs_nothing(is_seen: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not is_seen:  # it dies between our look at it and the request
        monkeypatch.setattr(Connection, "is_fresh", lambda self: True)

    def quietly_hang_up(heard: Heard) -> object:
        def say(handler: object) -> None:
            handler._say(completion(letters(heard)))  # type: ignore[attr-defined]
            handler.close_connection = True  # type: ignore[attr-defined]

        return say

    with ChatServer(quietly_hang_up) as server, model(server, concurrency=1, retries=0) as asked:  # type: ignore[arg-type]
        for number in range(4):
            (answer,) = asked.answer([choice(number)], Want())
            assert answer.label == "ABC"[number % 3]
            time.sleep(0.05)


def test_equal_questions_in_a_batch_are_asked_once() -> None:
    with ChatServer(lambda heard: "B") as server:
        answers = ask(server, [choice(1)] * 10, cache="off")
    assert [answer.label for answer in answers] == ["B"] * 10
    assert len(server.heard) == 1


def test_what_was_paid_for_is_not_asked_again_by_another_model(cache: Path) -> None:
    with ChatServer(letters) as server:
        first = ask(server, [choice(n) for n in range(6)])
        assert len(server.heard) == 6
        again = ask(server, [choice(n) for n in range(8)])
        assert [answer.label for answer in again[:6]] == [answer.label for answer in first]
        assert len(server.heard) == 8
        ask(server, [choice(0)], max_tokens=5)
        ask(server, [choice(0)], temperature=1)
        ask(server, [choice(0)], temperature=1, seed=1)
        assert len(server.heard) == 11
        ask(server, [choice(0)], cache="off")
        assert len(server.heard) == 12
    assert len(list(cache.iterdir())) == 1


def test_failures_are_not_kept(cache: Path) -> None:
    bad = [Said(b"{", 200), Said(b"", 400)]
    with ChatServer(lambda heard: bad.pop() if bad else "B") as server:
        assert [ask(server, [choice(1)])[0].failure for _ in range(3)] == ["reply", "reply", None]
        assert len(server.heard) == 3


RUN = """
import sys
from w2s.models import Want, load_model
from w2s.tasks.choice import ChoiceExample
examples = [ChoiceExample(str(n), f"Question {n}?", ("one", "two", "three")) for n in range(30)]
model = load_model(sys.argv[1])
print(*(answer.label for answer in model.answer(examples, Want())))
model.close()
"""


def test_a_killed_run_pays_nothing_twice(tmp_path: Path) -> None:
    victim: list[subprocess.Popen[str]] = []

    def kill_in_the_middle(heard: Heard) -> str:
        if len(server.heard) == 15 and victim:
            os.kill(victim.pop().pid, signal.SIGKILL)
            time.sleep(0.2)
        return letters(heard)

    def start() -> subprocess.Popen[str]:
        command = [sys.executable, "-c", RUN, server.reference(concurrency=1, cache=tmp_path / "c")]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    with ChatServer(kill_in_the_middle) as server:
        victim.append(start())
        with victim[0] as killed:
            assert killed.wait(60) == -signal.SIGKILL
        paid = len(server.heard)
        assert paid == 15
        with start() as second:
            labels = second.communicate(timeout=60)[0].split()
    assert labels == ["ABC"[n % 3] for n in range(30)]
    answered_before = [number_of(heard) for heard in server.heard[: paid - 1]]
    asked_after = [number_of(heard) for heard in server.heard[paid:]]
    assert sorted(answered_before + asked_after) == list(range(30))


def test_samples_are_further_labels_drawn_with_seeds_of_their_own() -> None:
    def drawn(heard: Heard) -> str:
        return "ABC?"[heard.body["seed"] % 4]

    want = Want(evidence=True)
    with ChatServer(drawn) as server:
        (answer,) = ask(server, [choice(1)], want, temperature=0.7, samples=8)
        seeds = [heard.body["seed"] for heard in server.heard]
        assert len(set(seeds)) == 9
        assert all(0 <= seed < 2**31 for seed in seeds)
        assert len(answer.samples) == 8
        assert set(answer.samples) <= {"A", "B", "C", "?"}
        assert ask(server, [choice(1)], want, temperature=0.7, samples=8)[0].samples == answer.samples
        assert len(server.heard) == 9
        again = ask(server, [choice(2), choice(1)], want, temperature=0.7, samples=8, cache="off")[1]
        assert (again.label, again.samples) == (answer.label, answer.samples)
        asked = len(server.heard)
        (plain,) = ask(server, [choice(1)], Want(), temperature=0.7, samples=8, cache="off")
        assert (plain.samples, len(server.heard)) == ((), asked + 1)
        other = ask(server, [choice(1)], want, temperature=0.7, samples=8, seed=5)
        assert other[0].samples != answer.samples or other[0].label != answer.label


def test_a_sample_that_failed_is_left_out() -> None:
    seen: list[int] = []

    def every_other(heard: Heard) -> str | Said:
        seen.append(1)
        return "B" if len(seen) % 2 else Said(b"nothing")

    with ChatServer(every_other) as server:
        (answer,) = ask(server, [choice(1)], Want(evidence=True), temperature=1, samples=6, concurrency=1)
    assert (answer.label, answer.samples) == ("B", ("B",) * 3)


def test_two_matches_from_one_position_do_not_replay_one_game() -> None:
    state = game("chess").state()
    examples = [
        MoveExample("x", state, match="1"),
        MoveExample("x", state, match="2"),
        MoveExample("x", state, match="1", attempt=1),
        MoveExample("x", state),
        MoveExample("y", state, match="1"),
    ]
    with ChatServer(plays) as server:
        ask(server, list(examples), temperature=1)
        assert len({heard.body["seed"] for heard in server.heard}) == len(server.heard) == 4
        server.heard.clear()
        ask(server, list(examples), temperature=0)
        assert len(server.heard) == 1


def test_log_probabilities_become_evidence() -> None:
    tokens = [token("B", -0.2, A=-2.0, C=-4.0)]
    with ChatServer(lambda heard: completion("B", tokens)) as server:
        (answer,) = ask(server, [choice(1)], Want(evidence=True), logprobs="true")
        assert (server.heard[0].body["logprobs"], server.heard[0].body["top_logprobs"]) == (True, 20)
        assert (answer.log_prob, answer.n_options) == (-0.2, 3)
        assert answer.margin == pytest.approx(0.7028, abs=1e-3)
        assert answer.entropy is not None
        assert ask(server, [choice(1)], Want(evidence=True), logprobs="true")[0] == Answer(
            **{**{n: getattr(answer, n) for n in Answer.__slots__}, "seconds": pytest.approx(0, abs=1)}
        )
        assert len(server.heard) == 1
        (plain,) = ask(server, [choice(1)], Want(), logprobs="true")
        assert (plain.log_prob, plain.margin, plain.entropy, plain.n_options) == (None,) * 4


@pytest.mark.parametrize("status", [400, 422])
def test_a_server_that_refuses_log_probabilities_is_asked_without(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    def refuses(heard: Heard) -> str | Said:
        return Said(b'{"detail": "logprobs"}', status) if "logprobs" in heard.body else letters(heard)

    with ChatServer(refuses) as server, caplog.at_level(logging.WARNING):
        examples = [choice(n) for n in range(6)]
        answers = ask(server, list(examples), Want(evidence=True), logprobs="true", concurrency=1)
    assert [answer.label for answer in answers] == ["ABC"[n % 3] for n in range(6)]
    assert {(answer.log_prob, answer.margin, answer.n_options) for answer in answers} == {(None, None, 3)}
    assert len(server.heard) == 7
    assert [record.message for record in caplog.records] == [
        f"http://127.0.0.1:{server.port}/v1#small refuses log-probabilities: labels have no evidence from "
        "them"
    ]


def test_a_server_that_leaves_log_probabilities_out_is_noted_once(caplog: pytest.LogCaptureFixture) -> None:
    with ChatServer(letters) as server, caplog.at_level(logging.WARNING):
        answers = ask(server, [choice(n) for n in range(6)], Want(evidence=True), logprobs="true")
    assert {answer.log_prob for answer in answers} == {None}
    assert ["gives no log-probabilities" in record.message for record in caplog.records] == [True]


def test_a_bad_request_with_log_probabilities_is_still_a_failure() -> None:
    with ChatServer(lambda heard: Said(b'{"error": {"message": "too long"}}', 400)) as server:
        (answer,) = ask(server, [choice(1)], logprobs="true")
    assert (answer.failure, answer.raw) == ("reply", "the server says 400: too long")
    assert len(server.heard) == 2


def test_an_illegal_reply_stands_as_it_is_and_rejected_moves_are_told() -> None:
    state = game("chess").state()
    with ChatServer(lambda heard: " Ke2 is my move,\nI am sure ") as server:
        (answer,) = ask(server, [MoveExample("m", state, attempt=1, rejected=("Ke3", "Qh5"))])
        assert (answer.label, answer.failure) == ("Ke2 is my move,\nI am sure", None)
        assert "These moves are not legal: Ke3, Qh5" in server.heard[0].question
        (masked,) = ask(server, [MoveExample("m", state)], Want(mask=True))
        assert (masked.label, masked.failure, masked.raw) == ("", "reply", " Ke2 is my move,\nI am sure ")
        (unread,) = ask(server, [choice(1)], Want(mask=True))
        assert (unread.label, unread.failure) == ("", "reply")


def test_a_long_reply_is_kept_in_part() -> None:
    with ChatServer(lambda heard: "x" * 100_000) as server:
        (answer,) = ask(server, [choice(1)])
    assert (len(answer.label), len(answer.raw or "")) == (200, 8000)


def test_a_move_outside_of_only_is_no_label() -> None:
    example = MoveExample("m", game("chess").state(), only=("a2a3", "h2h3"))
    with ChatServer(lambda heard: "e4") as server:
        (answer,) = ask(server, [example], Want(mask=True))
        assert answer.failure == "reply"
        assert server.heard[0].question.endswith("Answer with one of these moves: a2a3, h2h3")


def test_hidden_states_are_refused_before_anything_is_asked() -> None:
    with ChatServer(letters) as server:
        for want in (Want(hidden=True), Want(afterstate=True)):
            with raises_code("model-no-hidden-states", UsageError) as caught:
                ask(server, [choice(1)], want)
            assert "\n" not in str(caught.value)
    assert server.heard == []


def test_only_temperature_0_with_a_cache_is_deterministic() -> None:
    with ChatServer(letters) as server:
        for options, is_so in (
            ({}, True),
            ({"cache": "off"}, False),
            ({"temperature": 0.5}, False),
            ({"temperature": 0.5, "cache": "off"}, False),
        ):
            with model(server, **options) as asked:
                assert asked.deterministic is is_so


def test_with_a_cache_an_answer_stays_although_the_server_changes_its_mind() -> None:
    said = list("ABC")
    with ChatServer(lambda heard: said.pop()) as server:
        assert [ask(server, [choice(1)])[0].label for _ in range(3)] == ["C", "C", "C"]
        assert [ask(server, [choice(1)], cache="off")[0].label for _ in range(2)] == ["B", "A"]


def test_a_prompt_of_ones_own_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "mine.jinja"
    path.write_text("Say {{ options[0][0] }} to: {{ question }}\n---\n{{ label }}\n", encoding="utf-8")
    with ChatServer(lambda heard: "A") as server:
        ask(server, [choice(1)], prompt=path)
    assert server.heard[0].question == "Say A to: Question 1?"


def test_a_rate_limit_spaces_requests() -> None:
    with ChatServer(letters) as server:
        begin = time.monotonic()
        ask(server, [choice(n) for n in range(6)], rpm=600)
        assert 0.5 <= time.monotonic() - begin < 3


def test_out_of_reach_is_void_and_many_times_in_a_row_an_error() -> None:
    with ChatServer(letters) as server:
        port = server.port
    asked = load_model(f"openai:http://127.0.0.1:{port}/v1#m?retries=0&concurrency=1")
    answers = asked.answer([choice(n) for n in range(7)], Want())
    assert {answer.failure for answer in answers} == {"void"}
    assert "out of reach" in (answers[0].raw or "")
    with raises_code("endpoint-unavailable", ModelError) as caught:
        asked.answer([choice(8)], Want())
    assert "8 times in a row" in str(caught.value)
    assert f"127.0.0.1:{port}" in str(caught.value)
    asked.close()


@pytest.mark.parametrize(
    ("status", "remedy"), [(401, "set W2S_API_KEY"), (403, "W2S_API_KEY"), (404, "/models")]
)
def test_a_wrong_key_or_model_ends_the_run_with_the_remedy(status: int, remedy: str) -> None:
    with ChatServer(lambda heard: Said(b"no", status)) as server:
        (answer,) = ask(server, [choice(1)])
        assert answer.failure == "void"
        assert len(server.heard) == 1
        with raises_code("endpoint-unavailable", ModelError) as caught:
            ask(server, [choice(n) for n in range(100)], concurrency=2)
        assert remedy in str(caught.value)
        assert len(server.heard) < 20


def test_a_full_disk_is_an_error_and_not_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    with ChatServer(letters) as server, model(server) as asked:
        monkeypatch.setattr(cache_file.os, "write", lambda file, line: 3)
        with raises_code("endpoint-cache-write-failed", DataError) as caught:
            asked.answer([choice(1)], Want())
        assert "the disk is full" in str(caught.value)
        assert "cache=off" in str(caught.value)


def test_a_closed_model_lets_go_of_what_is_under_way() -> None:
    answers: list[Answer] = []
    hangs, go_on = threading.Event(), threading.Event()

    def hang(heard: Heard) -> str:
        hangs.set()
        go_on.wait(20)
        return "B"

    with ChatServer(hang) as server:
        asked = model(server)
        begin = time.monotonic()
        thread = threading.Thread(target=lambda: answers.extend(asked.answer([choice(1)], Want())))
        thread.start()
        assert hangs.wait(10)
        asked.close()
        asked.close()
        thread.join(10)
        go_on.set()
    assert time.monotonic() - begin < 10
    assert answers[0].failure in {"crash", "void"}
