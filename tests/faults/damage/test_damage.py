"""Damaged files are read as they are, or refused with a code: no crash, no hang, no other rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.faults.damage.format import DamagedFormat
from tests.faults.damage.formats import FORMATS, format_of_case
from tests.faults.damage.mutations import MUTATIONS, mutate
from tests.faults.damage.runner import run_cases

CASES = 300


@pytest.mark.slow
def test_damaged_files_are_read_as_they_are_or_refused() -> None:
    found = run_cases(CASES, seed=1)
    assert found.failures == []
    assert sum(found.outcomes.values()) == CASES
    assert found.outcomes["refused"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("found", FORMATS.values(), ids=FORMATS)
def test_the_undamaged_file_of_a_format_passes_its_check(found: DamagedFormat, tmp_path: Path) -> None:
    found.write(tmp_path / found.file)
    assert found.check(tmp_path / found.file) in {"same", "whole"}


def test_every_format_gets_cases() -> None:
    assert {format_of_case(number).name for number in range(3_000)} == set(FORMATS)


def test_mutations_depend_on_the_seed_alone() -> None:
    data = bytes(range(256)) * 4
    found = [mutate(data, [(900, 1024)], np.random.default_rng([1, i])) for i in range(200)]
    again = [mutate(data, [(900, 1024)], np.random.default_rng([1, i])) for i in range(200)]
    assert found == again
    assert {name for _, name in found} == {mutation.__name__ for mutation in MUTATIONS}
    assert sum(damaged != data for damaged, _ in found) > 190
