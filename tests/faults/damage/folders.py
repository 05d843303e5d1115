"""Formats of folders: nets, trust functions, labels, and runs that were interrupted; and their settings."""

from __future__ import annotations

import atexit
import gzip
import json
import shutil
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import safetensors.numpy
import tomli_w

from tests.doubles.chains import chain_tables, write_chain, write_nets
from tests.doubles.labels import labels
from tests.doubles.nets import Lc0File, write_policy
from tests.faults.damage.format import DamagedFormat, SilentDifferenceError
from w2s.arena import load_spec
from w2s.arena import run as run_arena
from w2s.chain import run as run_chain
from w2s.chain.config_file import load_config
from w2s.evidence import Labels, read_labels, write_labels
from w2s.trust import load, save, trust_function

GAME = "connect_four"


def _differs(what: str) -> SilentDifferenceError:
    return SilentDifferenceError(what[:300])


# Nets -------------------------------------------------------------------------------------------------------


def _write_net(path: Path) -> None:
    """A net of ours; torch is imported here, and its memory is not that of a damaged file."""
    write_policy(path.parent, GAME, channels=4)


def check_net(path: Path) -> str:
    """Load the net of a folder; its numbers must be those that safetensors reads."""
    from w2s.models.policy.files import from_pretrained

    net = from_pretrained(path.parent)
    expected = safetensors.numpy.load_file(path.with_name("model.safetensors"))
    found = {name: tensor.numpy() for name, tensor in net.state_dict().items()}
    if found.keys() != expected.keys():
        raise _differs("other tensors than safetensors reads")
    for name, numbers in expected.items():
        if not np.array_equal(found[name], numbers.astype(found[name].dtype)):
            raise _differs(f"other numbers in {name}")
    config = json.loads(path.with_name("config.json").read_text(errors="replace"))
    if any(config.get(name, value) != value for name, value in vars_of(net.config).items()):
        raise _differs("another configuration than the file")
    return "same"


def vars_of(config: Any) -> dict[str, Any]:
    """The fields of a dataclass with slots."""
    return {name: getattr(config, name) for name in config.__slots__}


def _write_lc0(policy: str, packed: bool, path: Path) -> None:
    import torch  # noqa: F401 - its memory is not that of a damaged file

    content = Lc0File(seed=1, channels=4).message(policy)
    path.write_bytes(gzip.compress(content, 6, mtime=0) if packed else content)


def check_lc0(policy: str, packed: bool, path: Path) -> str:
    """Load a net of Lc0; a packed one, which has a checksum, must be the whole one."""
    from w2s.models.lc0.loading import build_lc0_net
    from w2s.models.lc0.weights import read_weights

    net = build_lc0_net(read_weights(path), path)
    if not all(bool(tensor.isfinite().all()) for tensor in net.state_dict().values()):
        raise _differs("a number is not finite")
    if packed:
        whole = path.with_name("whole.pb")
        _write_lc0(policy, False, whole)
        expected = build_lc0_net(read_weights(whole), whole).state_dict()
        if any(not bool((tensor == expected[name]).all()) for name, tensor in net.state_dict().items()):
            raise _differs("other numbers although there is a checksum")
    return "same"


# Settings ---------------------------------------------------------------------------------------------------

ARENA: Mapping[str, Any] = {
    "game": GAME,
    "pairs": 2,
    "players": {"teacher": "random", "student": "search:depth=1"},
    "verify": {"oracles": ["search:depth=2"], "share": 0.5},
    "rules": {"max_plies": 60, "illegal": "retry:2", "draw": {"after": 30}, "resign": {"limit_cp": 800}},
    "sprt": {"elo0": -10.0, "elo1": 10.5, "alpha": 0.05},
}


def _write_toml(tables: Mapping[str, Any], path: Path) -> None:
    path.write_text(tomli_w.dumps(dict(tables)), encoding="utf-8")


def check_settings(read: Callable[[Path], Any], path: Path) -> str:
    """Read settings; every value of the file must be a value of the configuration."""
    found = read(path)
    if type(found).model_validate(tomllib.loads(found.to_toml())) != found:
        raise _differs("the configuration is not what it writes")
    wanted = tomllib.loads(path.read_text(encoding="utf-8"))
    if type(found).model_validate(wanted) != found:
        raise _differs("another configuration than the file")
    return "same"


# Trust functions --------------------------------------------------------------------------------------------


def _write_trust(function: str, path: Path) -> None:
    save(trust_function(function).fit(labels(60, width=4)), path.parent)


@cache
def _scores(function: str) -> bytes:
    return trust_function(function).fit(labels(60, width=4)).score(labels(30, seed=5, width=4)).tobytes()


def check_trust(function: str, path: Path) -> str:
    """Score with a saved function; the scores must be those of the whole one."""
    if load(path.parent).score(labels(30, seed=5, width=4)).tobytes() != _scores(function):
        raise _differs("other scores")
    return "same"


# Labels -----------------------------------------------------------------------------------------------------


def _write_labels(path: Path) -> None:
    write_labels(labels(60, width=4), path.with_name("labels.parquet"))


def check_labels(path: Path) -> str:
    """Read labels and score them; the table and the vectors must be those that pyarrow reads."""
    found = read_labels(path.with_name("labels.parquet"))
    table = pq.read_table(path.with_name("labels.parquet"))
    if repr(found.table.to_pydict()) != repr(table.to_pydict()):
        raise _differs("another table than pyarrow reads")
    for name in ("hidden", "afterstate", "student"):
        _check_vectors(found, name, path.with_name(f"{name}.parquet"))
    load_trust().score(found)
    return "same"


def _check_vectors(found: Labels, name: str, path: Path) -> None:
    rows = pq.read_table(path).to_pylist()
    by_id = {row["id"]: row[next(key for key in row if key != "id")] for row in rows}
    for id_, vector in zip(found.ids, found.vectors[name].tolist(), strict=True):
        expected = by_id.get(id_)
        same = np.isnan(vector).all() if expected is None else repr(list(expected)) == repr(vector)
        if not same:
            raise _differs(f"another {name} vector than pyarrow reads")


@cache
def load_trust() -> Any:
    """A fitted function that reads vectors."""
    return trust_function("logistic").fit(labels(60, width=4))


# Runs -------------------------------------------------------------------------------------------------------


class _StopError(Exception):
    """Stands for a kill."""


def _write_arena_run(path: Path) -> None:
    """An arena that was interrupted after some matches."""
    spec = _arena_spec()

    def stop(progress: Any) -> None:
        if progress.phase == "play" and progress.done == 2:
            raise _StopError

    try:
        run_arena(spec, path.parent, width=2, show=stop)
    except _StopError:
        return
    raise AssertionError("the arena was not interrupted")


def _arena_spec() -> Any:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "arena.toml"
        _write_toml({name: value for name, value in ARENA.items() if name != "sprt"}, file)
        return load_spec(file=file)


@cache
def _arena_files() -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        run_arena(_arena_spec(), Path(folder) / "run", width=2)
        return _files(Path(folder) / "run", ("labels.parquet", "games.jsonl"))


def _files(folder: Path, names: tuple[str, ...]) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in names}


def check_arena_run(path: Path) -> str:
    """Resume an arena; it must end with the files of one that was not interrupted."""
    run_arena(load_spec(resume=path.parent), path.parent, width=2)
    if _files(path.parent, ("labels.parquet", "games.jsonl")) != _arena_files():
        raise _differs("other labels or games")
    return "same"


@cache
def _chain_folder() -> Path:
    """Nets and examples of chains, for the life of this process."""
    folder = Path(tempfile.mkdtemp(prefix="w2s-damage-chain-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    write_nets(folder, 60)
    examples = {"files": [f"{folder}/examples.parquet"], "gold": 20, "pool": 24, "test": 16}
    tables = chain_tables(folder, arms=["gold", "trust"], examples=examples)
    run_chain(load_config(file=write_chain(folder / "chain.toml", tables)), folder / "run")
    return folder


CHAIN_FILES = (
    "run.json",
    "run.toml",
    "splits.parquet",
    "metrics.json",
    "round-1/manifest.json",
    "round-1/labels/step.json",
    "round-1/labels/labels.parquet",
    "round-1/labels/hidden.parquet",
    "round-1/seed-0/trust/step.json",
    "round-1/seed-0/trust/trust.json",
    "round-1/seed-0/trust/scores.parquet",
    "round-1/seed-0/trust/selected.parquet",
    "round-1/seed-0/trust-arm/step.json",
    "round-1/seed-0/trust-arm/answers.parquet",
    "round-1/seed-0/trust-arm/student/config.json",
    "round-1/seed-0/trust-arm/student/model.safetensors",
    "round-1/seed-0/trust-arm/student/train.json",
)
UNFINISHED = {"complete": False}


def _write_chain_run(file: str, path: Path) -> None:
    """One file of a chain that was interrupted before its end."""
    path.write_bytes((_chain_folder() / "run" / file).read_bytes())


def check_chain_run(file: str, path: Path) -> str:
    """Continue a chain of which one file is damaged; it must end with the same measures."""
    folder, whole = path.parent / "run", _chain_folder() / "run"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(whole, folder)
    state = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(state | UNFINISHED))
    (folder / file).write_bytes(path.read_bytes())
    run_chain(load_config(resume=folder), folder)
    found, expected = (json.loads((one / "metrics.json").read_text()) for one in (folder, whole))
    if _without_times(found) != _without_times(expected):
        raise _differs("other measures")
    return "same"


def _without_times(value: Any) -> Any:
    """Measures without seconds and hours."""
    if isinstance(value, list):
        return [_without_times(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _without_times(one) for name, one in value.items() if not name.endswith(("seconds", "hours"))
    }


# The table --------------------------------------------------------------------------------------------------


def _formats() -> Iterator[DamagedFormat]:
    for file in ("config.json", "model.safetensors"):
        yield DamagedFormat(f"net-{file.partition('.')[0]}", "net", file, _write_net, check_net)
    for policy in ("convolution", "plain"):
        for packed in (True, False):
            name = f"lc0-{policy}{'-gz' if packed else ''}"
            yield DamagedFormat(
                name,
                "net",
                "net.pb.gz" if packed else "net.pb",
                partial(_write_lc0, policy, packed),
                partial(check_lc0, policy, packed),
            )
    arena = partial(check_settings, lambda path: load_spec(file=path))
    yield DamagedFormat("toml-arena", "toml", "a.toml", partial(_write_toml, ARENA), arena)
    chain = partial(check_settings, lambda path: load_config(file=path))
    tables = chain_tables(Path("/nets"))
    yield DamagedFormat("toml-chain", "toml", "c.toml", partial(_write_toml, tables), chain)
    for function in ("logistic", "crowd", "knn", "stack"):
        for file in ("trust.json", "trust.safetensors"):
            name = f"trust-{function}-{file.partition('.')[2]}"
            yield DamagedFormat(
                name, "trust", file, partial(_write_trust, function), partial(check_trust, function)
            )
    for file in ("labels", "hidden"):
        yield DamagedFormat(f"labels-{file}", "labels", f"{file}.parquet", _write_labels, check_labels)
    for file in ("journal.jsonl", "run.json", "run.toml"):
        name = f"arena-run-{file.replace('.', '-')}"
        yield DamagedFormat(name, "arena-run", file, _write_arena_run, check_arena_run)
    for file in CHAIN_FILES:
        name = f"chain-run-{file.removeprefix('round-1/').replace('/', '-').replace('.', '-')}"
        yield DamagedFormat(
            name,
            "chain-run",
            Path(file).name,
            partial(_write_chain_run, file),
            partial(check_chain_run, file),
        )


FOLDERS: tuple[DamagedFormat, ...] = tuple(_formats())
