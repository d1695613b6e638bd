"""Where a child process keeps its temporary files."""

from pathlib import Path

import pytest

from codeassist.engine.child import line_of, temporary_directory
from codeassist.engine.host import LINE_LIMIT
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


def test_a_message_that_the_host_could_not_read_is_refused() -> None:
    assert line_of({"chat": "é"}) == b'{"chat": "\\u00e9"}\n'
    with pytest.raises(RequestRejected, match="64 MiB"):
        line_of({"chat": "é" * (LINE_LIMIT // 6)})
