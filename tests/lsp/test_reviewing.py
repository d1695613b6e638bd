"""A review through the protocol: what is shown, how it goes along with edits, and what is applied or dismissed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from editor import CAPABILITIES, Editor
from lsp_client import insertion, replacement, span
from lsp_session import Session, connected

from codeassist.assistant import open_assistant
from codeassist.engine.scripted import ScriptedEngine
from codeassist.findings.types import Finding, Replacement
from codeassist.review import registry
from codeassist.review.passes.types import Found, Review
from codeassist.settings import IndexSettings, Settings

PUBLISH = "textDocument/publishDiagnostics"
SHOP = "def price_of(order):\n    return order\n"
MAIN = "from shop import price_of\n\n\ndef main():\n    return price_of(1)\n"
CHANGED = MAIN.replace("price_of(1)", "price_of(2)")
FINDING = Finding(
    "f1", "main.py", 5, 5, "warning", "surprise", "`2` is unlikely here", "shop.py:1",
    confidence=0.9, found_by="surprise", replacement=Replacement(5, 5, "    return price_of(1)"),
)  # fmt: skip


def git(folder: Path, *arguments: str) -> None:
    names = ("-c", "user.name=a", "-c", "user.email=a@localhost")
    subprocess.run(["git", "-C", str(folder), *names, *arguments], check=True, capture_output=True, timeout=60)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "shop.py").write_text(SHOP)
    (folder / "main.py").write_text(MAIN)
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "begin")
    return folder


@pytest.fixture(autouse=True)
def passes(monkeypatch: pytest.MonkeyPatch) -> list[Review]:
    """One pass that finds what a test expects in main.py; the reviews that it was asked for."""
    asked: list[Review] = []

    async def surprise(review: Review) -> Found:
        asked.append(review)
        is_there = any("price_of(2)" in (file.new_text or "") for file in review.readable)
        return Found((FINDING,) if is_there else ())

    monkeypatch.setattr(registry, "PASSES", {"surprise": surprise})
    monkeypatch.setattr("lsp.reviewing.PASSES", {"surprise": surprise})
    return asked


@pytest.fixture
async def session(repository: Path, tmp_path: Path) -> AsyncIterator[Session]:
    settings = Settings(index=IndexSettings(directory=str(tmp_path / "index"), vectors=False))
    async with connected(open_assistant(settings, repository, engine=ScriptedEngine())) as made:
        made.server.diagnostics.sleep = no_pause
        await made.ready(CAPABILITIES, rootUri=repository.as_uri())
        yield made


async def no_pause(_: float) -> None:
    """Nobody types in a test."""


async def told(session: Session, uri: str, n: int) -> dict[str, Any]:
    found = await session.client.notification(
        PUBLISH, lambda params: params["uri"] == uri and len(params["diagnostics"]) == n
    )
    assert isinstance(found, dict)
    return found


async def run(session: Session, command: str, **argument: Any) -> None:
    params = {"command": f"codeassist.{command}", "arguments": [argument] if argument else []}
    assert await session.client.request("workspace/executeCommand", params) is None


async def actions(session: Session, uri: str, diagnostic: dict[str, Any]) -> list[dict[str, Any]]:
    params = {
        "textDocument": {"uri": uri},
        "range": diagnostic["range"],
        "context": {"diagnostics": [diagnostic], "only": ["quickfix"]},
    }
    found = await session.client.request("textDocument/codeAction", params)
    return [action for action in found if action["command"]["command"] != "codeassist.fix"]


async def test_a_finding_is_shown_in_a_file_that_is_not_open(session: Session, repository: Path) -> None:
    (repository / "main.py").write_text(CHANGED)
    await run(session, "review")
    found = await told(session, (repository / "main.py").as_uri(), 1)
    assert found["diagnostics"][0]["range"] == span((4, 0), (4, 22))
    assert found["diagnostics"][0]["severity"] == 2
    assert found["diagnostics"][0]["relatedInformation"][0]["location"]["uri"] == (repository / "shop.py").as_uri()
    message = await session.client.notification("window/showMessage", lambda params: "finding" in params["message"])
    assert "1 finding in 1 changed file" in message["message"]


async def test_nothing_changed_is_told(session: Session) -> None:
    await run(session, "review")
    message = await session.client.notification("window/showMessage", lambda params: True)
    assert "nothing has changed since the last commit" in message["message"]


async def test_the_next_review_takes_back_what_is_mended(session: Session, repository: Path) -> None:
    (repository / "main.py").write_text(CHANGED)
    await run(session, "review")
    await told(session, (repository / "main.py").as_uri(), 1)
    (repository / "main.py").write_text(CHANGED.replace("(2)", "(3)"))
    await run(session, "review")
    await told(session, (repository / "main.py").as_uri(), 0)


async def test_a_finding_goes_along_with_its_line_and_is_applied_there(session: Session, repository: Path) -> None:
    (repository / "main.py").write_text(CHANGED)
    uri = (repository / "main.py").as_uri()
    editor = Editor(session.client)
    editor.open(uri, CHANGED)
    await run(session, "review")
    await told(session, uri, 1)
    session.client.change(uri, 2, insertion(0, 0, "import os\n"))
    editor.texts[uri], editor.versions[uri] = f"import os\n{CHANGED}", 2
    moved = await session.client.notification(
        PUBLISH, lambda one: one["uri"] == uri and [d["range"]["start"]["line"] for d in one["diagnostics"]] == [5]
    )
    found = await actions(session, uri, moved["diagnostics"][0])
    assert [action["title"] for action in found] == ["Change to `return price_of(1)`", "Dismiss: `2` is unlikely here"]
    await run(session, "applyFinding", **found[0]["command"]["arguments"][0])
    assert editor.texts[uri] == f"import os\n{MAIN}"
    session.client.change(uri, 3, replacement((5, 0), (5, 22), "    return price_of(1)"))
    await told(session, uri, 0)


async def test_a_line_that_is_edited_has_no_finding_any_more(session: Session, repository: Path) -> None:
    (repository / "main.py").write_text(CHANGED)
    uri = (repository / "main.py").as_uri()
    session.client.open(uri, CHANGED)
    await run(session, "review")
    await told(session, uri, 1)
    session.client.change(uri, 2, insertion(4, 4, "x = "))
    await told(session, uri, 0)
    await run(session, "applyFinding", uri=uri, id="f1")
    message = await session.client.notification("window/showMessage", lambda one: "remedy" in one["message"])
    assert "not there any more" in message["message"]


async def test_what_is_dismissed_is_remembered(session: Session, repository: Path) -> None:
    (repository / "main.py").write_text(CHANGED)
    uri = (repository / "main.py").as_uri()
    await run(session, "review")
    await told(session, uri, 1)
    await run(session, "dismissFinding", uri=uri, id="f1")
    await told(session, uri, 0)
    baseline = json.loads((repository / ".codeassist" / "review-baseline.json").read_text())
    assert [entry["id"] for entry in baseline["dismissed"]] == ["f1"]
    await run(session, "review")
    message = await session.client.notification("window/showMessage", lambda one: "nothing found" in one["message"])
    assert message


async def test_closing_a_document_keeps_what_a_review_found(session: Session, repository: Path) -> None:
    (repository / "main.py").write_text(CHANGED)
    uri = (repository / "main.py").as_uri()
    session.client.open(uri, CHANGED)
    await run(session, "review")
    await told(session, uri, 1)
    session.client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    found = await session.client.notification(PUBLISH, lambda one: one["uri"] == uri and "version" not in one)
    assert len(found["diagnostics"]) == 1


async def test_a_folder_that_is_no_repository_is_told(session: Session, repository: Path) -> None:
    (repository / ".git").rename(repository / "not-git")
    await run(session, "review")
    message = await session.client.notification("window/showMessage", lambda one: True)
    assert "no git repository" in message["message"]


async def test_a_save_is_reviewed_where_that_is_wanted(
    session: Session, repository: Path, monkeypatch: pytest.MonkeyPatch, passes: list[Review]
) -> None:
    monkeypatch.setattr("lsp.reviewing.QUIET_S", 0.0)
    monkeypatch.setattr("lsp.reviewing.ON_SAVE", ("surprise",))
    uri = (repository / "main.py").as_uri()
    session.client.open(uri, CHANGED)
    (repository / "main.py").write_text(CHANGED)
    session.client.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
    await session.client.request("codeassist/status")
    assert not passes
    settings = session.assistant.settings
    session.assistant.settings = replace(settings, review=replace(settings.review, on_save=True))
    session.client.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
    await told(session, uri, 1)
