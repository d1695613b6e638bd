"""What can go wrong with libraries costs context, never an error or a hang."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from library_world import SECONDS, SITE, library_hits, open_with_libraries, places, write_environment, write_files

from indexer.dependencies import library as library_module
from indexer.dependencies import store as store_module
from indexer.dependencies.library import FRESH_SECONDS, DependencyLibrary
from indexer.dependencies.parser import Parser
from indexer.dependencies.store import LibraryStore
from indexer.dependencies.types import Installed, Wanted
from indexer.types import Hit

# A parser that turns in circles over one file, and dies over another.
UNRELIABLE = """
import os, sys
sys.path[:0] = {paths!r}
import indexer.worker as worker
def analyse(root, item, rules, sound=worker.analyse_item):
    while "hangs" in item.path:
        pass
    if "crashes" in item.path:
        os._exit(11)
    return sound(root, item, rules)
worker.analyse_item = analyse
worker.main()
"""
NOT_STARTING = "import sys; sys.path[:0] = {paths!r}; sys.exit(1)"

PACKAGE = {"wire/__init__.py": "def encode(text: str) -> bytes: ...\n"}
FOUND = [("wire/__init__.py", "encode")]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


Make = Callable[..., DependencyLibrary]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return write_environment(tmp_path / "workspace", PACKAGE).parents[3]


@pytest.fixture
def make(tmp_path: Path, workspace: Path) -> Iterator[Make]:
    made: list[DependencyLibrary] = []

    def make_one(
        program: str = "", clock: Clock | None = None, store: Path | None = None, withheld: str = "nothing"
    ) -> DependencyLibrary:
        parser = Parser(program, file_seconds=0.3) if program else Parser()
        installed = Installed(store=str(store or tmp_path / "libraries.sqlite"))
        made.append(
            DependencyLibrary(
                workspace, installed, lambda path: withheld in path, parser=parser, clock=clock or Clock()
            )
        )
        return made[-1]

    yield make_one
    for one in made:
        one.close()


def ask(library: DependencyLibrary, *names: str, module: str = "wire") -> list[Hit]:
    """The answer once it is known."""
    library.scope("python", "")
    assert library.wait(SECONDS)
    scope = library.scope("python", "")
    if scope is None:
        return []
    library.find(Wanted(scope, module, names))
    assert library.wait(SECONDS)
    return list(library.find(Wanted(scope, module, names)))


def test_asking_only_queues_and_the_next_one_has_the_answer(make: Make) -> None:
    library = make()
    assert library.scope("python", "") is None
    assert places(ask(library, "encode")) == FOUND


@pytest.mark.parametrize("name", ["hangs", "crashes"])
def test_a_parser_that_is_lost_costs_one_file_and_is_asked_again_by_the_next_process(
    make: Make, workspace: Path, name: str
) -> None:
    write_files(workspace / SITE, {f"{name}.py": "def thing(): ...\n"})
    library = make(UNRELIABLE)
    assert ask(library, "thing", module=name) == []
    assert places(ask(library, "encode")) == FOUND
    assert places(ask(make(), "thing", module=name)) == [(f"{name}.py", "thing")]


def test_closing_does_not_wait_for_a_parser_that_hangs(make: Make, workspace: Path, tmp_path: Path) -> None:
    write_files(workspace / SITE, {"hangs.py": "def thing(): ...\n"})
    parser = Parser(UNRELIABLE, file_seconds=600)
    library = DependencyLibrary(workspace, Installed(), lambda path: False, parser=parser)
    library.prepare("python", "", [("hangs", ("thing",))])
    wait_until_asked(parser)
    library.close()
    assert not any(thread.name == "libraries" and thread.is_alive() for thread in threading.enumerate())
    assert library.wait(SECONDS)
    library.close()


def test_without_a_process_nothing_is_found_and_nothing_kept(make: Make) -> None:
    assert ask(make(NOT_STARTING), "encode") == []
    assert places(ask(make(), "encode")) == FOUND


def test_what_one_process_read_no_other_has_to_parse(make: Make) -> None:
    assert ask(make(), "encode")
    assert places(ask(make(NOT_STARTING), "encode")) == FOUND


def test_a_file_that_changed_is_read_again(make: Make, workspace: Path) -> None:
    clock = Clock()
    library = make(clock=clock)
    (hit,) = ask(library, "encode")
    before = library.versions([hit.path])
    write_files(workspace / SITE, {"wire/__init__.py": "def encode(text: str, *, strict: bool) -> bytes: ...\n"})
    assert ask(library, "encode") == [hit]
    clock.now += FRESH_SECONDS + 1
    (changed,) = ask(library, "encode")
    assert "strict" in changed.text
    assert library.versions([hit.path]).keys() == before.keys()
    assert library.versions([hit.path]) != before


def test_a_package_that_is_gone_has_no_version_any_more(make: Make, workspace: Path) -> None:
    clock = Clock()
    library = make(clock=clock)
    (hit,) = ask(library, "encode")
    shutil.rmtree(workspace / SITE / "wire")
    clock.now += FRESH_SECONDS + 1
    assert ask(library, "encode") == []
    assert library.versions([hit.path]) == {}


def test_an_environment_made_later_is_found(make: Make, workspace: Path) -> None:
    shutil.move(workspace / ".venv", workspace / "away")
    (workspace / "away/pyvenv.cfg").unlink()
    clock = Clock()
    library = make(clock=clock)
    assert ask(library, "encode") == []
    shutil.move(workspace / "away", workspace / ".venv")
    write_files(workspace, {".venv/pyvenv.cfg": ""})
    assert ask(library, "encode") == []
    clock.now += FRESH_SECONDS + 1
    assert places(ask(library, "encode")) == FOUND


def test_the_queue_and_the_answers_are_bounded(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_module, "MAX_QUEUED", 5)
    monkeypatch.setattr(library_module, "MAX_ANSWERS", 8)
    library = make()
    ask(library, "encode")
    scope = library.scope("python", "")
    assert scope is not None
    for number in range(100):
        library.find(Wanted(scope, "wire", (f"name{number}",)))
    assert library.wait(SECONDS)
    assert ask(library, "encode")


def wait_until_asked(parser: Parser) -> None:
    """Until the parser has a file in its hands."""
    while parser.process is None or not parser.process.is_ready:
        os.sched_yield()


def swap(place: Path, target: Path) -> None:
    """Put a symbolic link in the place of a folder."""
    shutil.move(place, target)
    place.symlink_to(target)


def link_to_itself(place: Path) -> None:
    shutil.rmtree(place)
    place.symlink_to(place)


def replace(place: Path, make: Callable[[Path], None]) -> None:
    """Put something else in the place of a file or a folder."""
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink()
    make(place)


TOKEN = "TOKEN = 'gh" + "p_" + "a1B2" * 9 + "'\n"
TEXT = "def encode(text): ...\n"
MODULE = f"{SITE}/wire/__init__.py"

# what is done to a workspace, and whereto something of it may be moved
WITHHELD: dict[str, Callable[[Path, Path], None]] = {
    "an environment that is a link to elsewhere": lambda root, away: swap(root / ".venv", away),
    "site-packages that are a link to elsewhere": lambda root, away: swap(root / SITE, away),
    "a package that is a link to elsewhere": lambda root, away: swap(root / SITE / "wire", away),
    "a link to itself": lambda root, away: link_to_itself(root / ".venv/lib"),
    "a package that is a link to itself": lambda root, away: link_to_itself(root / SITE / "wire"),
    "a file that holds a key": lambda root, away: void(write_files(root, {MODULE: TEXT + TOKEN})),
    "a file that is too large": lambda root, away: void(write_files(root, {MODULE: TEXT + "# filler\n" * 200_000})),
    "a pipe": lambda root, away: replace(root / MODULE, os.mkfifo),
    "a folder in the place of a file": lambda root, away: replace(root / MODULE, Path.mkdir),
    "binary content": lambda root, away: void((root / MODULE).write_bytes(TEXT.encode() + bytes(3))),
    "no environment at all": lambda root, away: shutil.rmtree(root / ".venv"),
    "an environment without packages": lambda root, away: shutil.rmtree(root / ".venv/lib"),
    "an environment that is a file": lambda root, away: replace(root / ".venv", Path.touch),
}


def void(value: object) -> None:
    """Nothing, whatever the value."""


@pytest.mark.parametrize("case", WITHHELD)
def test_what_is_not_to_be_read_is_not_found(make: Make, workspace: Path, tmp_path: Path, case: str) -> None:
    WITHHELD[case](workspace, tmp_path / "away")
    assert ask(make(), "encode") == []


def test_what_ignore_files_name_is_not_shown(tmp_path: Path, workspace: Path) -> None:
    write_files(workspace, {".codeassistignore": "wire/\n"})
    write_files(workspace / SITE, {"other.py": "def act(): ...\n"})
    index = open_with_libraries(workspace, tmp_path)
    index.refresh()
    assert library_hits(index, "import wire\n\nwire.encode(|\n") == []
    assert places(library_hits(index, "import other\n\nother.act(|\n")) == [("other.py", "act")]
    index.close()


def damage(store: Path) -> None:
    store.write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)


def other_format(store: Path) -> None:
    connection = sqlite3.connect(store)
    connection.execute("PRAGMA user_version = 999")
    connection.close()


def delete(store: Path) -> None:
    for file in store.parent.glob(f"{store.name}*"):
        file.unlink()


@pytest.mark.parametrize("harm", [damage, other_format, delete])
def test_a_store_that_is_harmed_is_made_anew(make: Make, tmp_path: Path, harm: Callable[[Path], None]) -> None:
    store = tmp_path / "libraries.sqlite"
    library = make()
    assert ask(library, "encode")
    harm(store)
    write_files(tmp_path / "workspace" / SITE, {"other.py": "def act(): ...\n", "third.py": "def act(): ...\n"})
    assert places(ask(library, "act", module="other")) == [("other.py", "act")]
    assert places(ask(make(), "act", module="third")) == [("third.py", "act")]
    assert places(ask(make(NOT_STARTING), "act", module="third")) == [("third.py", "act")]


def test_without_a_store_memory_has_to_do(make: Make, tmp_path: Path) -> None:
    write_files(tmp_path, {"file": ""})
    assert places(ask(make(store=tmp_path / "file" / "libraries.sqlite"), "encode")) == FOUND
    assert places(ask(make(store=Path("/proc/no/libraries.sqlite")), "encode")) == FOUND


def test_two_that_fill_one_store_do_not_disturb_each_other(tmp_path: Path) -> None:
    def fill(name: str) -> None:
        store = LibraryStore(tmp_path / "libraries.sqlite")
        for number in range(100):
            store.put(f"/{name}/{number % 10}", (number, 1), f"text {number}")
        store.close()

    threads = [threading.Thread(target=fill, args=(name,)) for name in ("a", "b", "a")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store = LibraryStore(tmp_path / "libraries.sqlite")
    assert store.get("/a/9", (99, 1)) == store.get("/b/9", (99, 1)) == "text 99"
    assert store.get("/a/9", (99, 2)) is None
    store.close()


def test_what_was_not_used_for_long_makes_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "LOOK_BYTES", 1)
    today = Clock()
    store = LibraryStore(tmp_path / "libraries.sqlite", max_bytes=10_000, clock=today)
    for day in range(30):
        today.now = day * store_module.DAY
        store.put(f"/{day}", (1, 1), os.urandom(500).hex())
        assert store.get("/0", (1, 1))
    assert store.get("/1", (1, 1)) is None
    assert store.get("/29", (1, 1))
    store.close()
