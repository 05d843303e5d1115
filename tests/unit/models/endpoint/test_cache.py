"""The cache file: round trips, damaged lines, and two processes at once."""

from __future__ import annotations

import logging
import multiprocessing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from w2s.models.endpoint.cache import ReplyCache
from w2s.models.endpoint.chat_completions import Completion


def digest(number: int) -> bytes:
    return number.to_bytes(16, "big")


def cache_in(folder: Path, model: str = "small") -> ReplyCache:
    return ReplyCache(folder, "http://127.0.0.1:8000/v1", model)


def test_second_cache_finds_stored_replies(tmp_path: Path) -> None:
    kept = [Completion("a\nb\u2028😀", -0.5, (("a", -0.1), ("b", -2.0))), Completion("")]
    first = cache_in(tmp_path / "new")
    for number, reply in enumerate(kept):
        assert first.get(digest(number)) is None
        first.put(digest(number), reply)
        assert first.get(digest(number)) == reply
    first.close()
    first.close()
    second = cache_in(tmp_path / "new")
    assert [second.get(digest(number)) for number in (0, 1, 2)] == [*kept, None]
    second.close()


def test_endpoints_and_models_have_separate_private_files(tmp_path: Path) -> None:
    caches = [cache_in(tmp_path, model) for model in ("a/b", "a b", "../../x", "", "é" * 300)]
    assert len({cache.path for cache in caches}) == 5
    for cache in caches:
        cache.put(digest(0), Completion("reply"))
        assert cache.path.parent == tmp_path
        assert cache.path.stat().st_mode & 0o077 == 0
        cache.close()


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(1, 200))
def test_truncated_last_line_is_removed_and_others_are_kept(tmp_path: Path, cut: int) -> None:
    folder = tmp_path / str(cut)
    (folder / "x").mkdir(parents=True, exist_ok=True)
    cache_in(folder).path.unlink(missing_ok=True)
    cache = cache_in(folder)
    for number in range(3):
        cache.put(digest(number), Completion(f"reply {number}"))
    cache.close()
    whole = cache.path.read_bytes()
    cut = min(cut, len(whole))
    cache.path.write_bytes(whole[:-cut])
    left = whole[:-cut].count(b"\n")
    cache = cache_in(folder)
    found = [cache.get(digest(number)) for number in range(3)]
    assert found == [Completion(f"reply {number}") if number < left else None for number in range(3)]
    cache.put(digest(7), Completion("after"))
    cache.close()
    cache = cache_in(folder)
    assert cache.get(digest(7)) == Completion("after")
    assert cache.path.read_bytes().count(b"\n") == left + 1
    cache.close()


def test_damaged_lines_are_ignored_with_one_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cache = cache_in(tmp_path)
    cache.put(digest(1), Completion("one"))
    cache.close()
    lines = b'not json\n[]\n{"key": "zz"}\n{"key": 7}\n\n'
    wrong = b'{"key": "%s", "text": 7, "log_prob": null, "top": null}\n' % digest(2).hex().encode()
    cache.path.write_bytes(lines + cache.path.read_bytes() + wrong)
    with caplog.at_level(logging.WARNING):
        cache = cache_in(tmp_path)
    assert cache.get(digest(1)) == Completion("one")
    assert cache.get(digest(2)) is None
    assert [record.message for record in caplog.records] == [
        f"{cache.path} has 5 damaged lines: they are ignored and requested again"
    ]
    cache.close()


def _append(folder: str, first: int) -> None:
    cache = cache_in(Path(folder))
    for number in range(first, first + 200):
        cache.put(digest(number), Completion("x" * (number * 37 % 9000)))
    cache.close()


@pytest.mark.slow
def test_two_processes_append_complete_lines(tmp_path: Path) -> None:
    start = multiprocessing.get_context("spawn")
    writers = [start.Process(target=_append, args=(str(tmp_path), first)) for first in (0, 1000)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
        assert writer.exitcode == 0
    cache = cache_in(tmp_path)
    for number in (*range(200), *range(1000, 1200)):
        assert cache.get(digest(number)) == Completion("x" * (number * 37 % 9000))
    cache.close()
