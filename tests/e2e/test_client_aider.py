"""Aider with the configuration that we hand out: what it asks a chat model for, through the endpoint, is applied."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.client_server import ClientServer
from tests.e2e.client_tools import aider

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

FOLDER = Path(__file__).resolve().parents[2] / "extension-config" / "aider"
WRONG = "def add(a, b):\n    return a - b\n"
RIGHT = "def add(a, b):\n    return a + b\n"

# What a chat model answers, by what it is asked for.
WHOLE = f"calc.py\n```python\n{RIGHT}```\n"
EDIT_BLOCK = """\
calc.py
```python
<<<<<<< SEARCH
    return a - b
=======
    return a + b
>>>>>>> REPLACE
```
"""
DIFF = """\
```diff
--- calc.py
+++ calc.py
@@ ... @@
 def add(a, b):
-    return a - b
+    return a + b
```
"""
# What small models do: they search for lines that the file does not have.
BAD = EDIT_BLOCK.replace("return a - b", "return b - a")


@dataclass(frozen=True)
class Session:
    """What one run of Aider printed, and what it left in the files that it was asked about, each in its own folder."""

    printed: str
    files: dict[str, str]


def run(asked: dict[str, tuple[str, str]], server: ClientServer, environment: dict[str, str], folder: Path) -> Session:
    """One Aider for all questions, which takes seconds to start. asked: file by file, the format and the answer."""
    python = aider()
    for file in FOLDER.iterdir():
        if file.name != "README.md":
            text = file.read_text(encoding="utf-8")
            (folder / file.name).write_text(server.configured(text) if "127.0.0.1" in text else text, encoding="utf-8")
    subprocess.run(["git", "init", "-q", str(folder)], check=True, timeout=30)
    lines = []
    for name, (edit_format, answer) in asked.items():
        (folder / name).write_text(WRONG, encoding="utf-8")
        server.chat.answers[f"Correct {name}"] = answer.replace("calc.py", name)
        lines += ["/clear", "/drop", f"/chat-mode {edit_format}", f"/add {name}", f"Correct {name}"]
    done = subprocess.run(
        [
            str(python),
            "-m",
            "aider",
            "--yes-always",
            "--no-pretty",
            "--no-fancy-input",
            "--no-auto-commits",
            "--no-gitignore",
        ],
        cwd=folder,
        env=environment,
        input="\n".join([*lines, "/exit", ""]),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Session(done.stdout + done.stderr, {name: (folder / name).read_text(encoding="utf-8") for name in asked})


@pytest.fixture(scope="module")
def session(
    client_server: ClientServer, client_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Session:
    asked = {
        "whole.py": ("whole", WHOLE),
        "diff.py": ("diff", EDIT_BLOCK),
        "udiff.py": ("udiff", DIFF),
        "bad.py": ("diff", BAD),
    }
    return run(asked, client_server, client_environment, tmp_path_factory.mktemp("aider"))


@pytest.mark.parametrize("name", ["whole.py", "diff.py", "udiff.py"])
def test_an_edit_is_applied_to_the_file(name: str, session: Session) -> None:
    assert session.files[name] == RIGHT, session.printed


def test_the_configuration_is_aiders_own(session: Session) -> None:
    assert "Model: openai/codeassist-chat with diff edit format" in session.printed
    assert "Repo-map: using 4096.0 tokens" in session.printed


def test_an_answer_that_fits_nowhere_changes_nothing_and_says_so(session: Session, client_server: ClientServer) -> None:
    assert session.files["bad.py"] == WRONG
    assert "1 SEARCH/REPLACE block failed to match" in session.printed, session.printed
    # Aider shows the model what went wrong three times before it gives up.
    assert len([body for body in client_server.chat.asked if "Correct bad.py" in str(body["messages"])]) == 4
