from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from codeassist.assistant import open_assistant, open_index
from codeassist.commands.front import Front

DOCUMENT = {"prompt": "naïve = '名前😀'"}


def printed(encoding: str) -> bytes:
    """The document on a stdout like the process's own."""
    out = io.BytesIO()
    stdout = io.TextIOWrapper(out, encoding=encoding, errors="backslashreplace")
    front = Front(io.BytesIO(), stdout, stdout, {}, Path(), open_assistant, open_index, lambda: None)
    front.print_json(DOCUMENT)
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8", "UTF8"])
def test_json_is_json_whatever_the_encoding_of_stdout(encoding: str) -> None:
    assert json.loads(printed(encoding)) == DOCUMENT


@pytest.mark.parametrize("encoding", ["utf-8", "UTF8"])
def test_json_in_utf8_can_be_read_by_people(encoding: str) -> None:
    assert "名前😀" in printed(encoding).decode()
