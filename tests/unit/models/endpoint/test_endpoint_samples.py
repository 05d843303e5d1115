"""Samples of an endpoint, asked for beside its labels: drawn, paid for once, and worth what was said."""

from __future__ import annotations

import pytest

from tests.doubles.chat import ChatServer, Heard, Said, plays
from tests.doubles.errors import raises_code
from tests.unit.models.endpoint.doubles import ask, choice, model
from w2s.errors import ModelError
from w2s.games import game
from w2s.models import Samples, Want
from w2s.tasks import MoveExample
from w2s.tasks.answer import AnswerExample

OVER = "rnb1kbnr/pppp1ppp/8/4p3/6Pq/5P2/PPPPP2P/RNBQKBNR w KQkq - 1 3"


def drawn(heard: Heard) -> str:
    """One of three letters, as the seed has it."""
    return "ABC"[heard.body["seed"] % 3]


@pytest.mark.parametrize(("options", "temperature"), [({}, 1.0), ({"temperature": 0.7}, 0.7)])
def test_every_kind_of_example_is_sampled_at_the_temperature_of_the_reference_or_at_one(
    options: dict[str, object], temperature: float
) -> None:
    def script(heard: Heard) -> str:
        if "position" in heard.question:
            return plays(heard)
        return "The answer is B." if "Question" in heard.question else r"So \boxed{7}"

    examples = [choice(1), AnswerExample("a", "How many?"), MoveExample("m", game("chess").state())]
    with ChatServer(script) as server, model(server, **options) as asked:
        assert isinstance(asked, Samples)
        letters, numbers, moves = asked.sample(examples, 4)
        assert {heard.body["temperature"] for heard in server.heard} == {temperature}
        assert len({heard.body["seed"] for heard in server.heard}) == len(server.heard) == 12
    assert (letters, numbers) == (("B",) * 4, ("7",) * 4)
    assert len(moves) == 4
    assert set(moves) < set(game("chess").state().legal_moves())


def test_a_sample_is_paid_for_once_by_whichever_way_it_is_asked_for() -> None:
    want = Want(evidence=True)
    with ChatServer(drawn) as server:
        (answer,) = ask(server, [choice(1)], want, temperature=0.7, samples=4)
        assert len(server.heard) == 5
        with model(server, temperature=0.7) as asked:
            assert asked.sample([choice(1)], 4) == [answer.samples]
            assert len(server.heard) == 5
            (six,) = asked.sample([choice(1)], 6)
        assert (len(six), six[:4], len(server.heard)) == (6, answer.samples, 7)
        assert ask(server, [choice(1)], want, temperature=0.7)[0].label == answer.label
        assert len(server.heard) == 7


def test_samples_do_not_depend_on_what_else_is_asked() -> None:
    examples = [choice(number) for number in range(5)]
    with ChatServer(drawn) as server:
        with model(server, cache="off", concurrency=16) as asked:
            found = asked.sample(examples, 8)
        with model(server, cache="off", concurrency=1) as asked:
            assert asked.sample(examples[::-1], 8)[::-1] == found
        with model(server, cache="off", seed=1) as asked:
            assert asked.sample(examples, 8) != found
    assert len(set(found)) > 1


def test_a_reply_without_a_label_stands_as_it_is_and_one_that_failed_is_left_out() -> None:
    said = ["B", " no idea ", Said(b"{"), Said(b"", 400), "", "x" * 10_000]
    server = ChatServer(lambda heard: said[len(server.heard) - 1])
    with server, model(server, concurrency=1) as asked:
        assert asked.sample([choice(1)], 6) == [("B", "no idea", "", "x" * 200)]


def test_where_no_sample_comes_there_is_none_and_the_others_come() -> None:
    server = ChatServer(lambda heard: Said(b"[]") if "Question 1" in heard.question else "C")
    with server, model(server) as asked:
        assert asked.sample([choice(0), choice(1), choice(2)], 3) == [("C",) * 3, (), ("C",) * 3]


def test_a_game_that_is_over_costs_nothing() -> None:
    with ChatServer(drawn) as server, model(server) as asked:
        assert asked.sample([MoveExample("m", game("chess").state(OVER))], 4) == [()]
        assert not server.heard


def test_an_endpoint_that_refuses_us_ends_the_sampling() -> None:
    with ChatServer(lambda heard: Said(b"", 401)) as server, model(server, concurrency=1) as asked:
        with raises_code("endpoint-unavailable", ModelError) as caught:
            asked.sample([choice(number) for number in range(50)], 8)
        assert "8 times in a row" in str(caught.value)
        assert "the server says 401" in str(caught.value)
        assert len(server.heard) < 20
