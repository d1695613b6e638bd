"""A case from a source in which `<|>` marks the cursor; the truth is the rest of its line."""

from __future__ import annotations

from bench.quality.cases import Case
from codeassist.documents import make_document
from codeassist.types import Cursor


def cursor_case(marked: str, path: str = "app.py") -> Case:
    before, after = marked.split("<|>")
    truth, newline, below = after.partition("\n")
    cursor = Cursor(before.count("\n"), len(before.rpartition("\n")[2]))
    return Case("repo", make_document(path, before + newline + below), cursor, "boundary", truth)
