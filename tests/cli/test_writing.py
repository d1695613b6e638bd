"""`testgen`, `docgen` and `commit-message`, with a chat model that a test plays on a real socket."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from scripted_chat import ScriptedChat, scripted_chat

from codeassist.writing.sandbox import can_confine
from tests.cli.conftest import Outcome, Shell

PASSING = "from shapes import Circle\n\n\ndef test_area():\n    assert Circle(0).area() == 0\n"
FAILING = PASSING.replace("== 0", "== 1")
DOCSTRING = '"""The area, in square units."""'

needs_sandbox = pytest.mark.skipif(not can_confine(), reason="this machine cannot confine a process")


@pytest.fixture
def chat() -> Iterator[ScriptedChat]:
    with scripted_chat() as model:
        yield model


def fenced(code: str) -> str:
    return f"```python\n{code}```"


def asked(shell: Shell, chat: ScriptedChat, *arguments: str) -> Outcome:
    return shell.run(*arguments, "-o", f"chat.url={chat.url}")


def git(folder: Path, *arguments: str) -> None:
    names = ("-c", "user.name=a", "-c", "user.email=a@localhost")
    subprocess.run(["git", "-C", str(folder), *names, *arguments], check=True, capture_output=True)


@needs_sandbox
def test_tests_that_pass_are_shown_as_a_difference(shell: Shell, chat: ScriptedChat) -> None:
    chat.answers["Write tests"] = fenced(PASSING)
    outcome = asked(shell, chat, "testgen", "shapes.py::Circle.area")
    assert outcome.code == 0, outcome.err
    assert "+def test_area():" in outcome.out
    assert "--- /dev/null" in outcome.out
    assert "runs under pytest: passed (1 passed" in outcome.err
    assert not list(shell.cwd.glob("**/test_*"))


@needs_sandbox
def test_what_fails_is_asked_for_again_with_what_pytest_says(shell: Shell, chat: ScriptedChat) -> None:
    chat.answers |= {"Write tests": fenced(FAILING), "That does not do": fenced(PASSING)}
    outcome = asked(shell, chat, "testgen", "shapes.py::area", "--write", "--json")
    assert outcome.code == 0, outcome.err
    assert (outcome.json["attempts"], outcome.json["written"]) == (2, True)
    assert (shell.cwd / outcome.json["path"]).read_text() == PASSING
    again = chat.asked[1]["messages"][-1]["content"]
    assert "1 failed" in again


@needs_sandbox
def test_tests_that_never_pass_are_not_written(shell: Shell, chat: ScriptedChat) -> None:
    chat.answers |= {"Write tests": fenced(FAILING), "That does not do": fenced(FAILING)}
    outcome = asked(shell, chat, "testgen", "shapes.py::area", "--write", "--attempts", "2")
    assert outcome.code == 1
    assert "nothing was written" in outcome.err
    assert len(chat.asked) == 2
    assert not list(shell.cwd.glob("**/test_*"))


@needs_sandbox
def test_what_a_model_wrote_can_write_nowhere_else(shell: Shell, chat: ScriptedChat, tmp_path: Path) -> None:
    target = tmp_path / "evil"
    source = f"def test_area():\n    open({str(shell.cwd / 'shapes.py')!r}, 'w')\n"
    chat.answers |= {"Write tests": fenced(source), "That does not do": fenced(source.replace("shapes.py", "other"))}
    before = (shell.cwd / "shapes.py").read_text()
    outcome = asked(shell, chat, "testgen", "shapes.py::area", "--attempts", "2")
    assert outcome.code == 1
    assert "No such file or directory" in outcome.err
    assert (shell.cwd / "shapes.py").read_text() == before
    assert not target.exists()
    assert not (shell.cwd / "other").exists()


@needs_sandbox
def test_what_a_model_wrote_has_no_network(shell: Shell, chat: ScriptedChat) -> None:
    port = chat.url.split(":")[2].split("/")[0]
    source = f"import socket\n\n\ndef test_it():\n    socket.create_connection(('127.0.0.1', {port}), 2)\n"
    chat.answers["Write tests"] = fenced(source)
    outcome = asked(shell, chat, "testgen", "shapes.py::area", "--attempts", "1")
    assert outcome.code == 1
    assert "OSError" in outcome.err
    assert "unreachable" in outcome.err


def test_an_import_of_what_is_not_there_is_found_before_anything_runs(shell: Shell, chat: ScriptedChat) -> None:
    chat.answers["Write tests"] = fenced(PASSING.replace("import Circle", "import Square"))
    outcome = asked(shell, chat, "testgen", "shapes.py::area", "--attempts", "1", "--json")
    assert outcome.code == 1
    assert [(check["name"], check["passed"]) for check in outcome.json["checks"]] == [
        ("parses", True),
        ("imports resolve", False),
    ]


def test_an_answer_without_code_is_told(shell: Shell, chat: ScriptedChat) -> None:
    outcome = asked(shell, chat, "testgen", "shapes.py::area", "--attempts", "2")
    assert outcome.code == 1
    assert "without a code block" in outcome.err
    assert len(chat.asked) == 2


@pytest.mark.parametrize(
    ("symbol", "told"),
    [
        ("shapes.py", "write it like"),
        ("shapes.py::", "write it like"),
        ("shapes.py::Circel", "did you mean `Circle`"),
        ("nowhere.py::a", "is no file"),
    ],
)
def test_a_symbol_that_is_nowhere_is_told(shell: Shell, chat: ScriptedChat, symbol: str, told: str) -> None:
    outcome = asked(shell, chat, "testgen", symbol)
    assert outcome.code in (1, 2)
    assert told in outcome.err
    assert not chat.asked


def test_without_a_chat_model_the_setting_is_named(shell: Shell) -> None:
    outcome = shell.run("testgen", "shapes.py::area")
    assert outcome.code == 1
    assert "chat.url" in outcome.err


def test_documentation_goes_where_it_belongs(shell: Shell, chat: ScriptedChat) -> None:
    chat.answers["Write the docstring"] = fenced(DOCSTRING + "\n")
    outcome = asked(shell, chat, "docgen", "shapes.py::Circle.area", "--write")
    assert outcome.code == 0, outcome.err
    assert f"def area(self) -> float:\n        {DOCSTRING}\n" in (shell.cwd / "shapes.py").read_text()
    told = asked(shell, chat, "docgen", "shapes.py::Circle.area")
    assert "documented already" in told.err


def test_a_form_feed_ends_no_line_of_the_difference(shell: Shell, chat: ScriptedChat, tmp_path: Path) -> None:
    file = shell.cwd / "shapes.py"
    file.write_text(file.read_text().replace("    def area", "    # a\x0cb\u2028c\n    def area"))
    chat.answers["Write the docstring"] = fenced(DOCSTRING + "\n")
    patch = tmp_path / "docs.patch"
    patch.write_text(asked(shell, chat, "docgen", "shapes.py::Circle.area").out)
    git(shell.cwd, "init", "-q")
    git(shell.cwd, "apply", str(patch))
    assert DOCSTRING in file.read_text()


def test_documentation_that_is_code_is_refused(shell: Shell, chat: ScriptedChat) -> None:
    chat.answers["Write the docstring"] = fenced("import os\n")
    outcome = asked(shell, chat, "docgen", "shapes.py::Circle.area", "--write")
    assert outcome.code == 1
    assert "no documentation" in outcome.err
    assert "import os" not in (shell.cwd / "shapes.py").read_text()


def test_a_file_keeps_its_line_ends(shell: Shell, chat: ScriptedChat) -> None:
    file = shell.cwd / "shapes.py"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    chat.answers["Write the docstring"] = fenced(DOCSTRING + "\n")
    assert asked(shell, chat, "docgen", "shapes.py::area", "--write").code == 0
    assert b"\n" not in file.read_bytes().replace(b"\r\n", b"")


def test_a_commit_message_knows_the_change_and_the_style(shell: Shell, chat: ScriptedChat) -> None:
    git(shell.cwd, "init", "-q")
    git(shell.cwd, "add", ".")
    git(shell.cwd, "commit", "-q", "-m", "shapes: begin")
    (shell.cwd / "shapes.py").write_text("PI = 3\n")
    (shell.cwd / ".env").write_text("TOKEN=very-private-token\n")
    git(shell.cwd, "add", ".")
    chat.answers["+PI = 3"] = "```\nshapes: use a round PI.\n\nIt is enough.\n```"
    outcome = asked(shell, chat, "commit-message")
    assert (outcome.code, outcome.out) == (0, "shapes: use a round PI\n\nIt is enough.\n"), outcome.err
    prompt = chat.asked[0]["messages"][-1]["content"]
    assert "shapes: begin" in prompt
    assert "very-private-token" not in prompt


def test_nothing_staged_is_told(shell: Shell, chat: ScriptedChat) -> None:
    git(shell.cwd, "init", "-q")
    outcome = asked(shell, chat, "commit-message")
    assert outcome.code == 1
    assert "nothing is staged" in outcome.err


def test_where_there_is_no_repository_there_is_no_message(shell: Shell, chat: ScriptedChat) -> None:
    outcome = asked(shell, chat, "commit-message")
    assert outcome.code == 1
    assert "is no git repository" in outcome.err
    assert "--diff" not in outcome.err


def test_a_message_that_is_too_long_is_refused(shell: Shell, chat: ScriptedChat) -> None:
    git(shell.cwd, "init", "-q")
    git(shell.cwd, "add", ".")
    chat.answers["BEGIN difference"] = "x" * 90
    outcome = asked(shell, chat, "commit-message")
    assert outcome.code == 1
    assert "90 characters" in outcome.err
