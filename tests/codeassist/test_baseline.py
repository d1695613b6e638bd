"""What was dismissed: a file that people read, merge, and break."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from codeassist.errors import DocumentError
from codeassist.findings.baseline import BASELINE, dismiss, read_baseline
from codeassist.findings.types import Finding


def finding(name: str, path: str = "a.py") -> Finding:
    return Finding(name, path, 1, 1, "warning", "missing-name", f"`{name}` is not defined", "b.py:1")


def test_dismissed_findings_stand_in_order_and_once(tmp_path: Path) -> None:
    for item in (finding("2"), finding("1"), finding("3", "B.py"), finding("2")):
        dismiss(tmp_path, item)
    written = json.loads((tmp_path / BASELINE).read_text(encoding="utf-8"))
    assert [(entry["path"], entry["id"]) for entry in written["dismissed"]] == [
        ("B.py", "3"),
        ("a.py", "1"),
        ("a.py", "2"),
    ]
    assert written["dismissed"][0]["message"] == "`3` is not defined"
    assert read_baseline(tmp_path).ids == {"1", "2", "3"}


def test_what_others_wrote_stays(tmp_path: Path) -> None:
    file = tmp_path / BASELINE
    file.parent.mkdir()
    file.write_text('{"version": 1, "note": "ours", "dismissed": [{"id": "x", "reason": "known"}]}', encoding="utf-8")
    dismiss(tmp_path, finding("1"))
    written = json.loads(file.read_text(encoding="utf-8"))
    assert written["note"] == "ours"
    assert {"id": "x", "reason": "known"} in written["dismissed"]
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b"3",
        b'{"dismissed": 3}',
        b'{"dismissed": [3]}',
        b'{"dismissed": [{"id": 3}]}',
        b"\xff\xfe",
        b"[" * 99_999,
    ],
)
def test_a_broken_file_is_told_and_left_alone(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / BASELINE
    file.parent.mkdir()
    file.write_bytes(content)
    found = read_baseline(tmp_path)
    assert found.ids == frozenset()
    assert "repair or delete" in found.problem
    with pytest.raises(DocumentError, match="repair or delete"):
        dismiss(tmp_path, finding("1"))
    assert file.read_bytes() == content


def test_no_file_dismisses_nothing(tmp_path: Path) -> None:
    assert read_baseline(tmp_path).ids == frozenset()
    assert read_baseline(tmp_path).problem == ""


def test_nothing_is_written_outside_of_the_workspace(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (inside / ".codeassist").symlink_to(outside)
    with pytest.raises(DocumentError, match="leads out of the workspace"):
        dismiss(inside, finding("1"))
    assert list(outside.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / ".codeassist").write_text("a file", encoding="utf-8")
    with pytest.raises(DocumentError, match="cannot be written"):
        dismiss(tmp_path, finding("1"))


def test_a_file_name_that_is_no_utf_8_is_dismissed_as_others(tmp_path: Path) -> None:
    odd = finding("x", "caf\udce9.py")
    dismiss(tmp_path, odd)
    assert read_baseline(tmp_path).ids == {odd.id}


@pytest.mark.parametrize("target", ["/dev/zero", "fifo"])
def test_what_is_no_file_is_not_read(tmp_path: Path, target: str) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / ".codeassist").mkdir()
    (tmp_path / BASELINE).symlink_to(tmp_path / target)
    assert "is no regular file" in read_baseline(tmp_path).problem
