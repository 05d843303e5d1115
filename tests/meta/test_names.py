"""Files and classes are named by nouns of the field, and each public name is defined once."""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

import pytest

FOLDERS = ("python/w2s", "benchmarks", "studies", "tests/doubles", "arenas/build")
REGULAR = re.compile(r"\w{2,}(ing|ings|ed)")
IRREGULAR = re.compile(
    "been|bent|born|bought|bound|bred|broken|brought|built|burnt|caught|chosen|come|dealt|done|drawn|driven|eaten|"
    "fallen|fed|felt|found|frozen|given|gone|grown|heard|held|hidden|kept|known|laid|learnt|led|left|lent|lost|"
    "made|meant|met|paid|said|seen|sent|shown|shut|sold|sought|spent|spoken|stolen|struck|swept|taken|taught|"
    "thought|thrown|told|torn|understood|won|worn|written"
)
NOT_OF_A_VERB = re.compile("bed|embed|feed|king|need|ring|seed|shed|sibling|speed|spring|strings?|thing|wing")

# Names that break a rule, each with its reason. The tests also fail when an entry is no longer needed.
FIELD_WORDS = {
    "batching": "putting examples into batches",
    "boosting": "gradient boosting",
    "distributed": "training in several processes, as in torch.distributed",
    "ending": "why a match is over",
    "finding": "what an oracle says about a label",
    "findings": "what oracles say about the labels of a match",
    "labelling": "giving labels",
    "learning": "confident learning, a method",
    "loading": "from a reference or a file to a loaded thing",
    "mapping": "which column holds what",
    "narrowing": "finding a cut digit by digit",
    "opening": "the start of a game",
    "openings": "the starts of games",
    "pairing": "who meets whom",
    "prompting": "making prompts",
    "ranking": "measures of order, such as AUC",
    "rating": "a player's strength",
    "ratings": "players' strengths",
    "ruling": "what a referee decides",
    "sampling": "drawing labels",
    "scoring": "giving scores",
    "settings": "checked options",
    "stacking": "combining several trust functions",
    "timing": "measured seconds",
    "training": "one run of train",
}
STANDARD_LIBRARY_NAMES = {
    "benchmarks/figures/select.py": "the figure of w2s.select",
    "python/w2s/models/random.py": "the kind of model that is called random",
}
PUBLIC_NAMES = {
    "aggregate": "and its kernel",
    "agree": "a command, the function behind it, and its kernel",
    "analyse": "a command, and the function behind it",
    "certify": "and its kernel",
    "filter": "a command, and the function behind it",
    "load": "of each kind of model, of each oracle, and of trust functions",
    "run": "of an arena, of a chain, and of the command line",
    "top_k": "and its kernel",
    "train": "a command, and the function behind it",
    "weights": "and their kernel",
}
SHORT_FILES = {
    "assets.py": "the lowest layer",
    "kernels/core_errors.py": "below all other kernels",
    "models/endpoint/loading.py": "an entry of the registry",
    "models/hf/prefix_cache.py": "one mechanism, of scoring and of generation",
    "models/keyed_random.py": "one function, of all kinds of model",
    "models/uci/errors.py": "below the engine and the model",
}


def python_files(root: Path) -> list[Path]:
    """Python files whose names and sizes are checked."""
    paths = [path for folder in FOLDERS for path in sorted((root / folder).rglob("*.py"))]
    assert len(paths) > 250
    return paths


def name_of(path: Path) -> str:
    """The name of a module or package."""
    return path.parent.name if path.stem == "__init__" else path.stem


def is_participle(word: str) -> bool:
    """Whether a word is a participle or a gerund."""
    if NOT_OF_A_VERB.fullmatch(word):
        return False
    return (IRREGULAR.fullmatch(word) or REGULAR.fullmatch(word)) is not None


def last_word(name: str) -> str:
    """The head of a compound in lower case: ``map`` of ``OrderedMap`` and of ``ordered_map``."""
    return re.findall(r"[A-Z]*[a-z0-9]+|[A-Z]+", name)[-1].lower()


def definitions(path: Path) -> list[ast.ClassDef | ast.FunctionDef]:
    """Classes and functions at module level."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return [node for node in body if isinstance(node, ast.ClassDef | ast.FunctionDef)]


@pytest.mark.parametrize("word", ["asking", "held", "seeded", "wordings", "kept", "told"])
def test_participles_are_found(word: str) -> None:
    assert is_participle(word)


@pytest.mark.parametrize("word", ["seed", "ring", "schedule", "head", "thread", "label"])
def test_nouns_are_left_alone(word: str) -> None:
    assert not is_participle(word)


def test_last_word_of_a_compound_decides() -> None:
    names = ("ordered_map", "CachedClient", "move_judging", "_Training")
    assert [last_word(name) for name in names] == ["map", "client", "judging", "training"]


def test_files_and_classes_are_named_by_nouns(root: Path) -> None:
    paths = python_files(root)
    names = {name_of(path): str(path.relative_to(root)) for path in paths}
    classes = {
        node.name: str(path.relative_to(root))
        for path in paths
        for node in definitions(path)
        if isinstance(node, ast.ClassDef)
    }
    assert len(names) > 200
    assert len(classes) > 300
    found = {name: where for name, where in (names | classes).items() if is_participle(last_word(name))}
    assert {name: where for name, where in found.items() if last_word(name) not in FIELD_WORDS} == {}
    assert set(FIELD_WORDS) - {last_word(name) for name in found} == set()


def test_modules_do_not_shadow_the_standard_library(root: Path) -> None:
    paths = [path for path in python_files(root) if name_of(path) in sys.stdlib_module_names]
    found = {str(path.relative_to(root)) for path in paths}
    assert found == set(STANDARD_LIBRARY_NAMES)


def test_public_names_are_defined_once(root: Path) -> None:
    package = root / "python" / "w2s"
    places = defaultdict(set)
    for path in sorted(package.rglob("*.py")):
        for node in definitions(path):
            if not node.name.startswith("_"):
                places[node.name].add(str(path.relative_to(package)))
    assert len(places) > 800
    twice = {name: where for name, where in places.items() if len(where) > 1}
    assert {name: where for name, where in twice.items() if name not in PUBLIC_NAMES} == {}
    assert set(PUBLIC_NAMES) - set(twice) == set()


def test_files_are_neither_too_long_nor_too_short(root: Path) -> None:
    package = root / "python" / "w2s"
    paths = [path for path in python_files(root) if path.is_relative_to(package)]
    texts = {str(path.relative_to(package)): path.read_text(encoding="utf-8") for path in paths}
    lines = {name: len(text.splitlines()) for name, text in texts.items()}
    assert len(lines) > 200
    assert max(lines.values()) <= 400
    modules = {name: count for name, count in lines.items() if not name.endswith("__.py")}
    assert {name for name, count in modules.items() if count < 40} == set(SHORT_FILES)


def test_package_has_a_moderate_number_of_files(root: Path) -> None:
    package = root / "python" / "w2s"
    files = [path.relative_to(package) for path in package.rglob("*.py")]
    assert 200 < len(files) <= 360, Counter(path.parts[0] for path in files).most_common()
