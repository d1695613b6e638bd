"""A client that speaks the protocol in bytes, over any pair of streams; it knows nothing of pygls."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable
from typing import Any

WAIT_S = 60.0
REFUSAL = {"code": -32601, "message": "the client does not know this method"}


class ResponseError(Exception):
    """The server answered a request with an error."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(f"{error['code']}: {error['message']}")
        self.code = error["code"]


class LspClient:
    """Sends messages, collects what comes, and says yes to every request of the server, or what `answers` has.

    answers: by method, a value or what makes it from the parameters; "refused" is an error.
    """

    def __init__(self, reader: asyncio.StreamReader, send: Callable[[bytes], None]) -> None:
        self.notifications: list[dict[str, Any]] = []
        self.server_requests: list[dict[str, Any]] = []
        self.answers: dict[str, Any] = {}
        self.stray: list[bytes] = []
        self.wait_s = WAIT_S
        self._reader = reader
        self._send = send
        self._ids = itertools.count(1)
        self._pending: dict[int, asyncio.Future[Any]] = {}
        self._news = asyncio.Condition()
        self._receiving = asyncio.ensure_future(self._receive_all())

    async def request(self, method: str, params: Any = None) -> Any:
        _, answer = self.ask(method, params)
        return await self.within(answer)

    def ask(self, method: str, params: Any = None) -> tuple[int, asyncio.Future[Any]]:
        """Send a request without waiting: its id, and its answer to come."""
        number = next(self._ids)
        self._pending[number] = asyncio.get_running_loop().create_future()
        self.send({"id": number, "method": method} | ({} if params is None else {"params": params}))
        return number, self._pending[number]

    def notify(self, method: str, params: Any = None) -> None:
        self.send({"method": method} | ({} if params is None else {"params": params}))

    def send(self, message: dict[str, Any]) -> None:
        self.send_bytes(json.dumps({"jsonrpc": "2.0"} | message, ensure_ascii=False).encode())

    def send_bytes(self, body: bytes) -> None:
        self._send(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    async def notification(self, method: str, wanted: Callable[[Any], bool] = lambda params: True) -> Any:
        """Parameters of the first such notification, the ones that came already included."""

        def found() -> list[Any]:
            params = [message.get("params") for message in self.notifications if message.get("method") == method]
            return [item for item in params if wanted(item)]

        async def wait() -> Any:
            async with self._news:
                await self._news.wait_for(found)
            return found()[0]

        return await self.within(wait())

    async def initialize(self, capabilities: dict[str, Any] | None = None, **params: Any) -> dict[str, Any]:
        """Shake hands, as far as `initialized`; the server's capabilities."""
        wanted = {"processId": None, "rootUri": None, "capabilities": capabilities or {}} | params
        result = await self.request("initialize", wanted)
        self.notify("initialized", {})
        return result["capabilities"]

    def open(self, uri: str, text: str, version: int = 1, language: str = "python") -> None:
        item = {"uri": uri, "languageId": language, "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def change(self, uri: str, version: int, *changes: dict[str, Any]) -> None:
        document = {"uri": uri, "version": version}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": list(changes)})

    def ask_completion(self, uri: str, line: int, character: int, **context: Any) -> tuple[int, asyncio.Future[Any]]:
        return self.ask("textDocument/inlineCompletion", completion_params(uri, line, character, **context))

    async def complete(self, uri: str, line: int, character: int, **context: Any) -> Any:
        return await self.within(self.ask_completion(uri, line, character, **context)[1])

    async def within(self, awaitable: Any) -> Any:
        async with asyncio.timeout(self.wait_s):
            return await awaitable

    async def closed(self) -> None:
        """Wait until the server has closed its side."""
        await self.within(asyncio.shield(self._receiving))

    async def _receive_all(self) -> None:
        while (body := await self._read()) is not None:
            message = json.loads(body)
            async with self._news:
                self._take(message)
                self._news.notify_all()

    async def _read(self) -> bytes | None:
        length = None
        while line := await self._reader.readline():
            name, _, value = line.partition(b": ")
            if name == b"Content-Length":
                length = int(value)
            elif line == b"\r\n" and length is not None:
                return await self._reader.readexactly(length)
            elif not name.startswith(b"Content-"):
                self.stray.append(line)
        return None

    def _take(self, message: dict[str, Any]) -> None:
        if "method" not in message and message.get("id") in self._pending:
            answer = self._pending.pop(message["id"])
            if "error" in message:
                answer.set_exception(ResponseError(message["error"]))
            else:
                answer.set_result(message["result"])
        elif "method" in message and "id" in message:
            self.server_requests.append(message)
            reply = self.answers.get(message["method"])
            result = reply(message.get("params")) if callable(reply) else reply
            self.send({"id": message["id"]} | ({"error": REFUSAL} if result == "refused" else {"result": result}))
        else:
            self.notifications.append(message)


def completion_params(uri: str, line: int, character: int, **context: Any) -> dict[str, Any]:
    return {
        "textDocument": {"uri": uri},
        "position": {"line": line, "character": character},
        "context": {"triggerKind": 2} | context,
    }


def insertion(line: int, character: int, text: str) -> dict[str, Any]:
    """A content change that inserts."""
    return replacement((line, character), (line, character), text)


def replacement(start: tuple[int, int], end: tuple[int, int], text: str) -> dict[str, Any]:
    """A content change."""
    return {"range": span(start, end), "text": text}


def span(start: tuple[int, int], end: tuple[int, int]) -> dict[str, Any]:
    """A range."""
    return {
        "start": {"line": start[0], "character": start[1]},
        "end": {"line": end[0], "character": end[1]},
    }
