"""Libraries as they really are: those of the environment that runs the tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from library_world import library_hits, open_with_libraries, places, write_files

from indexer.index import CodeIndex

# text at the cursor, where the first hit is, its name, and what its text says
CASES = {
    "constructor": (
        "import httpx\n\nclient = httpx.Client(|\n",
        ("httpx/_client.py", "Client"),
        "base_url: URL | str = ",
    ),
    "unfinished method": (
        "from rich.table import Table\n\ntable = Table()\ntable.add_|\n",
        ("rich/table.py", "Table"),
        "def add_column(self, header: ",
    ),
    "method": (
        "from rich.table import Table\n\ntable = Table()\ntable.add_column(|\n",
        ("rich/table.py", "Table.add_column"),
        "no_wrap: bool = False) -> None:",
    ),
    "what a method returns": (
        "import httpx\n\nwith httpx.Client() as client:\n    answer = client.get('x')\n    answer.iter_lines(|\n",
        ("httpx/_models.py", "Response.iter_lines"),
        "-> typing.Iterator[str]",
    ),
    "class": (
        "from starlette.responses import JSONResponse\n\ndef f():\n    return JSONResponse(|\n",
        ("starlette/responses.py", "JSONResponse"),
        "def set_cookie(",
    ),
    "what a module offers": (
        "from starlette.routing import |\n",
        ("starlette/routing.py", "starlette.routing"),
        "class Route(BaseRoute)",
    ),
    "compiled module with a stub": (
        "import numpy as np\n\nx = np.zeros(|\n",
        ("numpy/_core/multiarray.pyi", "_ConstructorEmpty.__call__"),
        "dtype",
    ),
    "many overloads and forms": (
        "from tree_sitter import Parser\n\np = Parser()\np.parse(|\n",
        ("tree_sitter/__init__.pyi", "Parser.parse"),
        "def parse(",
    ),
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CodeIndex]:
    folder = tmp_path_factory.mktemp("installed")
    opened = open_with_libraries(write_files(folder / "workspace", {"a.txt": ""}), folder, environment=sys.prefix)
    opened.refresh()
    yield opened
    opened.close()


@pytest.mark.parametrize("case", CASES)
def test_what_is_installed_is_found(index: CodeIndex, case: str) -> None:
    marked, place, text = CASES[case]
    first = library_hits(index, marked)[0]
    assert places([first]) == [place]
    assert text in first.text
    assert first.why.startswith(("from ", "what "))
