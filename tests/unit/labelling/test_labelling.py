"""Labels of a file: what each row says, resuming, and what is refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import w2s
from tests.doubles.errors import raises_code
from w2s.errors import DataError, ModelError, UsageError
from w2s.evidence import read_labels
from w2s.labelling import Request, compare, files, joining, label_batch, label_file
from w2s.labelling.oracles import column_name, load_by_column
from w2s.labelling.student import as_judge
from w2s.models import Answer, Want, load_model
from w2s.tasks import MoveExample, read_examples

MATES = "6k1/5ppp/8/8/8/8/8/RR2K3 w - - 0 1"


class Net:
    """A double that answers the first legal move and sees every label as a vector of its own numbers."""

    tasks = ("move",)
    slots = None
    deterministic = True

    def __init__(self, reference: str = "net", dies_after: int | None = None) -> None:
        self.reference = reference
        self.asked = 0
        self._left = dies_after

    def answer(self, examples: Sequence[MoveExample], want: Want) -> list[Answer]:
        if self._left is not None:
            if self._left < len(examples):
                raise KeyboardInterrupt
            self._left -= len(examples)
        self.asked += len(examples)
        return [self._answer(example, want) for example in examples]

    def _answer(self, example: MoveExample, want: Want) -> Answer:
        answer = Answer(example.state.legal_moves()[0], log_prob=-0.5, margin=0.25, entropy=1.0, n_options=20)
        if want.hidden:
            answer.hidden = np.array([example.state.ply, 2.0], np.float16)
        if want.afterstate:
            answer.afterstate = np.array([3.0], np.float16)
        return answer

    def judge(self, examples: Sequence[MoveExample], labels: Sequence[str]) -> list[Answer]:
        seen = []
        for example, label in zip(examples, labels, strict=True):
            answer = Answer(label)
            if example.state.read(label)[0] is not None:
                answer = Answer(label, log_prob=-2.0, margin=-0.5, entropy=1.5, rank=3)
                answer.hidden = np.array([7.0], np.float16)
            seen.append(answer)
        return seen

    def close(self) -> None:
        pass


class Broken(Net):
    def _answer(self, example: MoveExample, want: Want) -> Answer:
        return Answer("", failure="crash", raw="segmentation fault")


def some(count: int = 5) -> list[MoveExample]:
    state = w2s.game("chess").state(MATES)
    return [MoveExample(f"e{i}", state, gold=("a1a8",) if i else (), group=f"g{i}") for i in range(count)]


def test_an_id_that_stands_twice_is_said_before_any_label_and_what_is_there_stays(tmp_path: Path) -> None:
    out = tmp_path / "labels.parquet"
    label_file(some(2), Request(Net()), out)
    before = out.read_bytes()
    twice = [*some(2), *some(1)]
    with raises_code("label-duplicate-id", DataError):
        label_file(twice, Request(Broken()), out, overwrite=True)
    assert out.read_bytes() == before


def test_a_row_says_the_label_its_evidence_and_the_example_again(tmp_path: Path) -> None:
    example = MoveExample("a", w2s.game("chess").state(moves=["e2e4"]), ("e7e5",), difficulty=2.0, group="g")
    labels = label_batch([example], Request(load_model("search:depth=2")))
    (row,) = labels.table.to_pylist()
    assert (row["id"], row["task"], row["model"]) == ("a", "move", "search:depth=2")
    assert row["label"] in example.state.legal_moves()
    assert row["correct"] == (row["label"] == "e7e5")
    assert row["n_options"] == 20
    assert row["log_prob"] < 0 < row["entropy"]
    file = tmp_path / "labels.parquet"
    label_file([example], Request(load_model("search:depth=2")), file)
    (again,) = read_examples(file)
    assert (again.state.played, again.gold, again.difficulty, again.group) == ("e2e4", ("e7e5",), 2.0, "g")


def test_what_is_right_is_known_only_where_gold_is() -> None:
    labels = label_batch(some(3), Request(load_model("search:depth=2")))
    assert labels.table.column("correct").to_pylist() == [None, True, True]


def test_vectors_lie_beside_the_table_in_its_order(tmp_path: Path) -> None:
    request = Request(Net(), frozenset({"hidden", "afterstate"}), as_judge(Net("student")))
    label_file(some(), request, tmp_path / "labels.parquet")
    labels = read_labels(tmp_path / "labels.parquet")
    assert labels.vectors["hidden"].tolist() == [[0.0, 2.0]] * 5
    assert labels.vectors["afterstate"].tolist() == [[3.0]] * 5
    expected = [-2.0, np.log1p(3), -0.5, 1.5, 7.0]
    assert np.allclose(labels.vectors["student"], [expected] * 5, atol=1e-3)
    assert labels.table.column("student_rank").to_pylist() == [3] * 5


def test_an_oracle_has_columns_of_its_own() -> None:
    labels = label_batch(some(2), Request(Net(), oracles=load_by_column(["search:depth=2"])))
    first = labels.table.to_pylist()[0]
    assert first["search_depth2_best"] in ("a1a8", "b1b8")
    assert first["search_depth2_regret_cp"] > 0
    assert column_name("uci:stockfish?nodes=1000&Skill Level=3") == "uci_stockfish_nodes1000_Skill_Level3"


def test_a_killed_run_goes_on_where_it_stopped_with_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "EXAMPLES_A_PART", 2)
    whole, torn = (tmp_path / name / "labels.parquet" for name in ("whole", "torn"))
    for file in (whole, torn):
        file.parent.mkdir()
    vectors = frozenset({"hidden"})
    label_file(some(), Request(Net(), vectors), whole)
    with pytest.raises(KeyboardInterrupt):
        label_file(some(), Request(Net(dies_after=3), vectors), torn)
    assert not torn.exists()
    rest = Net()
    label_file(some(), Request(rest, vectors), torn)
    assert rest.asked == 3
    for name in ("labels.parquet", "hidden.parquet"):
        assert torn.with_name(name).read_bytes() == whole.with_name(name).read_bytes()
    assert sorted(path.name for path in torn.parent.iterdir()) == ["hidden.parquet", "labels.parquet"]


def test_parts_of_another_model_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "EXAMPLES_A_PART", 2)
    out = tmp_path / "labels.parquet"
    with pytest.raises(KeyboardInterrupt):
        label_file(some(), Request(Net("a", dies_after=3)), out)
    other = Net("b")
    label_file(some(), Request(other), out)
    assert other.asked == 5


def test_a_table_is_replaced_only_on_purpose(tmp_path: Path) -> None:
    out = tmp_path / "labels.parquet"
    label_file(some(), Request(Net(), frozenset({"hidden"})), out)
    with raises_code("label-out-exists", UsageError) as caught:
        label_file(some(), Request(Net()), out)
    assert "--overwrite" in str(caught.value)
    with raises_code("label-vectors-of-other-table", UsageError) as caught:
        label_file(some(), Request(Net()), tmp_path / "other.parquet")
    assert "hidden.parquet belongs to labels.parquet" in str(caught.value)
    label_file(some(2), Request(Net()), out, overwrite=True)
    labels = read_labels(out)
    assert (len(labels), dict(labels.vectors)) == (2, {})


def test_a_run_that_was_killed_between_vectors_and_table_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, request = tmp_path / "labels.parquet", Request(Net(), frozenset({"hidden"}))
    (tmp_path / "whole").mkdir()
    label_file(some(), request, tmp_path / "whole" / "labels.parquet")
    write = joining.write_tables

    def killed(tables: Iterable[pa.Table], path: Path) -> None:
        if path == out:
            raise KeyboardInterrupt
        write(tables, path)

    monkeypatch.setattr(joining, "write_tables", killed)
    with pytest.raises(KeyboardInterrupt):
        label_file(some(), request, out)
    assert out.with_name("hidden.parquet").exists()
    monkeypatch.undo()
    label_file(some(), request, out)
    for name in ("labels.parquet", "hidden.parquet"):
        assert (tmp_path / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_what_cannot_be_had_is_refused() -> None:
    with raises_code("label-no-vectors", UsageError):
        label_batch(some(), Request(load_model("random"), frozenset({"hidden"})))
    with raises_code("label-student-cannot-judge", UsageError):
        as_judge(load_model("random"))
    with raises_code("label-model-answers-nothing", ModelError) as caught:
        label_batch(some(), Request(Broken()))
    assert "example 'e0': it died, segmentation fault" in str(caught.value)
    with raises_code("label-duplicate-oracle", UsageError):
        load_by_column(["search:depth=2", "search:depth=2"])


def test_models_are_compared_on_the_examples_that_have_gold() -> None:
    result = compare(some(9), {"search": load_model("search:depth=2"), "net": Net(), "broken": Broken()})
    assert result.examples == 8
    assert result.accuracy["search"] == (1.0, 1.0, 1.0)
    assert result.accuracy["broken"].value == 0.0
    assert result.failures == {"search": 0, "net": 0, "broken": 8}
    assert result.differences["search", "broken"] == (-1.0, -1.0, -1.0)
    with raises_code("eval-no-gold", DataError):
        compare(some(1), {"net": Net()})
