"""The first minutes with the extension in a real VS Code: no server is there, and it installs one from the open clone.

pip takes no dependencies here, since they are all in this Python's environment, where the installed server finds them:
what it does with a package index is not this project's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.e2e.vscode_server import CodeServer
from tests.e2e.vscode_session import GHOST, ROOT, SHAPES, TYPED, command_line, free_port, servers_of, wait_for_port
from tests.e2e.vscode_tools import Tools, cannot
from tests.e2e.vscode_window import Browser, Window

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

INSTALL = ".notifications-toasts .monaco-button:text-is('Install')"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with the files of this one as they are."""
    folder = tmp_path / "clone"
    listed = ["git", "ls-files", "-z", "codeassist", "indexer", "lsp", "pyproject.toml", "README.md", "LICENSE"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout
    for name in filter(None, names.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, folder / name)
    return folder


@pytest.fixture
def bare_server(
    code_server: CodeServer, tools: Tools, vsix: Path, environment: dict[str, str], tmp_path: Path
) -> Iterator[CodeServer]:
    """A VS Code that finds no server. The engine of the first one is ready."""
    folder = tmp_path / "bare"
    folder.mkdir()
    server = CodeServer(tools, folder, vsix, without_server(environment), free_port())
    server.start({}, {})
    wait_for_port(server.port)
    yield server
    server.close()


def without_server(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment with no `codeassist` on the PATH, and with a pip that needs no network."""
    folders = [folder for folder in environment["PATH"].split(os.pathsep) if not Path(folder, "codeassist").exists()]
    path = os.pathsep.join(folders)
    if shutil.which("python3", path=path) is None:
        cannot("no python3 on the PATH but this one")
    pip = {"PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_INDEX": "1"}
    return {**environment, **pip, "PATH": path, "PYTHONPATH": sysconfig.get_path("purelib")}


def test_the_server_is_installed_from_the_open_clone(
    bare_server: CodeServer, browser: Browser, pictures: Path, clone: Path
) -> None:
    window = Window(browser, "install", bare_server.url(clone), pictures)
    try:
        window.wait(lambda: "not installed" in window.status()[0], "the server to be missed")
        window.wait(window.notifications, "the offer to install it")
        window.picture("offer")
        window.click(INSTALL)
        window.wait(lambda: any(str(clone) in row for row in window.rows()), "the clone among what can be installed")
        window.picture("install-from")
        window.press("Enter")
        window.wait(lambda: "is being installed" in window.status()[0], "the installation to begin")
        window.picture("installing")
        window.wait_ready(300)
        assert bare_server.setting("Machine")["codeassist.installFrom"].startswith(f"{clone}[")
        assert all(str(bare_server.data) in command_line(pid) for pid in servers_of(bare_server.pid))
        window.write(clone / "shapes.py", SHAPES)
        window.type(TYPED)
        assert window.wait_ghost() == GHOST
    finally:
        window.close()
