"""Rules, search and agreement: invalid arguments have a code; columns of text may be of any kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.doubles.errors import raises_code
from w2s import kernels
from w2s.errors import DataError, UsageError


def test_unknown_game_is_refused_with_the_known_names() -> None:
    with raises_code("game-unknown", UsageError) as caught:
        kernels.start("go", "startpos")
    assert all(name in str(caught.value) for name in kernels.game_names())
    with raises_code("game-unknown", UsageError):
        kernels.agree("go", ["startpos"], ["a"], ["b"])


@pytest.mark.parametrize("text", ["", "8/8 w", "\udcff", "x" * 500])
def test_invalid_position_is_quoted_in_one_short_line(text: str) -> None:
    with raises_code("game-invalid-position", DataError) as caught:
        kernels.start("chess", text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("options", [{"depth": 0}, {"nodes": 0}, {"depth": 1, "nodes": -1}])
def test_limit_of_a_search_below_one_is_refused(options: Any) -> None:
    with raises_code("game-bad-search-limit", UsageError):
        kernels.search([kernels.start("chess", "startpos")], **options)


@pytest.mark.parametrize("options", [{"nodes": 0}, {"nodes": 1, "cap_cp": 0}])
def test_limit_of_a_proof_below_one_is_refused(options: Any) -> None:
    with raises_code("game-bad-search-limit", UsageError):
        kernels.solve([kernels.start("othello", "startpos")], **options)


def test_moves_to_value_must_be_legal_and_as_many_lists_as_states() -> None:
    state = kernels.start("chess", "startpos")
    with raises_code("game-illegal-move", UsageError) as caught:
        kernels.search([state], depth=1, moves=[["e2e5"]])
    assert "'e2e5'" in str(caught.value) or '"e2e5"' in str(caught.value)
    with raises_code("game-length-mismatch", UsageError):
        kernels.search([state], depth=1, moves=[])


@pytest.mark.parametrize("depth", [-1, 65])
def test_depth_of_a_perft_is_from_0_to_64(depth: int) -> None:
    with raises_code("game-bad-perft-depth", UsageError):
        kernels.perft(kernels.start("chess", "startpos"), depth)


@pytest.mark.parametrize("kind", [list, tuple, np.array, pa.array, lambda texts: pa.chunked_array([texts])])
def test_columns_of_text_of_any_kind_are_compared(kind: Any) -> None:
    columns = [["startpos", "startpos"], ["Nf3", "e4"], ["g1f3", "e2e5"]]
    found = kernels.agree("chess", *map(kind, columns))
    assert found.same_move.tolist() == [True, False]
    assert [kernels.READINGS[number] for number in found.right.tolist()] == ["ok", "illegal"]
    assert found.right_move.to_pylist() == ["g1f3", None]


def test_null_text_is_unparsable() -> None:
    found = kernels.agree("chess", pa.array(["startpos"]), pa.array([None], pa.string()), pa.array(["e4"]))
    assert kernels.READINGS[found.left[0]] == "unparsable"


def test_columns_of_text_must_have_one_length() -> None:
    with raises_code("game-length-mismatch", UsageError):
        kernels.agree("chess", ["startpos"], ["e4"], [])
