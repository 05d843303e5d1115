"""``python -m tests.faults.kills``: kill every command at many moments, and print what goes wrong."""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

import torch  # noqa: F401 - once, for all forks

from tests.faults.commands import COMMANDS, write_inputs
from tests.faults.kills.runner import kill_command
from tests.faults.kills.victim import run_in_fork


def main() -> int:
    """Kill the commands; 1 if something went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.kills", description=__doc__)
    parser.add_argument("--moments", type=int, default=60, help="kills of each command")
    parser.add_argument("--seed", type=int, default=0, help="draws the moments")
    parser.add_argument("--command", choices=COMMANDS, help="kill only this command")
    given = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory(prefix="w2s-kills-") as folder:
        inputs = Path(folder) / "inputs"
        inputs.mkdir()
        log = Path(folder) / "said"
        if os.waitpid(run_in_fork(lambda: write_inputs(inputs), log), 0)[1]:
            raise SystemExit(f"the inputs cannot be written: {log.read_text()[-600:]}")
        for name in [given.command] if given.command else COMMANDS:
            began, place = time.perf_counter(), Path(folder) / name
            outcome = kill_command(COMMANDS[name], inputs, place, given.moments, given.seed)
            counts = ", ".join(f"{count} {word}" for word, count in outcome.killed.items())
            print(f"{name}: {counts}, in {time.perf_counter() - began:.0f} s", flush=True)
            for failure in outcome.failures:
                print(f"FAILED {failure}", flush=True)
            failed = failed or bool(outcome.failures)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
