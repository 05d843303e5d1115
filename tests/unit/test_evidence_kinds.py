"""The registry of evidence: every kind is complete, and requests are parsed or refused by code."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.doubles.errors import raises_code
from w2s.errors import UsageError
from w2s.evidence_kinds import EVIDENCE, REQUESTS, STATES, EvidenceCost, parse_evidence, remedy

LENGTHS = SimpleNamespace(prompt=100.0, options=0.0, reply=20.0)


@pytest.mark.parametrize("name", EVIDENCE)
def test_every_kind_has_documentation_remedy_and_columns(name: str) -> None:
    kind = EVIDENCE[name]
    assert kind.name == name
    assert kind.about
    assert "\n" not in kind.about + kind.remedy
    assert kind.remedy.startswith(("label with ", "add a column "))
    assert (kind.source == "state") == (not kind.columns)


def test_requests_and_states_can_be_named_by_their_example() -> None:
    for name in [*REQUESTS, *STATES]:
        assert parse_evidence(EVIDENCE[name].example, [name]).name == name


def test_columns_of_searches_and_peers_are_found_by_pattern() -> None:
    columns = ["label", "search_nodes9_best", "peer_label_b", "peer_agrees", "search_regret", "peer_label"]
    assert EVIDENCE["search"].find_columns(columns) == ["search_nodes9_best"]
    assert EVIDENCE["peer"].find_columns(columns) == ["peer_agrees", "peer_label", "peer_label_b"]
    assert EVIDENCE["peer_label"].find_columns(columns) == ["peer_label", "peer_label_b"]


@pytest.mark.parametrize(
    ("text", "count"), [("icl", 4), ("icl:1", 1), ("samples", 8), ("samples:10000", 10_000), ("p_true", 0)]
)
def test_number_of_a_request_is_written_or_default(text: str, count: int) -> None:
    assert parse_evidence(text).count == count


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("dreams", "label-unknown-evidence", "the kinds are: icl, verbalised, p_true, samples, reward"),
        ("hidden", "label-unknown-evidence", "the kinds are"),
        ("ilc:4", "label-unknown-evidence", "did you mean icl?"),
        ("", "label-unknown-evidence", "the kinds are"),
        ("p_true:3", "label-evidence-number", "write p_true"),
        *(
            (f"samples:{bad}", "label-evidence-number", "write samples:8")
            for bad in ("", "0", "-1", "x", "10001")
        ),
        ("icl:" + "9" * 100_000, "label-evidence-number", "write icl:4"),
    ],
)
def test_invalid_requests_are_refused(text: str, code: str, said: str) -> None:
    with raises_code(code, UsageError) as caught:
        parse_evidence(text)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("text", "options", "cost"),
    [
        ("icl:2", 0.0, EvidenceCost(360.0)),
        ("verbalised", 0.0, EvidenceCost(160.0, 8)),
        ("p_true", 0.0, EvidenceCost(150.0)),
        ("samples:5", 0.0, EvidenceCost(100.0, 100.0)),
        ("samples:5", 4.0, EvidenceCost(104.0)),
        ("reward", 0.0, EvidenceCost()),
    ],
)
def test_cost_counts_tokens_read_and_generated(text: str, options: float, cost: EvidenceCost) -> None:
    lengths = SimpleNamespace(**{**vars(LENGTHS), "options": options})
    assert parse_evidence(text).cost(lengths) == cost


def test_remedy_of_any_other_column_is_to_add_it() -> None:
    assert remedy("icl") == EVIDENCE["icl"].remedy
    assert remedy("anything") == "add a column anything"
