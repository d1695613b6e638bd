"""What is asked of an index of a corpus: cursors at random lines, and sentences that its own authors wrote."""

from __future__ import annotations

import ast
import random
import warnings
from collections.abc import Iterator

from bench.index_scale.corpus import SEED, Corpus
from codeassist.documents import read_document
from codeassist.query import cursor_query
from codeassist.types import Cursor
from codeassist.window import WindowBudget, cut_window
from indexer.types import Query

MIN_WORDS, MAX_WORDS = 4, 12


def cursor_queries(corpus: Corpus, n_queries: int) -> list[Query]:
    """What keystrokes at the ends of random lines ask, in files drawn at random."""
    chooser = random.Random(SEED)
    return [_cursor_query(corpus, path, chooser) for path in chooser.choices(corpus.paths, k=n_queries)]


def _cursor_query(corpus: Corpus, path: str, chooser: random.Random) -> Query:
    document = read_document(corpus.root / path, path)
    lines = document.text.split("\n")
    line = chooser.randrange(len(lines))
    cursor = Cursor(line, len(lines[line]))
    window = cut_window(document, cursor, WindowBudget(2000, 800), lambda text: len(text) // 4, None)
    return cursor_query(document, cursor, window)


def spoken_questions(corpus: Corpus, n_questions: int) -> list[str]:
    """First lines of docstrings, one a file, in an order that the seed decides."""
    paths = [path for path in corpus.paths if path.endswith(".py")]
    random.Random(SEED).shuffle(paths)
    found = (sentence for path in paths for sentence in [_sentence(corpus, path)] if sentence)
    return [sentence for sentence, _ in zip(found, range(n_questions), strict=False)]


def _sentence(corpus: Corpus, path: str) -> str:
    """A sentence of a file that is as long as a question; "" when there is none."""
    return next((s for s in _first_lines(corpus, path) if MIN_WORDS <= len(s.split()) <= MAX_WORDS), "")


def _first_lines(corpus: Corpus, path: str) -> Iterator[str]:
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse((corpus.root / path).read_bytes())
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield (ast.get_docstring(node) or "").split("\n")[0].strip(" .")
