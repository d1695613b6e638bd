"""A real `codeassist serve` in a process of its own, with the shipped model, for tests marked `e2e`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.cli.test_process import free_port


class Server:
    """A running `codeassist serve` and the environment that lets others find it."""

    def __init__(self, process: subprocess.Popen[bytes], environ: dict[str, str], workspace: Path, url: str) -> None:
        self.process = process
        self.environ = environ
        self.workspace = workspace
        self.url = url

    def engine_pid(self) -> int:
        return int(httpx.get(f"{self.url}/health").json()["engine"]["pid"])


@contextmanager
def running_server(folder: Path, **environment: str) -> Iterator[Server]:
    """A server of a small repository in `folder`, once its engine is ready. environment: added to this process's."""
    (folder / "repo").mkdir()
    (folder / "repo" / "a.py").write_text("def area(radius):\n    return radius\n")
    environ = os.environ | {
        "HOME": str(folder),
        "XDG_RUNTIME_DIR": str(folder / "run"),
        "CODEASSIST_INDEX_DIRECTORY": str(folder / "indexes"),
        "CODEASSIST_INDEX_VECTORS": "false",
        # bfloat16 may decide between tokens that are as likely by how a prompt was cut in steps; untrained weights find
        # so many as likely that float32 does, too.
        "CODEASSIST_ENGINE_DTYPE": "float32",
        **environment,
    }
    command = [sys.executable, "-m", "codeassist.cli", "serve", str(folder / "repo"), "--json"]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(
            [*command, "--port", str(free_port())], stdout=subprocess.PIPE, stderr=log, env=environ
        ) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, (folder / "log").read_text()[-3000:]
            yield Server(process, environ, folder / "repo", json.loads(line)["url"])
        finally:
            process.kill()
