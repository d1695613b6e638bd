"""`codeassist status`: a server that is found, one that is not, and what stands in the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from codeassist.engine.discovery import RunningServer, announce
from codeassist.server.app import create_app
from codeassist.server.health import IndexHealth
from codeassist.server.service import Service
from codeassist.settings import Settings
from tests.cli.conftest import Outcome, Shell
from tests.engine.loopback import serving, unused_address


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest_asyncio.fixture
async def url(shell: Shell, repository: Path) -> AsyncIterator[str]:
    """A server that was asked once."""
    assistant = shell._open(Settings(), repository)
    await assistant.start_engine()
    async with serving(create_app(Service(assistant), IndexHealth("ready", files=2, chunks=9))) as url:
        async with httpx.AsyncClient(base_url=url) as client:
            headers = {"codeassist-client": "cont[bold]inue"}
            await client.post("/v1/completions", json={"prompt": "x = ", "suffix": "\n"}, headers=headers)
        yield url
    await assistant.close()


async def run(shell: Shell, *arguments: str) -> Outcome:
    return await asyncio.to_thread(shell.run, "status", *arguments)


async def test_a_running_server_is_found_and_told_of(shell: Shell, url: str, tmp_path: Path) -> None:
    with announce(RunningServer(url), tmp_path / "run" / "codeassist"):
        outcome = await run(shell)
    assert (outcome.code, outcome.err) == (0, "")
    lines = [" ".join(line.split()) for line in outcome.out.splitlines()]
    assert url in lines[0]
    assert any(line.startswith("engine ready scripted") for line in lines)
    assert "index ready 2 files, 9 chunks" in lines
    assert "requests 1 done now 0 running, 0 of them waiting" in lines
    assert any(line.startswith("all of it") for line in lines)
    assert any(line.startswith("cont[bold]inue@127.0.0.1 1 ") for line in lines), "a name is no markup"


async def test_a_program_gets_one_document(shell: Shell, url: str) -> None:
    answer = (await run(shell, "--json", "--url", url)).json
    assert (answer["url"], answer["requests"]["done"]) == (url, 1)


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_where_none_runs_it_says_so_and_fails(shell: Shell, arguments: tuple[str, ...]) -> None:
    outcome = shell.run("status", *arguments)
    assert outcome.code == 1
    assert "codeassist serve" in (outcome.json["error"]["message"] if arguments else outcome.err)


async def refuse(request: Request) -> Response:
    if request.headers.get("authorization") != "Bearer right":
        return JSONResponse({"error": {"message": "no key"}}, 401)
    return JSONResponse({"error": "odd"}, 500)


@pytest.mark.parametrize(
    ("key", "complaint"), [("", "--key-file"), ("wrong", "--key-file"), ("right\n", "answered 500: odd")]
)
async def test_a_key_is_read_from_a_file(shell: Shell, tmp_path: Path, key: str, complaint: str) -> None:
    (tmp_path / "key").write_text(key)
    async with serving(Starlette(routes=[Route("/codeassist/v1/status", refuse)])) as url:
        outcome = await run(shell, "--url", url, "--key-file", str(tmp_path / "key"))
    assert outcome.code == 1
    assert complaint in outcome.err


async def test_another_program_is_told_apart(shell: Shell) -> None:
    async def page(_: Request) -> Response:
        return PlainTextResponse("hello")

    async with serving(Starlette(routes=[Route("/codeassist/v1/status", page)])) as url:
        outcome = await run(shell, "--url", url)
    assert (outcome.code, "is no codeassist server" in outcome.err) == (1, True)


@pytest.mark.parametrize("address", ["", "ftp://x", "http://[", "not an address"])
def test_an_address_that_is_none_is_one_line(shell: Shell, address: str) -> None:
    outcome = shell.run("status", "--url", address or unused_address())
    assert outcome.code == 1
    assert outcome.err.count("\n") == 1
