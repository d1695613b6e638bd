"""Several folders with real indexes and settings of their own, in the command that editors start; a scripted engine."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from lsp_client import LspClient, insertion

from tests.codeassist.conftest import build_tokenizer

ROOT = Path(__file__).resolve().parents[2]
GIT = ["git", "-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"]
SHOP = "def price_of(order):\n    return order.price\n"
MAIN = "import shop\n\n\ndef total(order):\n    return shop.price_of\n"


def make_repository(folder: Path, files: dict[str, str]) -> Path:
    """A repository with these files committed."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "first"]):
        subprocess.run([*GIT, *arguments], cwd=folder, check=True, timeout=30)
    return folder


class Editor:
    """A client of a server process."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process = process
        self.folder = folder
        self.client = LspClient(process.stdout, process.stdin.write)

    async def ready(self, *folders: Path) -> None:
        tokenizer, script = self.folder / "tokenizer.json", self.folder / "script.jsonl"
        build_tokenizer(tokenizer)
        script.write_text("".join(json.dumps("(order)") + "\n" for _ in range(20)), encoding="utf-8")
        options = {
            "engine": {"kind": "scripted", "model": str(script), "tokenizer": str(tokenizer)},
            "index.vectors": False,
            "completion": {"retrieve_deadline_ms": 20_000, "min_confidence": 0.0},
        }
        await self.client.initialize(
            processId=os.getpid(),
            workspaceFolders=[{"uri": folder.as_uri(), "name": folder.name} for folder in folders],
            initializationOptions=options,
        )
        await self.indexed(*folders)

    async def indexed(self, *folders: Path) -> None:
        """Wait until just these are open and have their indexes."""
        wanted = [(str(folder), "ready") for folder in folders]
        await self.client.notification(
            "codeassist/status",
            lambda status: (
                status["engine"]["state"] == "ready"
                and [(one["path"], one["index"]["state"]) for one in status["folders"]] == wanted
            ),
        )

    def open(self, file: Path) -> None:
        self.client.open(file.as_uri(), file.read_text(encoding="utf-8"))

    async def is_answered(self, file: Path) -> None:
        """Wait until some folder answers for a document."""
        async with asyncio.timeout(20):
            while await self.client.complete(file.as_uri(), 0, 0) is None:
                pass

    async def explained(self, file: Path, line: int, character: int) -> dict[str, Any]:
        place = {"uri": file.as_uri(), "position": {"line": line, "character": character}}
        asked = {"command": "codeassist.explain", "arguments": [place]}
        explanation: dict[str, Any] = await self.client.request("workspace/executeCommand", asked)
        return explanation


@pytest.fixture
async def editor(tmp_path: Path) -> AsyncIterator[Editor]:
    kinds = {f"XDG_{kind}_HOME": str(tmp_path) for kind in ("CACHE", "CONFIG", "STATE", "RUNTIME")}
    pipe = asyncio.subprocess.PIPE
    with (tmp_path / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "codeassist.cli", "lsp"),
            stdin=pipe,
            stdout=pipe,
            stderr=log,
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if not name.startswith("CODEASSIST")} | kinds,
        )
    editor = Editor(process, tmp_path)
    yield editor
    await editor.client.request("shutdown")
    editor.client.notify("exit")
    await editor.client.closed()
    assert await editor.client.within(process.wait()) == 0
    assert "Traceback" not in (tmp_path / "log").read_text(encoding="utf-8")


async def test_each_folder_has_its_own_index_and_settings(editor: Editor, tmp_path: Path) -> None:
    here = make_repository(tmp_path / "here", {"shop.py": SHOP, "main.py": MAIN})
    off = {"codeassist.toml": "[completion]\nenabled = false\n"}
    there = make_repository(
        tmp_path / "there", {"shop.py": SHOP.replace("order.price", "order.cost"), "main.py": MAIN} | off
    )
    await editor.ready(here, there)
    for folder in (here, there):
        editor.open(folder / "main.py")
    shown = await editor.explained(here / "main.py", 4, 24)
    assert ("order.price" in shown["prompt"], "order.cost" in shown["prompt"]) == (True, False)
    assert (await editor.client.complete((here / "main.py").as_uri(), 4, 24))["items"][0]["insertText"] == "(order)"
    other = await editor.explained(there / "main.py", 4, 24)
    assert ("order.price" in other["prompt"], "order.cost" in other["prompt"]) == (False, True)
    assert other["skip_reason"] == "suggestions are off (completion.enabled)"
    names = [
        symbol["location"]["uri"] for symbol in await editor.client.request("workspace/symbol", {"query": "price_of"})
    ]
    assert names == [(folder / "shop.py").as_uri() for folder in (here, there)]


async def test_folders_come_go_and_disappear_while_the_session_runs(editor: Editor, tmp_path: Path) -> None:
    here = make_repository(tmp_path / "here", {"shop.py": SHOP, "main.py": MAIN})
    plain, main = tmp_path / "plain", tmp_path / "plain" / "main.py"
    plain.mkdir()
    (plain / "shop.py").write_text(SHOP.replace("order.price", "order.plain"), encoding="utf-8")
    main.write_text(MAIN, encoding="utf-8")
    await editor.ready(here)
    editor.open(main)
    editor.open(here / "main.py")
    await editor.is_answered(main)
    alone = await editor.explained(main, 4, 24)
    assert ("def total" in alone["prompt"], alone["sources"]) == (True, [])
    change = {"added": [{"uri": plain.as_uri(), "name": "plain"}], "removed": []}
    editor.client.notify("workspace/didChangeWorkspaceFolders", {"event": change})
    await editor.indexed(here, plain)
    assert "order.plain" in (await editor.explained(main, 4, 24))["prompt"]
    plain.rename(tmp_path / "gone")
    editor.client.notify("textDocument/didSave", {"textDocument": {"uri": (plain / ".gitignore").as_uri()}})
    await editor.client.notification(
        "codeassist/status", lambda status: [one["index"]["state"] for one in status["folders"]] == ["ready", "failed"]
    )
    editor.client.change(main.as_uri(), 2, insertion(4, 24, "("))
    assert await editor.client.complete(main.as_uri(), 4, 25) is not None
    change = {"added": [], "removed": [{"uri": plain.as_uri(), "name": "plain"}]}
    editor.client.notify("workspace/didChangeWorkspaceFolders", {"event": change})
    assert "order.plain" not in (await editor.explained(main, 4, 25))["prompt"]
    assert "order.price" in (await editor.explained(here / "main.py", 4, 24))["prompt"]


async def test_what_is_not_committed_is_in_the_first_prompt_and_says_so(editor: Editor, tmp_path: Path) -> None:
    here = make_repository(tmp_path / "here", {"shop.py": SHOP + "\n\n# The end.\n" * 9, "main.py": MAIN})
    with (here / "shop.py").open("a", encoding="utf-8") as file:
        file.write("\n\ndef reduced_total(order):\n    return total(order) - 1\n")
    await editor.ready(here)
    async with asyncio.timeout(20):
        for (
            number
        ) in itertools.count():  # Git is asked once the index is ready; a prompt keeps what it has for a while.
            editor.client.open((here / f"main{number}.py").as_uri(), MAIN)
            sources = (await editor.explained(here / f"main{number}.py", 4, 24))["sources"]
            if ("shop.py", "uncommitted changes") in [(source["path"], source["why"]) for source in sources]:
                break
