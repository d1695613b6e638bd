"""CodeIndex from the outside: refresh, one file, reports."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from indexer import refresh
from indexer.embedding import HashingEmbedder
from indexer.errors import EmbedderUnavailable, IndexClosed, WorkspaceError
from indexer.rows import FileRows
from indexer.types import Progress, Query, SkippedFile

Make = Callable[[dict[str, Any]], Path]
Open = Callable[..., Any]


class CountingEmbedder(HashingEmbedder):
    """A hashing embedder that remembers what it was given."""

    def __init__(self) -> None:
        super().__init__(64)
        self.texts: list[str] = []

    def embed(self, texts: Any) -> Any:
        self.texts += texts
        return super().embed(texts)


def test_a_refresh_counts_what_it_did(repository: Make, open_index: Open) -> None:
    root = repository(
        {"a.py": "def a(): pass\n", "b/c.go": "package b\nfunc C() {}\n", "n.md": "# Words\n", ".env": "K=1"}
    )
    index = open_index(root)
    report = index.refresh()
    assert (report.files, report.chunks, report.symbols, report.changed, report.removed) == (3, 3, 2, 3, 0)
    assert report.bytes_read == len("def a(): pass\n") + len("package b\nfunc C() {}\n") + len("# Words\n")
    assert report.skipped == index.skipped() == (SkippedFile(".env", "looks like a secret"),)
    assert not report.vectors
    assert report.warnings == ()


def test_only_what_changed_is_read_again(repository: Make, open_index: Open) -> None:
    root = repository({"a.py": "def a(): pass\n", "b.py": "def b(): pass\n", "c.py": "def c(): pass\n"})
    index = open_index(root)
    index.refresh()
    (root / "b.py").write_text("def changed(): pass\n")
    (root / "c.py").unlink()
    report = index.refresh()
    assert (report.files, report.changed, report.removed) == (2, 1, 1)
    assert not index.symbols("b")
    assert not index.symbols("c")
    assert index.symbols("changed")[0].path == "b.py"
    assert index.refresh().changed == 0


def test_a_rename_embeds_nothing(repository: Make, open_index: Open) -> None:
    root = repository({"a.py": "def a(): return 1\n"})
    embedder = CountingEmbedder()
    index = open_index(root, embedder=embedder)
    assert index.refresh().vectors
    assert embedder.texts == ["def a(): return 1"]
    (root / "a.py").rename(root / "b.py")
    report = index.refresh()
    assert (report.changed, report.removed, report.vectors) == (1, 1, True)
    assert embedder.texts == ["def a(): return 1"]


def test_going_back_to_a_branch_embeds_nothing(repository: Make, open_index: Open, git: Callable[..., None]) -> None:
    root = repository({"a.py": "def a(): return 1\n"})
    embedder = CountingEmbedder()
    index = open_index(root, embedder=embedder)
    index.refresh()
    git(root, "checkout", "-q", "-b", "other")
    (root / "a.py").write_text("def other(): return 2\n")
    git(root, "commit", "-qam", "other")
    index.refresh()
    git(root, "checkout", "-q", "main")
    embedder.texts.clear()
    assert index.refresh().changed == 1
    assert embedder.texts == []
    assert index.symbols("a")


def test_an_unsaved_file_is_found_at_once_and_the_disk_wins_at_the_next_refresh(
    repository: Make, open_index: Open
) -> None:
    root = repository({"a.py": "def a(): pass\n"})
    index = open_index(root)
    index.refresh()
    index.refresh_file("a.py", "def unsaved(): pass\n")
    assert [symbol.name for symbol in index.symbols("unsaved")] == ["unsaved"]
    assert not index.symbols("a")
    index.refresh()
    assert not index.symbols("unsaved")
    assert index.symbols("a")


def test_a_saved_file_is_read_from_disk_and_a_deleted_one_forgotten(repository: Make, open_index: Open) -> None:
    root = repository({"a.py": "def a(): pass\n"})
    index = open_index(root)
    index.refresh()
    (root / "new.py").write_text("def new(): pass\n")
    index.refresh_file("new.py")
    assert index.symbols("new")
    (root / "new.py").unlink()
    index.refresh_file("new.py")
    assert not index.symbols("new")


@pytest.mark.parametrize("path", ["../outside.py", "/etc/passwd", "", ".env", "x.log", "node_modules/a.js", "link.py"])
def test_a_single_file_obeys_the_same_rules(repository: Make, open_index: Open, path: str) -> None:
    root = repository({"a.py": "def a(): pass\n", ".gitignore": "*.log\n"})
    (root / "x.log").write_text("def leak(): pass\n")
    (root / ".env").write_text("def leak(): pass\n")
    (root.parent / "outside.py").write_text("def leak(): pass\n")
    (root / "link.py").symlink_to(root.parent / "outside.py")
    index = open_index(root)
    index.refresh()
    index.refresh_file(path)
    assert index.symbols("leak") == []
    assert index.search(Query("leak"), 5) == []


def test_a_saved_file_whose_name_is_not_utf8_is_ignored(repository: Make, open_index: Open) -> None:
    index = open_index(repository({"a.py": "def a(): pass\n"}), embedder=HashingEmbedder())
    index.refresh()
    path = os.fsdecode(b"caf\xe9.py")
    (index.root / path).write_text("def hidden(): pass\n")
    index.refresh_file(path)
    index.refresh_file(path, "def hidden(): pass\n")
    assert index.symbols("hidden") == []
    assert index.versions([path]) == {}
    assert index.withheld(path, "x = 1\n") is None


def test_an_unsaved_secret_never_enters_the_index(repository: Make, open_index: Open) -> None:
    root = repository({"a.py": "def a(): pass\n"})
    index = open_index(root)
    index.refresh()
    key = "-----BEGIN " + "PRIVATE KEY-----\nMIIE\n"
    index.refresh_file("a.py", f'KEY = """{key}"""\n')
    assert index.search(Query("MIIE PRIVATE KEY"), 5) == []
    index.refresh_file(".env", "TOKEN=abc\n")
    assert index.search(Query("TOKEN"), 5) == []


def test_an_unsaved_file_that_is_too_large_is_forgotten(repository: Make, open_index: Open) -> None:
    index = open_index(repository({"a.py": "def a(): pass\n"}), max_file_kb=1)
    index.refresh()
    index.refresh_file("a.py", "def large(): pass\n" * 1000)
    assert index.symbols("large") == index.symbols("a") == []


def test_a_saved_file_is_found_by_meaning_at_once(repository: Make, open_index: Open) -> None:
    embedder = CountingEmbedder()
    index = open_index(repository({"a.py": "def a(): pass\n"}), embedder=embedder)
    index.refresh()
    index.refresh_file("b.py", "def distant(): pass\n")
    assert embedder.texts == ["def a(): pass", "def distant(): pass"]
    assert index.search(Query("distant"), 1)[0].path == "b.py"


def test_secrets_and_ignored_files_are_in_no_answer(repository: Make, open_index: Open) -> None:
    root = repository(
        {
            "a.py": "def a(): pass\n",
            ".env": "PASSWORD=hunter2\n",
            "id_rsa": "hunter2\n",
            "private/b.py": "hunter2 = 1\n",
            ".codeassistignore": "private/\n",
            "key.txt": "-----BEGIN " + "PRIVATE KEY-----\nhunter2\n",
            ".gitignore": "local.py\n",
        }
    )
    (root / "local.py").write_text("hunter2 = 2\n")
    index = open_index(root)
    report = index.refresh()
    assert {item.path for item in report.skipped} == {".env", "id_rsa", "key.txt", "private/b.py"}
    assert index.search(Query("hunter2"), 10) == []


def test_names_are_known_that_are_defined_used_or_spelled_anywhere(repository: Make, open_index: Open) -> None:
    root = repository({"a.py": "def load_config():\n    return made.Elsewhere()  # soon_obsolete\n"})
    index = open_index(root)
    asked = ["load_config", "Elsewhere", "soon_obsolete", "captcha_url", "", "x" * 100, "_", "\ud800"]
    assert index.known_names(asked) == set(asked)  # before the first refresh nobody can tell
    index.refresh()
    assert index.known_names(asked) & {"load_config", "Elsewhere", "soon_obsolete", "captcha_url"} == {
        "load_config",
        "Elsewhere",
        "soon_obsolete",
    }


def test_an_empty_folder_is_an_empty_index(tmp_path: Path, open_index: Open) -> None:
    (tmp_path / "empty").mkdir()
    index = open_index(tmp_path / "empty", embedder=HashingEmbedder())
    report = index.refresh()
    assert (report.files, report.chunks, report.vectors, report.warnings) == (0, 0, True, ())
    assert index.search(Query("anything"), 5) == []
    assert index.search(Query("", path="a.py", source="x = 1\n", line=1), 5) == []


def test_a_file_that_vanishes_between_listing_and_reading_is_skipped(repository: Make, open_index: Open) -> None:
    root = repository({"a.py": "def a(): pass\n", "b.py": "def b(): pass\n"})

    def remove(progress: Progress) -> None:
        (root / "b.py").unlink(missing_ok=True)

    index = open_index(root)
    report = index.refresh(remove)
    assert report.files == 1
    assert report.skipped == (SkippedFile("b.py", "gone"),)
    assert index.refresh().skipped == ()


def test_odd_files_do_not_stop_a_refresh(repository: Make, open_index: Open) -> None:
    root = repository(
        {
            "crlf.py": b"def crlf():\r\n\treturn 1\r\n",
            "bom.py": b"\xef\xbb\xbfdef bom(): pass\n",
            "latin.py": "def caf\u00e9(): pass\n".encode("latin-1"),
            "nul.py": b"def a\0(): pass\n",
            "empty.py": b"",
            "deep.py": b"(" * 5000,
            "emoji.py": "def \u00fc(): return '\U0001f600'\n".encode(),
            "surrogate.py": b"x = '\xed\xa0\x80'\n",
        }
    )
    with (root / "huge.py").open("wb") as file:
        file.truncate(200 * 1024 * 1024)
    index = open_index(root, embedder=HashingEmbedder())
    report = index.refresh()
    assert {item.path: item.reason for item in report.skipped} == {
        "huge.py": "larger than 1024 KB",
        "nul.py": "binary",
    }
    assert index.symbols("crlf")[0].signature == "def crlf(): ..."
    assert index.symbols("bom")
    assert index.symbols("caf\u00e9")


def test_a_larger_size_limit_lets_files_in(repository: Make, open_index: Open) -> None:
    root = repository({"big.py": "def big(): pass\n" * 200})
    first = open_index(root, max_file_kb=1)
    assert [item.reason for item in first.refresh().skipped] == ["larger than 1 KB"]
    assert open_index(root, max_file_kb=100).refresh().files == 1


def test_many_files_go_through_worker_processes(repository: Make, open_index: Open) -> None:
    root = repository({f"pkg/m{n}.py": f"def f{n}():\n    return {n}\n" for n in range(90)} | {"pkg/.env": "A=1"})
    seen: list[Progress] = []
    report = open_index(root).refresh(seen.append)
    assert (report.files, report.symbols) == (90, 90)
    assert [p.done for p in seen if p.phase == "parse"] == list(range(1, 91))


def test_search_answers_while_a_refresh_runs(repository: Make, open_index: Open) -> None:
    root = repository({f"m{n}.py": f"def shared_name{n}(): pass\n" for n in range(30)})
    index = open_index(root, embedder=HashingEmbedder())
    index.refresh()
    failures: list[Exception] = []
    answers: list[int] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            try:
                answers.append(len(index.search(Query("shared name"), 5)))
            except Exception as error:  # noqa: BLE001
                failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for round_ in range(5):
        for n in range(30):
            (root / f"m{n}.py").write_text(f"def shared_name{n}(): return {round_}\n")
        index.refresh()
    done.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert set(answers) == {5}


def test_an_embedder_that_cannot_load_costs_vectors_only(repository: Make, open_index: Open, tmp_path: Path) -> None:
    from indexer.embedding import SentenceTransformerEmbedder

    root = repository({"a.py": "def find_me(): pass\n"})
    embedder = SentenceTransformerEmbedder(tmp_path / "no-model")
    with pytest.raises(EmbedderUnavailable, match="no-model"):
        embedder.embed(["x"])
    index = open_index(root, embedder=embedder)
    report = index.refresh()
    assert not report.vectors
    assert "no-model" in report.warnings[0]
    assert index.search(Query("find me"), 5)


def test_a_missing_workspace_is_an_error_that_names_it(tmp_path: Path, open_index: Open) -> None:
    with pytest.raises(WorkspaceError, match="nowhere"):
        open_index(tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="file is no folder"):
        open_index(tmp_path / "file")


def test_a_workspace_that_is_deleted_meanwhile_is_an_error(tmp_path: Path, open_index: Open) -> None:
    (tmp_path / "plain").mkdir()
    index = open_index(tmp_path / "plain")
    (tmp_path / "plain").rmdir()
    with pytest.raises(WorkspaceError, match="plain"):
        index.refresh()


def test_a_closed_index_says_so(tmp_path: Path, open_index: Open) -> None:
    index = open_index(tmp_path)
    index.close()
    index.close()
    with pytest.raises(IndexClosed):
        index.search(Query("x"), 1)
    with pytest.raises(IndexClosed):
        index.refresh()


def test_closing_ends_a_refresh_that_runs(repository: Make, open_index: Open) -> None:
    root = repository({f"m{number}.py": f"x = {number}\n" for number in range(200)})
    index = open_index(root)
    seen: list[Progress] = []

    def close_soon(progress: Progress) -> None:
        seen.append(progress)
        if progress.phase == "parse":
            index.close()

    with pytest.raises(IndexClosed):
        index.refresh(close_soon)
    assert seen[-1].done < 200


def test_few_facts_wait_in_memory_while_a_repository_is_indexed(
    repository: Callable[..., Path], open_index: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_files, n_written = 2 * refresh.FILES_PER_TRANSACTION + 10, 0
    waiting: list[int] = []
    root = repository({f"m{number}.py": f"def f{number}():\n    return g{number}()\n" for number in range(n_files)})
    write = refresh._write

    def note(*arguments: object) -> None:
        nonlocal n_written
        n_written += 1
        if n_written % 20 == 0:  # each look goes through everything that the process has
            waiting.append(sum(type(item) is FileRows for item in gc.get_objects()))
        write(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(refresh, "_write", note)
    assert open_index(root).refresh().files == n_files
    assert len(waiting) == n_files // 20
    assert 0 < max(waiting) <= 2 * refresh.FILES_PER_TRANSACTION
