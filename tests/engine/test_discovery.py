"""A running server is found by its user's other processes, and by nobody once it is gone."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from codeassist import __version__
from codeassist.engine.discovery import RunningServer, announce, running_server

HERE = RunningServer("http://127.0.0.1:8311", "/run/user/1000/codeassist/serve.sock")


def put(directory: Path, **changes: object) -> None:
    directory.mkdir(exist_ok=True)
    value = {"url": HERE.url, "pid": os.getpid(), "version": __version__} | changes
    (directory / "serve.json").write_text(json.dumps(value))


def test_an_announced_server_is_found_until_it_ends(tmp_path: Path) -> None:
    directory = tmp_path / "run" / "codeassist"
    assert running_server(directory) is None
    with announce(HERE, directory):
        assert running_server(directory) == HERE
    assert running_server(directory) is None
    assert list(directory.iterdir()) == []


def test_only_the_owner_can_read_the_announcement(tmp_path: Path) -> None:
    directory = tmp_path / "codeassist"
    with announce(HERE, directory):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        assert stat.S_IMODE((directory / "serve.json").stat().st_mode) == 0o600


def test_the_announcement_is_removed_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), announce(HERE, tmp_path):
        raise KeyboardInterrupt
    assert running_server(tmp_path) is None


def test_a_server_that_another_one_took_over_from_is_found_again(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as earlier:
        put(tmp_path, pid=earlier.pid, url="http://127.0.0.1:8312")
        with announce(HERE, tmp_path):
            assert running_server(tmp_path) == HERE
        assert running_server(tmp_path) == RunningServer("http://127.0.0.1:8312")
        with announce(HERE, tmp_path):
            earlier.kill()
            earlier.wait()
        assert running_server(tmp_path) is None
        assert list(tmp_path.iterdir()) == []


def test_the_file_of_a_dead_process_counts_as_none(tmp_path: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    put(tmp_path, pid=int(ended.stdout))
    assert running_server(tmp_path) is None


def test_a_server_of_another_version_counts_as_none(tmp_path: Path) -> None:
    put(tmp_path, version="0.0.0")
    assert running_server(tmp_path) is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"url": 1, "pid": 2, "version": "3"}', "\x00", "{" * 9999])
def test_a_broken_announcement_counts_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "serve.json").write_text(content)
    assert running_server(tmp_path) is None


@pytest.mark.parametrize("pid", [0, -1, 10**30])
def test_an_impossible_process_id_counts_as_none(tmp_path: Path, pid: int) -> None:
    put(tmp_path, pid=pid)
    assert running_server(tmp_path) is None


def test_a_server_that_took_over_keeps_its_announcement(tmp_path: Path) -> None:
    with announce(HERE, tmp_path):
        put(tmp_path, url="http://127.0.0.1:9", pid=os.getppid())
    assert json.loads((tmp_path / "serve.json").read_text())["url"] == "http://127.0.0.1:9"
