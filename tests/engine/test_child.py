"""Where a child process keeps its temporary files."""

from pathlib import Path

import pytest

from codeassist.engine.child import temporary_directory

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
