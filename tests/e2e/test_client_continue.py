"""Continue's own autocompletion, command line and adapters, with the configurations that we hand out."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.client_server import CHARACTER, EXPECTED, LINE, ClientServer
from tests.e2e.client_tools import bundled, continue_cli

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

FOLDER = Path(__file__).resolve().parents[2] / "extension-config" / "continue"
# Which request each configuration leads to; what the server is to make of its prompt is the same.
ROUTES = {
    "config.yaml": "/v1/fim/completions",
    "providers/openai.yaml": "/v1/completions",
    "providers/deepseek.yaml": "/beta/completions",
    "providers/llama.cpp.yaml": "/completion",
    "providers/ollama.yaml": "/api/generate",
}


class Driver:
    """One Continue, which stays open as in an editor."""

    def __init__(self, script: Path, server: ClientServer, environment: dict[str, str], log: Path) -> None:
        self._server = server
        self._log = log
        pipe = subprocess.PIPE
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                ["node", str(script)], stdin=pipe, stdout=pipe, stderr=errors, env=environment, text=True
            )

    def ask(self, **request: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, self._log.read_text()[-3000:]
        return dict(json.loads(line))

    def close(self) -> None:
        with self._process:
            self._process.kill()


def configuration(name: str, server: ClientServer, folder: Path) -> Path:
    file = folder / name.replace("/", "-")
    file.write_text(server.configured((FOLDER / name).read_text(encoding="utf-8")), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def completion(
    client_server: ClientServer, client_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Driver]:
    folder = tmp_path_factory.mktemp("continue")
    script = bundled("continue_driver.mjs", folder)
    driver = Driver(script, client_server, client_environment, folder / "continue.log")
    yield driver
    driver.close()


@pytest.mark.parametrize("name", ROUTES)
def test_ghost_text_comes_with_the_repository_behind_it(
    name: str, client_server: ClientServer, completion: Driver, tmp_path: Path
) -> None:
    before = client_server.latest()
    answer = completion.ask(
        config=str(configuration(name, client_server, tmp_path)),
        workspace=str(client_server.repository),
        file=str(client_server.orders),
        line=LINE,
        character=CHARACTER,
    )
    assert answer["errors"] == []
    assert answer["completion"].startswith(EXPECTED)
    record = client_server.record_of(ROUTES[name], before)
    assert record["context"]["path"] == "shop/orders.py"
    assert [source["path"] for source in record["context"]["sources"]] == ["shop/taxes.py"]


def test_the_command_line_chats(
    client_server: ClientServer, client_environment: dict[str, str], tmp_path: Path
) -> None:
    client_server.chat.answers = {"say hello": "Hello from the chat model."}
    config = configuration("config.yaml", client_server, tmp_path)
    done = subprocess.run(
        [str(continue_cli()), "-p", "--config", str(config), "say hello"],
        cwd=client_server.repository,
        env=client_environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "Hello from the chat model."
    assert client_server.chat.asked[-1]["tools"]
