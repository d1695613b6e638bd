"""Several folders in one session: which one answers for a document, and what they share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fake_assistant import FakeAssistant
from lsp_session import Session

from codeassist.types import Suggestion
from indexer.errors import IndexClosed, WorkspaceError
from indexer.types import Query, Symbol

OUTER, INNER, OTHER = Path("/outer"), Path("/outer/inner"), Path("/other")
NOWHERE = "nowhere"


def named(*paths: Path) -> list[dict[str, str]]:
    return [{"uri": path.as_uri(), "name": path.name} for path in paths]


def change(session: Session, *, added: tuple[Path, ...] = (), removed: tuple[Path, ...] = ()) -> None:
    event = {"added": named(*added), "removed": named(*removed)}
    session.client.notify("workspace/didChangeWorkspaceFolders", {"event": event})


@pytest.fixture
def folders(session: Session, tmp_path: Path) -> dict[Path, FakeAssistant]:
    """An assistant for each of three folders; each suggests its folder's name. The session's own suggests NOWHERE."""
    for folder in (OUTER, INNER, OTHER):
        session.assistants[folder] = FakeAssistant(tmp_path)
    for name, assistant in [(NOWHERE, session.assistant), *((path.name, a) for path, a in session.assistants.items())]:
        assistant.answer = lambda _document, _cursor, name=name: Suggestion("s", name)
        assistant.engine = session.assistant.engine
    return session.assistants


async def ready(session: Session, *paths: Path, capabilities: dict[str, Any] | None = None) -> None:
    await session.ready(capabilities, workspaceFolders=named(*paths))
    await indexed(session, *paths)


async def indexed(session: Session, *paths: Path) -> None:
    """Wait until just these are open and have their indexes."""
    wanted = [(str(path), "ready") for path in paths]
    await session.client.notification(
        "codeassist/status",
        lambda status: [(folder["path"], folder["index"]["state"]) for folder in status["folders"]] == wanted,
    )


async def answered_by(session: Session, uri: str) -> str | None:
    """Which folder's assistant suggests something in this document."""
    answer = await session.client.complete(uri, 0, 4)
    return answer["items"][0]["insertText"] if answer else None


DOCUMENTS = {
    "file:///outer/a.py": "outer",
    "file:///outer/inner/a.py": "inner",
    "file:///outer/innermost/a.py": "outer",
    "file:///other/deep/er/a.py": "other",
    "file:///elsewhere/a.py": NOWHERE,
    "file:///out/a.py": NOWHERE,
    "untitled:Untitled-1": "outer",
}


@pytest.mark.parametrize("uri", DOCUMENTS)
@pytest.mark.usefixtures("folders")
async def test_a_document_is_answered_from_the_innermost_folder_that_holds_it(session: Session, uri: str) -> None:
    await ready(session, OUTER, INNER, OTHER)
    session.client.open(uri, "x = ")
    await idle(session)
    assert await answered_by(session, uri) == DOCUMENTS[uri]


@pytest.mark.usefixtures("folders")
async def test_the_first_request_of_a_document_waits_until_its_folder_is_open(session: Session) -> None:
    await ready(session, OTHER)
    session.may_open.clear()
    session.client.open("file:///elsewhere/a.py", "x = ")
    _, first = session.client.ask_completion("file:///elsewhere/a.py", 0, 4)
    await session.client.request("codeassist/status")
    session.may_open.set()
    assert (await session.client.within(first))["items"][0]["insertText"] == NOWHERE


async def idle(session: Session) -> None:
    """All that was sent has been read, and everything that was opened is open."""
    await session.client.request("codeassist/status")
    opening = [task for task in asyncio.all_tasks() if task.get_name() == "opening the workspace"]
    await session.client.within(asyncio.gather(*opening))


async def test_a_document_behind_a_link_belongs_to_the_folder_that_it_lies_in(
    session: Session, folders: dict[Path, FakeAssistant], tmp_path: Path
) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    folders[tmp_path / "real"] = folders[OTHER]
    await ready(session, OUTER, tmp_path / "real")
    uri = (tmp_path / "link" / "a.py").as_uri()
    session.client.open(uri, "x = ")
    assert await answered_by(session, uri) == "other"


@pytest.mark.usefixtures("folders")
async def test_all_folders_run_on_the_engine_of_the_first(session: Session) -> None:
    await ready(session, OUTER, INNER)
    change(session, added=(OTHER,))
    await indexed(session, OUTER, INNER, OTHER)
    session.client.open("file:///elsewhere/a.py", "x = ")
    await idle(session)
    engine = session.assistant.engine
    assert session.engines == [None, engine, engine, engine]
    assert engine.status.state == "ready"


async def test_a_folder_that_is_added_is_opened_indexed_with_progress_and_takes_its_documents(
    session: Session, folders: dict[Path, FakeAssistant]
) -> None:
    await ready(session, OUTER, capabilities={"window": {"workDoneProgress": True}})
    uri = "file:///outer/inner/a.py"
    session.client.open(uri, "x = ")
    assert await answered_by(session, uri) == "outer"
    folders[INNER].loading.clear()
    change(session, added=(INNER,))
    await session.client.notification(
        "$/progress", lambda progress: progress["value"].get("title") == "codeassist: indexing inner"
    )
    folders[INNER].loading.set()
    await indexed(session, OUTER, INNER)
    assert await answered_by(session, uri) == "inner"
    assert folders[INNER].refreshes == ["*"]
    status = await session.client.request("codeassist/status")
    assert [(folder["name"], folder["path"]) for folder in status["folders"]] == [
        ("outer", "/outer"),
        ("inner", "/outer/inner"),
    ]
    assert (status["index"]["state"], status["index"]["files"]) == ("ready", 6)


async def test_a_folder_that_is_removed_leaves_its_documents_to_the_next(
    session: Session, folders: dict[Path, FakeAssistant]
) -> None:
    await ready(session, OUTER, INNER, OTHER)
    uri = "file:///outer/inner/a.py"
    session.client.open(uri, "x = ")
    assert await answered_by(session, uri) == "inner"
    change(session, removed=(INNER,))
    assert await answered_by(session, uri) == "outer"
    assert (folders[INNER].n_closed, folders[OUTER].n_closed) == (1, 0)
    change(session, removed=(OUTER,))
    await idle(session)
    assert await answered_by(session, uri) == NOWHERE
    assert folders[OTHER].n_closed == 0
    assert session.assistant.engine.status.state == "ready"


async def test_a_request_that_runs_in_a_folder_that_is_removed_is_answered_before_its_index_is_closed(
    session: Session, folders: dict[Path, FakeAssistant]
) -> None:
    await ready(session, OUTER, OTHER)
    folders[OTHER].hold = asyncio.Event()
    uri = "file:///other/a.py"
    session.client.open(uri, "x = ")
    _, answer = session.client.ask_completion(uri, 0, 4)
    await session.client.within(folders[OTHER].was_asked.wait())
    change(session, removed=(OTHER,))
    await session.client.request("codeassist/status")
    assert folders[OTHER].n_closed == 0
    folders[OTHER].hold.set()
    assert (await session.client.within(answer))["items"][0]["insertText"] == "other"
    await session.client.request("codeassist/status")
    assert folders[OTHER].n_closed == 1


async def test_a_folder_that_is_removed_while_it_is_opened_is_closed_and_its_engine_kept(
    session: Session, folders: dict[Path, FakeAssistant]
) -> None:
    session.may_open.clear()
    await session.client.initialize(workspaceFolders=named(OUTER, OTHER))
    change(session, removed=(OUTER,))
    await session.client.request("codeassist/status")
    session.may_open.set()
    await indexed(session, OTHER)
    await session.is_ready()
    assert (folders[OUTER].n_closed, folders[OUTER].refreshes) == (1, [])
    assert session.engines == [None, session.assistant.engine]


async def test_a_session_that_ends_closes_every_folder_once_and_what_runs(
    session: Session, folders: dict[Path, FakeAssistant]
) -> None:
    await ready(session, OUTER, INNER, OTHER)
    folders[INNER].hold = asyncio.Event()
    session.client.open("file:///outer/inner/a.py", "x = ")
    session.client.ask_completion("file:///outer/inner/a.py", 0, 4)
    await session.client.within(folders[INNER].was_asked.wait())
    change(session, removed=(INNER,))
    assert await session.end() == 0
    assert [assistant.n_closed for assistant in folders.values()] == [1, 1, 1]
    assert session.assistant.engine.status.state == "stopped"


async def test_a_file_is_indexed_by_every_folder_that_holds_it_and_by_no_other(
    session: Session, folders: dict[Path, FakeAssistant]
) -> None:
    await ready(session, OUTER, INNER, OTHER)
    for folder in (OUTER, INNER):
        folders[folder].refreshed.clear()
    session.client.notify("textDocument/didSave", {"textDocument": {"uri": "file:///outer/inner/a.py"}})
    for folder in (OUTER, INNER):
        await session.client.within(folders[folder].refreshed.wait())
    assert [folders[folder].refreshes for folder in (OUTER, INNER, OTHER)] == [["*", "a.py"], ["*", "a.py"], ["*"]]


async def test_another_branch_in_one_folder_is_no_news_for_the_others(
    session: Session, folders: dict[Path, FakeAssistant]
) -> None:
    await ready(session, OUTER, OTHER)
    folders[OTHER].refreshed.clear()
    head = {"changes": [{"uri": "file:///other/.git/HEAD", "type": 2}]}
    session.client.notify("workspace/didChangeWatchedFiles", head)
    await session.client.within(folders[OTHER].refreshed.wait())
    assert (folders[OUTER].refreshes, folders[OTHER].refreshes) == (["*"], ["*", "*"])


async def test_a_branch_is_noticed_above_the_folder_and_in_a_worktree(
    session: Session, folders: dict[Path, FakeAssistant], tmp_path: Path
) -> None:
    below, tree = tmp_path / "repository" / "below", tmp_path / "tree"
    heads = [
        tmp_path / "repository" / ".git" / "HEAD",
        tmp_path / "repository" / ".git" / "worktrees" / "tree" / "HEAD",
    ]
    for folder in (below, tree, *(head.parent for head in heads)):
        folder.mkdir(parents=True, exist_ok=True)
    (tree / ".git").write_text(f"gitdir: {heads[1].parent}\n", encoding="utf-8")
    folders |= {below: folders[OUTER], tree: folders[OTHER]}
    session.assistants = folders
    await ready(session, below, tree, capabilities=watching(relative=True))
    asked = [request for request in session.client.server_requests if request["method"] == "client/registerCapability"]
    patterns = [
        (watcher["globPattern"]["baseUri"], watcher["globPattern"]["pattern"])
        for registration in asked[0]["params"]["registrations"]
        for watcher in registration["registerOptions"]["watchers"]
    ]
    assert {(head.parent.as_uri(), "HEAD") for head in heads} <= set(patterns)
    for head, assistant in zip(heads, (folders[OUTER], folders[OTHER]), strict=True):
        assistant.refreshed.clear()
        session.client.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": head.as_uri(), "type": 2}]})
        await session.client.within(assistant.refreshed.wait())
    assert [folders[folder].refreshes for folder in (below, tree)] == [["*", "*"], ["*", "*"]]


def watching(*, relative: bool) -> dict[str, Any]:
    return {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True, "relativePatternSupport": relative}}}


@pytest.mark.usefixtures("folders")
async def test_each_folder_is_watched_by_itself_until_it_is_removed(session: Session) -> None:
    await ready(session, OUTER, capabilities=watching(relative=True))
    change(session, added=(OTHER,), removed=(OUTER,))
    await session.client.request("codeassist/status")
    asked = [
        (request["method"], [registration["id"] for registration in next(iter(request["params"].values()))])
        for request in session.client.server_requests
        if request["method"].endswith("registerCapability")
    ]
    assert asked == [
        ("client/registerCapability", ["codeassist-files /outer"]),
        ("client/unregisterCapability", ["codeassist-files /outer"]),
        ("client/registerCapability", ["codeassist-files /other"]),
    ]


@pytest.mark.usefixtures("folders")
async def test_an_editor_without_relative_patterns_is_asked_once(session: Session) -> None:
    await ready(session, OUTER, capabilities=watching(relative=False))
    change(session, added=(OTHER,), removed=(OUTER,))
    await session.client.request("codeassist/status")
    asked = [r for r in session.client.server_requests if r["method"].endswith("registerCapability")]
    assert len(asked) == 1


def symbol(name: str, path: str = "a.py") -> Symbol:
    return Symbol(name, "function", path, 1, 2, f"def {name}()")


def finding(*symbols: Symbol) -> Callable[[str], list[Symbol]]:
    return lambda text: list(symbols)


async def found(session: Session, query: str) -> list[tuple[str, str]]:
    answer = await session.client.request("workspace/symbol", {"query": query})
    return [(symbol["name"], symbol["location"]["uri"].removeprefix("file://")) for symbol in answer]


async def test_symbols_of_all_folders_are_told_by_how_well_they_fit(
    session: Session, folders: dict[Path, FakeAssistant]
) -> None:
    await ready(session, OUTER, OTHER)
    folders[OUTER].find = finding(symbol("route"), symbol("route_all"), symbol("add_route"))
    folders[OTHER].find = finding(symbol("route", "b.py"), symbol("router"), symbol("enroute"))
    assert await found(session, "route") == [
        ("route", "/outer/a.py"),
        ("route", "/other/b.py"),
        ("router", "/other/a.py"),
        ("route_all", "/outer/a.py"),
        ("add_route", "/outer/a.py"),
        ("enroute", "/other/a.py"),
    ]


async def test_a_symbol_of_a_folder_within_a_folder_is_told_once(
    session: Session, folders: dict[Path, FakeAssistant]
) -> None:
    await ready(session, OUTER, INNER)
    folders[OUTER].find = finding(symbol("route", "inner/a.py"), symbol("route", "b.py"))
    folders[INNER].find = finding(symbol("route"))
    assert sorted(await found(session, "route")) == [("route", "/outer/b.py"), ("route", "/outer/inner/a.py")]


async def test_a_folder_whose_index_fails_does_not_take_the_symbols_of_others(
    session: Session, folders: dict[Path, FakeAssistant], caplog: pytest.LogCaptureFixture
) -> None:
    def fail(text: str) -> list[Symbol]:
        raise IndexClosed("the index is closed")

    await ready(session, OUTER, OTHER)
    folders[OUTER].find, folders[OTHER].find = fail, finding(symbol("route"))
    assert await found(session, "route") == [("route", "/other/a.py")]
    assert "the index is closed" in caplog.text


async def test_a_folder_that_cannot_be_opened_is_told_once_and_its_documents_are_answered(
    session: Session, folders: dict[Path, FakeAssistant]
) -> None:
    session.open_errors[OTHER] = WorkspaceError("/other is no folder; give the folder of a project")
    await session.client.initialize(workspaceFolders=named(OTHER, OUTER))
    await session.client.notification(
        "codeassist/status", lambda status: [folder["index"]["state"] for folder in status["folders"]][1] == "ready"
    )
    uri = "file:///other/a.py"
    session.client.open(uri, "x = ")
    await idle(session)
    assert await answered_by(session, uri) == NOWHERE
    shown = [m["params"]["message"] for m in session.client.notifications if m["method"] == "window/showMessage"]
    assert shown == ["codeassist has no context from /other: /other is no folder; give the folder of a project"]
    status = await session.client.request("codeassist/status")
    assert [folder["index"]["state"] for folder in status["folders"]] == ["failed", "ready"]
    assert status["engine"]["state"] == "ready"
    del session.open_errors[OTHER]
    session.client.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": uri, "type": 1}]})
    await indexed(session, OTHER, OUTER)
    assert await answered_by(session, uri) == "other"
    assert folders[OTHER].refreshes == ["*"]


async def test_first_indexes_are_built_one_after_the_other(
    session: Session, folders: dict[Path, FakeAssistant]
) -> None:
    folders[OUTER].loading.clear()
    await session.client.initialize(workspaceFolders=named(OUTER, OTHER))
    session.client.open("file:///other/a.py", "x = ")
    await session.client.notification("codeassist/status", lambda status: status["index"]["state"] == "indexing")
    await idle(session)
    assert await answered_by(session, "file:///other/a.py") == "other"  # It need not wait for an index.
    assert folders[OTHER].refreshes == []
    folders[OUTER].loading.set()
    await indexed(session, OUTER, OTHER)


async def test_an_edit_is_known_to_the_folder_of_its_document_and_moves_with_it(
    session: Session, folders: dict[Path, FakeAssistant]
) -> None:
    await ready(session, OUTER, OTHER)
    uri = "file:///outer/inner/a.py"
    session.client.open(uri, "x = 1\n")
    session.client.change(uri, 2, {"text": "total_price = 1\n"})
    session.client.change(uri, 3, edit("total_price = 2\n"))
    query = Query("total_price", path="b.py")
    await session.client.request("codeassist/status")
    assert [folders[folder].activity.hits(query) != [] for folder in (OUTER, OTHER)] == [True, False]
    change(session, added=(INNER,))
    await indexed(session, OUTER, OTHER, INNER)
    session.client.change(uri, 4, edit("total_price = 3\n"))
    await session.client.request("codeassist/status")
    assert [folders[folder].activity.hits(query) != [] for folder in (OUTER, INNER)] == [False, True]


async def test_folders_know_of_each_other_and_not_of_those_that_left(
    session: Session, folders: dict[Path, FakeAssistant]
) -> None:
    await ready(session, OUTER, OTHER)
    assert [folders[folder].others for folder in (OUTER, OTHER)] == [[folders[OTHER]], [folders[OUTER]]]
    change(session, added=(INNER,), removed=(OTHER,))
    await indexed(session, OUTER, INNER)
    assert [folders[folder].others for folder in (OUTER, INNER)] == [[folders[INNER]], [folders[OUTER]]]


def edit(text: str) -> dict[str, Any]:
    start = {"line": 0, "character": 0}
    return {"range": {"start": start, "end": start}, "text": text}
