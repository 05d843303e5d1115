"""``python -m tests.faults.damage``: damage many files, and print what fails and how to repeat it."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from tests.faults.damage.formats import FORMATS
from tests.faults.damage.runner import run_cases


def main() -> int:
    """Run the cases; 1 if one failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.damage", description=__doc__)
    parser.add_argument("--files", type=int, default=20_000, help="number of damaged files")
    parser.add_argument("--seed", type=int, default=0, help="decides, with the number of a case, the damage")
    parser.add_argument("--begin", type=int, default=0, help="number of the first case")
    parser.add_argument("--format", choices=FORMATS, help="damage only this format")
    parser.add_argument("--keep", type=Path, help="folder that keeps the last damaged file, in case/")
    given = parser.parse_args()
    since = time.perf_counter()
    found = run_cases(given.files, given.seed, begin=given.begin, only=given.format, keep=given.keep)
    for case in found.failures:
        only = f" --format {given.format}" if given.format else ""
        print(f"FAILED {case['format']}, {case['mutation']}, {case['outcome']}: {case['failure']}")
        print(f"  python -m tests.faults.damage --files 1 --seed {given.seed} --begin {case['number']}{only}")
    counts = ", ".join(f"{count} {word}" for word, count in sorted(found.outcomes.items()))
    print(f"{given.files} damaged files in {time.perf_counter() - since:.0f} s: {counts}")
    return 1 if found.failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
