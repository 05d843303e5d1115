"""Trust functions of users: plain functions, classes of methods, and objects."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.doubles.errors import raises_code
from tests.doubles.labels import labels
from tests.doubles.plugins import write_plugin
from tests.doubles.trust_folders import edit_settings
from w2s.config import Config
from w2s.errors import DataError, UsageError, UserCodeError, W2sError
from w2s.evidence import Labels
from w2s.metrics import auc
from w2s.trust import FittedState, cross_fit, load, save, trust_function
from w2s.trust.benchmark import compare_functions

HERE = "tests.unit.trust.test_user_function"
GOLD, POOL = labels(200), labels(80, seed=1)


def nearest(labels: Labels, gold: Labels, power: float = 1.0) -> np.ndarray:
    """The share of right gold labels among those of similar confidence, and of the same hidden state."""
    known, asked = gold.numbers("log_prob"), labels.numbers("log_prob")
    known, asked = known + gold.vectors["hidden"][:, 0], asked + labels.vectors["hidden"][:, 0]
    near = np.abs(asked[:, None] - known).argsort(axis=1)[:, :25]
    return gold.correct[near].mean(axis=1) ** power


def confident(labels: Labels) -> list[float]:
    return np.exp(labels.numbers("log_prob")).tolist()


def draws(labels: Labels, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random(len(labels))


class Options(Config):
    smoothing: float = 5.0


@dataclass(frozen=True)
class Method:
    name: str = "base_rate"
    about: str = "share of right gold labels"
    options: type[Config] = Options

    def needs(self, options: Options) -> Any:
        return frozenset({"log_prob"})

    def fit(self, labels: Labels, correct: np.ndarray, seed: int, options: Options) -> FittedState:
        return FittedState({"mean": float(correct.mean())})

    def score(self, labels: Labels, state: FittedState, options: Options) -> np.ndarray:
        return np.full(len(labels), state.facts["mean"]) / (1 + options.smoothing)


class WrongNeeds(Method):
    def needs(self, options: Options) -> Any:
        return ("log_prob",)


class Scaled:
    """An object that learns: the mean is in it, and not in a state."""

    name = "scaled"
    needs: Any = frozenset({"log_prob"})

    def __init__(self, scale: str = "1") -> None:
        self.scale, self.mean = float(scale), 0.0

    def fit(self, labels: Labels, correct: np.ndarray, seed: int = 0) -> Scaled:
        found = Scaled(str(self.scale))
        found.mean = float(correct.mean())
        return found

    def score(self, labels: Labels) -> np.ndarray:
        return self.scale * self.mean * np.exp(labels.numbers("log_prob"))


class TupleNeeds(Scaled):
    needs = ("log_prob",)


class NoScore:
    name, needs = "x", frozenset[str]()

    def fit(self, labels: Labels, correct: object, seed: int) -> NoScore:
        return self


class NoSeed(NoScore):
    def fit(self, labels: Labels) -> NoScore:  # type: ignore[override]
        return self

    def score(self, labels: Labels) -> list[float]:
        return []


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("nearest", {"power": "2"}),
        ("confident", {}),
        ("draws", {}),
        ("Method", {"smoothing": 1}),
        ("Scaled", {}),
    ],
)
def test_function_scores_as_before_after_saving_and_loading(
    tmp_path: Path, name: str, options: dict[str, Any]
) -> None:
    reference = f"{HERE}:{name}"
    fitted = trust_function(reference, **options).fit(GOLD, seed=3)
    save(fitted, tmp_path / "a")
    with raises_code("trust-code-not-allowed", UsageError):
        load(tmp_path / "a")
    loaded = load(tmp_path / "a", allow=reference)
    assert loaded.score(POOL).tobytes() == fitted.score(POOL).tobytes()
    save(trust_function(reference, **options).fit(GOLD, seed=3), tmp_path / "b")
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    keeps_gold = name in ("nearest", "Scaled")
    assert names == ["labels.parquet"] * keeps_gold + ["trust.json", "trust.safetensors"]
    for file in names:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_loading_what_is_not_allowed_imports_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save(trust_function(f"{HERE}:confident").fit(GOLD), tmp_path / "t")
    edit_settings(tmp_path / "t", lambda found: found.update(function="evil:rate"))
    (tmp_path / "evil.py").write_text("open('ran', 'w')\ndef rate(labels): return 1")
    for allow in ("", "evil", "evil:other"):
        with raises_code("trust-code-not-allowed", UsageError):
            load(tmp_path / "t", allow=allow)
    assert not (tmp_path / "ran").exists()


def test_changed_code_is_told_when_it_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    module = write_plugin(tmp_path, "def rate(labels):\n    return [0.5] * len(labels)\n")
    save(trust_function(f"{module}:rate").fit(GOLD), tmp_path / "t")
    load(tmp_path / "t", allow=f"{module}:rate")
    assert "has changed" not in caplog.text
    (tmp_path / f"{module}.py").write_text("def rate(labels):\n    return [0.1] * len(labels)\n")
    load(tmp_path / "t", allow=f"{module}:rate")
    assert f"the code of {module}:rate has changed" in caplog.text


def test_folder_without_the_gold_that_a_function_needs_is_refused(tmp_path: Path) -> None:
    for name in ("nearest", "Scaled"):
        save(trust_function(f"{HERE}:{name}").fit(GOLD), tmp_path / name)
        edit_settings(tmp_path / name, lambda found: found.pop("labels_sha256") and found["facts"].clear())
        with raises_code("trust-without-gold", DataError):
            load(tmp_path / name, allow=f"{HERE}:{name}").score(POOL)


def test_plain_function_learns_from_gold_out_of_fold() -> None:
    function = trust_function(nearest)
    assert auc(function.fit(GOLD).score(POOL), POOL.correct) > 0.8
    assert auc(cross_fit(function, GOLD), GOLD.correct) > 0.8
    (result,) = compare_functions(GOLD, GOLD.correct, functions=[f"{HERE}:nearest"], draws=50)
    assert result.measures["auc"].value > 0.8


def test_plain_function_sees_no_answers() -> None:
    seen: list[list[str]] = []

    def spy(labels: Labels, gold: Labels) -> np.ndarray:
        seen.append(labels.table.column_names)
        return gold.numbers("correct")[: len(labels)]

    function = trust_function(spy)
    function.fit(GOLD).score(POOL.with_column("truth", POOL.correct))
    assert "log_prob" in seen[0]
    assert not {"correct", "truth"} & set(seen[0])


def test_order_of_gold_does_not_matter_to_a_plain_function() -> None:
    shuffled = GOLD.take(np.random.default_rng(2).permutation(len(GOLD)))
    function = trust_function(nearest)
    assert np.array_equal(function.fit(GOLD).score(POOL), function.fit(shuffled).score(POOL))


def test_seed_of_the_fit_reaches_a_plain_function() -> None:
    function = trust_function(draws)
    assert not np.array_equal(function.fit(GOLD, seed=1).score(POOL), function.fit(GOLD, seed=2).score(POOL))


def test_function_that_cannot_be_imported_again_is_not_saved(tmp_path: Path) -> None:
    with raises_code("trust-not-savable", UsageError) as caught:
        save(trust_function(lambda labels: labels.numbers("log_prob")).fit(GOLD), tmp_path)
    assert "mytrust.py" in str(caught.value)


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (lambda labels: [0.5], "did not return one number for each of 80 labels: it returned list"),
        (lambda labels: ["a"] * 80, "did not return one number"),
        (lambda labels: np.full((80, 2), 0.5), "ndarray of shape (80, 2)"),
        (lambda labels: np.full(80, np.nan), "returned nan for row 0"),
        (lambda labels: labels.numbers("log_prob"), "scores lie in [0, 1]"),
        (lambda labels: None, "it returned NoneType"),
    ],
)
def test_returned_values_are_checked(returned: Any, message: str) -> None:
    with raises_code("trust-bad-scores", W2sError) as caught:
        trust_function(returned).fit(GOLD).score(POOL)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("found", "code", "message"),
    [
        (
            f"{HERE}:TupleNeeds",
            "trust-function-bad-member",
            "whose needs is tuple ('log_prob',); it must",
        ),
        (f"{HERE}:WrongNeeds", "trust-function-bad-member", "must return a frozenset"),
        (f"{HERE}:NoScore", "trust-function-incomplete", "has no score; add score, a method score(labels)"),
        (
            f"{HERE}:NoSeed",
            "trust-function-bad-member",
            "whose fit is a method; it must be a method fit(",
        ),
        ("builtins:dict", "trust-function-incomplete", "gives dict, which has no name"),
        ("json:dumps", "trust-function-bad-options", "the first parameter of a plain function is labels"),
        (lambda labels, truth: 1, "trust-function-bad-signature", "the parameter truth"),
        (lambda labels, gold, sizes=(1, 2): 1, "trust-function-bad-signature", "the parameter sizes=(1, 2)"),
        (lambda labels, **others: 1, "trust-function-bad-signature", "the parameter **others"),
        (3, "trust-function-not-callable", "3 is neither"),
    ],
)
def test_what_is_no_trust_function_is_refused(found: Any, code: str, message: str) -> None:
    with raises_code(code, UsageError) as caught:
        trust_function(found)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_misspelled_option_of_a_plain_function_has_a_suggestion() -> None:
    with raises_code("config-unknown-key", UsageError) as caught:
        trust_function(nearest, powr=2)
    assert "did you mean 'power'?" in str(caught.value)


def test_missing_column_is_an_error_of_the_labels() -> None:
    with raises_code("label-column-missing", DataError):
        trust_function(lambda labels: labels.numbers("conf")).fit(GOLD).score(POOL)


def test_exception_of_the_function_is_its_own() -> None:
    with raises_code("callable-failed", UserCodeError) as caught:
        trust_function(lambda labels: labels.nothing).fit(GOLD).score(POOL)
    assert isinstance(caught.value.__cause__, AttributeError)
