"""Examples get one role each; what belongs together stays together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

import w2s
from tests.doubles.errors import raises_code
from w2s.chain.config import SPLITS, Examples
from w2s.chain.data.files import load_splits
from w2s.chain.data.splits import Splits, split
from w2s.errors import DataError
from w2s.tasks import MoveExample

STATES = [w2s.game("connect_four").state(moves=[column]) for column in "1234567"]
STATES += [state.play(column) for state in STATES for column in "1234567"]


def example(number: int, place: int, group: int | None) -> MoveExample:
    name = None if group is None else f"g{group}"
    return MoveExample(f"e{number}", STATES[place], gold=("4",), group=name)


examples = st.lists(
    st.tuples(st.integers(0, len(STATES) - 1), st.none() | st.integers(0, 9)), min_size=30, max_size=80
).map(lambda rows: [example(number, *row) for number, row in enumerate(rows)])


@given(examples, st.integers(0, 5))
def test_roles_share_neither_id_nor_position_nor_group(given_examples: list[MoveExample], seed: int) -> None:
    try:
        found = split(given_examples, (5, 5, 5), seed)
    except DataError as error:
        assert error.code == "chain-groups-too-large"
        return
    seen: dict[object, str] = {}
    for role in SPLITS:
        rows = getattr(found, role)
        assert len(rows) == 5
        for one in rows:
            for mark in (one.id, one.state.key, one.group):
                assert mark is None or seen.setdefault(mark, role) == role


def singles(count: int) -> list[MoveExample]:
    return [example(number, number, None) for number in range(count)]


def test_a_seed_decides_the_roles_whatever_the_order_of_the_file() -> None:
    rows = singles(40)
    first, again = split(rows, (10, 10, 10), 3), split(rows[::-1], (10, 10, 10), 3)
    assert {one.id for one in first.gold} == {one.id for one in again.gold}
    assert {one.id for one in split(rows, (10, 10, 10), 4).gold} != {one.id for one in first.gold}


def test_too_few_examples_are_refused_with_the_numbers() -> None:
    with raises_code("chain-too-few-examples", DataError) as caught:
        split(singles(40), (30, 10, 10), 0)
    assert "40 examples are too few for 30 gold, 10 pool, 10 test" in str(caught.value)


def test_the_table_says_who_is_what() -> None:
    found = Splits(*([one] for one in singles(3))).table().to_pydict()
    assert found == {"id": ["e0", "e1", "e2"], "role": ["gold", "pool", "test"]}


def test_files_that_share_a_position_are_refused(tmp_path) -> None:
    line = "7k/5ppp/8/8/8/8/8/R3K3 b - - 0 1,h8g8 a1a8,900\n"
    other = "6k1/5ppp/8/8/8/8/8/1R2K3 b - - 0 1,g8h8 b1b8,900\n"
    for name, text in (("gold", line), ("pool", other), ("test", line)):
        (tmp_path / f"{name}.csv").write_text(text)
    source = Examples(**{role: (str(tmp_path / f"{role}.csv"),) for role in SPLITS})
    with raises_code("chain-splits-overlap", DataError):
        load_splits(source, game="chess", seed=0)
