"""Targets of training rows as places among the legal moves.

Knows nothing about nets; needs no torch.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from w2s.errors import DataError
from w2s.tasks import MoveExample
from w2s.train.rows import Rows


@dataclass(frozen=True, slots=True)
class Targets:
    """The targets of n rows as places among the legal moves, row behind row.

    Attributes:
        places: int64, (m,): which legal move.
        probs: float32, (m,): its probability; those of a row sum to one.
        offsets: int64, (n + 1,): where each row begins.
        weights: float32, (n,): mean one.
        digest: of everything that the training reads from the rows.
    """

    places: npt.NDArray[np.int64]
    probs: npt.NDArray[np.float32]
    offsets: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float32]
    digest: str


def read_targets(rows: Rows, game: str) -> Targets:
    """Targets as places among the legal moves, checked.

    Raises:
        DataError: no rows, columns of different lengths, a row of another game, a target that is not legal or
            no probability, or weights that are negative or all zero. The message names the row.
    """
    lengths = (len(rows.examples), len(rows.targets), len(rows.weights))
    if len(set(lengths)) != 1:
        raise DataError(
            "train-row-counts",
            "{} examples, {} targets and {} weights; each row needs one of each".format(*lengths),
        )
    if not len(rows):
        raise DataError("train-no-rows", "there are no rows to train on; keep more of the labels")
    places: list[int] = []
    probs: list[float] = []
    offsets = [0]
    digest = hashlib.blake2b(digest_size=16)
    for example, target in zip(rows.examples, rows.targets, strict=True):
        if not isinstance(example, MoveExample):
            raise DataError(
                "train-not-positions",
                f"example {example.id!r} is not a position; policy nets learn moves",
            )
        read = _read(example, target, game)
        places += [place for place, _ in read]
        probs += [prob for _, prob in read]
        offsets.append(len(places))
        state = example.state
        digest.update(ascii((state.start_position, state.played, read)).encode())
    weights = _weights(rows.weights)
    digest.update(weights.tobytes())
    return Targets(
        np.array(places, np.int64),
        np.array(probs, np.float32),
        np.array(offsets, np.int64),
        weights,
        digest.hexdigest(),
    )


def _read(example: MoveExample, target: Mapping[str, float], game: str) -> list[tuple[int, float]]:
    """Places of a row's moves, ascending, with probabilities that sum to one."""
    if example.state.game != game:
        raise DataError(
            "train-other-game",
            f"example {example.id!r} is a position of {example.state.game}, but the student plays {game}",
        )
    legal = {move: place for place, move in enumerate(example.state.legal_moves())}
    total = math.fsum(target.values())
    if any(not prob >= 0 for prob in target.values()) or not 0 < total < math.inf:
        raise DataError(
            "train-invalid-target",
            f"the target of example {example.id!r} is not a distribution over moves: {dict(target)}",
        )
    found: dict[int, float] = {}
    for move, prob in target.items():
        place = legal.get(move)
        if place is None:
            canonical, why = example.state.read(move)
            if canonical is None:
                raise DataError(
                    "train-impossible-target",
                    f"the target {move[:20]!r} of example {example.id!r} is {why}; remove the row",
                )
            place = legal[canonical]
        found[place] = found.get(place, 0.0) + prob / total
    return sorted(found.items())


def _weights(weights: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    given = np.asarray(weights, np.float64)
    if given.ndim != 1 or not (np.isfinite(given).all() and (given >= 0).all()):
        raise DataError("train-invalid-weights", "weights must be finite numbers >= 0, one per row")
    if not given.sum() > 0:
        raise DataError("train-zero-weights", "every row has weight 0; there is nothing to train on")
    scaled: npt.NDArray[np.float32] = (given / given.mean()).astype(np.float32)
    return scaled
