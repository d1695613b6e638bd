"""Settings that change while the session runs: told, asked for, wrong, and those that have to wait."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from fake_assistant import FakeAssistant
from lsp_session import Session

from codeassist.settings import Settings

URI = "file:///project/sample.py"


def change(session: Session, settings: Any) -> None:
    session.client.notify("workspace/didChangeConfiguration", {"settings": settings})


async def shown(session: Session, text: str) -> str:
    """The warning that has this text in it."""
    told = await session.client.notification("window/showMessage", lambda params: text in params["message"])
    return str(told["message"])


async def told(session: Session, max_lines: int) -> None:
    """Wait until the assistant has been told this value."""
    await session.client.notification(
        "codeassist/status", lambda _: session.assistant.settings.completion.max_lines == max_lines
    )


def messages(session: Session) -> list[str]:
    return [m["params"]["message"] for m in session.client.notifications if m["method"] == "window/showMessage"]


@pytest.mark.parametrize(
    "settings",
    [
        {"completion.max_lines": 3},
        {"completion": {"max_lines": 3}},
        {"codeassist": {"completion": {"max_lines": 3}}, "other": {"completion": {"max_lines": 9}}},
        {"codeassist": {"completion.max_lines": 3, "trace": {"server": "off"}}},
    ],
)
async def test_a_setting_counts_from_the_next_request_on(session: Session, settings: Any) -> None:
    await session.ready(rootUri="file:///project")
    change(session, settings)
    await told(session, 3)
    assert messages(session) == []


async def test_what_is_told_wins_over_what_the_session_started_with_and_null_takes_that_back(session: Session) -> None:
    options = {"completion": {"max_lines": 5, "max_tokens": 40}}
    await session.ready(rootUri="file:///project", initializationOptions=options)
    change(session, {"completion": {"max_lines": 3}})
    await told(session, 3)
    assert session.assistant.settings.completion.max_tokens == 40
    change(session, {"completion": {"max_lines": None, "max_tokens": None}})
    await told(session, Settings().completion.max_lines)
    assert session.assistant.settings.completion.max_tokens == 0


async def test_each_message_is_the_full_set_and_what_it_lacks_is_unset(session: Session) -> None:
    await session.ready(rootUri="file:///project")
    change(session, {"completion": {"max_lines": 3, "max_tokens": 40}})
    await told(session, 3)
    change(session, {"completion": {"max_tokens": 50}})
    await told(session, Settings().completion.max_lines)
    assert session.assistant.settings.completion.max_tokens == 50
    change(session, {"completion": {"max_lines": 3}})
    await told(session, 3)
    change(session, {})
    await told(session, Settings().completion.max_lines)


async def test_a_wrong_value_is_one_warning_and_the_old_settings_stay(session: Session) -> None:
    await session.ready(rootUri="file:///project")
    change(session, {"completion": {"max_lines": 3}})
    await told(session, 3)
    for _ in range(2):
        change(session, {"completion": {"max_lines": "many", "max_tokens": 9}})
    message = await shown(session, "max_lines")
    assert "must be a whole number, not 'many' (the settings stay as they were)" in message
    change(session, {"completion": {"max_lines": 4}})
    await told(session, 4)
    assert len(messages(session)) == 1
    assert [settings.completion.max_tokens for settings in session.assistant.told] == [0, 0]


@pytest.mark.parametrize("settings", [7, "on", [1, 2], {"completion": 7}, {"nonsense": {"deep": {"er": 1}}}])
async def test_what_is_no_settings_is_a_warning(session: Session, settings: Any) -> None:
    await session.ready(rootUri="file:///project")
    change(session, settings)
    assert "settings" in await shown(session, "settings")
    assert session.assistant.told == []
    assert await session.client.request("codeassist/status") is not None


async def test_engine_index_and_log_wait_for_a_restart_and_say_so_once(session: Session) -> None:
    await session.ready(rootUri="file:///project")
    for threads in (3, 5):
        change(session, {"engine": {"threads": threads}, "log": {"level": "debug"}, "completion.max_lines": threads})
        await told(session, threads)
    assert messages(session) == [
        "codeassist: engine.threads, log.level changed, which counts once the server is restarted"
    ]


async def test_settings_are_asked_for_where_the_client_only_says_that_there_are_others(session: Session) -> None:
    session.client.answers["workspace/configuration"] = [{"completion": {"max_lines": 3}}]
    await session.ready({"workspace": {"configuration": True}}, rootUri="file:///project")
    change(session, None)
    await told(session, 3)
    asked = next(r for r in session.client.server_requests if r["method"] == "workspace/configuration")
    assert asked["params"] == {"items": [{"section": "codeassist"}]}


@pytest.mark.parametrize("answer", [None, [], [None], 7, [7]])
async def test_an_odd_answer_changes_nothing(session: Session, answer: Any) -> None:
    session.client.answers["workspace/configuration"] = answer
    await session.ready({"workspace": {"configuration": True}}, rootUri="file:///project")
    change(session, None)
    change(session, {"completion": {"max_lines": 3}})
    await told(session, 3)


async def test_a_client_that_cannot_be_asked_is_not(session: Session) -> None:
    await session.ready(rootUri="file:///project")
    change(session, None)
    change(session, {"completion": {"max_lines": 3}})
    await told(session, 3)
    assert session.client.server_requests == []


async def test_a_client_that_wants_it_is_asked_to_tell(session: Session) -> None:
    await session.ready({"workspace": {"didChangeConfiguration": {"dynamicRegistration": True}}})
    asked = next(r for r in session.client.server_requests if r["method"] == "client/registerCapability")
    assert asked["params"]["registrations"] == [
        {
            "id": "codeassist-settings",
            "method": "workspace/didChangeConfiguration",
            "registerOptions": {"section": "codeassist"},
        }
    ]


async def test_every_open_folder_follows_and_its_own_file_only_narrows(session: Session, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        session.assistants[folder] = FakeAssistant(folder)
    (second / "codeassist.toml").write_text("[completion]\nmax_lines = 2\nlanguages_off = ['lua']\n")
    folders = [{"uri": folder.as_uri(), "name": folder.name} for folder in (first, second)]
    await session.ready(workspaceFolders=folders)
    change(session, {"completion": {"max_tokens": 33}})
    await session.client.notification(
        "codeassist/status", lambda _: session.assistants[second].settings.completion.max_tokens == 33
    )
    assert session.assistants[first].settings.completion.max_lines == Settings().completion.max_lines
    assert session.assistants[second].settings.completion.max_lines == 2
    assert session.assistants[second].settings.completion.languages_off == ("lua",)


async def test_a_folder_that_was_still_opening_follows_once_it_is_open(session: Session) -> None:
    session.may_open.clear()
    await session.client.initialize(rootUri="file:///project")
    change(session, {"completion": {"max_lines": 3}})
    await asyncio.sleep(0)
    session.may_open.set()
    await told(session, 3)


async def test_a_wrong_value_while_a_folder_is_still_opening_harms_neither_it_nor_the_next(session: Session) -> None:
    session.may_open.clear()
    await session.client.initialize(rootUri="file:///project")
    change(session, {"completion": {"max_lines": "many"}})
    await shown(session, "max_lines")
    session.may_open.set()
    await session.is_ready()
    added = {"added": [{"uri": "file:///other", "name": "other"}], "removed": []}
    session.client.notify("workspace/didChangeWorkspaceFolders", {"event": added})
    await session.client.notification("codeassist/status", lambda status: len(status["folders"]) == 2)
    assert all(overrides == {} for _, overrides in session.opened)
    assert len(messages(session)) == 1


async def test_a_folder_that_could_not_be_opened_is_tried_again_by_the_new_settings(session: Session) -> None:
    from codeassist.errors import ConfigError

    session.open_error = ConfigError("engine.kind is `remote`, so engine.url must say where")
    await session.client.initialize(rootUri="file:///project")
    await shown(session, "engine.url must say where")
    session.open_error = None
    change(session, {"engine": {"url": "http://127.0.0.1:8000/v1"}})
    await session.is_ready()
    assert session.opened[-1][1] == {"engine.url": "http://127.0.0.1:8000/v1"}


async def test_other_settings_end_what_was_switched_for_the_session(session: Session) -> None:
    await session.ready(rootUri="file:///project")
    arguments = {"command": "codeassist.setEnabled", "arguments": [{"enabled": False}]}
    assert (await session.client.request("workspace/executeCommand", arguments))["enabled"] is False
    change(session, {"completion": {"max_lines": 3}})
    await session.client.notification(
        "codeassist/status", lambda status: status["enabled"] and session.assistant.settings.completion.max_lines == 3
    )
    assert session.assistant.settings.completion.enabled is True


async def test_a_folders_own_file_counts_as_soon_as_it_is_saved(session: Session, tmp_path: Path) -> None:
    await session.ready(rootUri=tmp_path.as_uri())
    file = tmp_path / "codeassist.toml"
    file.write_text("[completion]\nmax_lines = 2\n")
    session.client.notify("textDocument/didSave", {"textDocument": {"uri": file.as_uri()}})
    await told(session, 2)
    file.unlink()
    changes = {"changes": [{"uri": file.as_uri(), "type": 3}]}
    session.client.notify("workspace/didChangeWatchedFiles", changes)
    await told(session, Settings().completion.max_lines)


async def test_a_mistake_in_a_folders_own_file_ends_nothing(session: Session, tmp_path: Path) -> None:
    await session.ready(rootUri=tmp_path.as_uri())
    file = tmp_path / ".codeassist" / "config.toml"
    file.parent.mkdir()
    file.write_text("[completion\n")
    session.client.notify("textDocument/didSave", {"textDocument": {"uri": file.as_uri()}})
    assert "not valid TOML" in await shown(session, "TOML")
    change(session, {"completion": {"max_tokens": 9}})
    await shown(session, "stay as they were")
    file.unlink()
    change(session, {"completion": {"max_lines": 3}})
    await told(session, 3)
