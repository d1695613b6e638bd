"""Words found in memory are those that the full-text index finds, with the weights that it gives."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from indexer import postings
from indexer.postings import Postings, Tokens

FILES = {
    "node.py": "def add_node(graph, node):\n    graph.nodes[node] = node\n",
    "paths.py": "def shortest_path(graph, source, target):\n    return search_nodes(graph, source, target)\n",
    "cafe.py": "CAFÉ = 'café'\n\n\ndef routes(café):\n    return café.routes\n",
    "readme.md": "# Graphs\n\nNodes, paths and routes.\n",
}
QUESTIONS = [
    ("graph",),
    ("graph", "node"),
    ("shortest", "path", "nodes"),
    ("routing", "café"),
    ("nowhere", "graphs"),
    ("add_node", "graph", "source", "target"),
]


def asked(connection: sqlite3.Connection, terms: Sequence[str], limit: int) -> list[tuple[int, float]]:
    """The reference: FTS5's own ranking."""
    return [
        (row, -score)
        for row, score in connection.execute(
            "SELECT rowid, bm25(chunks_text) AS score FROM chunks_text WHERE chunks_text MATCH ?"
            " ORDER BY score, rowid LIMIT ?",
            (" OR ".join(f'"{term}"' for term in terms), limit),
        )
    ]


def check_all(index: Any, found: Postings) -> None:
    with index._store.reading() as connection:
        for terms in QUESTIONS:
            for limit in (1, 2, 50):
                assert found.best(connection, terms, limit) == asked(connection, terms, limit), terms


def test_words_weigh_what_the_full_text_index_says_while_files_come_and_go(
    repository: Callable[[dict[str, Any]], Path], open_index: Any
) -> None:
    root = repository(FILES)
    index, found = open_index(root), Postings()
    index.refresh()
    check_all(index, found)
    for path, text in (
        ("readme.md", "# Graphs\n\nOther nodes, and a path for the source.\n"),  # The last file: its rows come again.
        ("node.py", "def remove_node(graph, node):\n    del graph.nodes[node]\n"),
        ("new.py", "def target(path):\n    return path\n"),
    ):
        (root / path).write_text(text)
        index.refresh()
        check_all(index, found)
    (root / "paths.py").unlink()
    index.refresh()
    check_all(index, found)


def test_each_reader_gets_the_words_of_its_own_state(
    repository: Callable[[dict[str, Any]], Path], open_index: Any
) -> None:
    root = repository(FILES)
    index, found = open_index(root), Postings()
    index.refresh()
    old = sqlite3.connect(index._store.path, isolation_level=None)
    old.execute("BEGIN")
    before = asked(old, ("graph", "node"), 9)
    (root / "node.py").write_text("def node(): pass\n")
    index.refresh()
    for _ in range(2):
        check_all(index, found)
        assert found.best(old, ("graph", "node"), 9) == before
    old.close()


def test_what_is_remembered_of_words_stays_bounded(
    repository: Callable[[dict[str, Any]], Path], open_index: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postings, "MAX_POSTINGS", 4)
    index, found = open_index(repository(FILES)), Postings()
    index.refresh()
    check_all(index, found)
    assert 0 < sum(len(known.rows) for known in found._known.values()) == found._n_known <= 4


def test_an_empty_index_has_no_words(tmp_path: Path, open_index: Any) -> None:
    index, found = open_index(tmp_path), Postings()
    with index._store.reading() as connection:
        assert found.best(connection, ("graph",), 5) == []
        assert found.best(connection, (), 5) == []


@pytest.mark.parametrize(
    ("term", "token"), [("routing", "rout"), ("café", "cafe"), ("add_node", "add_nod"), ("_", "_"), ("?", "")]
)
def test_a_term_is_cut_as_the_full_text_index_cuts_it(term: str, token: str) -> None:
    tokens = Tokens()
    assert (tokens.of(term), tokens.of(term)) == (token, token)
    tokens.close()
    assert tokens.of(term) == token
    tokens.close()
