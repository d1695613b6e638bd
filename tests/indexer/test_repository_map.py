"""The map of a repository reads what is asked for, and follows the store without reading all of it again."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from indexer import records
from indexer.repository_map import RepositoryMap, synced
from indexer.types import Query

Index = Any

FILES = {
    "shop/cart.py": "class Cart:\n    def total(self):\n        return 0\n",
    "shop/item.py": "from shop.cart import Cart\n\nclass Item:\n    pass\n",
    "web/cart.py": "def show_cart():\n    pass\n",
    "package.json": '{"name": "shop", "main": "index.js"}\n',
}


@pytest.fixture
def root(repository: Callable[..., Path]) -> Path:
    return repository(FILES)


@pytest.fixture
def index(root: Path, open_index: Callable[..., Index]) -> Iterator[Index]:
    opened = open_index(root)
    opened.refresh()
    yield opened
    opened.close()


def follow(index: Index, old: RepositoryMap) -> RepositoryMap:
    """The map that follows `old`, with its groups made."""
    with index._store.reading() as connection:
        found = synced(old, connection)
    assert found.paths.folders is not None
    assert found.paths.by_file_name is not None
    return found


def held(found: RepositoryMap) -> dict[str, object]:
    """What a map knows of paths, whatever the rows."""
    return {
        "files": sorted(found.files.ids),
        "folders": {name: members for name, members in found.paths.folders.items() if members},
        "names": {name: members for name, members in found.paths.by_file_name.items() if members},
        "packages": sorted(found.build.packages),
        "chunks": found.n_chunks,
    }


def test_only_files_that_a_question_leads_to_are_read(index: Index) -> None:
    source = "from shop.cart import Cart\n\ncart = Cart()\ncart.\n"
    hits = index.search(Query("cart.", ("cart", "Cart"), path="new.py", source=source, line=4), 5)
    assert ("shop/cart.py", "Cart") in {(hit.path, hit.symbol) for hit in hits}
    _, known = index._map
    assert set(known.files.entries) == {known.files.ids["shop/cart.py"]}


CHANGES: dict[str, dict[str, str | None]] = {
    "an edit": {"shop/cart.py": "class Basket:\n    pass\n"},
    "a new file": {"shop/late.py": "LATE = 1\n"},
    "a file less": {"shop/item.py": None},
    "a move": {"shop/item.py": None, "web/item.py": FILES["shop/item.py"]},
    "the last file of a folder": {"web/cart.py": None},
    "another build file": {"package.json": '{"name": "store"}\n'},
    "no build file": {"package.json": None},
    "all at once": {"shop/item.py": None, "a.py": "A = 1\n", "shop/cart.py": "B = 2\n", "x/cart.py": "C = 3\n"},
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_map_that_followed_changes_is_the_map_of_a_fresh_look(case: str, root: Path, index: Index) -> None:
    before = follow(index, RepositoryMap())
    for path, text in CHANGES[case].items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).unlink() if text is None else (root / path).write_text(text)
        index.refresh_file(path)
    assert held(follow(index, before)) == held(follow(index, RepositoryMap()))
    assert held(before) != held(follow(index, before)) or case in ("an edit", "another build file")


def test_a_file_that_was_edited_is_read_again(root: Path, index: Index) -> None:
    with index._store.reading() as connection:
        before = synced(RepositoryMap(), connection)
        assert list(before.files["shop/cart.py"].names) == ["Cart"]
    (root / "shop/cart.py").write_text("class Basket:\n    pass\n")
    index.refresh_file("shop/cart.py")
    with index._store.reading() as connection:
        after = synced(before, connection)
        assert list(after.files["shop/cart.py"].names) == ["Basket"]
        assert len(after.files.entries) == 1


def test_an_edit_costs_no_look_at_the_other_files(root: Path, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    before = follow(index, RepositoryMap())
    looks: list[int] = []
    read = records.file_ids

    def file_ids(connection: sqlite3.Connection, after: int) -> dict[str, int]:
        looks.append(after)
        return read(connection, after)

    monkeypatch.setattr(records, "file_ids", file_ids)
    (root / "web/cart.py").write_text("def show():\n    pass\n")
    index.refresh_file("web/cart.py")
    follow(index, before)
    assert looks == [before.last_id]
    assert before.last_id == len(FILES)
