"""What tests of libraries share: an environment that a test writes, and questions at a marked cursor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from indexer.dependencies.types import Installed
from indexer.index import CodeIndex
from indexer.types import Hit, Query, shown_path

SITE = ".venv/lib/python3.12/site-packages"
SECONDS = 60.0


def write_files(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def write_environment(workspace: Path, files: dict[str, str], where: str = SITE) -> Path:
    """A virtual environment in the workspace with these files in its site-packages."""
    write_files(workspace, {f"{where.partition('/lib')[0]}/pyvenv.cfg": "home = /usr/bin\n"})
    return write_files(workspace / where, files)


def open_with_libraries(workspace: Path, folder: Path, **installed: Any) -> CodeIndex:
    """An index that knows libraries; what is read of them is kept in `folder`."""
    options: dict[str, Any] = {"store": str(folder / "libraries.sqlite"), **installed}
    return CodeIndex.open(workspace, directory=folder / "index", embedder=None, installed=Installed(**options))


def query_at(marked: str, path: str = "app.py") -> Query:
    """A question for the cursor at the only `|`."""
    line = marked[: marked.index("|")].count("\n") + 1
    return Query("", path=path, source=marked.replace("|", "", 1), line=line)


def library_hits(index: CodeIndex, marked: str, path: str = "app.py", limit: int = 20) -> list[Hit]:
    """What the second keystroke has: the first one only asks."""
    index.search(query_at(marked, path), limit)
    assert index.libraries is not None
    assert index.libraries.wait(SECONDS)
    index.search(query_at(marked, path), limit)  # Where libraries are must be known before they are asked.
    assert index.libraries.wait(SECONDS)
    return [hit for hit in index.search(query_at(marked, path), limit) if hit.source == "dependency"]


def places(hits: list[Hit]) -> list[tuple[str, str]]:
    return [(shown_path(hit.path), hit.symbol) for hit in hits]
