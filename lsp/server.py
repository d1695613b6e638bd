"""The Language Server, ready to run: `run_stdio` and `run_tcp` are what the `lsp` command calls."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from lsp.features import register
from lsp.language_server import CodeassistServer
from lsp.memory import keep_for_good, share_arenas
from lsp.stdio import InputThread, OutputThread, claim_stdio
from lsp.transport import serve
from lsp.wiring import Wiring

logger = logging.getLogger(__name__)

# Threads of the core (a refresh, a load) that are still at work when the session is over get this long.
THREADS_WITHIN_S = 3.0


def build_server(wiring: Wiring) -> CodeassistServer:
    """A server with all features, not yet connected."""
    logging.getLogger("pygls").setLevel(logging.ERROR)  # at INFO it logs every message, source text and all
    server = CodeassistServer(wiring)
    register(server)
    keep_for_good()
    return server


def run_stdio(wiring: Wiring) -> int:
    """Serve one client on stdin and stdout until it leaves; returns the exit code of the process.

    Descriptors 0 and 1 are not the client's any more afterwards.
    """
    share_arenas()
    source, sink = claim_stdio()
    return _run(_serve_stdio(wiring, source, sink))


def run_tcp(wiring: Wiring, host: str, port: int) -> int:
    """Serve the first client that connects, until it leaves. Port 0 takes a free one, which stderr names."""
    share_arenas()
    return _run(_serve_tcp(wiring, host, port))


async def _serve_stdio(wiring: Wiring, source: int, sink: int) -> int:
    server = build_server(wiring)
    _end_on_signals(server)
    output = OutputThread(sink, on_lost=server.end)
    try:
        return await serve(server, InputThread(source).reader, output)
    finally:
        output.close()


async def _serve_tcp(wiring: Wiring, host: str, port: int) -> int:
    connected: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]]
    connected = asyncio.get_running_loop().create_future()

    def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if connected.done():
            writer.close()  # one session per process
        else:
            connected.set_result((reader, writer))

    listener = await asyncio.start_server(connect, host, port)
    logger.info("waiting for a client on %s", listener.sockets[0].getsockname())
    try:
        reader, writer = await connected
        server = build_server(wiring)
        _end_on_signals(server)
        return await serve(server, reader, writer)
    finally:
        if connected.done():
            connected.result()[1].close()
        listener.close()


def _end_on_signals(server: CodeassistServer) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.end)


def _run(session: Coroutine[Any, Any, int]) -> int:
    """Run a session to its end. A thread that does not end keeps the process no longer than `THREADS_WITHIN_S`."""
    with asyncio.Runner() as runner:
        workers = ThreadPoolExecutor(thread_name_prefix="codeassist")
        runner.get_loop().set_default_executor(workers)
        code = runner.run(session)
        workers.shutdown(wait=False, cancel_futures=True)
        if not _threads_end():
            logger.error("a thread is still at work; ending without it")
            logging.shutdown()
            os._exit(code)
    return code


def _threads_end() -> bool:
    """Whether all threads that would hold up the end of the process end in time."""
    deadline = time.monotonic() + THREADS_WITHIN_S
    others = [thread for thread in threading.enumerate() if not thread.daemon and thread is not threading.main_thread()]
    for thread in others:
        thread.join(max(0.0, deadline - time.monotonic()))
    return not any(thread.is_alive() for thread in others)
