"""What is wrong with built distributions: tags, size, files that are missing or astray.

``python -m tests.meta.dist dist`` prints it and exits with 1; a good folder prints what it holds.
"""

from __future__ import annotations

import re
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BYTES_WITHOUT_ARENAS = 8_000_000
BYTES_OF_ARENAS = 25_000_000
IN_WHEEL = (
    "w2s/py.typed",
    "w2s/_core.pyi",
    "w2s/arenas/chess.toml",
    "w2s/arenas/openings/chess.txt",
    "w2s/arenas/paper/world.toml",
    "w2s/arenas/chains/chess.toml",
    "w2s/arenas/puzzles/chess.parquet",
    "w2s/arenas/policies/chess-large/model.safetensors",
)
IN_SDIST = (
    "Cargo.toml",
    "Cargo.lock",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "NOTICE",
    "arenas/chess.toml",
)
WHEEL_NAME = re.compile(r"w2s-(?P<version>[^-]+)-cp311-abi3-\w+\.whl")
ASTRAY = re.compile(r"__pycache__|\.pyc$|(^|/)(tests|target|runs|shared|\.git|\.venv)/")


def version() -> str:
    """The one version: that of Cargo.toml."""
    manifest = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))
    return str(manifest["workspace"]["package"]["version"])


def wheel_problems(path: Path) -> Iterator[str]:
    """What is wrong with a wheel."""
    found = WHEEL_NAME.fullmatch(path.name)
    if found is None or found["version"] != version():
        yield f"{path.name}: not w2s-{version()}-cp311-abi3-PLATFORM.whl"
    infos = zipfile.ZipFile(path).infolist()
    names = [info.filename for info in infos]
    yield from (f"{path.name}: no {needed}" for needed in IN_WHEEL if needed not in names)
    cores = [name for name in names if re.fullmatch(r"w2s/_core\.(abi3\.so|pyd)", name)]
    if len(cores) != 1:
        yield f"{path.name}: {len(cores)} compiled cores"
    places = ("w2s/", f"w2s-{version()}.dist-info/", "w2s.libs/")
    strays = [
        name for name in names if not name.startswith(places) or ASTRAY.search(name) or "/build/" in name
    ]
    yield from (f"{path.name}: astray: {name}" for name in strays)
    arenas = sum(info.compress_size for info in infos if "/arenas/" in info.filename)
    rest = sum(info.compress_size for info in infos) - arenas
    for what, size, most in (("arenas", arenas, BYTES_OF_ARENAS), ("the rest", rest, BYTES_WITHOUT_ARENAS)):
        if size > most:
            yield f"{path.name}: {what} take {size:,} bytes, more than {most:,}"


def sdist_problems(path: Path) -> Iterator[str]:
    """What is wrong with a source distribution."""
    stem = f"w2s-{version()}"
    if path.name != f"{stem}.tar.gz":
        yield f"{path.name}: not {stem}.tar.gz"
    with tarfile.open(path) as archive:
        members = archive.getmembers()
    names = [member.name.removeprefix(f"{stem}/") for member in members]
    yield from (f"{path.name}: no {needed}" for needed in IN_SDIST if needed not in names)
    places = ("rust/", "python/w2s/", "arenas/")
    strays = [
        name
        for name in names
        if ("/" in name and not name.startswith(places))
        or ASTRAY.search(name)
        or name.endswith((".so", ".pyd"))
    ]
    # The tests of the crates are part of their sources.
    yield from (
        f"{path.name}: astray: {name}" for name in strays if not re.match(r"rust/[\w-]+/tests/", name)
    )
    yield from (f"{path.name}: not a plain file: {m.name}" for m in members if not m.isfile())


def problems(folder: Path) -> list[str]:
    """What is wrong with the distributions in a folder."""
    wheels, sdists = sorted(folder.glob("*.whl")), sorted(folder.glob("*.tar.gz"))
    found = [problem for wheel in wheels for problem in wheel_problems(wheel)]
    found += [problem for sdist in sdists for problem in sdist_problems(sdist)]
    return found if wheels or sdists else [f"{folder}: no distributions"]


def main(folder: Path) -> int:
    """Print problems, or what there is."""
    found = problems(folder)
    for line in found or [f"{path.name}  {path.stat().st_size:,} bytes" for path in sorted(folder.iterdir())]:
        print(line)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
