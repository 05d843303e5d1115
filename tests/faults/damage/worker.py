"""Tries cases in a process of its own, so that a crash or a hang is an observation.

It prints one JSON object per line: the case that begins, then its outcome.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import sys
import traceback
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from tests.faults.damage.format import DamagedFormat, SilentDifferenceError
from tests.faults.damage.formats import format_of_case
from tests.faults.damage.mutations import mutate
from w2s.errors import W2sError

ADDRESS_BYTES = 6 << 30
LARGEST_RISE = 400 << 20
"""Bytes by which the resident memory may rise for one small file."""


def whole_file(found: DamagedFormat, folder: Path) -> Path:
    """The undamaged file of a format, written once to a folder."""
    path = folder / found.name / found.file
    if not path.exists():
        path.parent.mkdir(parents=True)
        found.write(path)
    return path


def damage(found: DamagedFormat, whole: Path, folder: Path, seed: int, number: int) -> tuple[Path, str]:
    """A damaged copy of a file, with what lies beside it, in an empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(whole.parent, folder)
    data = whole.read_bytes()
    random = np.random.default_rng([seed, number])
    damaged, mutation = mutate(data, found.regions(data), random)
    path = folder / found.file
    path.write_bytes(damaged)
    return path, mutation


def outcome(found: DamagedFormat, path: Path) -> dict[str, Any]:
    """What w2s does with a damaged file, as a word, and whether that is a failure."""
    try:
        return {"outcome": found.check(path), "failure": None}
    except W2sError as error:
        if not error.code or len(str(error).splitlines()) != 1:
            return {"outcome": "refused", "failure": f"bad message: {error!s}"}
        return {"outcome": "refused", "code": error.code, "failure": None}
    except SilentDifferenceError as error:
        return {"outcome": "silent", "failure": str(error)}
    except BaseException as error:  # noqa: BLE001 - an observation
        where = "".join(traceback.format_exception(error)[-4:])
        return {"outcome": "traceback", "failure": where}


def run(seed: int, begin: int, end: int, folder: Path, only: str | None) -> None:
    """Try some cases; a line before and a line after each."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_BYTES, ADDRESS_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warm: set[str] = set()
    for number in range(begin, end):
        found = format_of_case(number, only)
        whole = whole_file(found, folder / "whole")
        if found.family not in warm:  # what is imported first is not the memory of a damaged file
            warm.add(found.family)
            shutil.rmtree(folder / "warm", ignore_errors=True)
            shutil.copytree(whole.parent, folder / "warm")
            outcome(found, folder / "warm" / found.file)
        case = {"number": number, "format": found.name}
        path, case["mutation"] = damage(found, whole, folder / "case", seed, number)
        print(json.dumps(case), flush=True)
        before = _reset_peak()
        seen = outcome(found, path)
        rise = _peak() - before
        if seen["failure"] is None and rise > LARGEST_RISE:
            seen = {"outcome": "memory", "failure": f"resident memory rose by {rise >> 20} MiB"}
        print(json.dumps(case | seen), flush=True)


def _reset_peak() -> int:
    """Forget the peak of earlier cases, where the system can, and return the memory in use."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _peak()


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << (0 if sys.platform == "darwin" else 10)


def main() -> None:
    """Run the cases that the arguments name."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--begin", type=int, required=True)
    parser.add_argument("--end", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--only")
    given = parser.parse_args()
    warnings.simplefilter("error")
    run(given.seed, given.begin, given.end, given.folder, given.only)


if __name__ == "__main__":
    main()
