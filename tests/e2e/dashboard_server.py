"""A server with a scripted engine for the tests of the dashboard, in a thread; they put requests into its journal."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from codeassist.assistant import Assistant
from codeassist.engine.scripted import SCRIPTED_INFO, ScriptedEngine
from codeassist.server.app import create_app
from codeassist.server.caller import Caller
from codeassist.server.health import IndexHealth
from codeassist.server.journal import Journal, Record
from codeassist.server.problems import Problem, problem_response
from codeassist.server.service import Service
from codeassist.settings import ServerSettings, Settings
from codeassist.types import ContextReport, Source, Usage
from tests.engine.loopback import serving
from tests.server.conftest import FakeIndex

KEY = "a-key-of-the-test"
MARKUP = "<img src=x onerror=\"document.title='run'\">"
INFO = replace(SCRIPTED_INFO, name="deepseek-small")
PRICES = ServerSettings(price_input=0.3, price_output=1.2)

CLIENTS = ("continue", "llama.vim", "zed", "aider")
ROUTES = {
    "continue": "/v1/completions",
    "llama.vim": "/infill",
    "zed": "/v1/fim/completions",
    "aider": "/v1/chat/completions",
}
FILES = ("src/orders.py", "src/payment.py", "src/customers.py", "tests/test_orders.py", "src/api/routes.py")
WHYS = ("defines Order, which is used here", "similar lines", "imported by this file", "calls total_of")


class DashboardServer:
    """url: where the page is. What is given to `do` runs in the server's loop, with its journal."""

    def __init__(self, workspace: Path) -> None:
        self.url = ""
        settings = replace(Settings(), server=PRICES)
        engine = ScriptedEngine(["a + b"], info=INFO)
        self._service = Service(Assistant(settings, workspace, engine, FakeIndex()))  # type: ignore[arg-type]
        self._service.outcomes.counts.update({"view": 412, "select": 148, "dismiss": 61})
        self._index = IndexHealth("ready", files=1284, chunks=9310, symbols=15_210, vectors=True)
        self._loop = asyncio.new_event_loop()
        self._ended = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._run()))

    def do(self, work: Callable[[Journal], object]) -> None:
        done = threading.Event()

        def run() -> None:
            work(self._service.journal)
            done.set()

        self._loop.call_soon_threadsafe(run)
        assert done.wait(10)

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(30)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(30)
        self._loop.close()

    async def _run(self) -> None:
        await self._service.assistant.start_engine()
        async with serving(WantsKey(create_app(self._service, self._index))) as url:  # type: ignore[arg-type]
            self.url = f"{url}/ui"
            self._ready.set()
            await self._ended.wait()
        await self._service.assistant.close()


class WantsKey:
    """Refuses what asks for data without the key."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        if not scope["path"].startswith("/ui") and headers.get(b"authorization") != f"Bearer {KEY}".encode():
            await problem_response(Problem(401, "an API key is needed"))(scope, receive, send)
        else:
            await self._app(scope, receive, send)


@contextmanager
def dashboard_server(workspace: Path) -> Iterator[DashboardServer]:
    server = DashboardServer(workspace)
    server.start()
    try:
        yield server
    finally:
        server.close()


def fill(journal: Journal, n_requests: int = 90, seed: int = 4) -> None:
    """Requests as a morning's work makes them, always the same ones."""
    chance, now = random.Random(seed), time.time()
    for number in range(n_requests):
        client = chance.choices(CLIENTS, (6, 4, 2, 1))[0]
        entry = journal.open(f"cmpl-{chance.getrandbits(48):012x}", ROUTES[client], _caller(client), INFO.name)
        started = now - (n_requests - number) * 2.7
        journal.put(_ended(replace(entry.record, started=started), chance))
    running = journal.open("cmpl-running", "/infill", _caller("llama.vim"), INFO.name, is_streamed=True)
    running.note(context=_context(chance), usage=Usage(1530, 1490, 6), ms={"context": 6.2, "queue": 0.4})


def _caller(client: str) -> Caller:
    return Caller(program=client, address="127.0.0.1")


def _context(chance: random.Random) -> ContextReport:
    sources = tuple(
        Source(chance.choice(FILES), line, line + chance.randint(3, 30), chance.choice(WHYS), chance.randint(20, 180))
        for line in sorted(chance.sample(range(1, 400), chance.randint(1, 4)))
    )
    return ContextReport(chance.choice(FILES), sources, sum(source.n_tokens for source in sources), ms=5.1)


def _ended(record: Record, chance: random.Random) -> Record:
    prompt = chance.randint(700, 1900)
    usage = Usage(prompt, int(prompt * chance.betavariate(6, 2)), chance.randint(3, 40))
    slow = 6.0 if record.route.endswith("chat/completions") else 1.0
    ms = {
        "context": chance.uniform(3, 14),
        "queue": chance.expovariate(1 / 4),
        "first_token": slow * chance.gammavariate(4, 14),
        "decode": slow * usage.completion_tokens * chance.uniform(3, 5),
    }
    ms["total"] = sum(ms.values()) + 0.4
    fate = chance.random()
    if fate < 0.06:
        return replace(record, state="superseded", usage=usage, ms=ms, context=_context(chance))
    if fate < 0.09:
        return replace(record, state="left", usage=usage, ms=ms)
    nothing = ContextReport(reason="the text is in no indexed file", ms=2.0)
    context = _context(chance) if fate < 0.8 else nothing
    return replace(record, state="done", finish_reason="stop", usage=usage, ms=ms, context=context, shared=fate > 0.97)


def put_markup(journal: Journal) -> None:
    """A request all of whose texts are markup, from a program and a repository that mean no good."""
    entry = journal.open(MARKUP, MARKUP, Caller(key=MARKUP, program=MARKUP), MARKUP)
    source = Source(MARKUP, 1, 2, MARKUP, 3)
    context = ContextReport(MARKUP, (source,), 3)
    journal.put(replace(entry.record, state="failed", message=MARKUP, context=context, ms={"total": 5.0}))
