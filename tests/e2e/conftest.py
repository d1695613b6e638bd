"""What the tests in a real VS Code share, and those of clients: each is started once, when the first of them asks."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from codeassist.engine.hardware import vllm_is_installed
from tests.e2e.client_server import ClientServer
from tests.e2e.client_server import client_server as opened_client_server
from tests.e2e.vscode_server import CodeServer
from tests.e2e.vscode_session import (
    environment_in,
    free_port,
    packed_extension,
    program_in,
    repository_in,
    running_engine,
    wait_for_engine,
    wait_for_port,
)
from tests.e2e.vscode_tools import Tools, cannot, find_tools
from tests.e2e.vscode_window import Browser, Window

# It comes with vLLM, without which there is no real engine to test either.
collect_ignore = [] if find_spec("openai") else ["test_client_openai.py"]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Install what tests in VS Code need before the first of them starts: that may take longer than a test may."""
    if session.config.option.collectonly or not any("tools" in getattr(i, "fixturenames", ()) for i in session.items):
        return
    with contextlib.suppress(pytest.skip.Exception, pytest.fail.Exception):  # the tests will say so themselves
        find_tools()


@pytest.fixture(scope="session")
def vscode_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("vscode")


@pytest.fixture(scope="session")
def environment(vscode_folder: Path) -> dict[str, str]:
    return environment_in(vscode_folder)


@pytest.fixture(scope="session")
def pictures(vscode_folder: Path) -> Path:
    """Where screenshots go; CODEASSIST_SCREENSHOTS names a folder that outlives the tests."""
    folder = Path(os.environ.get("CODEASSIST_SCREENSHOTS") or vscode_folder / "pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def tools() -> Tools:
    return find_tools()


@pytest.fixture(scope="session")
def vsix(tools: Tools) -> Path:
    return packed_extension()


@pytest.fixture(scope="session")
def engine_log(vscode_folder: Path, environment: dict[str, str]) -> Iterator[Path]:
    if not vllm_is_installed():
        cannot("vLLM is not installed (extra `cpu` or `gpu`)")
    with running_engine(vscode_folder, environment) as log:
        yield log


@pytest.fixture(scope="session")
def browser(tools: Tools, vscode_folder: Path) -> Iterator[Browser]:
    browser = Browser(tools, vscode_folder / "browser.log")
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def repository(vscode_folder: Path) -> Path:
    return repository_in(vscode_folder)


@pytest.fixture(scope="session")
def code_server(
    engine_log: Path, tools: Tools, vsix: Path, vscode_folder: Path, environment: dict[str, str]
) -> Iterator[CodeServer]:
    """Ready to be opened, with the engine ready behind it."""
    folder = vscode_folder / "code-server"
    folder.mkdir()
    server = CodeServer(tools, folder, vsix, environment, free_port())
    server.start({}, {"codeassist.command": str(program_in(vscode_folder))})
    wait_for_port(server.port)
    wait_for_engine(engine_log)
    yield server
    server.close()


@pytest.fixture(scope="session")
def main_window(code_server: CodeServer, browser: Browser, repository: Path, pictures: Path) -> Window:
    window = Window(browser, "main", code_server.url(repository), pictures)
    window.wait_ready()
    return window


@pytest.fixture
def window(main_window: Window) -> Iterator[Window]:
    """The window that most tests share, with no editor open."""
    yield main_window
    main_window.press("Escape", "Escape")
    main_window.close_editors()


@pytest.fixture(scope="session")
def client_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """For the clients and their server: all that they keep goes into one folder."""
    folder = tmp_path_factory.mktemp("clients-home")
    return environment_in(folder) | {"HOME": str(folder)}


@pytest.fixture(scope="session")
def client_server(
    client_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ClientServer]:
    if not vllm_is_installed():
        pytest.skip("vLLM is not installed (extra `cpu` or `gpu`)")
    with opened_client_server(tmp_path_factory.mktemp("clients"), client_environment) as server:
        yield server
