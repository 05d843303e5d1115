"""Label quality: cleanlab's published example, and what must hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.doubles.errors import raises_code
from w2s.errors import DataError, UsageError, W2sError
from w2s.metrics import label_quality

LABELS = [0, 0, 1, 1, 1, 1, 1, 1, 1, 2]
PROBABILITIES = [[0.9, 0.1, 0.0], [0.6, 0.2, 0.2], [0.1, 0.0, 0.9], *[[0.1, 0.8, 0.1]] * 6, [0.1, 0.1, 0.8]]
PUBLISHED: dict[tuple[str, bool], list[float]] = {
    ("self-confidence", False): [0.9, 0.6, 0.0, *[0.8] * 7],
    ("normalized-margin", False): [0.9, 0.7, 0.05, *[0.85] * 7],
    ("confidence-weighted-entropy", False): [
        0.8645935562308203,
        0.6192070185469907,
        4.257401785628986e-05,
        *[0.7515409925295276] * 7,
    ],
    ("self-confidence", True): [
        0.8159509202453987,
        0.558282208588957,
        0.09815950920245402,
        *[0.7852760736196318] * 6,
        0.6871165644171779,
    ],
    ("normalized-margin", True): [
        0.8159509202453987,
        0.6441717791411044,
        0.16257668711656442,
        *[0.8282208588957055] * 6,
        0.7515337423312883,
    ],
}


@pytest.mark.parametrize(("method", "adjusted"), PUBLISHED)
def test_scores_equal_the_published_example_of_cleanlab(method: str, adjusted: bool) -> None:
    found = label_quality(PROBABILITIES, LABELS, method=method, adjusted=adjusted)
    np.testing.assert_allclose(found, PUBLISHED[method, adjusted], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(("method", "adjusted"), PUBLISHED)
def test_scores_do_not_depend_on_class_names_and_row_order(method: str, adjusted: bool) -> None:
    rng = np.random.default_rng(0)
    given, labels = rng.dirichlet([0.3] * 5, 200), rng.integers(0, 5, 200)
    found = label_quality(given, labels, method=method, adjusted=adjusted)
    assert ((found >= 0) & (found <= 1)).all()
    order, names = rng.permutation(200), rng.permutation(5)
    renamed = np.empty_like(given)
    renamed[:, names] = given
    again = label_quality(renamed[order], names[labels][order], method=method, adjusted=adjusted)
    np.testing.assert_allclose(again, found[order], rtol=1e-12)


def test_no_rows_give_no_scores() -> None:
    assert label_quality(np.zeros((0, 3)), np.zeros(0, int)).shape == (0,)


@pytest.mark.parametrize(
    ("given", "labels", "options", "kind", "code", "named"),
    [
        ([[1.0, 0.0]], [0], {"method": "margin"}, UsageError, "metrics-unknown-method", "'margin'"),
        (
            [[1.0, 0.0]],
            [0],
            {"method": "confidence-weighted-entropy", "adjusted": True},
            UsageError,
            "metrics-no-adjustment",
            "",
        ),
        ([1.0, 0.0], [0], {}, DataError, "metrics-bad-shape", "(2,)"),
        ([[1.0, 0.0]], [0, 1], {}, DataError, "metrics-length-mismatch", "labels have shape (2,) for 1 rows"),
        ([[1.0, 0.0]], [0.0], {}, DataError, "metrics-bad-class", "float64"),
        ([[1.0, 0.0], [0.7, 0.7]], [0, 1], {}, DataError, "metrics-not-a-distribution", "row 1"),
        ([[1.0, 0.0], [np.nan, 1.0]], [0, 1], {}, DataError, "metrics-not-a-distribution", "row 1"),
        ([[1.0, 0.0], [0.5, 0.5]], [0, 2], {}, DataError, "metrics-bad-class", "the label of row 1 is 2"),
    ],
)
def test_invalid_arguments_are_refused(
    given: Any, labels: Any, options: Any, kind: type[W2sError], code: str, named: str
) -> None:
    with raises_code(code, kind) as caught:
        label_quality(given, labels, **options)
    assert named in str(caught.value)
