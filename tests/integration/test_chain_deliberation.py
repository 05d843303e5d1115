"""Chains whose teacher looks ahead: what trust reads, who teaches next, and that no answer leaks."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import w2s
from tests.doubles.chains import GAME, chain_tables, write_chain, write_positions
from tests.doubles.nets import write_policy
from w2s.chain import run
from w2s.chain.config_file import load_config
from w2s.errors import W2sError
from w2s.evidence_kinds import DELIBERATION
from w2s.models import load_model
from w2s.tasks import read_examples

pytest.importorskip("torch", reason="needs torch: pip install 'w2s[models]'")

from w2s.models.policy.files import from_pretrained

SIZES = {"gold": 60, "pool": 60, "test": 40}
SPLITS = ("gold", "pool", "test")


def write_inputs(folder: Path) -> None:
    """Nets with values, and a file of examples for each split."""
    for seed, name in enumerate(("teacher", "student")):
        write_policy(folder / name, GAME, seed, has_values=True)
    write_positions(folder / "examples.parquet", sum(SIZES.values()))
    table, begin = pq.read_table(folder / "examples.parquet"), 0
    for split in SPLITS:
        pq.write_table(table.slice(begin, SIZES[split]), folder / f"{split}.parquet")
        begin += SIZES[split]


def tables(folder: Path, **overrides: Any) -> dict[str, Any]:
    found = chain_tables(
        folder,
        teacher=f"policy:{folder}/teacher?nodes=12",
        arms=["base", "gold", "naive", "trust"],
        evidence=["hidden", "deliberation"],
        examples={split: [f"{folder}/{split}.parquet"] for split in SPLITS},
        trust={"function": "boosting", "folds": 2},
        stop={"collapse": False},
    )
    return found | overrides


def start(folder: Path, out: Path, **overrides: Any) -> Any:
    config = load_config(file=write_chain(folder / f"{out.name}.toml", tables(folder, **overrides)))
    return run(config, out)


def with_random_answers(path: Path, seed: int) -> None:
    """Replace the answers of a file by legal moves that are drawn."""
    table, draw = pq.read_table(path), random.Random(seed)
    drawn = [
        [draw.choice(w2s.game(GAME).state(position).legal_moves())]
        for position in table.column("position").to_pylist()
    ]
    place = table.schema.get_field_index("solutions")
    pq.write_table(table.set_column(place, "solutions", pa.array(drawn)), path)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deliberation")
    write_inputs(folder)
    start(folder, folder / "run", rounds=2)
    return folder


def test_students_look_ahead_as_their_teacher_did(finished: Path) -> None:
    first = pq.read_table(finished / "run/round-1/labels/labels.parquet")
    later = pq.read_table(next((finished / "run/round-2").glob("seed-0/labels/labels.parquet")))
    own = pq.read_table(next((finished / "run/round-2").glob("seed-0/naive-labels/labels.parquet")))
    (options,) = {
        model.partition("?")[2] for table in (first, later, own) for model in table["model"].to_pylist()
    }
    assert options.startswith("nodes=12&dtype=")
    for table in (first, later):
        assert {f"deliberation_{name}" for name in DELIBERATION} <= set(table.schema.names)
        assert table.column("deliberation_value").null_count == 0
    assert (finished / "run/round-1/labels/deliberation.parquet").exists()


@pytest.mark.parametrize("soft", ["teacher", "improved"])
def test_soft_labels_are_what_the_teacher_found_while_it_labelled(
    finished: Path, tmp_path: Path, soft: str
) -> None:
    for name in ("teacher", "student"):
        (tmp_path / name).symlink_to(finished / name)
    for name in SPLITS:
        (tmp_path / f"{name}.parquet").symlink_to(finished / f"{name}.parquet")
    arms = ["base", "naive", "self-labels", "trust"]
    start(tmp_path, tmp_path / "run", rounds=2, teach={"soft": soft}, arms=arms)
    run_ = tmp_path / "run"
    for place in ("round-1/labels", "round-2/seed-0/labels", "round-2/seed-0/naive-labels"):
        table = pq.read_table(run_ / place / "labels.parquet", columns=["moves", "improved", "move_values"])
        for row in table.to_pylist():
            assert sum(row["improved"]) == pytest.approx(1.0)
            assert len(row["moves"]) == len(row["improved"]) == len(row["move_values"])
    priors = [path.relative_to(run_) for path in run_.glob("**/distributions")]
    assert [path.parts[0] for path in priors] == ["fixed"]  # only of the untrained student, and once
    place = "round-1/seed-0/{}-arm/student/model.safetensors"
    students = {(run_ / place.format(arm)).read_bytes() for arm in arms[1:]}
    assert len(students | {(finished / "run" / place.format("trust")).read_bytes()}) == 4


def test_value_heads_survive_and_stay_close(finished: Path) -> None:
    student = from_pretrained(finished / "run/round-1/seed-0/trust-arm/student")
    assert student.value_head is not None
    assert student.config == from_pretrained(finished / "student").config


@pytest.mark.parametrize("split", ["pool", "test"])
def test_answers_of_pool_and_test_reach_nothing_that_is_learned(
    finished: Path, tmp_path: Path, split: str
) -> None:
    for name in ("teacher", "student"):
        (tmp_path / name).symlink_to(finished / name)
    for name in SPLITS:
        (tmp_path / f"{name}.parquet").write_bytes((finished / f"{name}.parquet").read_bytes())
    with_random_answers(tmp_path / f"{split}.parquet", seed=1)
    start(tmp_path, tmp_path / "run")
    for file in ("trust/scores.parquet", "trust/selected.parquet", "trust-arm/student/model.safetensors"):
        found = (tmp_path / "run/round-1/seed-0" / file).read_bytes()
        assert found == (finished / "run/round-1/seed-0" / file).read_bytes(), file


def test_a_chain_of_noise_stops_and_says_why(finished: Path, tmp_path: Path) -> None:
    for name in ("teacher", "student"):
        (tmp_path / name).symlink_to(finished / name)
    for seed, name in enumerate(SPLITS):
        (tmp_path / f"{name}.parquet").write_bytes((finished / f"{name}.parquet").read_bytes())
        with_random_answers(tmp_path / f"{name}.parquet", seed)
    with pytest.raises(W2sError, match="no round is kept") as caught:
        start(tmp_path, tmp_path / "run", stop={"collapse": True})
    assert caught.value.code == "chain-no-round-kept"


def test_the_values_of_each_student_are_compared_with_those_of_the_untrained_one(tmp_path: Path) -> None:
    write_inputs(tmp_path)
    kept = start(tmp_path, tmp_path / "kept").to_json()["rounds"][0]["arms"]["trust"]
    freed = start(tmp_path, tmp_path / "freed", train={"value_weight": 0, "learning_rate": 0.05}).to_json()
    other = freed["rounds"][0]["arms"]["trust"]
    assert 0.9 < kept["value_correlation"]["mean"] <= 1
    assert other["value_correlation"]["mean"] < kept["value_correlation"]["mean"]
    base = load_model(f"policy:{tmp_path}/student")
    (answers,) = tmp_path.glob("kept/fixed/*/base/answers.parquet")
    table = pq.read_table(answers)
    examples = {one.id: one for one in read_examples(tmp_path / "test.parquet", "move", GAME)}
    values = base.position_values([examples[id_] for id_ in table["id"].to_pylist()])
    assert table["value"].to_pylist() == values.tolist()
