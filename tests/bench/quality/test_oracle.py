from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cursor_case import cursor_case

from bench.quality.oracle import Oracle, needed
from indexer.index import CodeIndex
from indexer.types import Query

FILES = {
    "app.py": "from shapes import Circle\n\n\ndef area(count):\n    return 1\n",
    "shapes.py": 'class Circle:\n    """Round."""\n\n    def scale(self, factor):\n        return factor\n',
    "paint.py": "def paint(shape, colour):\n    return shape\n\n\ndef count():\n    return 0\n",
    "tests/test_paint.py": "def paint():\n    return None\n",
    **{f"many_{number}.py": "def common(one):\n    return one\n" for number in range(8)},
    "main.go": "package main\n\nfunc paint() {}\n",
}


@pytest.fixture
def index(tmp_path: Path) -> Iterator[CodeIndex]:
    for name, text in FILES.items():
        (tmp_path / "repo" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "repo" / name).write_text(text)
    index = CodeIndex.open(tmp_path / "repo", directory=tmp_path / "index", embedder=None)
    index.refresh()
    yield index
    index.close()


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("from shapes import Circle\nx = <|>Circle()\n", ["shapes.py"]),
        ("from shapes import Circle\nx = Cir<|>cle()\n", ["shapes.py"]),
        ("x.<|>scale(2)\n", ["shapes.py"]),
        ("from paint import paint\n<|>paint(1, 2)\n", ["paint.py", "tests/test_paint.py"]),
        ("count = 1\nprint(<|>count)\n", []),  # a local variable
        ("<|>area(1)\n", []),  # the file's own
        ("<|>common(1)\n", []),  # any of eight
        ("<|>scale(1)\n", []),  # a method needs its object
        ("class <|>Circle:\n    pass\n", []),
        ('x = <|>"paint()"\n', []),
        ("x = <|>nowhere()\n", []),
    ],
)
def test_the_oracle_brings_what_the_line_names(index: CodeIndex, marked: str, expected: list[str]) -> None:
    assert [hit.path for hit in needed(cursor_case(marked), index).hits] == expected


def test_the_oracle_is_a_retriever(index: CodeIndex) -> None:
    need = needed(cursor_case("from shapes import Circle\nx = <|>Circle()\n"), index)
    oracle = Oracle(index, need.hits)
    (hit,) = oracle.search(Query("whatever", path="app.py"), 12)
    assert hit.text.startswith('class Circle:\n    """Round."""\n')
    assert need.names == {"Circle"}
    assert oracle.versions(["shapes.py"]) == index.versions(["shapes.py"])
