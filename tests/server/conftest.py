"""A real assistant on a scripted engine, served on a real loopback socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from codeassist.assistant import Assistant
from codeassist.chat.endpoint import ChatEndpoint
from codeassist.engine.scripted import SCRIPTED_INFO, Answer, ScriptedEngine
from codeassist.fim import TEMPLATES
from codeassist.server.app import create_app
from codeassist.server.health import IndexHealth
from codeassist.server.service import Service
from codeassist.settings import Settings
from indexer.line_votes import Hints
from indexer.locating import Located
from indexer.types import Hit, IndexReport, ProgressCallback, Query
from tests.engine.loopback import serving
from tests.server.serve_process import Server, running_server

REPORT = IndexReport(
    files=3, chunks=7, symbols=5, changed=3, removed=0, bytes_read=99, skipped=(), vectors=False, seconds=0.0
)

# What makes chats of the shipped model, which was never taught any.
CHAT_TEMPLATE = """\
{%- if tools %}{{ tools | tojson }} <tool_call>{"name": "", "arguments": {}}</tool_call>
{% endif -%}
{%- for message in messages %}# {{ message.role }}: {{ message.content }}
{% endfor -%}
{%- if add_generation_prompt %}# assistant: {% endif -%}
"""


class FakeIndex:
    """The calls of `CodeIndex` that an assistant makes."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.n_closed = 0

    def refresh(self, progress: ProgressCallback | None = None) -> IndexReport:
        if self.error is not None:
            raise self.error
        return REPORT

    def search(self, query: Query, limit: int) -> list[Hit]:
        return []

    def versions(self, paths: Iterable[str]) -> dict[str, str]:
        return {}

    def withheld(self, path: str, text: str) -> str | None:
        return None

    def locate(self, part: Sequence[str], hints: Hints) -> Located:
        return Located(reason="there is no index")

    def known_names(self, names: Iterable[str]) -> frozenset[str]:
        return frozenset(names)

    def close(self) -> None:
        self.n_closed += 1


class Gate:
    """The `sleep` of a scripted engine: each delta has to be let through."""

    def __init__(self) -> None:
        self._passes = asyncio.Semaphore(0)

    async def __call__(self, delay_s: float) -> None:
        await self._passes.acquire()

    def let(self, n_deltas: int) -> None:
        for _ in range(n_deltas):
            self._passes.release()


@dataclass
class Endpoint:
    """What a test talks to, and what it may look into."""

    client: httpx.AsyncClient
    url: str
    engine: ScriptedEngine
    assistant: Assistant
    index: IndexHealth
    service: Service


@pytest.fixture(scope="session")
def byte_tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One token per byte, and the special tokens of the templates."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({letter: number for number, letter in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(list(TEMPLATES["deepseek"].specials))
    file = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    tokenizer.save(str(file))
    return file


@pytest.fixture
def make_assistant(byte_tokenizer: Path, tmp_path: Path) -> Callable[..., Assistant]:
    def make(
        script: Sequence[str | Answer] = ("a + b",), gate: Gate | None = None, settings: Settings | None = None
    ) -> Assistant:
        info = replace(SCRIPTED_INFO, tokenizer=byte_tokenizer)
        engine = (
            ScriptedEngine(list(script), info=info, sleep=gate) if gate else ScriptedEngine(list(script), info=info)
        )
        return Assistant(settings or Settings(), tmp_path, engine, FakeIndex())  # type: ignore[arg-type]

    return make


@pytest.fixture
def endpoint(make_assistant: Callable[..., Assistant]) -> Callable[..., object]:
    """`async with endpoint(script, gate) as e`: an endpoint whose engine is ready."""

    @asynccontextmanager
    async def opened(
        *script: str | Answer,
        gate: Gate | None = None,
        start: bool = True,
        settings: Settings | None = None,
        chat: ChatEndpoint | None = None,
    ) -> AsyncIterator[Endpoint]:
        assistant = make_assistant(script or ("a + b",), gate, settings)
        engine = assistant.engine
        assert isinstance(engine, ScriptedEngine)
        if start:
            await engine.start()
        index, service = IndexHealth(), Service(assistant, chat=chat)
        async with (
            serving(create_app(service, index)) as url,
            httpx.AsyncClient(base_url=url, verify=False) as client,
        ):
            yield Endpoint(client, url, engine, assistant, index, service)
        await assistant.close()

    return opened


@pytest.fixture
def fake_index() -> FakeIndex:
    return FakeIndex()


@pytest.fixture
async def gate() -> Gate:
    return Gate()


@pytest.fixture(scope="session")
def living_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Server]]:
    """One `codeassist serve` with a real engine for all that ask; another once one of them has ended it."""
    begun: list[Server] = []
    with ExitStack() as running:

        def living() -> Server:
            if not begun or begun[-1].process.poll() is not None:
                folder = tmp_path_factory.mktemp("serve")
                (folder / "chat.jinja").write_text(CHAT_TEMPLATE)
                template = {"CODEASSIST_CHAT_TEMPLATE": str(folder / "chat.jinja")}
                begun.append(running.enter_context(running_server(folder, **template)))
            return begun[-1]

        yield living
