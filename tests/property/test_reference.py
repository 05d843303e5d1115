"""Every reference that can be written down parses to itself."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from w2s.models.reference import Reference, parse_reference

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_AWKWARD = st.text("a=&?%:#26 A\n\\\"'", max_size=12)
_WORDS = _TEXT | _AWKWARD
_OPTIONS = st.lists(
    st.tuples(_WORDS.filter(bool), _WORDS), max_size=4, unique_by=lambda pair: pair[0].lower()
).map(dict)


@given(st.from_regex(r"[a-z][a-z0-9_]*", fullmatch=True), _WORDS, _OPTIONS)
@example("policy", "a=", {})
@example("uci", "", {"Skill Level": "3"})
@example("uci", "", {"a?b": "?"})
@example("uci", "", {"a": "?"})
def test_the_text_of_a_reference_parses_to_the_same_value(
    kind: str, target: str, options: dict[str, str]
) -> None:
    reference = Reference(kind, target, options)
    text = str(reference)
    assert parse_reference(text) == reference
    assert list(parse_reference(text).options) == list(options)
    assert str(parse_reference(text)) == text
    assert text.count("\n") == 0
