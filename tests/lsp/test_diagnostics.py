"""Findings as diagnostics: when they are told, when they go, and how they are dismissed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from editor import CAPABILITIES
from lsp_client import ResponseError, insertion, replacement, span
from lsp_session import Session

from codeassist.settings import ReviewSettings

GOOD = "from shop import price_of\n\nprice_of(1)\n"
BAD = "# é😀\nfrom shop import prise_of as price\n\nprice(1)\n"
PUBLISH = "textDocument/publishDiagnostics"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text("import os\n\n\ndef price_of(order):\n    return order\n", encoding="utf-8")
    return tmp_path


async def no_pause(_: float) -> None:
    """Nobody types in a test."""


@pytest.fixture
async def uri(session: Session, folder: Path) -> str:
    session.server.diagnostics.sleep = no_pause
    await session.ready(CAPABILITIES, rootUri=folder.as_uri())
    return (folder / "main.py").as_uri()


async def told(session: Session, uri: str, n: int, version: int | None = None) -> dict[str, Any]:
    """The first message of so many diagnostics (of a version)."""

    def is_it(params: Any) -> bool:
        is_version = version is None or params.get("version") == version
        return params["uri"] == uri and len(params["diagnostics"]) == n and is_version

    found = await session.client.notification(PUBLISH, is_it)
    assert isinstance(found, dict)
    return found


def published(session: Session, uri: str) -> list[dict[str, Any]]:
    """What was told of a document so far."""
    sent = [note["params"] for note in session.client.notifications if note["method"] == PUBLISH]
    return [params for params in sent if params["uri"] == uri]


def save(session: Session, uri: str) -> None:
    session.client.notify("textDocument/didSave", {"textDocument": {"uri": uri}})


async def test_an_import_of_nothing_is_told_with_its_place_and_evidence(
    session: Session, uri: str, folder: Path
) -> None:
    session.client.open(uri, BAD)
    found = await told(session, uri, 1)
    diagnostic = found["diagnostics"][0]
    assert found["version"] == 1
    assert diagnostic["range"] == span((1, 17), (1, 25))
    assert diagnostic["source"] == "codeassist"
    assert diagnostic["severity"] == 2
    assert diagnostic["code"] == "missing-name"
    assert diagnostic["message"] == (
        "`prise_of` is not defined in shop.py, which it is imported from; did you mean `price_of`?"
    )
    evidence = diagnostic["relatedInformation"][0]["location"]
    assert evidence == {"uri": (folder / "shop.py").as_uri(), "range": span((3, 0), (3, 0))}


async def test_what_is_right_is_not_told(session: Session, uri: str) -> None:
    session.client.open(uri, GOOD)
    session.client.open(f"{uri}i", BAD)
    await told(session, f"{uri}i", 1)
    assert published(session, uri) == []


async def test_a_finding_goes_while_it_is_mended_and_none_comes_before_a_save(session: Session, uri: str) -> None:
    session.client.open(uri, BAD)
    await told(session, uri, 1)
    session.client.change(
        uri, 2, insertion(4, 0, "from shop import nothing\n"), replacement((1, 17), (1, 25), "price_of")
    )
    await told(session, uri, 0, 2)
    save(session, uri)
    found = await told(session, uri, 1, 2)
    assert "`nothing`" in found["diagnostics"][0]["message"]


async def test_another_file_may_bring_the_name(session: Session, uri: str, folder: Path) -> None:
    session.client.open(uri, BAD)
    await told(session, uri, 1)
    (folder / "shop.py").write_text("def prise_of(): ...\n", encoding="utf-8")
    changes = {"changes": [{"uri": (folder / "shop.py").as_uri(), "type": 2}]}
    session.client.notify("workspace/didChangeWatchedFiles", changes)
    await told(session, uri, 0)


async def test_an_open_text_counts_before_the_disk(session: Session, uri: str, folder: Path) -> None:
    session.client.open((folder / "shop.py").as_uri(), "def prise_of(): ...\n")
    session.client.open(uri, BAD.replace("prise_of", "other"))
    found = await told(session, uri, 1)
    assert "`other`" in found["diagnostics"][0]["message"]


async def test_a_document_that_is_closed_has_no_diagnostics(session: Session, uri: str) -> None:
    session.client.open(uri, BAD)
    await told(session, uri, 1)
    session.client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    await told(session, uri, 0)


async def test_a_place_in_the_line_of_a_byte_order_mark_is_behind_it(session: Session, uri: str) -> None:
    session.client.open(uri, "\ufefffrom shop import prise_of\n")
    assert (await told(session, uri, 1))["diagnostics"][0]["range"] == span((0, 18), (0, 26))


async def test_a_merge_conflict_is_an_error(session: Session, uri: str) -> None:
    session.client.open(uri, "a = 1\n<<<<<<< HEAD\na = 2\n=======\na = 3\n>>>>>>> topic\n")
    diagnostic = (await told(session, uri, 1))["diagnostics"][0]
    assert diagnostic["severity"] == 1
    assert diagnostic["range"] == span((1, 0), (5, 13))


async def test_the_setting_turns_them_off(session: Session, uri: str) -> None:
    session.assistant.settings = replace(session.assistant.settings, review=ReviewSettings(diagnostics=False))
    session.client.open(uri, BAD)
    session.client.open(f"{uri}i", BAD)
    save(session, uri)
    await session.client.request("codeassist/status")
    session.assistant.settings = replace(session.assistant.settings, review=ReviewSettings())
    save(session, uri)
    await told(session, uri, 1)


async def dismissal(session: Session, uri: str, diagnostic: dict[str, Any]) -> dict[str, Any]:
    params = {
        "textDocument": {"uri": uri},
        "range": diagnostic["range"],
        "context": {"diagnostics": [diagnostic], "only": ["quickfix"]},
    }
    found = await session.client.request("textDocument/codeAction", params)
    return next(action["command"] for action in found if action["title"].startswith("Dismiss: "))


@pytest.mark.parametrize("keeps_data", [True, False])
async def test_a_dismissed_finding_does_not_come_back(
    session: Session, uri: str, folder: Path, keeps_data: bool
) -> None:
    session.client.open(uri, BAD)
    diagnostic = (await told(session, uri, 1))["diagnostics"][0]
    shown = diagnostic if keeps_data else {key: value for key, value in diagnostic.items() if key != "data"}
    command = await dismissal(session, uri, shown)
    assert command["command"] == "codeassist.dismissFinding"
    params = {"command": command["command"], "arguments": command["arguments"]}
    assert await session.client.request("workspace/executeCommand", params) is None
    await told(session, uri, 0)
    written = json.loads((folder / ".codeassist/review-baseline.json").read_text(encoding="utf-8"))
    assert [entry["path"] for entry in written["dismissed"]] == ["main.py"]
    session.client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    n_before = len(published(session, uri))
    session.client.open(uri, f"\n\n{BAD}")  # On other lines it is the same finding.
    session.client.open(f"{uri}i", BAD)
    await told(session, f"{uri}i", 1)
    assert not any(params["diagnostics"] for params in published(session, uri)[n_before:])


async def test_a_baseline_that_is_broken_is_told_and_left_alone(session: Session, uri: str, folder: Path) -> None:
    file = folder / ".codeassist/review-baseline.json"
    file.parent.mkdir()
    file.write_text("{", encoding="utf-8")
    session.client.open(uri, BAD)
    diagnostic = (await told(session, uri, 1))["diagnostics"][0]
    await session.client.notification("window/showMessage", lambda params: "is not valid JSON" in params["message"])
    command = await dismissal(session, uri, diagnostic)
    params = {"command": command["command"], "arguments": command["arguments"]}
    assert await session.client.request("workspace/executeCommand", params) is None
    assert file.read_text(encoding="utf-8") == "{"


@pytest.mark.parametrize("arguments", [[], [None], [{}], [{"uri": "x"}], [{"uri": 1, "id": 2}], [[]]])
async def test_a_dismissal_without_sense_is_an_error_of_the_request(session: Session, uri: str, arguments: Any) -> None:
    with pytest.raises(ResponseError, match="-32602"):
        await session.client.request(
            "workspace/executeCommand", {"command": "codeassist.dismissFinding", "arguments": arguments}
        )


async def test_a_finding_that_nobody_knows_is_dismissed_to_no_effect(session: Session, uri: str, folder: Path) -> None:
    argument = {"uri": uri, "id": "unknown"}
    params = {"command": "codeassist.dismissFinding", "arguments": [argument]}
    assert await session.client.request("workspace/executeCommand", params) is None
    assert not (folder / ".codeassist").exists()
