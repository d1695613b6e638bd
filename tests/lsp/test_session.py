"""The life of a session: shake hands, load, end; with a fake assistant, in one process."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest
from lsp_client import ResponseError
from lsp_session import Session

from codeassist.errors import ConfigError, ModelError

URI = "file:///project/sample.py"


async def test_initialize_announces_what_the_server_does(session: Session) -> None:
    capabilities = await session.ready()
    assert capabilities["inlineCompletionProvider"] == {}
    assert capabilities["textDocumentSync"] == {
        "openClose": True,
        "change": 2,
        "save": True,
    }
    commands = capabilities["executeCommandProvider"]["commands"]
    assert {"codeassist.accepted", "codeassist.status", "codeassist.explain", "codeassist.snooze"} <= set(commands)
    assert {"codeassist.nextEdit", "codeassist.editAccepted"} <= set(commands)
    assert capabilities["workspace"]["workspaceFolders"] == {"supported": True, "changeNotifications": True}


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (None, "utf-16"),
        (["utf-8", "utf-16"], "utf-8"),
        (["utf-16"], "utf-16"),
        (["utf-32", "utf-8"], "utf-32"),
        (["ebcdic", "utf-8"], "utf-8"),
        (["ebcdic"], "utf-16"),
    ],
)
async def test_the_first_encoding_that_both_know_is_taken(
    session: Session, offered: list[str] | None, chosen: str
) -> None:
    capabilities = await session.client.initialize({"general": {"positionEncodings": offered}} if offered else {})
    assert capabilities["positionEncoding"] == chosen


async def test_the_workspace_folders_are_opened_with_the_editors_settings(session: Session) -> None:
    folders = [{"uri": "file:///one%20place", "name": "one"}, {"uri": "file:///two", "name": "two"}]
    options = {"engine.kind": "scripted", "completion": {"max_lines": 3, "max_tokens": None}}
    await session.ready(workspaceFolders=folders, rootUri="file:///three", initializationOptions=options)
    given = {"engine.kind": "scripted", "completion.max_lines": 3}
    assert session.opened == [(Path("/one place"), given), (Path("/two"), given)]


async def test_an_unknown_setting_is_a_warning_and_the_others_count(session: Session) -> None:
    options = {"completion": {"max_linse": 3, "max_tokens": 8}}
    await session.ready(rootUri="file:///w", initializationOptions=options)
    shown = await session.client.notification("window/showMessage")
    assert shown["type"] == 2
    assert "`completion.max_linse`" in shown["message"]
    assert "did you mean `completion.max_lines`?" in shown["message"]
    assert session.opened == [(Path("/w"), {"completion.max_tokens": 8})]


@pytest.mark.parametrize("address", ["command:workbench.action.terminal.new", "HTTPS://example.org", "file:///bin/sh"])
async def test_no_message_has_a_link(session: Session, address: str) -> None:
    """VS Code makes links of them, which may run commands; settings and names of a repository stand in messages."""
    await session.ready(initializationOptions={f"[open]({address})": 1})
    shown = (await session.client.notification("window/showMessage"))["message"]
    assert f"`[open] ({address})` is ignored" in shown


async def test_warnings_of_the_configuration_are_shown(session: Session) -> None:
    session.warnings.append("codeassist.toml: engine.url is not applied")
    await session.ready()
    assert "engine.url" in (await session.client.notification("window/showMessage"))["message"]


async def test_a_lone_file_gets_an_empty_workspace_that_goes_with_the_session(session: Session) -> None:
    await session.ready()
    workspace, overrides = session.opened[0]
    assert list(workspace.iterdir()) == []
    assert Path(overrides["index.directory"]).parent == workspace.parent
    await session.end()
    assert not workspace.parent.exists()


async def test_a_configuration_that_is_wrong_is_told_once_and_the_server_lives(session: Session) -> None:
    session.open_error = ConfigError("config.toml: engine.kind must be a string")
    await session.client.initialize(rootUri="file:///w")
    shown = await session.client.notification("window/showMessage")
    assert "engine.kind must be a string" in shown["message"]
    session.client.open(URI, "x = ")
    assert await session.client.complete(URI, 0, 4) is None
    status = await session.client.request("codeassist/status")
    assert (status["engine"]["state"], status["model"]) == ("failed", "")
    assert await session.end() == 0


async def test_a_bug_in_the_background_is_told_and_the_server_lives(session: Session) -> None:
    session.open_error = ZeroDivisionError("a bug")
    await session.client.initialize(rootUri="file:///w")
    shown = await session.client.notification("window/showMessage")
    assert "opening the workspace failed (ZeroDivisionError: a bug)" in shown["message"]
    assert await session.end() == 0


async def test_an_engine_that_cannot_start_is_told_once(session: Session) -> None:
    session.assistant.start_error = ModelError("/models/x has no config.json: name another directory in engine.model")
    await session.client.initialize(rootUri="file:///w")
    shown = await session.client.notification("window/showMessage")
    assert shown == {
        "type": 2,
        "message": "codeassist gives no suggestions: /models/x has no config.json: "
        "name another directory in engine.model",
    }
    session.assistant.engine.fail("and again")
    await session.client.notification("codeassist/status", lambda status: status["engine"]["message"] == "and again")
    assert len([message for message in session.client.notifications if message["method"] == "window/showMessage"]) == 1


async def test_a_model_that_stands_in_is_told_once_and_stays_in_the_status(session: Session) -> None:
    await session.ready(rootUri="file:///w")
    for _ in range(2):
        session.assistant.engine.stand_in("small", "the GPU is full")
        told = await session.client.notification("codeassist/status", lambda status: status["engine"]["stand_in"])
        assert (told["engine"]["state"], told["engine"]["stand_in"]) == ("ready", "small")
        session.assistant.engine.recover()
    assert (await session.client.request("codeassist/status"))["engine"]["stand_in"] == ""
    shown = [message["params"] for message in session.client.notifications if message["method"] == "window/showMessage"]
    assert shown == [{"type": 2, "message": "codeassist: small stands in: the GPU is full"}]


async def test_the_status_follows_the_engine(session: Session) -> None:
    await session.ready(rootUri="file:///w")
    session.assistant.engine.crash()
    restarting = await session.client.notification(
        "codeassist/status", lambda status: status["engine"]["state"] == "restarting"
    )
    assert restarting["engine"]["restarts"] == 1
    session.assistant.engine.recover()
    await session.client.notification("codeassist/status", lambda status: status["engine"]["message"] == "restarted")
    status = await session.client.request("codeassist/status")
    assert status["model"] == "scripted"
    assert status["index"] == {
        "state": "ready",
        "message": "",
        "files": 3,
        "chunks": 7,
        "symbols": 5,
        "vectors": False,
    }


async def test_loading_is_shown_where_the_client_can_show_it(session: Session) -> None:
    session.assistant.loading.clear()
    await session.client.initialize({"window": {"workDoneProgress": True}})
    titles = {}
    for _ in range(2):
        begun = await session.client.notification(
            "$/progress", lambda item: item["value"]["kind"] == "begin" and item["token"] not in titles
        )
        titles[begun["token"]] = begun["value"]["title"]
    assert sorted(titles.values()) == ["codeassist: indexing", "codeassist: loading the model"]
    session.assistant.loading.set()
    indexing = next(token for token, title in titles.items() if "indexing" in title)
    await session.client.notification(
        "$/progress", lambda item: item["token"] == indexing and item["value"].get("message") == "3 files"
    )
    shown = [m["params"]["value"] for m in session.client.notifications if m["method"] == "$/progress"]
    assert [value["percentage"] for value in shown if value["kind"] == "report"] == [0, 25, 50, 75, 100]
    asked = [r["params"]["token"] for r in session.client.server_requests if r["method"].endswith("Progress/create")]
    assert set(titles) == set(asked)


async def test_a_client_without_progress_is_not_asked_for_it(session: Session) -> None:
    await session.ready({"window": {"workDoneProgress": False}})
    assert session.client.server_requests == []
    assert all(message["method"] != "$/progress" for message in session.client.notifications)


async def test_file_events_are_asked_for_where_the_client_can_send_them(session: Session) -> None:
    await session.ready({"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}})
    asked = next(r for r in session.client.server_requests if r["method"] == "client/registerCapability")
    assert asked["params"]["registrations"][0]["method"] == "workspace/didChangeWatchedFiles"


async def test_a_saved_file_is_indexed_anew(session: Session) -> None:
    await session.ready(rootUri="file:///project")
    session.assistant.refreshed.clear()
    session.client.notify("textDocument/didSave", {"textDocument": {"uri": URI}})
    await session.client.within(session.assistant.refreshed.wait())
    assert session.assistant.refreshes == ["*", "sample.py"]


async def test_what_a_document_imports_is_looked_up_once_when_it_is_opened(session: Session) -> None:
    await session.ready(rootUri="file:///project")
    session.client.open(URI, "import os\r\n")
    whole = {"textDocument": {"uri": URI, "version": 2}, "contentChanges": [{"text": "import re\n"}]}
    session.client.notify("textDocument/didChange", whole)
    await session.client.request("workspace/symbol", {"query": "any"})
    assert session.assistant.prepared == [("sample.py", "import os\n")]


async def test_changed_files_are_indexed_anew_and_a_branch_switch_is_looked_at_as_a_whole(session: Session) -> None:
    await session.ready(rootUri="file:///w")
    for uri in ("file:///w/.git/index", "file:///w/a.py", "file:///w/.git/HEAD"):
        session.assistant.refreshed.clear()
        session.client.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": uri, "type": 2}]})
        if not uri.endswith("index"):
            await session.client.within(session.assistant.refreshed.wait())
    assert session.assistant.refreshes == ["*", "a.py", "*"]


async def test_a_file_that_cannot_be_indexed_does_not_stop_those_after_it(
    session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    await session.ready(rootUri="file:///w")
    for error in (RuntimeError("Symlink loop from 'loop.py'"), OSError(36, "File name too long"), ValueError("NUL")):
        session.assistant.refreshed.clear()
        session.assistant.refresh_errors["loop.py"] = error
        changes = [{"uri": f"file:///w/{name}", "type": 1} for name in ("loop.py", "main.py")]
        session.client.notify("workspace/didChangeWatchedFiles", {"changes": changes})
        await session.client.within(session.assistant.refreshed.wait())
        assert str(error) in caplog.text
    assert session.assistant.refreshes == ["*", *["loop.py", "main.py"] * 3]
    assert caplog.text.count("Traceback") == 3


async def test_an_index_that_failed_says_so_and_is_refreshed_again_when_asked(
    session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    session.assistant.refresh_errors["*"] = RuntimeError("Symlink loop")
    await session.client.initialize(rootUri="file:///w")
    failed = await session.client.notification("codeassist/status", lambda status: status["index"]["state"] == "failed")
    assert failed["index"]["message"] == "RuntimeError: Symlink loop"
    assert "Traceback" in caplog.text
    head = {"changes": [{"uri": "file:///w/.git/HEAD", "type": 2}]}
    session.client.notify("workspace/didChangeWatchedFiles", head)
    await session.client.notification("codeassist/status", lambda status: status["index"]["state"] == "ready")


async def test_a_refresh_that_runs_is_stopped_by_the_end_of_the_session(session: Session) -> None:
    session.assistant.loading.clear()
    await session.client.initialize(rootUri="file:///w")
    await session.client.notification("codeassist/status", lambda status: status["index"]["state"] == "indexing")
    assert await session.end() == 0
    assert [m for m in session.client.notifications if m["method"] == "window/showMessage"] == []


async def test_the_completer_is_made_before_it_is_needed_and_off_the_event_loop(session: Session) -> None:
    await session.ready()
    thread = await session.client.within(asyncio.wrap_future(session.assistant.completer_made_in))
    assert thread is not threading.main_thread()


async def test_shutdown_closes_the_assistant_before_it_is_answered(session: Session) -> None:
    await session.ready()
    assert await session.client.request("shutdown") is None
    assert session.assistant.n_closed >= 1
    assert session.assistant.engine.status.state == "stopped"
    with pytest.raises(ResponseError) as refused:
        await session.client.complete(URI, 0, 0)
    assert refused.value.code == -32600
    session.client.notify("exit")
    assert await session.client.within(session.running) == 0


async def test_who_does_not_wait_for_the_answer_to_shutdown_gets_it_all_the_same(session: Session) -> None:
    await session.ready()
    _, answer = session.client.ask("shutdown")
    session.client.notify("exit")
    session.hang_up()
    assert await session.client.within(session.running) == 0
    assert await session.client.within(answer) is None


async def test_exit_without_shutdown_is_code_1(session: Session) -> None:
    await session.ready()
    session.client.notify("exit")
    assert await session.client.within(session.running) == 1
    assert session.assistant.n_closed == 1


async def test_a_client_that_hangs_up_ends_the_session_and_its_requests(session: Session) -> None:
    await session.ready()
    session.assistant.hold = asyncio.Event()
    session.client.open(URI, "x = ")
    session.client.ask_completion(URI, 0, 4)
    await session.client.within(session.assistant.was_asked.wait())
    session.hang_up()
    assert await session.client.within(session.running) == 1
    assert (session.assistant.n_closed, session.assistant.n_cancelled) == (1, 1)
