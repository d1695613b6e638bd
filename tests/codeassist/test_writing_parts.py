"""Symbols, commit messages and the sandbox, each by itself."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from codeassist.chat.edits import Lines
from codeassist.documents import make_document
from codeassist.errors import AnswerUnusable, DocumentError, SandboxUnavailable
from codeassist.review.changes import ChangedFile, Changes
from codeassist.writing import sandbox
from codeassist.writing.commit_message import MAX_DIFFERENCE, MAX_OF_FILE, commit_prompt, message_of
from codeassist.writing.symbols import lines_of_symbol, parse_symbol

SOURCE = """class A:
    @property
    def name(self):
        return 1

    def run(self):
        def inner():
            return 2
        return inner


class B:
    def run(self):
        return 3


def free(): return 4
"""


@pytest.mark.parametrize(
    ("symbol", "lines"),
    [
        ("A.name", Lines(2, 4)),
        ("name", Lines(2, 4)),
        ("A.run", Lines(5, 9)),
        ("A.run.inner", Lines(6, 8)),
        ("B", Lines(11, 14)),
        ("free", Lines(16, 17)),
    ],
)
def test_a_symbol_is_found(symbol: str, lines: Lines) -> None:
    assert lines_of_symbol(make_document("a.py", SOURCE), symbol) == lines


@pytest.mark.parametrize(
    ("path", "symbol", "told"),
    [
        ("a.py", "run", "several `run`"),
        ("a.py", "fre", "did you mean `free`"),
        ("a.py", "C.run", "no definition"),
        ("a.unknown", "run", "language"),
    ],
)
def test_what_cannot_be_found_is_told(path: str, symbol: str, told: str) -> None:
    with pytest.raises(DocumentError, match=told):
        lines_of_symbol(make_document(path, SOURCE), symbol)


def test_a_path_may_have_colons() -> None:
    assert parse_symbol("c:/a::b.py::A.b") == ("c:/a::b.py", "A.b")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("Add x.", "Add x\n"),
        ("Add x\n\nBecause.", "Add x\n\nBecause.\n"),
        ("```text\nAdd x\n```", "Add x\n"),
        ("<think>hm</think>\n'Add x'\n", "Add x\n"),
        ("Add x\n# a comment that git would drop", "Add x\n"),
        ("Add \x1b[31mx", "Add \\x1b[31mx\n"),
    ],
)
def test_the_message_is_taken_out_of_the_answer(answer: str, message: str) -> None:
    assert message_of(answer) == message


@pytest.mark.parametrize("answer", ["", "\n\n", "``` \n```", "x" * 73])
def test_no_message_is_refused(answer: str) -> None:
    with pytest.raises(AnswerUnusable):
        message_of(answer)


def test_a_large_change_is_cut_and_every_file_named() -> None:
    files = tuple(ChangedFile(f"f{n}.py", "added", new_text="x = 1\n" * 2000) for n in range(9))
    prompt = commit_prompt(Changes("staged changes", files), ["earlier"], ["f0.py"])[1].content
    assert len(prompt) < MAX_DIFFERENCE + 9 * 40 + 200
    assert all(f"added f{n}.py" in prompt for n in range(9))
    assert prompt.split("added f1.py")[0].count("+x = 1") == 0
    assert prompt.split("added f1.py")[1].split("added f2.py")[0].count("+x = 1") <= MAX_OF_FILE // 6


def test_ignored_files_and_links_are_not_copied(tmp_path: Path) -> None:
    root = tmp_path / "repo"
    (root / "in").mkdir(parents=True)
    (root / "in" / "a.py").write_text("a = 1\n")
    (root / "link.py").symlink_to("/etc/passwd")
    with sandbox.copied(root) as folder:
        assert [entry.name for entry in folder.iterdir()] == ["in"]
        assert (folder / "in" / "a.py").read_text() == "a = 1\n"
    assert not folder.exists()


def test_too_much_is_not_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "MAX_COPIED_BYTES", 10)
    (tmp_path / "a.txt").write_text("x" * 11)
    with pytest.raises(SandboxUnavailable, match="to copy"), sandbox.copied(tmp_path):
        pass


@pytest.mark.skipif(not sandbox.can_confine(), reason="this machine cannot confine a process")
def test_a_run_that_does_not_end_is_ended(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import time; print('begun', flush=True); time.sleep(60)"]
    outcome = sandbox.run(tmp_path, command, 2.0, {"PATH": os.environ["PATH"]})
    assert outcome.status is None
    assert "begun" in outcome.output


def test_without_a_sandbox_nothing_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "can_confine", lambda: False)
    with pytest.raises(SandboxUnavailable):
        sandbox.run(tmp_path, ["touch", "x"], 1.0, {})
    assert not list(tmp_path.iterdir())
