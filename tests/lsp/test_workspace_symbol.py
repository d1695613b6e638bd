"""Symbols of the workspace with a fake assistant: what the core is asked, and what an editor can open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
from lsp_client import ResponseError, span
from lsp_session import Session

from indexer.errors import IndexClosed
from indexer.types import Symbol, SymbolKind
from lsp.features.workspace_symbol import MAX_QUERY_LETTERS, MAX_SYMBOLS
from lsp.workspace import path_of, uri_in

METHOD = Symbol("add_route", "method", "shop/app.py", 12, 30, "def add_route(self) ...", "App")
FUNCTION = Symbol("run", "function", "run.py", 1, 1, "def run() ...")


def finding(*symbols: Symbol) -> Callable[[str], list[Symbol]]:
    return lambda text: list(symbols)


async def ask(session: Session, query: str) -> Any:
    return await session.client.request("workspace/symbol", {"query": query})


def shown(session: Session) -> list[dict[str, Any]]:
    """What popped up."""
    return [
        m for m in session.client.notifications if m["method"] in ("window/showMessage", "window/showMessageRequest")
    ]


async def test_symbols_are_announced(session: Session) -> None:
    assert (await session.ready())["workspaceSymbolProvider"] == {"resolveProvider": False}


async def test_a_symbol_has_a_location_with_a_range_its_kind_and_its_container(session: Session) -> None:
    await session.ready(rootUri="file:///w")
    session.assistant.find = finding(METHOD, FUNCTION)
    assert await ask(session, "add") == [
        {
            "name": "add_route",
            "kind": 6,
            "containerName": "App",
            "location": {"uri": "file:///w/shop/app.py", "range": span((11, 0), (30, 0))},
        },
        {"name": "run", "kind": 12, "location": {"uri": "file:///w/run.py", "range": span((0, 0), (1, 0))}},
    ]
    assert session.assistant.asked_symbols == [("add", MAX_SYMBOLS)]


KINDS = {"class": 5, "function": 12, "method": 6, "constant": 14, "type": 5, "module": 2, "field": 8}


@pytest.mark.parametrize("kind", get_args(SymbolKind))
async def test_every_kind_of_the_index_has_one_of_the_protocol(session: Session, kind: SymbolKind) -> None:
    await session.ready()
    session.assistant.find = finding(Symbol("x", kind, "a.py", 1, 1, "x"))
    (symbol,) = await ask(session, "x")
    assert symbol["kind"] == KINDS[kind]


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("a b/c d.py", "file:///my%20project/a%20b/c%20d.py"),
        ("100%/50%25.py", "file:///my%20project/100%25/50%2525.py"),
        ("café/名前.py", "file:///my%20project/caf%C3%A9/%E5%90%8D%E5%89%8D.py"),
        ("what?#1.py", "file:///my%20project/what%3F%231.py"),
        ("app/[id]/page;v=1.tsx", "file:///my%20project/app/%5Bid%5D/page%3Bv%3D1.tsx"),
        ("back\\slash.py", "file:///my%20project/back%5Cslash.py"),
    ],
)
async def test_any_path_has_a_uri_that_leads_back_to_it(session: Session, path: str, uri: str) -> None:
    await session.ready(rootUri="file:///my%20project")
    session.assistant.find = finding(Symbol("x", "constant", path, 1, 1, "x = 1"))
    (symbol,) = await ask(session, "x")
    assert symbol["location"]["uri"] == uri
    assert path_of(uri) == Path("/my project") / path
    assert uri_in(Path("/my project"), path) == uri


async def test_the_uri_is_in_the_folder_that_the_editor_has_open(session: Session) -> None:
    await session.ready(workspaceFolders=[{"uri": "file:///caf%C3%A9", "name": "one"}], rootUri="file:///three")
    session.assistant.find = finding(FUNCTION)
    assert [symbol["location"]["uri"] for symbol in await ask(session, "run")] == ["file:///caf%C3%A9/run.py"]


async def test_without_a_folder_the_uri_is_in_the_workspace_that_was_opened(session: Session) -> None:
    await session.ready()
    session.assistant.find = finding(FUNCTION)
    (symbol,) = await ask(session, "run")
    assert path_of(symbol["location"]["uri"]) == session.opened[0][0] / "run.py"


@pytest.mark.parametrize("query", ["", "   ", "\t", "x" * (MAX_QUERY_LETTERS + 1)])
async def test_a_query_that_is_empty_or_no_name_finds_nothing_and_asks_nothing(session: Session, query: str) -> None:
    await session.ready()
    session.assistant.find = finding(FUNCTION)
    assert await ask(session, query) == []
    assert session.assistant.asked_symbols == []


async def test_half_a_surrogate_pair_is_looked_for_as_a_letter_that_is_nowhere(session: Session) -> None:
    await session.ready()
    session.client.send_bytes(
        b'{"jsonrpc": "2.0", "id": 99, "method": "workspace/symbol", "params": {"query": "\\ud800"}}'
    )
    await session.client.within(session.assistant.was_asked.wait())
    assert session.assistant.asked_symbols == [("\ufffd", MAX_SYMBOLS)]


async def test_before_the_workspace_is_open_there_are_none(session: Session) -> None:
    await session.client.request("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
    assert await ask(session, "run") == []
    assert session.assistant.asked_symbols == []


async def test_while_the_index_is_built_what_there_is_is_found(session: Session) -> None:
    session.assistant.loading.clear()
    await session.client.initialize(rootUri="file:///w")
    await session.client.notification("codeassist/status", lambda status: status["index"]["state"] == "indexing")
    session.assistant.find = finding(FUNCTION)
    assert [symbol["name"] for symbol in await ask(session, "run")] == ["run"]


async def test_a_failing_index_is_null_and_pops_nothing_up(session: Session, caplog: pytest.LogCaptureFixture) -> None:
    def fail(text: str) -> list[Symbol]:
        raise failures.pop()

    failures = [ZeroDivisionError("a bug"), IndexClosed("the index is closed")]
    await session.ready()
    session.assistant.find = fail
    assert await ask(session, "run") is None
    assert ("the index is closed" in caplog.text, "Traceback" in caplog.text) == (True, False)
    assert await ask(session, "run") is None
    assert ("a bug" in caplog.text, "Traceback" in caplog.text) == (True, True)
    assert shown(session) == []


async def held(session: Session) -> tuple[int, asyncio.Future[Any]]:
    """A request that the assistant is working on."""
    await session.ready()
    session.assistant.hold = asyncio.Event()
    asked = session.client.ask("workspace/symbol", {"query": "run"})
    await session.client.within(session.assistant.was_asked.wait())
    return asked


async def test_a_cancelled_request_is_cancelled_in_the_core(session: Session) -> None:
    number, answer = await held(session)
    session.client.notify("$/cancelRequest", {"id": number})
    with pytest.raises(ResponseError) as refused:
        await session.client.within(answer)
    assert refused.value.code == -32800
    assert session.assistant.n_cancelled == 1


async def test_a_client_that_is_gone_misses_its_answer_and_nothing_pops_up(
    session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    await held(session)
    session.hang_up()
    assert await session.client.within(session.running) == 1
    session.assistant.hold.set()
    await asyncio.sleep(0)
    assert (session.assistant.n_closed, shown(session)) == (1, [])
    assert "Traceback" not in caplog.text


async def test_a_query_without_its_text_gets_an_error_and_not_silence(session: Session) -> None:
    await session.ready()
    with pytest.raises(ResponseError) as refused:
        await session.client.request("workspace/symbol", {})
    assert refused.value.code == -32602
