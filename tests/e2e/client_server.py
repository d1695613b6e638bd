"""One `codeassist serve` for the tests of all clients: the shipped model, a small repository, a scripted chat model."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.e2e.scripted_chat import ScriptedChat, scripted_chat
from tests.e2e.shared_engine import END_WITHIN_S, ROOT, free_port, wait_until_ready

PORT = "8311"

TAXES = '''"""Taxes on prices."""

PERCENT = {"DE": 19, "FR": 20, "IT": 22}


def tax_of(country: str, net_cents: int) -> int:
    """What the state gets of a price, in cents."""
    return net_cents * PERCENT[country] // 100
'''

# The gap of every test is at the mark.
ORDERS = '''"""Orders of customers."""

from dataclasses import dataclass

from shop import taxes


@dataclass(frozen=True)
class Order:
    """What somebody has ordered."""

    net_cents: int
    country: str

    def tax_cents(self) -> int:
        """The part of the price that is tax."""
        return taxes.tax_‸

    def total_cents(self) -> int:
        """What the customer pays."""
        return self.net_cents + self.tax_cents()
'''
# What the model makes of the gap with the other file before its eyes. Without, it says `cents(self.country)`.
EXPECTED = "of(self.country, self.net_cents)"
MARK = "‸"
PREFIX, SUFFIX = ORDERS.split(MARK)
LINE = PREFIX.count("\n")
CHARACTER = len(PREFIX) - PREFIX.rfind("\n") - 1


class ClientServer:
    """What a test asks: `port`, once the engine is ready; the repository; what the chat model is to say."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path, port: int, chat: ScriptedChat) -> None:
        self.process = process
        self.folder = folder
        self.chat = chat
        self.repository = folder / "repository"
        self.orders = self.repository / "shop" / "orders.py"
        self._port = port
        self._is_ready = False

    @property
    def port(self) -> int:
        """Waits for the engine: while it loads, tests install what they need."""
        if not self._is_ready:
            wait_until_ready(self._port, self.process, self.folder / "serve.log")
            self._is_ready = True
        return self._port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def configured(self, text: str) -> str:
        """A committed configuration, with the port of this server in place of the usual one."""
        assert PORT in text
        return text.replace(PORT, str(self.port))

    def latest(self) -> int:
        """The number of the newest change in the server's journal."""
        return int(self._journal(0)["latest"])

    def record_of(self, route: str, after: int) -> dict[str, Any]:
        """What the journal has of the newest request to this route that ended after a change."""
        deadline = time.monotonic() + 10
        while True:
            records = self._journal(after)["requests"]
            found = [record for record in records if record["route"] == route and record["state"] != "running"]
            if found:
                return dict(found[-1])
            assert time.monotonic() < deadline, f"nothing asked {route}: {records}"
            time.sleep(0.05)

    def _journal(self, after: int) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.url}/codeassist/v1/requests?after={after}", timeout=10) as answer:
            return dict(json.load(answer))


@contextmanager
def client_server(folder: Path, environment: Mapping[str, str]) -> Iterator[ClientServer]:
    """The server, begun."""
    _write_repository(folder / "repository")
    port = free_port()
    with scripted_chat() as chat, (folder / "serve.log").open("wb") as log:
        settings = {
            "CODEASSIST_CHAT_URL": chat.url,
            # On a busy machine, what is found too late for one key would be there for the next: tests press one.
            "CODEASSIST_COMPLETION_RETRIEVE_DEADLINE_MS": "5000",
            "PYTHONPATH": str(ROOT),
        }
        command = [sys.executable, "-m", "codeassist.cli", "serve", str(folder / "repository"), "--port", str(port)]
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**environment, **settings}, cwd=ROOT
        ) as process:
            try:
                yield ClientServer(process, folder, port, chat)
            finally:
                process.send_signal(signal.SIGINT)
                try:
                    process.wait(END_WITHIN_S)
                except subprocess.TimeoutExpired:
                    process.kill()


def _write_repository(repository: Path) -> None:
    (repository / "shop").mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(repository)], check=True, timeout=30)
    (repository / "shop" / "taxes.py").write_text(TAXES, encoding="utf-8")
    (repository / "shop" / "orders.py").write_text(ORDERS.replace(MARK, ""), encoding="utf-8")
