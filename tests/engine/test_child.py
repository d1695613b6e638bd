"""Where a child process keeps its temporary files."""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp

import pytest

from codeassist.engine.child import launch_host, line_of, temporary_directory
from codeassist.engine.host import LINE_LIMIT
from codeassist.engine.vllm_arguments import HostOptions
from codeassist.errors import RequestRejected

LONGEST_SOCKET_PATH = 107
SOCKET_NAME = 36


@pytest.mark.parametrize("folder", ["short", "long" * 30])
def test_sockets_fit_wherever_temporary_files_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    (tmp_path / folder).mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / folder))
    directory = temporary_directory()
    assert directory.is_dir()
    assert len(str(directory)) + 1 + SOCKET_NAME <= LONGEST_SOCKET_PATH
    assert list((tmp_path / folder).iterdir()) in ([], [directory])
    directory.rmdir()


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[Path]]:
    """The hosts' folders that there are."""
    (tmp_path / "hosts").mkdir()
    monkeypatch.setattr("codeassist.engine.child.temporary_directory", lambda: Path(mkdtemp(dir=tmp_path / "hosts")))
    return lambda: list((tmp_path / "hosts").iterdir())


async def test_a_host_that_cannot_be_started_leaves_no_folder(
    made: Callable[[], list[Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with pytest.raises(OSError, match="nowhere"):
        await launch_host(HostOptions(model="m", n_mtp_layers=0, context_tokens=64))
    assert made() == []


async def test_a_start_that_is_given_up_leaves_no_folder(made: Callable[[], list[Path]]) -> None:
    starting = asyncio.create_task(launch_host(HostOptions(model="m", n_mtp_layers=0, context_tokens=64)))
    await asyncio.sleep(0)
    assert len(made()) == 1
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert made() == []


def test_a_message_that_the_host_could_not_read_is_refused() -> None:
    assert line_of({"chat": "é"}) == b'{"chat": "\\u00e9"}\n'
    with pytest.raises(RequestRejected, match="64 MiB"):
        line_of({"chat": "é" * (LINE_LIMIT // 6)})


async def test_the_log_of_a_killed_host_ends_with_what_killed_it(made: Callable[[], list[Path]]) -> None:
    host = await launch_host(HostOptions(model="m", n_mtp_layers=0, context_tokens=64))
    os.kill(host.pid, signal.SIGKILL)
    assert await host.receive() is None
    await host.close()
    assert host.log_tail()[-1] == f"it ended by itself with status {-signal.SIGKILL}"
    assert made() == []
