from __future__ import annotations

import re
from pathlib import Path

import pytest

from codeassist.commands.demo import project_root
from codeassist.commands.demo_places import PLACES, Place, find_place
from codeassist.commands.editors import editor_snippets, program_path
from codeassist.errors import DocumentError
from tests.cli.conftest import Shell


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.file)
def test_every_place_is_still_there_and_asks_for_something(place: Place) -> None:
    found = find_place(project_root(), place)
    assert found.truth.strip()
    line = found.text.split("\n")[found.position.line - 1]
    assert line.endswith(place.marker)
    assert found.position.col == len(line) + 1


def test_several_places_need_another_file() -> None:
    assert len(PLACES) >= 5
    elsewhere = [place for place in PLACES if re.search(r"\w+\.py", place.needs)]
    assert len(elsewhere) >= 3
    assert all(place.file not in place.needs for place in elsewhere)


def test_a_place_that_has_gone_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\nx = 1\n")
    for marker in ("gone", "x = "):
        with pytest.raises(DocumentError, match="exactly once"):
            find_place(tmp_path, Place("a.py", marker, ""))
    with pytest.raises(DocumentError, match=r"cannot read b\.py"):
        find_place(tmp_path, Place("b.py", "x", ""))


def test_the_editors_get_paths_of_this_machine() -> None:
    snippets = {(snippet.editor, snippet.where): snippet.text for snippet in editor_snippets(project_root())}
    text = "\n".join(snippets.values())
    assert {editor for editor, _ in snippets} == {"Neovim", "VS Code", "Continue"}
    assert str(project_root() / "extension-config" / "neovim") in text
    assert str(program_path()) in text
    assert "apiBase: http://127.0.0.1:8311" in text
    assert "/path/to" not in text
    assert "/home/me" not in text


def test_a_document_without_its_lines_is_told(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="whole checkout"):
        editor_snippets(tmp_path)
    (tmp_path / "extension-config" / "neovim").mkdir(parents=True)
    (tmp_path / "extension-config" / "neovim" / "README.md").write_text("no lines")
    with pytest.raises(DocumentError, match="no indented block"):
        editor_snippets(tmp_path)


@pytest.fixture(scope="module")
def indexes(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One index of this repository for all tests here."""
    return str(tmp_path_factory.mktemp("indexes"))


def test_the_demonstration_shows_what_the_model_says(shell: Shell, indexes: str) -> None:
    shell.environ["CODEASSIST_INDEX_DIRECTORY"] = indexes
    truths = [find_place(project_root(), place).truth for place in PLACES]
    shell.script = [truths[0], "wrong()", truths[2][:3], *["pass"] * (len(PLACES) - 3)]
    out = shell.run("demo").out
    assert "just what the file has" in out
    assert f"the file has {truths[1]}" in out
    assert f"right as far as it goes; the file has {truths[2]}" in out
    assert f"1 of {len(PLACES)} as in the file" in out
    assert re.search(r"tokens  \d+ in · \d+ from cache", out)
    for editor in ("Neovim", "VS Code", "Continue"):
        assert editor in out


def test_the_demonstration_is_one_document_too(shell: Shell, indexes: str) -> None:
    shell.environ["CODEASSIST_INDEX_DIRECTORY"] = indexes
    answer = shell.run("demo", "--json").json
    assert len(answer["places"]) == len(PLACES)
    assert {"file", "line", "col", "truth", "is_right", "text", "sources", "usage", "ms"} <= set(answer["places"][0])
    assert answer["index"]["files"] > 10
    sources = {source["path"] for place in answer["places"] for source in place["sources"]}
    assert not any("demo" in path for path in sources if path.startswith("codeassist/commands"))
