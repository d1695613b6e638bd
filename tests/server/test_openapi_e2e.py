"""Requests made from the OpenAPI document, good and bad ones, against `codeassist serve`; its engine reads a script."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.test_process import free_port

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

CONFIGURATION = Path(__file__).parent / "schemathesis.toml"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo" / "a.py").write_text("def area(radius):\n    return radius\n")
    environ = os.environ | {
        "HOME": str(tmp_path),
        "XDG_RUNTIME_DIR": str(tmp_path / "run"),
        "CODEASSIST_INDEX_DIRECTORY": str(tmp_path / "indexes"),
        "CODEASSIST_ENGINE_KIND": "scripted",
        "CODEASSIST_CHAT_KIND": "scripted",
    }
    command = [sys.executable, "-m", "codeassist.cli", "serve", str(tmp_path / "repo"), "--json"]
    command += ["--port", str(free_port())]
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=environ) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, (tmp_path / "log").read_text()[-3000:]
            yield json.loads(line)["url"]
        finally:
            process.kill()


def test_the_server_does_what_its_document_says(url: str, tmp_path: Path) -> None:
    program = [str(Path(sys.executable).with_name("st")), "--config-file", str(CONFIGURATION), "--no-color"]
    ended = subprocess.run(
        [*program, "run", f"{url}/openapi.json"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=240,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-20_000:] + ended.stderr[-2000:]
    tested = re.search(r"Tested: (\d+)", ended.stdout)
    assert tested is not None
    assert f"Selected: {tested[1]}/" in ended.stdout
