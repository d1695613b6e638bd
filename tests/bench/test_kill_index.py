"""Indexing that is killed at any moment leaves an index that opens and catches up."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.kill_index import contents, look, refresh, run


@pytest.mark.e2e
def test_a_killed_index_is_whole_and_a_refresh_makes_it_complete() -> None:
    kills = run(n_kills=8, n_files=80, seed=3)
    assert sum(kill.alive for kill in kills) >= 4
    assert [kill for kill in kills if kill.differs or kill.left or not kill.whole] == []


def test_what_an_index_holds_is_compared_row_for_row(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "cart.py").write_text("def total(items):\n    return sum(items)\n")
    for name in ("one", "two"):
        refresh(str(tmp_path / "tree"), str(tmp_path / name))
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    (tmp_path / "tree" / "cart.py").write_text("def total(items):\n    return max(items)\n")
    refresh(str(tmp_path / "tree"), str(tmp_path / "two"))
    one, two = contents(tmp_path / "one"), contents(tmp_path / "two")
    assert {name for name in one if one[name] != two[name]} >= {"files", "chunks", "refs", "vectors"}
    assert one["imports"] == two["imports"]


def test_a_damaged_file_is_not_whole(tmp_path: Path) -> None:
    assert look(tmp_path) == (True, 0)
    (tmp_path / "index.sqlite").write_bytes(b"no database" * 1000)
    assert look(tmp_path) == (False, 0)
