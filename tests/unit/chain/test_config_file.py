"""The chains of the paper's tables load, and every name in them is known."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.errors import raises_code
from w2s.chain import config_file
from w2s.chain.config import ChainConfig
from w2s.chain.config_file import QUICK, load_config, paper_folder
from w2s.chain.data.files import load_splits
from w2s.chain.example_settings import SPLITS
from w2s.chain.validate import check_config
from w2s.config import parse_config
from w2s.errors import UsageError
from w2s.models.hf.settings import read_settings
from w2s.models.reference import resolve_reference
from w2s.tasks.column_mapping import ANSWER_COLUMNS, CHOICE_COLUMNS
from w2s.tasks.prompts import read_prompt
from w2s.tasks.row_sources import KNOWN_DATASETS, is_hub, parse_hub_name
from w2s.train import LanguageTrainSettings, parse_settings
from w2s.trust import option_names, trust_function

FILES = sorted(path.name for path in paper_folder().glob("*.toml"))
HUB = re.compile(r"(Qwen/Qwen3-(0\.6|1\.7|4|14)B|allenai/OLMo-2-(0425-1B|1124-7B|1124-13B)-Instruct)")


@pytest.fixture(params=FILES)
def chain(request: pytest.FixtureRequest) -> ChainConfig:
    return load_config(file=Path(request.param))


def test_every_table_of_the_paper_has_a_file() -> None:
    assert len(FILES) >= 11
    pairs = {
        (config.teacher.partition("?")[0], config.student[-1].partition("?")[0])
        for config in (load_config(file=Path(name)) for name in FILES)
    }
    assert pairs >= {
        ("hf:allenai/OLMo-2-0425-1B-Instruct", "hf:allenai/OLMo-2-1124-7B-Instruct"),
        ("hf:allenai/OLMo-2-0425-1B-Instruct", "hf:allenai/OLMo-2-1124-13B-Instruct"),
        ("hf:Qwen/Qwen3-0.6B", "hf:Qwen/Qwen3-1.7B"),
        ("hf:Qwen/Qwen3-0.6B", "hf:Qwen/Qwen3-14B"),
    }
    ladder = load_config(file=Path("world.toml"))
    assert len(ladder.student) == ladder.rounds == 3


def test_bundled_arms_and_trust_have_their_evidence(chain: ChainConfig) -> None:
    check_config(chain)
    assert {"base", "naive", "trust", "ceiling"} <= set(chain.arms)
    assert set(chain.trust.options) <= option_names(chain.trust.function)
    made = {*chain.features, "log_prob", "margin", "entropy", "n_options"}
    made |= {"samples"} if "self_consistency" in made else set()
    for arm in set(chain.arms) & {"confidence", "margin", "icl", "reward", "self_consistency"}:
        assert trust_function(arm).needs <= made
    assert trust_function(chain.trust.function, **chain.trust.options).needs <= made
    assert ("reward" in chain.evidence) == (chain.reward is not None)


def test_bundled_settings_suit_their_students(chain: ChainConfig) -> None:
    for student in chain.student:
        settings = parse_settings(student, chain.train, chain.seed)
        assert isinstance(settings, LanguageTrainSettings)
        assert settings.batch % settings.micro_batch == 0
        assert settings.objective == "supervised" or settings.batch % settings.group_size == 0


def test_bundled_models_have_hub_names(chain: ChainConfig) -> None:
    for model in (chain.teacher, *chain.student):
        reference = resolve_reference(model)
        assert (reference.kind, bool(HUB.fullmatch(reference.target))) == ("hf", True)
        if prompt := read_settings(reference).prompt:
            read_prompt(prompt)


def test_bundled_data_sets_have_known_columns(chain: ChainConfig) -> None:
    known = {"choice": CHOICE_COLUMNS, "answer": ANSWER_COLUMNS}
    named = [(chain.task, file) for one in chain.examples.each for file in one.files]
    named += [
        (chain.task, file)
        for one in chain.examples.each
        for rows in one.own_files.values()
        for file in rows.files
    ]
    named += [(chain.regime.gold_task or chain.task, file) for file in chain.regime.gold_examples]
    assert named
    for task, file in named:
        if task == "move":
            assert file.endswith(".csv")
            continue
        assert is_hub(file)
        short = file.removeprefix("hf:").partition("?")[0]
        assert short in KNOWN_DATASETS
        assert short in known[task]
        assert parse_hub_name(file).split in ("train", "validation", "test")


def test_file_inherits_tables_of_the_file_that_it_extends() -> None:
    base, pair = load_config(file=Path("world.toml")), load_config(file=Path("world-olmo2-7b.toml"))
    assert (pair.rounds, pair.teacher) == (1, "hf:allenai/OLMo-2-0425-1B-Instruct?dtype=bfloat16")
    assert (pair.examples, pair.arms, pair.train) == (base.examples, base.arms, base.train)


def test_file_of_the_working_folder_wins_over_a_bundled_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "world.toml").write_text(
        'teacher = "random"\nstudent = "policy:a"\nexamples.files = ["a.csv"]\n'
    )
    assert load_config(file=Path("world.toml")).teacher == "random"
    with raises_code("config-file-unreadable", UsageError):
        load_config(file=Path("elsewhere/world.toml"))


def test_circular_and_invalid_extends_are_refused(tmp_path: Path) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        (tmp_path / f"{name}.toml").write_text(f'extends = "{other}.toml"\n')
    with raises_code("chain-circular-extends", UsageError):
        load_config(file=tmp_path / "a.toml")
    (tmp_path / "c.toml").write_text("extends = 3\n")
    with raises_code("chain-invalid-extends", UsageError):
        load_config(file=tmp_path / "c.toml")


@pytest.mark.slow
@pytest.mark.data
def test_local_data_sets_have_the_rows_of_the_table(data: Path, tmp_path: Path) -> None:
    """Those of OpenBookQA and ARC, by their official parts: nothing of test is in what is learned from."""
    folders = {"openbookqa": "openbookqa", "arc-challenge": "ARC-Challenge", "arc-easy": "ARC-Easy"}
    sets: list[dict[str, Any]] = []
    for one in load_config(file=Path("world.toml")).examples.each:
        name = one.files[0].removeprefix("hf:").partition("?")[0]
        if name not in folders:
            continue
        files = {}
        for part in ("train", "test"):  # ids of these files begin with the names of their folders
            files[part] = str(data / "qa" / folders[name] / f"{part}.json")
        test = {"files": [files["test"]], "rows": one.own_files["test"].rows}
        sets.append({"files": [files["train"]], "gold": one.gold, "pool": one.pool, "test": test})
    assert len(sets) == len(folders)
    tables = {"teacher": "a", "student": "b", "examples": {"sets": sets, "bad_rows": "skip"}}
    said: list[str] = []
    found = load_splits(
        parse_config(ChainConfig, tables, "it").examples, task="choice", game="chess", seed=0, say=said.append
    )
    assert [len(getattr(found, role)) for role in SPLITS] == [2000, 6000, 1500]
    assert 0 < sum(int(line.split()[0]) for line in said) < 100


def test_published_aime_row_is_read(tmp_path: Path) -> None:
    from w2s.tasks import read_examples

    row = {"ID": "1983-1", "Year": 1983, "Problem Number": 1, "Question": "What is 1 + 1?", "Answer": "2"}
    (tmp_path / "aime.jsonl").write_text(json.dumps({**row, "Part": None}))
    (example,) = read_examples(tmp_path / "aime.jsonl", "answer")
    assert (example.id, example.question, example.gold) == ("1983-1", "What is 1 + 1?", ("2",))


@pytest.mark.parametrize("name", FILES)
def test_option_replaces_trust_function_and_rule_of_the_file(name: str) -> None:
    other = load_config(file=Path(name), options={"trust": {"function": "icl"}, "keep": {"purity": 0.9}})
    assert (other.trust.function, other.trust.options) == ("icl", {})
    assert (other.keep.top, other.keep.purity) == (None, 0.9)
    own = load_config(file=Path(name))
    same = load_config(file=Path(name), options={"trust": {"function": own.trust.function}})
    assert same.trust.options == own.trust.options != {}


PAIR = {"teacher": "policy:a", "student": "policy:b"}
MATCHES = {"source": "matches"}


def test_examples_are_required_unless_matches_are_played() -> None:
    assert load_config(options={**PAIR, **MATCHES}).matches.games == 200
    with raises_code("chain-no-examples", UsageError):
        load_config(options={**PAIR})


def test_matches_without_models_use_the_bundled_pair(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bundled = tmp_path / "chess.toml"
    bundled.write_text(
        'teacher = "policy:a"\nstudent = "policy:b"\n[examples]\nfiles = ["p.parquet"]\ngold = 7\n'
    )
    monkeypatch.setattr(config_file, "bundled_chain", lambda game: bundled)
    found = load_config(options=MATCHES)
    assert (found.teacher, found.examples.files, found.examples.gold) == ("policy:a", (), 7)
    assert load_config(options={}).examples.files == ("p.parquet",)


def test_unknown_keys_are_named_before_missing_ones(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('gaem = "chess"\nrounds = 0\n', encoding="utf-8")
    with raises_code("config-unknown-key", UsageError) as caught:
        load_config(file=file)
    assert "mine.toml: gaem is not a known key; did you mean 'game'?" in str(caught.value)
    file.write_text('game = "chess"\n', encoding="utf-8")
    with raises_code("chain-missing-model", UsageError):
        load_config(file=file)


# Quick chains ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("game", ["chess", "connect_four", "othello"])
def test_a_quick_chain_of_every_game_has_the_numbers_of_one_place(game: str) -> None:
    config = load_config(options={"game": game}, quick=True)
    assert dict(config.examples.counts) == QUICK["examples"]
    assert (config.rounds, config.seeds) == (QUICK["rounds"], QUICK["seeds"])


def test_options_override_a_quick_chain() -> None:
    options = {"game": "chess", "rounds": 5, "seeds": 3, "examples": {"gold": 900}, "gold_sizes": [50]}
    config = load_config(options=options, quick=True)
    assert (config.rounds, config.seeds, config.gold_sizes) == (5, 3, (50,))
    assert dict(config.examples.counts) == {**QUICK["examples"], "gold": 900}


def test_a_quick_chain_of_matches_plays_fewer_games() -> None:
    played = load_config(options={"game": "chess", "source": "matches"}, quick=True)
    assert played.matches.games == QUICK["matches"]["games"]


def test_a_quick_chain_is_never_larger_than_its_file(tmp_path: Path) -> None:
    path = tmp_path / "chain.toml"
    path.write_text(
        'teacher = "policy:a"\nstudent = "policy:b"\nrounds = 1\ngold_sizes = [5000]\n'
        '[examples]\nfiles = ["a.csv"]\ngold = 100\npool = 9000\n'
        'test = { files = ["b.csv"], rows = 2000 }\n'
    )
    config = load_config(file=path, quick=True)
    assert (config.rounds, config.seeds, config.gold_sizes) == (1, 1, ())
    assert dict(config.examples.counts) == {"gold": 100, "pool": 600}
    assert config.examples.own_files["test"].rows == 300


def test_every_table_of_the_paper_has_a_quick_chain() -> None:
    for name in FILES:
        config = load_config(file=Path(name), quick=True)
        assert config.rounds <= QUICK["rounds"]
        check_config(config)


def test_a_quick_chain_is_not_resumed_as_another(tmp_path: Path) -> None:
    with raises_code("chain-resume-with-options", UsageError):
        load_config(resume=tmp_path, quick=True)
