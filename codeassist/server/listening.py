"""The life of one server: listen, load in the background, answer, and leave nothing behind."""

from __future__ import annotations

import asyncio
import errno
import logging
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from codeassist.assistant import Assistant
from codeassist.directories import statistics_file
from codeassist.engine.discovery import announce
from codeassist.errors import AddressInUse, ConfigError
from codeassist.server.app import create_app
from codeassist.server.health import IndexHealth
from codeassist.server.operations import logged
from codeassist.server.outcomes import counted
from codeassist.server.service import Service
from codeassist.server.shadowing import shadow
from indexer.errors import IndexerError
from indexer.types import ProgressCallback

logger = logging.getLogger(__name__)

# Running answers get this long to end after a signal; then they are aborted.
GRACE_S = 3

ReadyCallback = Callable[[float], None]


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises AddressInUse, or ConfigError when the address is not this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise AddressInUse(
                f"port {port} on {host} is in use: is `codeassist serve` running already? "
                f"Stop it, or choose another port: codeassist serve --port {port + 1 if port < 65_535 else port - 1}"
            ) from error
        raise ConfigError(f"cannot listen on {host}:{port}: {error.strerror}; set server.host, server.port") from error
    return listener


def url_of(listener: socket.socket) -> str:
    """Where clients reach it."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve(
    assistant: Assistant,
    listener: socket.socket,
    runtime_directory: Path,
    *,
    on_ready: ReadyCallback,
    on_index: ProgressCallback | None = None,
) -> None:
    """Answer until SIGINT or SIGTERM; engine and index are made ready meanwhile. Does not close the assistant.

    on_ready: called with the seconds that the engine took to load.
    Raises ModelError or EngineUnavailable when the engine cannot be started.
    """
    index = IndexHealth()
    service = Service(assistant)
    server = _Server(create_app(service, index))
    statistics = counted(service.outcomes, statistics_file(), lambda: assistant.settings.statistics.enabled)
    announced = _announced(url_of(listener), runtime_directory)
    with statistics, announced, server.stopped_by_signals(), logged(service):
        answering = asyncio.create_task(server.serve(sockets=[listener]))
        loading = asyncio.create_task(_load(assistant, on_ready))
        indexing = asyncio.create_task(_refresh(assistant, index, on_index))
        shadowing = asyncio.create_task(shadow(service))
        try:
            await asyncio.wait({answering, loading}, return_when=asyncio.FIRST_COMPLETED)
            if loading.done():
                loading.result()
            await answering
        finally:
            await server.stop(answering)
            await _cancel(loading, indexing, shadowing)
            listener.close()


class _Server(uvicorn.Server):
    """uvicorn, but the signals are ours: the first one ends it in good order, the second one at once."""

    def __init__(self, app: ASGIApp) -> None:
        config = uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_S,
            ws="none",
        )
        super().__init__(config)
        logging.getLogger("uvicorn.error").setLevel(logging.WARNING)  # its start and end are told by us

    def capture_signals(self) -> nullcontext[None]:  # type: ignore[override]
        return nullcontext()

    @contextmanager
    def stopped_by_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._on_signal)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                loop.remove_signal_handler(number)

    def _on_signal(self) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True

    async def stop(self, answering: asyncio.Task[None]) -> None:
        self.should_exit = True
        if not answering.done():
            await asyncio.wait({answering}, timeout=GRACE_S + 1)
        await _cancel(answering)


async def _load(assistant: Assistant, on_ready: ReadyCallback) -> None:
    started = time.perf_counter()
    await assistant.start_engine()
    # The tokenizer is read on first use; the first client need not wait for it.
    await asyncio.to_thread(lambda: assistant.completer)
    on_ready(time.perf_counter() - started)


async def _refresh(assistant: Assistant, index: IndexHealth, on_index: ProgressCallback | None) -> None:
    index.state = "indexing"
    try:
        index.refreshed(await assistant.refresh(on_index))
    except (IndexerError, OSError) as error:
        logger.warning("the index was not refreshed: %s", error)
        index.state, index.message = "failed", str(error)


async def _cancel(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def _announced(url: str, runtime_directory: Path) -> Iterator[None]:
    """Let editors find the server; without that they embed an engine of their own."""
    with ExitStack() as stack:
        try:
            stack.enter_context(announce(url, runtime_directory))
        except OSError as error:
            logger.warning("editors will not find this server by themselves: %s", error)
        yield
