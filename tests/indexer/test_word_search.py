"""What a person's words find."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from indexer.embedding import HashingEmbedder
from indexer.types import Query

FILES = {
    "shop/session_store.py": (
        '"""Keeps sessions."""\n\n\nclass SessionStore:\n    """Signed cookies."""\n\n'
        "    def load_session(self, cookie):\n        return self.signer.unsign(cookie)\n"
    ),
    "shop/mail.py": "def sendPasswordReset(user):\n    deliver(user.address, 'reset your password')\n",
    "tests/test_session_store.py": "def test_load_session():\n    assert SessionStore().load_session('c')\n",
    "docs/guide.md": "# Guide\n\nHow retries back off exponentially.\n",
    "src/http/router.go": "package http\n\nfunc MatchRoute(path string) int {\n\treturn 1\n}\n",
}

# words, path that must come first
CASES = [
    ("SessionStore", "shop/session_store.py"),
    ("session store", "shop/session_store.py"),
    ("load_session", "shop/session_store.py"),
    ("load session", "shop/session_store.py"),
    ("where are the cookies unsigned", "shop/session_store.py"),
    ("password reset", "shop/mail.py"),
    ("sendpasswordreset", "shop/mail.py"),
    ("exponential retry", "docs/guide.md"),
    ("matching routes", "src/http/router.go"),
    ("test load session", "tests/test_session_store.py"),
]


@pytest.mark.parametrize("embedder", [None, HashingEmbedder()], ids=["words only", "with vectors"])
@pytest.mark.parametrize(("words", "path"), CASES)
def test_words_find_the_place(
    repository: Callable[[dict[str, Any]], Path], open_index: Any, words: str, path: str, embedder: Any
) -> None:
    index = open_index(repository(FILES), embedder=embedder)
    index.refresh()
    hits = index.search(Query(words), 5)
    assert hits[0].path == path
    assert all(hit.why for hit in hits)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_hits_are_whole_lines_of_the_file(repository: Callable[[dict[str, Any]], Path], open_index: Any) -> None:
    index = open_index(repository(FILES))
    index.refresh()
    for hit in index.search(Query("session"), 9):
        lines = FILES[hit.path].split("\n")
        assert hit.text == "\n".join(lines[hit.start_line - 1 : hit.end_line])


@pytest.mark.parametrize(
    "words", ["", "   ", "???", '"', "the of and", "* OR (", "\0", "\ud800", "日本語", "a" * 10_000]
)
def test_words_that_mean_nothing_find_nothing_or_little(
    repository: Callable[[dict[str, Any]], Path], open_index: Any, words: str
) -> None:
    index = open_index(repository(FILES), embedder=HashingEmbedder())
    index.refresh()
    assert isinstance(index.search(Query(words), 5), list)


def test_symbols_are_found_by_name_and_then_by_any_case(
    repository: Callable[[dict[str, Any]], Path], open_index: Any
) -> None:
    index = open_index(repository(FILES))
    index.refresh()
    assert [symbol.path for symbol in index.symbols("SessionStore")] == ["shop/session_store.py"]
    assert [symbol.name for symbol in index.symbols("sessionstore")] == ["SessionStore"]
    assert index.symbols("nothing") == []
    assert index.symbols("load_session")[0].container == "SessionStore"
