"""``python -m tests.faults.damage``: damage many files, and print what fails and how to repeat it."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from tests.faults.damage.formats import FAMILIES, FORMATS
from tests.faults.damage.runner import run_cases

EACH = "each"


def main() -> int:
    """Run the cases; 1 if one failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.damage", description=__doc__)
    parser.add_argument("--files", type=int, default=20_000, help="number of damaged files")
    parser.add_argument("--seed", type=int, default=0, help="decides, with the number of a case, the damage")
    parser.add_argument("--begin", type=int, default=0, help="number of the first case")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--format", choices=FORMATS, help="damage only this format")
    only.add_argument(
        "--family",
        choices=[*FAMILIES, EACH],
        help=f"damage only formats of this family; {EACH}: as many files of every family",
    )
    parser.add_argument("--keep", type=Path, help="folder that keeps the last damaged file, in case/")
    given = parser.parse_args()
    if given.family == EACH:
        return max(_damage(given, "family", family) for family in FAMILIES)
    return _damage(given, "format" if given.format else "family", given.format or given.family)


def _damage(given: argparse.Namespace, option: str, name: str | None) -> int:
    """Damage the files of one format, one family, or of all by their shares."""
    since = time.perf_counter()
    found = run_cases(given.files, given.seed, begin=given.begin, only=name, keep=given.keep)
    repeat = f"python -m tests.faults.damage --files 1 --seed {given.seed}"
    repeat += f" --{option} {name}" if name else ""
    for case in found.failures:
        print(f"FAILED {case['format']}, {case['mutation']}, {case['outcome']}: {case['failure']}")
        print(f"  {repeat} --begin {case['number']}")
    counts = ", ".join(f"{count} {word}" for word, count in sorted(found.outcomes.items()))
    what = f"{given.files} damaged files{f' of {name}' if name else ''}"
    print(f"{what} in {time.perf_counter() - since:.0f} s: {counts}", flush=True)
    return 1 if found.failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
