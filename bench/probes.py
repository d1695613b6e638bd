"""Just enough of a client to measure a server from outside: LSP on pipes, HTTP, and what its processes weigh."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ANSWER_DEADLINE_S = 60


@dataclass
class LspProbe:
    """One Language Server and its one client. Answers the server's own requests with null."""

    process: asyncio.subprocess.Process
    next_id: int = 1
    answers: dict[int, asyncio.Future[Any]] = field(default_factory=dict)

    @classmethod
    async def start(cls, command: list[str], environment: dict[str, str], log: Path) -> LspProbe:
        with log.open("ab") as stderr:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=stderr,
                env=environment,
                start_new_session=True,
            )
        return cls(process)

    async def request(self, method: str, params: object) -> Any:
        _, answer = await self.ask(method, params)
        return await asyncio.wait_for(answer, ANSWER_DEADLINE_S)

    async def ask(self, method: str, params: object) -> tuple[int, asyncio.Future[Any]]:
        """Send a request without waiting: its id, and its answer to come (None where it is an error)."""
        number, self.next_id = self.next_id, self.next_id + 1
        answer = self.answers[number] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(lambda _: self.answers.pop(number, None))
        await self._send({"id": number, "method": method, "params": params})
        return number, answer

    async def notify(self, method: str, params: object) -> None:
        await self._send({"method": method, "params": params})

    async def read(self) -> None:
        """Read until the server closes its end; runs beside the requests."""
        stdout = self.process.stdout
        assert stdout is not None
        while header := await stdout.readline():
            if not header.lower().startswith(b"content-length:"):
                continue
            length = int(header.split(b":")[1])
            while (await stdout.readline()).strip():
                pass
            await self._receive(json.loads(await stdout.readexactly(length)))
        for waiting in [waiting for waiting in self.answers.values() if not waiting.done()]:
            waiting.set_exception(ConnectionError("the server has gone: its log says why"))

    async def _receive(self, message: dict[str, Any]) -> None:
        if "method" in message and "id" in message:
            await self._send({"id": message["id"], "result": None})
        elif (waiting := self.answers.get(message.get("id", -1))) and not waiting.done():
            waiting.set_result(message.get("result"))

    async def _send(self, message: dict[str, object]) -> None:
        stdin = self.process.stdin
        assert stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        await stdin.drain()


def post(port: int, path: str, body: dict[str, object]) -> dict[str, Any] | None:
    """The JSON answer of a loopback server; None while it does not answer with success."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        content = response.read()
        return json.loads(content) if response.status == 200 else None
    except (OSError, http.client.HTTPException, json.JSONDecodeError):
        return None
    finally:
        connection.close()


def processes(pid: int) -> list[dict[str, object]]:
    """Resident and proportional memory, in MB, of a process and all that it started; the largest first."""
    found = [weight(each) for each in [pid, *descendants(pid)]]
    return sorted((each for each in found if each), key=lambda each: -int(str(each["rss_mb"])))


def descendants(pid: int) -> list[int]:
    """Ids of all processes below one."""
    children = [int(child) for file in Path(f"/proc/{pid}/task").glob("*/children") for child in readable(file).split()]
    return [each for child in children for each in (child, *descendants(child))]


def weight(pid: int) -> dict[str, object]:
    """What one process weighs; empty when it has gone."""
    lines = readable(Path(f"/proc/{pid}/smaps_rollup")).splitlines()
    sizes = {line.split(":")[0]: int(line.split()[1]) // 1000 for line in lines if line.endswith("kB")}
    if "Rss" not in sizes:
        return {}
    return {"name": process_name(pid), "rss_mb": sizes["Rss"], "pss_mb": sizes["Pss"]}


def process_name(pid: int) -> str:
    """What a process is called, in a few words: its title, or its program and that program's command."""
    words = readable(Path(f"/proc/{pid}/cmdline")).split("\0")
    named = [os.path.basename(word) if "/" in word else word for word in words if word]  # noqa: PTH119 - not a path
    return " ".join(named[:3])[:60]


def readable(path: Path) -> str:
    """A file's text; empty when the process behind it has gone."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
