"""Installed libraries in prompts: shown by their plain path, never confused with files of the repository."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from codeassist.assistant import open_index
from codeassist.context import arrange
from codeassist.documents import make_document
from codeassist.fim import TEMPLATES
from codeassist.pipeline import Budgets, Pipeline, Prepared
from codeassist.settings import IndexSettings
from codeassist.tokenizer import FileTokenizer
from codeassist.types import Cursor
from indexer.types import Hit, Query, library_path

KEY = library_path("/home/me/shop/.venv/lib/python3.12/site-packages", "wire/client.py")
LIBRARY = Hit(KEY, 3, 3, 1.0, "def connect(host: str) -> Client: ...", "dependency", "from wire 2.1, used here")
NAMESAKE = Hit("wire/client.py", 1, 5, 0.9, "def our_own(): ...\n" * 5, "definition", "defines `our_own`")
TEXT = "import wire\n\nlink = wire.\n"


class Changing:
    """A Retriever whose hits and versions a test sets."""

    def __init__(self, *hits: Hit) -> None:
        self.hits = hits
        self.stored = {hit.path: "1" for hit in hits}

    def search(self, query: Query, limit: int) -> list[Hit]:
        return list(self.hits)

    def versions(self, paths: Iterable[str]) -> dict[str, str]:
        return {path: self.stored[path] for path in paths if path in self.stored}


class Prompts:
    """Prompts for one document, its cursor at the end of its third line."""

    def __init__(self, tokenizer: FileTokenizer, retriever: Changing) -> None:
        self.pipeline = Pipeline(tokenizer, TEMPLATES["deepseek"], retriever, 10_000, heals=True)

    def of(self, text: str = TEXT) -> Prepared:
        cursor = Cursor(2, len(text.split("\n")[2]))
        return self.pipeline.prepare(make_document("app.py", text), cursor, Budgets.split(1200, 0.45, 0.2))


Make = Callable[[Changing], Prompts]


@pytest.fixture
def make_prompts(tokenizer: FileTokenizer) -> Iterator[Make]:
    made: list[Prompts] = []

    def make(retriever: Changing) -> Prompts:
        made.append(Prompts(tokenizer, retriever))
        return made[-1]

    yield make
    for prompts in made:
        prompts.pipeline.close()


def test_a_prompt_shows_the_path_inside_of_the_environment(make_prompts: Make) -> None:
    prompt = make_prompts(Changing(LIBRARY)).of()
    assert "# wire/client.py\ndef connect(host: str) -> Client: ...\n" in prompt.text
    assert ".venv" not in prompt.text
    (source,) = prompt.sources
    assert (source.path, source.why) == ("wire/client.py", "from wire 2.1, used here")


def test_a_library_and_a_file_of_the_same_path_stand_side_by_side(make_prompts: Make) -> None:
    prompt = make_prompts(Changing(NAMESAKE, LIBRARY)).of()
    assert [source.path for source in prompt.sources] == ["wire/client.py", "wire/client.py"]
    assert "our_own" in prompt.text
    assert "connect" in prompt.text


def test_what_finds_no_room_is_told_by_its_plain_path() -> None:
    (left,) = arrange((), [LIBRARY], 1, len).left_out
    assert left.path == "wire/client.py"


def test_what_becomes_known_joins_the_prompt_at_the_next_word(make_prompts: Make) -> None:
    retriever = Changing(NAMESAKE)
    prompts = make_prompts(retriever)
    first = prompts.of()
    retriever.hits = (NAMESAKE, LIBRARY)
    retriever.stored[KEY] = "1"
    second = prompts.of(TEXT.replace("wire.\n", "wire.connect(\n"))
    assert [source.why for source in first.sources] == ["defines `our_own`"]
    assert [source.why for source in second.sources] == ["defines `our_own`", "from wire 2.1, used here"]


@pytest.mark.parametrize("versions", [{KEY: "2"}, {}])
def test_a_slot_of_a_library_that_changed_or_is_gone_leaves(make_prompts: Make, versions: dict[str, str]) -> None:
    retriever = Changing(LIBRARY)
    prompts = make_prompts(retriever)
    assert prompts.of().sources
    retriever.hits, retriever.stored = (), versions
    assert prompts.of().sources == ()


def test_a_setting_turns_libraries_off(tmp_path: Path) -> None:
    for wanted in (True, False):
        settings = IndexSettings(directory=str(tmp_path / "index"), vectors=False, dependencies=wanted)
        index = open_index(settings, tmp_path)
        assert (index.libraries is not None) is wanted
        index.close()
