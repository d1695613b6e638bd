"""The program that is inside of Tabby's plugins, from npm, against this server with a scripted engine."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.client_tools import tabby_agent
from tests.engine.asking import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def program() -> Path:
    """The agent's program; installed where it is missing. Without npm or a registry the tests are skipped."""
    return tabby_agent()


class Agent:
    """One running agent: a line is asked and a line answered."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._stdin, self._stdout = process.stdin, process.stdout
        self._n_asked = 0

    async def ask(self, function: str, *arguments: object) -> Any:
        """What a function of the agent returns; what it tells without being asked is passed over."""
        self._n_asked += 1
        self._stdin.write(json.dumps([self._n_asked, {"func": function, "args": arguments}]).encode() + b"\n")
        await self._stdin.drain()
        while True:
            number, answer = json.loads(await self._stdout.readline())
            if number == self._n_asked:
                return answer


@asynccontextmanager
async def running(program: Path, home: Path, url: str) -> AsyncIterator[Agent]:
    """An agent that knows the server and no other address."""
    process = await asyncio.create_subprocess_exec(
        str(program),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "HOME": str(home)},
    )
    try:
        agent = Agent(process)
        config = {"server": {"endpoint": url, "token": "x"}, "anonymousUsageTracking": {"disable": True}}
        assert await agent.ask("initialize", {"config": config, "clientProperties": {"user": {}, "session": {}}})
        yield agent
    finally:
        process.kill()
        await process.wait()


async def test_the_agent_completes_and_tells_what_became_of_it(endpoint: Any, program: Path, tmp_path: Path) -> None:
    text = "import math\n\ndef add(a, b):\n    \n\nprint(add(1, 2))\n"
    at = text.index("\n\nprint")
    asked = {"filepath": "/w/a.py", "language": "python", "text": text, "position": at, "manually": True}
    async with endpoint("return a + b") as e, running(program, tmp_path, e.url) as agent:
        health = await agent.ask("getServerHealthState")
        answer = await agent.ask("provideCompletions", asked)
        for kind in ("view", "select"):
            event = {"type": kind, "completion_id": answer["id"], "choice_index": 0}
            assert await agent.ask("postEvent", event) is True
        await until(lambda: e.service.outcomes.counts["select"])
    assert health["model"] == "scripted"
    assert answer["choices"][0]["text"] == "return a + b"
    assert answer["choices"][0]["replaceRange"] == {"start": at, "end": at}
    assert e.service.outcomes.counts == {"view": 1, "select": 1, "dismiss": 0}
