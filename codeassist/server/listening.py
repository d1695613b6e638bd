"""The life of one server: listen, load in the background, answer, and leave nothing behind."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from codeassist.assistant import Assistant
from codeassist.chat.choose import open_endpoint
from codeassist.chat.endpoint import ChatEndpoint
from codeassist.directories import statistics_file
from codeassist.engine.discovery import RunningServer, announce
from codeassist.errors import AddressInUse, ConfigError
from codeassist.review.hygiene.look import warm_up
from codeassist.server.app import create_app
from codeassist.server.health import IndexHealth
from codeassist.server.hosting import Hosting, url_of
from codeassist.server.operations import logged
from codeassist.server.outcomes import counted
from codeassist.server.own_socket import own_socket
from codeassist.server.refreshing import keep_fresh
from codeassist.server.running import Server
from codeassist.server.service import Service
from codeassist.server.shadowing import shadow
from indexer.types import ProgressCallback

logger = logging.getLogger(__name__)

ReadyCallback = Callable[[float], None]


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises AddressInUse, or ConfigError when the address is not this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Only where a socket says that it speaks TCP does asyncio turn Nagle's algorithm off, which holds back the second
    # of two packets for 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
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


async def serve(
    assistant: Assistant,
    listener: socket.socket,
    runtime_directory: Path,
    *,
    on_ready: ReadyCallback,
    on_index: ProgressCallback | None = None,
    hosting: Hosting | None = None,
) -> None:
    """Answer until SIGINT or SIGTERM; engine and index are made ready meanwhile. Does not close the assistant.

    on_ready: called with the seconds that the engine took to load.
    hosting: who else may ask, and how; None for this machine's programs alone.
    Raises ModelError or EngineUnavailable when the engine cannot be started.
    """
    hosting = hosting or Hosting()
    index = IndexHealth()
    engine, service = assistant.engine, Service(assistant)
    service.chat = chat = await asyncio.to_thread(open_endpoint, assistant.settings, engine, service.shared.turn)
    server = Server(create_app(service, index, hosting.access), hosting)
    url = url_of(listener, tls=hosting.tls is not None)
    statistics = counted(service.outcomes, statistics_file(), lambda: assistant.settings.statistics.enabled)
    found = _found_by_editors(url, listener, runtime_directory, hosting)
    with statistics, found as own, server.stopped_by_signals(), logged(service):
        answering = asyncio.create_task(server.serve_on(listener, own))
        loading = asyncio.create_task(_load(assistant, chat, on_ready))
        indexing = asyncio.create_task(keep_fresh(assistant.refresh, index, service.journal, on_index))
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
            if chat is not None:
                await chat.close()


async def _load(assistant: Assistant, chat: ChatEndpoint | None, on_ready: ReadyCallback) -> None:
    started = time.perf_counter()
    await assistant.start_engine()
    # The tokenizer is read on first use; the first client need not wait for it.
    await asyncio.to_thread(lambda: assistant.completer)
    on_ready(time.perf_counter() - started)
    warm_up()  # after the engine, which it would keep from a processor for some seconds
    if chat is not None:
        await chat.start()


async def _cancel(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def _found_by_editors(
    url: str, listener: socket.socket, directory: Path, hosting: Hosting
) -> Iterator[socket.socket | None]:
    """Let editors find the server; without that they embed an engine of their own. Gives the socket that is theirs."""
    with ExitStack() as stack:
        own = None
        try:
            own = stack.enter_context(own_socket(directory, listener))
        except OSError as error:
            logger.warning("there is no socket for this user's editors in %s: %s", directory, error)
        try:
            if own is not None or hosting.is_plain:
                stack.enter_context(announce(RunningServer(url, own.getsockname() if own else ""), directory))
        except OSError as error:
            logger.warning("editors will not find this server by themselves: %s", error)
        yield own
