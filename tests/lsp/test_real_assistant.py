"""The real assistant, with an engine that follows a script: cancellation and failures down to the engine."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from lsp_client import LspClient, ResponseError, insertion, span
from lsp_session import Session, connected

from codeassist.assistant import Assistant, open_assistant
from codeassist.completion import Completer
from codeassist.engine.scripted import SCRIPTED_INFO, ScriptedEngine
from codeassist.settings import CompletionSettings, IndexSettings, Settings
from codeassist.types import Cursor, ModelInfo
from tests.codeassist.conftest import build_tokenizer

ROOT = Path(__file__).resolve().parents[2]
TEXT = "import shop\n\n# é😀\ndef total(order):\n    price = \n"


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    build_tokenizer(file)
    return file


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "shop.py").write_text("def price_of(order):\n    return order.price\n", encoding="utf-8")
    (folder / "main.py").write_text(TEXT, encoding="utf-8")
    subprocess.run(["git", "init", "-q", str(folder)], check=True, timeout=30)
    return folder


class _Gate:
    """Holds the engine's answers back until it is opened."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.opened.set()
        self.reached = asyncio.Event()

    async def wait(self, _: float) -> None:
        self.reached.set()
        await self.opened.wait()


@pytest.fixture
def gate() -> _Gate:
    return _Gate()


@pytest.fixture
async def session(repository: Path, tmp_path: Path, tokenizer: Path, gate: _Gate) -> AsyncIterator[Session]:
    info = replace(SCRIPTED_INFO, tokenizer=tokenizer)
    engine = ScriptedEngine(["shop.price_of(order)"], info=info, sleep=gate.wait)
    settings = Settings(
        index=IndexSettings(directory=str(tmp_path / "index"), vectors=False),
        completion=CompletionSettings(min_confidence=0.0),
    )
    async with connected(open_assistant(settings, repository, engine=engine)) as made:
        await made.ready(rootUri=repository.as_uri())
        yield made


def uri_in(session: Session) -> str:
    return str((session.assistant.workspace / "main.py").as_uri())


async def test_a_suggestion_comes_from_the_engine(session: Session) -> None:
    session.client.open(uri_in(session), TEXT)
    answer = await session.client.complete(uri_in(session), 4, 12)
    (item,) = answer["items"]
    assert (item["insertText"], item["range"]) == ("shop.price_of(order)", span((4, 12), (4, 12)))


async def test_explain_shows_the_prompt(session: Session) -> None:
    session.client.open(uri_in(session), TEXT)
    place = {"uri": uri_in(session), "position": {"line": 4, "character": 12}}
    explained = await session.client.request(
        "workspace/executeCommand", {"command": "codeassist.explain", "arguments": [place]}
    )
    assert "def total(order):" in explained["prompt"]
    assert {"prompt_tokens", "sources", "left_out", "budgets", "forced_prefix", "skip_reason", "ms"} <= set(explained)


async def test_an_unsaved_edit_of_another_document_is_in_the_prompt(session: Session) -> None:
    shop = str((session.assistant.workspace / "shop.py").as_uri())
    session.client.open(shop, (session.assistant.workspace / "shop.py").read_text())
    discount = "\n\ndef discounted_price(order, total):\n    return order.price - total\n"
    session.client.change(shop, 2, {"range": span((2, 0), (2, 0)), "text": discount})
    session.client.open(uri_in(session), TEXT)
    place = {"uri": uri_in(session), "position": {"line": 4, "character": 12}}
    explained = await session.client.request(
        "workspace/executeCommand", {"command": "codeassist.explain", "arguments": [place]}
    )
    assert "def discounted_price(order, total):" in explained["prompt"]
    assert ("shop.py", "edited a moment ago") in [(source["path"], source["why"]) for source in explained["sources"]]


async def held(session: Session, gate: _Gate) -> tuple[int, asyncio.Future[object]]:
    """A request that the engine is answering."""
    gate.opened.clear()
    session.client.open(uri_in(session), TEXT)
    asked = session.client.ask_completion(uri_in(session), 4, 12)
    await session.client.within(gate.reached.wait())
    return asked


async def test_a_cancelled_request_is_aborted_in_the_engine(session: Session, gate: _Gate) -> None:
    number, answer = await held(session, gate)
    session.client.notify("$/cancelRequest", {"id": number})
    with pytest.raises(ResponseError) as refused:
        await session.client.within(answer)
    assert refused.value.code == -32800
    engine = session.assistant.engine
    assert engine.aborted == [request.id for request in engine.requests]


async def test_a_newer_request_aborts_the_older_in_the_engine(session: Session, gate: _Gate) -> None:
    _, older = await held(session, gate)
    session.client.change(uri_in(session), 2, insertion(4, 12, "2 * "))
    _, newer = session.client.ask_completion(uri_in(session), 4, 16)
    assert await session.client.within(older) is None
    gate.opened.set()
    (item,) = (await session.client.within(newer))["items"]
    assert item["range"] == span((4, 16), (4, 16))
    engine = session.assistant.engine
    assert engine.aborted == [engine.requests[0].id]


async def test_an_engine_that_dies_is_null_until_it_is_back(session: Session) -> None:
    session.client.open(uri_in(session), TEXT)
    session.assistant.engine.crash()
    assert await session.client.complete(uri_in(session), 4, 12) is None
    session.assistant.engine.recover()
    assert (await session.client.complete(uri_in(session), 4, 12))["items"]
    assert [message for message in session.client.notifications if message["method"] == "window/showMessage"] == []


async def found(session: Session, name: str) -> None:
    """Wait until the index knows a name."""
    async with asyncio.timeout(20):
        while not await session.assistant.search(name, 3):  # noqa: ASYNC110  the index tells nobody
            await asyncio.sleep(0.02)


async def test_a_saved_file_is_searched_at_once(session: Session) -> None:
    (session.assistant.workspace / "new.py").write_text("def brand_new_thing():\n    return 7\n", encoding="utf-8")
    session.client.notify("textDocument/didSave", {"textDocument": {"uri": uri_in(session).replace("main", "new")}})
    await found(session, "brand_new_thing")


async def test_symbols_of_the_workspace_come_from_the_index(session: Session) -> None:
    file = session.assistant.workspace / "sub folder" / "100% é.py"
    file.parent.mkdir()
    file.write_text("class Basket:\n    def read_from_queue(self):\n        return 7\n", encoding="utf-8")
    session.client.notify("textDocument/didSave", {"textDocument": {"uri": file.as_uri()}})
    await found(session, "read_from_queue")
    (symbol,) = await session.client.request("workspace/symbol", {"query": "rfq"})
    place = {"uri": file.as_uri(), "range": span((1, 0), (3, 0))}
    assert symbol == {"name": "read_from_queue", "kind": 6, "containerName": "Basket", "location": place}
    names = [symbol["name"] for symbol in await session.client.request("workspace/symbol", {"query": "Basket.read"})]
    assert names == ["read_from_queue"]


async def test_a_folder_that_is_a_link_is_named_as_the_editor_names_it(
    repository: Path, tmp_path: Path, tokenizer: Path
) -> None:
    link = tmp_path / "link to it"
    link.symlink_to(repository)
    engine = ScriptedEngine(["x"], info=replace(SCRIPTED_INFO, tokenizer=tokenizer))
    settings = Settings(index=IndexSettings(directory=str(tmp_path / "index"), vectors=False))
    async with connected(open_assistant(settings, link, engine=engine)) as made:
        await made.ready(rootUri=link.as_uri())
        (symbol,) = await made.client.request("workspace/symbol", {"query": "price_of"})
        assert symbol["location"]["uri"] == f"{link.as_uri()}/shop.py"


ODD_NAMES = ("loop.py", "n" * 300 + ".py", "nul\0.py")


@pytest.mark.parametrize("name", ODD_NAMES)
async def test_a_path_that_cannot_be_resolved_has_a_name_all_the_same(session: Session, name: str) -> None:
    folder = session.assistant.workspace / "sub"
    folder.mkdir()
    (folder / "loop.py").symlink_to("loop.py")
    assert session.assistant.relative(folder / name) in (name, f"sub/{name}")  # Python 3.13 resolves a loop


async def test_a_file_is_indexed_after_paths_that_cannot_be(session: Session) -> None:
    workspace: Path = session.assistant.workspace
    (workspace / "loop.py").symlink_to("loop.py")
    (workspace / "new.py").write_text("def brand_new_thing():\n    return 7\n", encoding="utf-8")
    changes = [{"uri": f"{workspace.as_uri()}/{quote(name)}", "type": 1} for name in (*ODD_NAMES, "new.py")]
    session.client.notify("workspace/didChangeWatchedFiles", {"changes": changes})
    await found(session, "brand_new_thing")


class _WatchedEngine(ScriptedEngine):
    """Knows which threads asked for its model, which is the first thing that a completer is made of."""

    def __init__(self, tokenizer: Path) -> None:
        super().__init__(["x"], info=replace(SCRIPTED_INFO, tokenizer=tokenizer))
        self.asked_by: list[threading.Thread] = []

    @property
    def info(self) -> ModelInfo:
        self.asked_by.append(threading.current_thread())
        return super().info


@pytest.fixture
async def unused(repository: Path, tmp_path: Path, tokenizer: Path) -> AsyncIterator[Assistant]:
    """An assistant that nobody has asked for anything yet."""
    settings = Settings(index=IndexSettings(directory=str(tmp_path / "index"), vectors=False))
    assistant = open_assistant(settings, repository, engine=_WatchedEngine(tokenizer))
    yield assistant
    await assistant.close()


@pytest.mark.parametrize("call", [Assistant.complete, Assistant.explain])
async def test_a_request_before_the_model_is_loaded_makes_the_completer_in_a_thread(
    unused: Assistant, call: Callable[..., Awaitable[object]]
) -> None:
    await call(unused, unused.document(unused.workspace / "main.py", TEXT), Cursor(4, 12))
    assert unused.engine.asked_by[0] is not threading.main_thread()


async def test_threads_that_ask_at_once_get_one_completer(unused: Assistant) -> None:
    together = threading.Barrier(4)

    def ask() -> Completer:
        together.wait()
        return unused.completer

    first, *others = await asyncio.gather(*(asyncio.to_thread(ask) for _ in range(4)))
    assert all(other is first for other in others)


async def test_the_command_speaks_the_protocol_on_stdout_and_ends_with_its_client(
    repository: Path, tmp_path: Path, tokenizer: Path
) -> None:
    script = tmp_path / "script.jsonl"
    script.write_text(json.dumps("shop.price_of(order)"), encoding="utf-8")
    kinds = {f"XDG_{kind}_HOME": str(tmp_path) for kind in ("CACHE", "CONFIG", "STATE", "RUNTIME")}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "codeassist.cli", "lsp", "--stdio", "-o", "engine.kind=scripted"),
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("CODEASSIST")} | kinds,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    client = LspClient(process.stdout, process.stdin.write)
    log = tmp_path / "codeassist.log"
    options = {
        "engine": {"model": str(script), "tokenizer": str(tokenizer)},
        "index.vectors": False,
        "log": {"file": str(log), "level": "debug"},
    }
    await client.initialize(processId=os.getpid(), rootUri=repository.as_uri(), initializationOptions=options)
    await client.notification("codeassist/status", lambda status: status["engine"]["state"] == "ready")
    uri = (repository / "main.py").as_uri()
    client.open(uri, TEXT.replace("    price = \n", ""))
    client.change(uri, 2, insertion(2, 5, "\n"), insertion(5, 0, "    price = '😀' + \n"))
    (item,) = (await client.complete(uri, 5, 19))["items"]
    assert item["insertText"] == "shop.price_of(order)"
    await client.request("shutdown")
    client.notify("exit")
    errors = await client.within(process.stderr.read())
    await client.closed()
    assert await client.within(process.wait()) == 0, errors.decode()
    assert client.stray == []
    assert b"Traceback" not in errors
    assert "main.py:6 shown" in log.read_text(encoding="utf-8")
